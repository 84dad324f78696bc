"""How a refusal reads, and that every mirror refuses the same thing first."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemirror import Code, EnsembleDecoder, Rejection, STDPParameters
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.check import faults
from spikemirror.catalogue.kernel import Array, Choice, Flag, Holds, Integer, Kernel, Parameter, Real, Value, Word
from spikemirror.golden.load import Golden
from spikemirror.mirrors import NAMES, Mirror

KERNELS = pytest.mark.parametrize("name", CATALOGUE)


def refuse(mirror: Mirror, kernel: Kernel, inputs: list[Array], parameters: list[Value]) -> Rejection | None:
    try:
        mirror.call(kernel, inputs, parameters, kernel.allocate(inputs, parameters))
    except Rejection as rejection:
        return rejection
    return None


def test_a_rejection_is_a_value_error_that_travels() -> None:
    rejection = Rejection(Code.bad_shape, "view_b", "infonce: view_b is short")
    assert isinstance(rejection, ValueError)
    assert str(rejection) == "bad_shape: infonce: view_b is short"
    copy = pickle.loads(pickle.dumps(rejection))
    assert (copy.code, copy.argument, str(copy)) == ("bad_shape", "view_b", str(rejection))


def test_codes_keep_their_numbers() -> None:
    names = "bad_dtype bad_rank bad_shape bad_choice bad_parameter non_finite bad_spikes bad_target"
    assert [(c.name, c.value) for c in Code] == [(n, i) for i, n in enumerate(names.split(), start=1)]


@KERNELS
def test_messages_tell_all(name: str, golden: Golden, all_mirrors: dict[str, Mirror]) -> None:
    """Every mirror's rejection of every fixture names kernel, argument, value and what would be right."""
    kernel = CATALOGUE[name]
    for case in golden.cases(name):
        for dtype, expected in case.expected.items():
            if expected.rejection is None:
                continue
            inputs, parameters = case.arguments(kernel, dtype)
            said = [refuse(mirror, kernel, inputs, parameters) for mirror in all_mirrors.values()]
            texts = {str(s) for s in said}
            assert len(texts) == 1, (case.id, texts)
            text = texts.pop()
            code, argument = expected.rejection.code, expected.rejection.argument
            assert text.startswith(f"{code}: {name}: {argument}"), case.id
            given_ = dict(zip(kernel.arguments, [*inputs, *parameters], strict=True))[argument]
            assert all(part in text for part in parts(kernel, code, argument, given_)), (case.id, text)


def parts(kernel: Kernel, code: str, argument: str, value: Any) -> list[str]:
    """What a message must hold."""
    for parameter in kernel.parameters:
        if parameter.name == argument:
            return [f" = {value!r} must be ", *right(parameter)]
    declared = next(i for i in kernel.inputs if i.name == argument)
    match code:
        case "bad_dtype":
            right_one = {Holds.SPIKES: "uint8 or bool", Holds.TARGETS: "int32", Holds.REAL: "float64"}[declared.holds]
            return [f" has dtype {value.dtype};", right_one]
        case "bad_rank" | "bad_shape":
            return [f" has shape {value.shape};", "axes", *declared.shape]
        case "non_finite":
            return ["must be finite", "[", "nan" if np.isnan(value).any() else "inf"]
        case "bad_spikes":
            return ["spikes are 0 or 1", f" = {value.max()};"]
        case "bad_target":
            return ["class indices are in [0, "]
        case "bad_parameter":
            return ["must sum to 1"]
    raise AssertionError(code)


def right(parameter: Parameter) -> list[str]:
    match parameter:
        case Choice(options=options):
            return list(options)
        case Real(above=str()) | Real(at_least=str()):
            return []
        case Real(domain=domain) | Integer(domain=domain):
            return [str(domain)]
        case _:
            return []


def test_a_bound_by_another_parameter_is_told() -> None:
    with pytest.raises(Rejection, match=r"w_max = 0.5 must be greater than w_min = 0.5"):
        STDPParameters(w_min=0.5, w_max=0.5)


@pytest.mark.parametrize("weights", [(1e308, 1e308), (1e308, 1e308, -1e308, -1e308, 1.0)])
def test_weights_whose_sum_overflows_are_refused(weights: tuple[float, ...], all_mirrors: dict[str, Mirror]) -> None:
    inputs = [np.zeros((len(weights), 1, 3)), np.array(weights)]
    said = {str(refuse(mirror, CATALOGUE["decode_ensemble"], inputs, [])) for mirror in all_mirrors.values()}
    assert said == {"bad_parameter: decode_ensemble: weights sums to inf; it must sum to 1 within 0.0001"}
    with pytest.raises(Rejection, match="sum to inf"):
        EnsembleDecoder(weights=weights)


numbers = st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, 1e39, 1e-60, math.nan, math.inf, -math.inf])


@st.composite
def calls(draw: st.DrawFn, kernel: Kernel) -> tuple[list[Array], list[Value]]:
    """A call with any number of faults, or none."""
    lengths = st.integers(0, 3)
    dims = {s: draw(lengths) for i in kernel.inputs for s in i.symbols}
    call_dtype = draw(st.sampled_from(["float32", "float64"]))
    inputs: list[Array] = []
    for declared in kernel.inputs:
        shape = [dims[s] for s in declared.symbols]
        dtype = {Holds.REAL: call_dtype, Holds.SPIKES: "uint8", Holds.TARGETS: "int32"}[declared.holds]
        match draw(st.integers(0, 9)):
            case 0:
                dtype = draw(
                    st.sampled_from(["float32", "float64", "int64", "complex128", "float16", "bool", "uint32"])
                )
            case 1:
                shape = draw(st.lists(lengths, max_size=9))
            case 2 if shape:
                shape[draw(st.integers(0, len(shape) - 1))] = draw(lengths)
        array = np.zeros(shape, dtype)
        if array.size and draw(st.integers(0, 3)) == 0:
            worst: Any = draw(st.sampled_from([math.nan, math.inf, -math.inf])) if array.dtype.kind == "f" else 2
            array.flat[draw(st.integers(0, array.size - 1))] = worst
        inputs.append(array)
    return inputs, [draw(value(p)) for p in kernel.parameters]


def value(parameter: Parameter) -> st.SearchStrategy[Value]:
    match parameter:
        case Real(default=default):
            return st.just(1.0 if default is None and not parameter.optional else default) | numbers
        case Integer():
            return st.sampled_from([3, 3, 1, 0, -1, -(2**63)])
        case Word():
            return st.integers(0, 2**64 - 1)
        case Flag():
            return st.booleans()
        case Choice(options=options):
            return st.sampled_from([*options, *options, "unknown", ""])


@KERNELS
@settings(max_examples=60)
@given(data=st.data())
def test_all_mirrors_find_the_same_fault_first(name: str, data: st.DataObject, all_mirrors: dict[str, Mirror]) -> None:
    kernel = CATALOGUE[name]
    inputs, parameters = data.draw(calls(kernel))
    first = next(faults(kernel, inputs, parameters), None)
    for mirror in NAMES:
        found = refuse(all_mirrors[mirror], kernel, inputs, parameters)
        assert (found and (found.reason, found.argument)) == first, mirror
