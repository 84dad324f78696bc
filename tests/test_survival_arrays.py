"""Arrays in every layout, and those that no memory holds: computed right or refused in words, whoever is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from spikemirror import Rejection, call, memory
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Integer, Kernel
from spikemirror.golden.load import Golden
from spikemirror.mirrors import NAMES, open_isolated, open_mirror
from spikemirror.mirrors.mirror import Mirror, MirrorFault

Array = npt.NDArray[Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
GOODNESS = CATALOGUE["goodness"]
BASE = np.arange(12.0)
ODD: dict[str, Array] = {
    "empty": np.empty((0, 3)),
    "without axes": np.array(3.0),
    "strided": BASE[::2],
    "reversed": BASE[::-1],
    "fortran": np.asfortranarray(BASE.reshape(3, 4)),
    "transposed": BASE.reshape(3, 4).T,
    "broadcast": np.broadcast_to(np.float64(2), (3, 4)),
    "read-only": np.frombuffer(BASE.tobytes()),
    "misaligned": np.frombuffer(b"\0" + BASE.tobytes(), np.float64, 12, 1),
    "matrix of axes of length 1": BASE.reshape(1, 3, 1, 4, 1),
    "subarray of a record": np.zeros(3, [("a", "i1"), ("b", "f8")])["b"],
}
STRANGE: dict[str, Array] = {
    "big-endian": BASE.astype(">f8"),
    "object": BASE.astype(object),
    "structured": np.zeros(2, [("a", "f4")]),
    "half": BASE.astype(np.float16),
    "long double": BASE.astype(np.longdouble),
    "complex": BASE.astype(np.complex128),
    "datetime": np.array(["2020-01-01"], "M8[D]"),
    "text": np.array(["1", "2"]),
    "void": np.zeros(2, "V8"),
}


def goodness(mirror: Mirror, activations: Array) -> Array:
    """Straight from the mirror, with nothing to convert arrays before."""
    outputs: list[Array] = [np.full((), np.nan)]
    mirror.call(GOODNESS, [activations], [], outputs)
    return outputs[0]


@pytest.fixture(
    scope="module", params=[*(("here", n) for n in NAMES), *(("isolated", n) for n in NAMES if n != "julia")]
)
def mirror(request: pytest.FixtureRequest) -> Iterator[Mirror]:
    """A mirror that is used as it is: in this process (Julia's has its own), or through the arena."""
    way, name = request.param
    opened = open_isolated(name) if way == "isolated" else open_mirror(name)
    yield opened
    opened.close()


@pytest.mark.parametrize("layout", ODD)
def test_layouts_through_the_mirror_itself(layout: str, mirror: Mirror) -> None:
    """Mirrors are given C-contiguous, aligned arrays; one that cannot do with another says so."""
    array = ODD[layout]
    before = array.tobytes()
    try:
        assert goodness(mirror, array) == (array**2).sum()
    except MirrorFault as fault:
        assert "must be C-contiguous and aligned" in str(fault)  # noqa: PT017
        assert not (array.flags.c_contiguous and array.flags.aligned)
    assert array.tobytes() == before


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_elements_through_the_mirror_itself(kind: str, mirror: Mirror) -> None:
    with pytest.raises(Rejection) as caught:
        goodness(mirror, STRANGE[kind])
    assert (caught.value.code, caught.value.argument) == ("bad_dtype", "activations")


def test_outputs_that_cannot_be_written_to(mirror: Mirror) -> None:
    output = np.full((), np.nan)
    output.flags.writeable = False
    with pytest.raises((MirrorFault, ValueError), match=r"read-only|writeable"):
        mirror.call(GOODNESS, [BASE], [], [output])
    assert np.isnan(output)


@BACKENDS
@pytest.mark.parametrize("layout", ODD)
def test_layouts_through_call(backend: str, layout: str) -> None:
    assert call("goodness", backend=backend, activations=ODD[layout])["goodness"] == (ODD[layout] ** 2).sum()


@BACKENDS
def test_stretched_axes(backend: str) -> None:
    """Strides of 0 in every input of a kernel with several."""
    views = np.broadcast_to(np.array([1.0, 2.0, 3.0]), (5, 3)), np.broadcast_to(np.arange(1.0, 6.0)[:, None], (5, 3))
    got = call("infonce_grad", backend=backend, view_a=views[0], view_b=views[1])
    want = call("infonce_grad", backend=backend, view_a=views[0].copy(), view_b=views[1].copy())
    assert all(got[name].tobytes() == want[name].tobytes() for name in want)


def test_masks_are_not_ignored() -> None:
    masked = np.ma.array(BASE, mask=BASE == 3)
    with pytest.raises(
        TypeError, match="goodness: activations has masked elements; kernels know no masks, so fill them"
    ):
        call("goodness", activations=masked)
    assert call("goodness", activations=masked.filled(0))["goodness"] == (BASE**2).sum() - 9
    assert call("goodness", activations=np.ma.array(BASE))["goodness"] == (BASE**2).sum()


# what no memory holds


HUGE: dict[str, Callable[[], Array]] = {
    "reals": lambda: np.broadcast_to(np.float64(1), (2**40,)),
    "reals of half size": lambda: np.broadcast_to(np.float32(1), (2**31 + 8, 2**9)),
    "swapped bytes": lambda: np.broadcast_to(np.array(1, ">f8"), (2**40,)),
    "by strides": lambda: np.lib.stride_tricks.as_strided(BASE, (2**20, 2**20), (0, 0)),
    "integers": lambda: np.broadcast_to(np.int64(1), (2**40,)),
    "bytes": lambda: np.broadcast_to(np.uint8(1), (2**45,)),
}


@BACKENDS
@pytest.mark.parametrize("kind", HUGE)
def test_more_elements_than_memory(backend: str, kind: str) -> None:
    array = HUGE[kind]()
    assert array.size > 2**31
    with pytest.raises((MemoryError, Rejection)) as caught:
        call("goodness", backend=backend, activations=array)
    assert "activations" in str(caught.value)


@pytest.mark.parametrize("kind", ["reals", "by strides", "bytes"])
def test_more_elements_than_memory_through_the_mirror_itself(kind: str, mirror: Mirror) -> None:
    with pytest.raises((MirrorFault, MemoryError, Rejection)) as caught:
        goodness(mirror, HUGE[kind]())
    assert str(caught.value)
    assert goodness(mirror, BASE) == (BASE**2).sum()


@BACKENDS
def test_what_would_fit_into_the_machine_but_not_beside_the_rest(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 2^31 elements of spikes, refused before a byte of them is copied."""
    monkeypatch.setattr(memory, "available", lambda: 1 << 30)
    spikes = np.broadcast_to(np.uint8(1), (2**31 + 1,))
    copy = r"csdp_positive: a contiguous copy of pre_spikes: 16\.0 GiB, of which 1\.0 GiB are available"
    with pytest.raises(MemoryError, match=copy):
        call("csdp_positive", backend=backend, weights=np.zeros((1, 1)), pre_spikes=spikes, post_spikes=[1])
    outputs = r"philox_words: its outputs do not fit into memory: outputs: 8\.0 GiB, of which 1\.0 GiB are available"
    with pytest.raises(MemoryError, match=outputs):
        call("philox_words", backend=backend, n=2**31)


@BACKENDS
@pytest.mark.parametrize(
    ("kernel", "axes"), [("loss_rate", (2**55, 0, 2)), ("loss_isi", (2**55, 2, 0)), ("decode_rate", (2**55, 0, 2))]
)
def test_empty_arrays_with_an_axis_beyond_memory(backend: str, kernel: str, axes: tuple[int, ...]) -> None:
    """Nothing to compute, for 2^55 rows."""
    with pytest.raises(MemoryError, match=f"{kernel}: something for every row of spikes"):
        call(kernel, backend=backend, spikes=np.empty(axes, np.uint8))


def counts() -> list[tuple[Kernel, str]]:
    return [(kernel, p.name) for kernel in CATALOGUE.values() for p in kernel.parameters if isinstance(p, Integer)]


@BACKENDS
@pytest.mark.parametrize("value", [2**63 - 1, 2**62, 2**40, -(2**63)])
def test_integers_near_their_end(backend: str, value: int, golden: Golden) -> None:
    """Every integer parameter of every kernel: outputs beyond memory, windows and strides beyond what they run over."""
    refused = 0
    for kernel, name in counts():
        case = next(c for c in golden.cases(kernel.name) if all(e.outputs for e in c.expected.values()))
        inputs, parameters = case.arguments(kernel, list(case.expected)[-1])
        arguments: dict[str, Any] = dict(zip(kernel.arguments, [*inputs, *parameters], strict=True))
        try:
            outputs = call(kernel.name, backend=backend, **{**arguments, name: value})
        except (Rejection, MemoryError) as error:
            refused += 1
            assert kernel.name in str(error)  # noqa: PT017
        else:
            assert list(outputs) == [o.name for o in kernel.outputs]
    assert refused > 5
