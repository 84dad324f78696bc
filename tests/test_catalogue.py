"""The declarations agree with each other and with the reference."""

from __future__ import annotations

import importlib
import inspect
import math

import numpy as np
import pytest

from spikemirror import reference
from spikemirror.catalogue import CATALOGUE, kernel
from spikemirror.catalogue.cases import cases
from spikemirror.catalogue.kernel import Array, Choice, Domain, Flag, Holds, Input, Integer, Kernel, Real, Value

KERNELS = pytest.mark.parametrize("declared", CATALOGUE.values(), ids=list(CATALOGUE))


def test_names_are_unique() -> None:
    families = dict.fromkeys(declared.family for declared in CATALOGUE.values())
    modules = [importlib.import_module(f"spikemirror.catalogue.{family}") for family in families]
    assert [declared.name for module in modules for declared in module.KERNELS] == list(CATALOGUE)
    assert all(declared.family == family for family, m in zip(families, modules, strict=True) for declared in m.KERNELS)


def test_an_unknown_kernel_is_told_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"no kernel 'infonse'; there are .*infonce"):
        kernel("infonse")


@KERNELS
def test_arguments_and_outputs_have_names_of_their_own(declared: Kernel) -> None:
    assert len(set(declared.arguments)) == len(declared.arguments)
    assert len({o.name for o in declared.outputs}) == len(declared.outputs)


@KERNELS
def test_output_axes_are_known(declared: Kernel) -> None:
    symbols = {s for i in declared.inputs for s in i.shape}
    integers = {p.name for p in declared.parameters if isinstance(p, Integer)}
    for output in declared.outputs:
        for axis in output.shape:
            if " x " in axis:  # of a product each name stands for one number
                names = {name for name in axis.split(" x ") if not name.isdigit()}
                assert names <= {s.rstrip(".*") for s in symbols} | integers, output.name
            else:
                assert axis in symbols | integers, output.name


@KERNELS
def test_least_lengths_are_those_of_inputs(declared: Kernel) -> None:
    assert declared.at_least.keys() <= {s for i in declared.inputs for s in i.symbols}
    assert all(length >= 1 for length in declared.at_least.values())


@KERNELS
def test_convolved_axes_have_what_they_follow_from(declared: Kernel) -> None:
    symbols = {s for i in declared.inputs for s in i.symbols}
    integers = {p.name: p for p in declared.parameters if isinstance(p, Integer)}
    for axis in declared.convolved:
        assert {axis.symbol, axis.source, axis.window} <= symbols
        for name, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
            assert integers[name].domain.low == least
        assert declared.at_least[axis.window] >= 1


@KERNELS
def test_targets_have_a_number_of_classes_and_nothing_else_has(declared: Kernel) -> None:
    symbols = {s for i in declared.inputs for s in i.symbols}
    integers = {p.name for p in declared.parameters if isinstance(p, Integer)}
    for array in declared.inputs:
        assert (array.below is not None) == (array.holds is Holds.TARGETS)
        if isinstance(array.below, str):
            assert array.below in symbols | integers
        if array.sums_to_one:
            assert array.holds is Holds.REAL
            assert declared.at_least[array.symbols[0]] >= 1
        if array.default is not None:
            assert all(source_of(declared, symbol) is not array for symbol in array.symbols)


def source_of(declared: Kernel, symbol: str) -> Input | None:
    """The input without a default that tells an axis; None where a parameter does."""
    told = any(isinstance(p, Integer) and p.name == symbol for p in declared.parameters)
    return None if told else next(i for i in declared.inputs if i.default is None and symbol in i.symbols)


@KERNELS
def test_a_kernel_without_reals_is_told_its_dtype(declared: Kernel) -> None:
    if declared.dtype_parameter is not None:
        parameter = declared.parameters[declared.dtype_parameter]
        assert isinstance(parameter, Choice)
        assert set(parameter.options) == {d.name for d in declared.dtypes}
        assert not declared.has_real
    elif not declared.has_real:
        assert len(declared.dtypes) == 1


@KERNELS
def test_only_the_last_axis_is_open_ended(declared: Kernel) -> None:
    for array in declared.inputs:
        assert all(symbol.isidentifier() for symbol in array.shape[:-1])
        assert array.min_rank <= array.max_rank


@KERNELS
def test_an_open_ended_axis_is_the_same_wherever_it_is_named(declared: Kernel) -> None:
    opened = {i.symbols[-1]: i.shape[-1] for i in declared.inputs if i.open_ended}
    for shape in [i.shape for i in declared.inputs] + [o.shape for o in declared.outputs]:
        assert all(opened.get(s.rstrip(".*"), s) == s for s in shape)


@KERNELS
def test_outputs_of_the_calls_dtype_need_one(declared: Kernel) -> None:
    if not declared.has_real and declared.dtype_parameter is None:
        assert all(o.dtype is not None for o in declared.outputs)
    assert all(o.budget_factor >= 1 for o in declared.outputs)


@KERNELS
def test_defaults_are_in_their_domains(declared: Kernel) -> None:
    values = {p.name: p.default for p in declared.parameters}
    for parameter in declared.parameters:
        match parameter:
            case Real(default=default, above=above, at_least=at_least):
                assert default is None or default in parameter.domain
                for other in {above, at_least} - {None}:
                    lower = values[str(other)]
                    assert declared.arguments.index(str(other)) < declared.arguments.index(parameter.name)
                    if default is not None:
                        assert isinstance(lower, float)
                        assert default > lower if other == above else default >= lower
            case Integer(default=default):
                assert default is None or default in parameter.domain
            case Choice(default=default, options=options):
                assert default in options
                assert len(set(options)) == len(options)
            case Flag(default=default):
                assert isinstance(default, bool)


