"""What `spikemirror.call` takes: strides, byte orders, lists, half precision, bool, float spikes; what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest

from spikemirror import Rejection, call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Kernel
from spikemirror.golden.load import Golden
from spikemirror.mirrors import NAMES

Reals = npt.NDArray[Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
W = np.array([[0.5, -0.25, 1.5], [0.125, 2.0, -1.0]])
PRE, POST = np.array([1, 0, 1], np.uint8), np.array([0, 1], np.uint8)


def positive(backend: str = "python", **changed: Any) -> Reals:
    arguments = {"weights": W, "pre_spikes": PRE, "post_spikes": POST, "lr": 0.25, "decay": 0.5, **changed}
    return call("csdp_positive", backend=backend, **arguments)["weights"]


def spread(array: Reals) -> Reals:
    """The same values with gaps between them."""
    wide = np.repeat(np.repeat(array, 2, axis=0), 3, axis=-1)
    return wide[::2, ::3] if array.ndim == 2 else array


def frozen(array: Reals) -> Reals:
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable[[Reals], Any]] = {
    "fortran": np.asfortranarray,
    "gaps": spread,
    "negative": lambda x: x[::-1].copy()[::-1],
    "negative-both": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "read-only": frozen,
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), x.dtype, x.size, 1).reshape(x.shape),
    "list": lambda x: x.tolist(),
    "tuples": lambda x: tuple(map(tuple, x.tolist())),
    "float16": lambda x: x.astype(np.float16),
    "bfloat16": lambda x: x.astype(ml_dtypes.bfloat16),
    "float32": lambda x: x.astype(np.float32),
}
NARROW = {"float16", "bfloat16", "float32"}


@BACKENDS
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_reals(backend: str, layout: str) -> None:
    out = positive(backend, weights=LAYOUTS[layout](W))
    want = positive("python", weights=W.astype(np.float32) if layout in NARROW else W)
    assert out.dtype == want.dtype
    assert out.flags.c_contiguous
    assert out.tobytes() == want.tobytes()


SPIKES: dict[str, Callable[[Reals], Any]] = {
    "bool": lambda z: z.astype(bool),
    "list": lambda z: z.tolist(),
    "list of bool": lambda z: [bool(x) for x in z],
    "list of float": lambda z: [float(x) for x in z],
    "float64": lambda z: z.astype(np.float64),
    "float16": lambda z: z.astype(np.float16),
    "bfloat16": lambda z: z.astype(ml_dtypes.bfloat16),
    "int64": lambda z: z.astype(np.int64),
    "uint64": lambda z: z.astype(np.uint64),
    "big-endian int32": lambda z: z.astype(">i4"),
    "longdouble": lambda z: z.astype(np.longdouble),
    "reversed": lambda z: z[::-1].copy()[::-1],
    "strided bool": lambda z: np.repeat(z, 2).astype(bool)[::2],
    "read-only": frozen,
}


@BACKENDS
@pytest.mark.parametrize("kind", SPIKES)
def test_kinds_of_spikes(backend: str, kind: str) -> None:
    out = positive(backend, pre_spikes=SPIKES[kind](PRE), post_spikes=SPIKES[kind](POST))
    assert np.array_equal(out, positive())


@BACKENDS
@pytest.mark.parametrize("bad", [0.5, -1, 2, 256, 257, np.nan, np.inf, -0.5, 1e300, 1 + 1e-12])
def test_numbers_that_are_no_spikes(backend: str, bad: float) -> None:
    with pytest.raises(Rejection, match=r"bad_spikes: csdp_positive: pre_spikes\[1\] = .*; spikes are 0 or 1"):
        positive(backend, pre_spikes=[1, bad, 0])


@pytest.mark.parametrize("bad", [np.array(["a", "b", "c"]), np.array([1j, 0, 0]), np.array([1, 0, 0], object)])
def test_dtypes_that_are_no_spikes(bad: Reals) -> None:
    with pytest.raises(Rejection, match=r"bad_dtype: csdp_positive: pre_spikes has dtype .*; spikes are uint8 or bool"):
        positive(pre_spikes=bad)


ODD = {
    "int64": np.arange(3),
    "bool": np.array([True]),
    "longdouble": np.zeros(2, np.longdouble),
    "complex64": np.zeros(2, np.complex64),
    "complex128": np.zeros(2, np.complex128),
    "object": np.array([1, "a"], object),
    "str": np.array(["a", "b"]),
    "bytes": np.array([b"ab"]),
    "datetime64": np.array(["2020-01-01"], "M8[D]"),
    "timedelta64": np.array([1], "m8[s]"),
    "structured": np.zeros(2, [("a", "f4")]),
}


@BACKENDS
@pytest.mark.parametrize("name", ODD)
def test_odd_dtypes_are_refused_alike(backend: str, name: str) -> None:
    with pytest.raises(Rejection, match="bad_dtype: goodness: activations has dtype") as caught:
        call("goodness", backend=backend, activations=ODD[name])
    assert (caught.value.code, caught.value.argument) == ("bad_dtype", "activations")


@BACKENDS
@pytest.mark.parametrize("x", [3.0, 3, np.float64(3), np.array(3.0), [3.0], np.float32(3), np.float16(3)])
def test_scalars_are_arrays_without_axes(backend: str, x: Any) -> None:
    out = call("goodness", backend=backend, activations=x)["goodness"]
    assert out.shape == ()
    assert out == 9


@BACKENDS
def test_scalar_trace(backend: str) -> None:
    out = call("stdp_trace", backend=backend, trace=0.0, spikes=True, tau_inv=20.0, dt=0.01)["trace"]
    assert out.shape == ()
    assert out == 0.01 * 20.0


@BACKENDS
def test_empty_lists(backend: str) -> None:
    assert positive(backend, weights=[[], []], pre_spikes=[], post_spikes=[0, 1]).shape == (2, 0)
    assert call("goodness", backend=backend, activations=[])["goodness"] == 0


@BACKENDS
def test_what_has_no_dtype_takes_the_calls(backend: str) -> None:
    single = W.astype(np.float32)
    for a, b in ((single, W.tolist()), (W.tolist(), single), (single.astype(np.float16), W.tolist())):
        out = call("infonce", backend=backend, view_a=a, view_b=b)
        assert out["loss"].dtype == np.float32
    assert call("infonce", backend=backend, view_a=W.tolist(), view_b=W.tolist())["loss"].dtype == np.float64
    ints = call("infonce", backend=backend, view_a=[[1, 2], [3, 4]], view_b=[[1, 0], [0, 1]])
    assert ints["loss"].dtype == np.float64


@BACKENDS
def test_half_precision_is_float32_from_the_start(backend: str) -> None:
    """300 squared is past the greatest float16."""
    out = call("goodness", backend=backend, activations=np.array([300.0, 300.0], np.float16))["goodness"]
    assert out == 180000
    assert out.dtype == np.float32


@BACKENDS
def test_dtypes_are_not_mixed(backend: str) -> None:
    with pytest.raises(Rejection, match="bad_dtype") as caught:
        call("infonce", backend=backend, view_a=W, view_b=W.astype(np.float32))
    assert caught.value.argument == "view_b"
    assert "share one dtype" in str(caught.value)


@BACKENDS
@pytest.mark.parametrize("name", CATALOGUE)
def test_nothing_is_mutated(backend: str, name: str, golden: Golden) -> None:
    kernel = CATALOGUE[name]
    for case in golden.cases(name)[:16]:
        for dtype, expected in case.expected.items():
            if expected.outputs is None:
                continue
            inputs, parameters = case.arguments(kernel, dtype)
            before = [i.tobytes() for i in inputs]
            arguments = [*map(frozen, inputs), *parameters]
            given: dict[str, Any] = dict(zip(kernel.arguments, arguments, strict=True))
            outputs = call(name, backend=backend, **given)
            assert [given[i.name].tobytes() for i in kernel.inputs] == before
            for declared in kernel.outputs:
                assert outputs[declared.name].flags.writeable
                assert not any(np.shares_memory(outputs[declared.name], given[i.name]) for i in kernel.inputs)


@BACKENDS
@pytest.mark.parametrize("name", CATALOGUE)
def test_call_agrees_with_the_fixtures(backend: str, name: str, golden: Golden) -> None:
    """The public way in gives what parity holds against the fixtures."""
    kernel = CATALOGUE[name]
    case = golden.cases(name)[0]
    for dtype, expected in case.expected.items():
        inputs, parameters = case.arguments(kernel, dtype)
        given: dict[str, Any] = dict(zip(kernel.arguments, [*inputs, *parameters], strict=True))
        outputs = call(name, backend=backend, **given)
        assert expected.outputs is not None
        assert list(outputs) == list(expected.outputs)
        for output, record in zip(outputs.values(), expected.outputs.values(), strict=True):
            if record.policy == "bits":
                assert output.tobytes() == record.array().tobytes()
            else:
                assert (np.abs(output.astype(float) - record.array().astype(float)) <= record.budgets()).all()


def test_unknown_and_missing_arguments() -> None:
    with pytest.raises(LookupError, match="no kernel 'nonsense'"):
        call("nonsense")
    with pytest.raises(TypeError, match="csdp_positive has no argument 'rate'; it takes weights, pre_spikes"):
        positive(rate=1)
    with pytest.raises(TypeError, match="csdp_positive needs pre_spikes"):
        call("csdp_positive", weights=W, post_spikes=POST)
    with pytest.raises(TypeError, match="philox_words needs n"):
        call("philox_words", seed=1)


WRONG: list[tuple[str, str, Any, str, str]] = [
    *(("csdp_positive", "lr", v, "bad_parameter", "a real number") for v in (True, "0.1", 1j, [0.1], np.True_, None)),
    ("csdp_positive", "lr", Decimal("0.1"), "bad_parameter", "a real number"),
    *(("philox_words", "n", v, "bad_parameter", "an integer in") for v in (2.0, True, "3", 2**63, -(2**63) - 1, None)),
    ("philox_words", "n", np.float64(3), "bad_parameter", "an integer in"),
    *(("philox_words", "seed", v, "bad_parameter", "an integer in [0, ") for v in (-1, 2**64, 1.0, False, "1")),
    *(("infonce", "symmetric", v, "bad_parameter", "True or False") for v in (1, 0.0, "yes", [True])),
    *(
        ("stdp_linear", "stdp_algorithm", v, "bad_choice", "one of additive, ")
        for v in (0, b"additive", True, "Additive")
    ),
]


@BACKENDS
@pytest.mark.parametrize(("kernel", "name", "value", "code", "right"), WRONG)
def test_parameters_of_the_wrong_type(backend: str, kernel: str, name: str, value: Any, code: str, right: str) -> None:
    given = valid(CATALOGUE[kernel]) | {name: value}
    with pytest.raises(Rejection) as caught:
        call(kernel, backend=backend, **given)
    assert (caught.value.code, caught.value.argument) == (code, name)
    assert str(caught.value).startswith(f"{code}: {kernel}: {name} = {value!r} must be {right}")


def valid(kernel: Kernel) -> dict[str, Any]:
    """A small call."""
    lengths = dict(zip(dict.fromkeys(s for i in kernel.inputs for s in i.symbols), (2, 3, 4), strict=False))
    given: dict[str, Any] = {
        i.name: np.zeros([lengths[s] for s in i.symbols], np.float64 if i.holds == "real" else np.uint8)
        for i in kernel.inputs
    }
    return given | ({"n": 3} if kernel.family == "philox" else {})


@pytest.mark.parametrize(
    "value", [1, np.float32(0.5), np.int64(1), Fraction(1, 2), np.float16(0.5), np.longdouble(0.5)]
)
def test_numbers_that_are_real_parameters(value: Any) -> None:
    assert np.array_equal(positive(lr=value), positive(lr=float(value)))


@pytest.mark.parametrize("value", [10**400, -(10**400), Fraction(10**400)], ids=["large", "-large", "fraction"])
def test_numbers_too_large_for_a_float(value: Any) -> None:
    with pytest.raises(Rejection, match="bad_parameter: csdp_positive: lr = "):
        positive(lr=value)


@pytest.mark.parametrize("value", [np.int64(3), np.uint8(3), np.array(3)])
def test_numbers_that_are_integer_parameters(value: Any) -> None:
    assert len(call("philox_words", n=value, seed=value)["words"]) == 3


def test_numpy_flags() -> None:
    assert (
        call("infonce", view_a=W, view_b=W, symmetric=np.False_)["loss"] == call("infonce", view_a=W, view_b=W)["loss"]
    )


@BACKENDS
def test_outputs_too_large_for_memory(backend: str) -> None:
    for n in (2**62, 2**45):
        with pytest.raises(MemoryError, match="philox_words: its outputs do not fit into memory"):
            call("philox_words", backend=backend, n=n)


@BACKENDS
def test_out_is_written_and_returned(backend: str) -> None:
    out = np.full_like(W, np.nan)
    assert positive(backend, out={"weights": out}) is out
    assert np.array_equal(out, positive())
    z = np.ones((1, 3), np.uint8)
    given: dict[str, Any] = {"weights": W, "z_pre": z, "z_post": z[:, :2], "t_pre": W[:1], "t_post": W[:1, :2]}
    mine = np.empty((1, 3))
    partly = call("stdp_linear", backend=backend, out={"t_pre": mine}, **given)
    assert partly["t_pre"] is mine
    assert np.array_equal(mine, call("stdp_linear", **given)["t_pre"])


@pytest.mark.parametrize(
    ("out", "error", "text"),
    [
        ({"weight": np.empty((2, 3))}, TypeError, "has no output weight; it has weights"),
        ({"weights": np.empty((2, 3), np.float32)}, ValueError, r"float32\(2, 3\); it must be float64\(2, 3\)"),
        ({"weights": np.empty((3, 2))}, ValueError, r"float64\(3, 2\); it must be float64\(2, 3\)"),
        ({"weights": np.empty((3, 2)).T}, ValueError, "must be C-contiguous, aligned and writeable"),
        ({"weights": frozen(np.empty((2, 3)))}, ValueError, "must be C-contiguous, aligned and writeable"),
        ({"weights": W}, ValueError, "shares memory with an input"),
        ({"weights": np.empty((2, 3), ">f8")}, ValueError, "it must be float64"),
        ({"weights": np.frombuffer(bytearray(49), np.float64, 6, 1).reshape(2, 3)}, ValueError, "aligned"),
        ({"weights": [[0.0] * 3] * 2}, ValueError, "weights"),
    ],
)
def test_out_that_does_not_fit(out: dict[str, Any], error: type[Exception], text: str) -> None:
    kept = W.copy()
    with pytest.raises(error, match=text):
        positive(out=out)
    assert np.array_equal(W, kept)


@BACKENDS
def test_outs_that_share_memory(backend: str) -> None:
    both = np.zeros((1, 2))
    given: dict[str, Any] = {"weights": np.eye(2), "z_pre": both, "z_post": both, "t_pre": both, "t_post": both}
    out = np.zeros((1, 2))
    with pytest.raises(ValueError, match="shares memory"):
        call("stdp_linear", backend=backend, out={"t_pre": out, "t_post": out}, **given)