@KERNELS
def test_reference_takes_exactly_the_arguments(declared: Kernel) -> None:
    signature = inspect.signature(reference.text(declared))
    first, *others = signature.parameters.values()
    assert first.name == "xp"
    if others[-1].kind is inspect.Parameter.VAR_KEYWORD:  # parameters handed on as they are
        assert tuple(p.name for p in others[:-1]) == tuple(i.name for i in declared.inputs)
        return
    assert tuple(p.name for p in others) == declared.arguments
    named = [p.name for p in others if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert named == [p.name for p in declared.parameters]


@KERNELS
def test_reference_is_documented(declared: Kernel) -> None:
    text = reference.text(declared)
    assert text.__doc__
    module = inspect.getmodule(text)
    assert module is not None
    assert module.__doc__
    said = text.__doc__ + module.__doc__
    for policy in {o.policy.value for o in declared.outputs}:
        assert policy in said or "exact" in text.__doc__ or "uint32" in text.__doc__
    assert module.__name__.rsplit(".", 1)[-1] == declared.family


@KERNELS
def test_prose_is_there(declared: Kernel) -> None:
    assert declared.summary.endswith(".")
    assert declared.formula
    assert declared.source
    parts = [a.doc for a in (*declared.inputs, *declared.parameters, *declared.outputs)]
    assert all(parts)
    assert all("\n" not in part for part in parts)


@KERNELS
def test_bench_sizes_give_every_axis_a_length_and_a_cost(declared: Kernel) -> None:
    assert len(declared.bench) >= 2
    symbols = {s for i in declared.inputs for s in i.symbols}
    for size in declared.bench:
        lengths = dict(size.dims)
        for parameter in declared.parameters:
            if isinstance(parameter, Integer):
                value = size.parameters.get(parameter.name, parameter.default)
                lengths.setdefault(parameter.name, 0 if value is None else int(value))
        assert symbols <= lengths.keys()
        cost = declared.cost(lengths, 8)
        assert min(cost.bytes, cost.flops, cost.elements) > 0
        assert set(size.parameters) <= set(declared.arguments)


@KERNELS
def test_cases_are_there(declared: Kernel) -> None:
    found = cases(declared)
    assert sum(case.rejects is None for case in found) >= 12
    assert len({case.id for case in found}) == len(found)


@KERNELS
def test_every_choice_switch_and_optional_parameter_has_a_case(declared: Kernel) -> None:
    """Each value of a parameter that selects a way of computing is taken by some valid case."""
    valid = [case.parameters for case in cases(declared) if case.rejects is None]
    for parameter in declared.parameters:
        taken = {given.get(parameter.name, parameter.default) for given in valid}
        match parameter:
            case Choice(options=options, name=name) if name != "dtype":
                assert taken == set(options), name
            case Flag(name=name):
                assert taken == {False, True}, name
            case Real(optional=True, name=name):
                assert None in taken, name
                assert len(taken) > 1, name
            case _:
                pass


@KERNELS
def test_refused_calls_still_get_outputs(declared: Kernel) -> None:
    """Arrays that are all wrong must not break the allocation: the mirror is to refuse them."""
    wrong = [np.zeros((2,) * 9, np.complex128) for _ in declared.inputs]
    outputs = declared.allocate(wrong, [-5 if isinstance(p, Integer) else 0 for p in declared.parameters])
    assert len(outputs) == len(declared.outputs)


def test_call_dtype_is_that_of_the_first_real_array() -> None:
    linear = CATALOGUE["stdp_linear"]
    inputs = [np.zeros((1, 1), np.float32 if i.holds is Holds.REAL else np.uint8) for i in linear.inputs]
    assert linear.call_dtype(inputs, [p.default for p in linear.parameters]) == np.float32
    assert CATALOGUE["philox_uniform"].call_dtype([], [0, 0, 0, 0]) == np.float64


@pytest.mark.parametrize("name", ["decode_rate", "decode_first_spike"])
def test_call_dtype_without_a_real_array_is_a_parameter(name: str) -> None:
    declared = CATALOGUE[name]
    inputs: list[Array] = [np.zeros((1, 1, 1), np.uint8), np.zeros((1, 1), np.uint8)]
    given: list[Value] = [p.default for p in declared.parameters]
    for dtype, want in (("float32", np.float32), ("float64", np.float64), ("float16", np.float64), (None, np.float64)):
        given[-1] = dtype
        assert declared.call_dtype(inputs, given) == want


@pytest.mark.parametrize(
    ("domain", "inside", "outside", "text"),
    [
        (Domain(), [0, -1e300], [math.nan, math.inf, -math.inf], "finite"),
        (Domain(low=0), [0, 1], [-1e-300, math.nan, math.inf], "finite and >= 0"),
        (Domain(low=0, low_open=True), [5e-324], [0, -0.0, math.inf], "finite and > 0"),
        (Domain(0, 1), [0, 1, 0.5], [1.0000001, -1e-9, math.nan], "in [0, 1]"),
        (Domain(0, 1, high_open=True), [0], [1], "in [0, 1)"),
        (Domain(high=2), [-1e300, 2], [2.1, -math.inf], "in (-inf, 2]"),
    ],
)
def test_domains(domain: Domain, inside: list[float], outside: list[float], text: str) -> None:
    assert all(x in domain for x in inside)
    assert not any(x in domain for x in outside)
    assert str(domain) == text
