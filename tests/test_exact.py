"""The exact arithmetic: rounding, the model of what a mirror may compute, and refusing what it cannot decide."""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.cases import cases
from spikemirror.catalogue.kernel import Array, Holds, Policy, Value
from spikemirror.exact.balls import Ball, Balls, Undecided
from spikemirror.exact.evaluate import Expected, _ceiling, evaluate
from spikemirror.exact.formats import FORMATS, HUGE, TINY, ends
from spikemirror.mirrors import Mirror
from spikemirror.parity.compare import used

SINGLE, DOUBLE = FORMATS["float32"], FORMATS["float64"]
BOTH = pytest.mark.parametrize("dtype", ["float32", "float64"])
fractions = st.fractions() | st.builds(
    lambda x, e: Fraction(x) * Fraction(2) ** e, st.fractions(1, 2), st.integers(-1200, 1100)
)


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """As the evaluation sets it."""
    saved = ctx.prec
    ctx.prec = 160
    yield
    ctx.prec = saved


def as_float(x: Fraction) -> float:
    """Python divides integers with correct rounding."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


@settings(max_examples=300)
@given(x=fractions)
def test_rounding_to_double_is_pythons(x: Fraction) -> None:
    assert DOUBLE.round(x) == as_float(x)


@settings(max_examples=300)
@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_to_single_is_numpys(x: float) -> None:
    with np.errstate(over="ignore"):
        assert SINGLE.round(Fraction(x)) == float(np.float32(x))


@given(bits=st.integers(0, 0x7F7FFFFE), negative=st.booleans())
def test_ties_go_to_even(bits: int, negative: bool) -> None:
    low, high = (Fraction(struct.unpack("f", struct.pack("I", b))[0]) for b in (bits, bits + 1))
    sign = -1 if negative else 1
    even = low if bits % 2 == 0 else high
    assert SINGLE.round(sign * (low + high) / 2) == sign * even
    nudge = (high - low) / 2**80
    assert SINGLE.round((low + high) / 2 + nudge) == high
    assert SINGLE.round((low + high) / 2 - nudge) == low


@pytest.mark.parametrize(("form", "dtype"), [(SINGLE, np.float32), (DOUBLE, np.float64)])
def test_rounding_at_the_ends(form: Any, dtype: Any) -> None:
    greatest, tiny = Fraction(float(np.finfo(dtype).max)), Fraction(float(np.finfo(dtype).smallest_subnormal))
    half_ulp = Fraction(2) ** (form.max_exponent - form.bits)
    assert form.round(greatest + half_ulp - 1) == float(greatest)
    assert form.round(greatest + half_ulp) == math.inf
    assert form.round(-greatest - half_ulp) == -math.inf
    assert form.round(tiny / 2) == 0
    assert form.round(tiny / 2 * Fraction(1001, 1000)) == float(tiny)
    assert form.round(tiny * Fraction(3, 2)) == 2 * float(tiny)
    assert form.round(Fraction(0)) == 0


@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_a_format_holds_its_own_numbers_and_no_others(x: float) -> None:
    with np.errstate(over="ignore"):
        assert SINGLE.holds(arb(x)) == (float(np.float32(x)) == x)
    assert DOUBLE.holds(arb(x))
    assert not DOUBLE.holds(arb(2) ** 1024)
    assert not DOUBLE.holds(arb(x, 1e-30))
    assert not DOUBLE.holds(arb(1) / 3)


@given(x=fractions)
def test_budgets_are_short_and_not_too_small(x: Fraction) -> None:
    x = min(abs(x), Fraction(10) ** 300)
    budget = _ceiling(x)
    assert Fraction(budget) >= x
    assert Fraction(budget) <= x * Fraction(102, 100) + Fraction(5e-324)


@pytest.mark.parametrize("modelled", [None, SINGLE, DOUBLE])
def test_comparisons_that_straddle_are_refused(modelled: Any) -> None:
    space = Balls(modelled)
    wide, apart = Ball(space, arb(1, 0.1)), Ball(space, arb(3))
    assert wide < apart
    assert wide <= apart
    assert apart > wide
    assert apart >= wide
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(Undecided):
            compare(wide, 1)
    with pytest.raises(Undecided):
        space.floor([wide])
    with pytest.raises(Undecided):
        space.below(np.array([1 << 30], np.uint32), [Ball(space, arb(0.25, 1e-9))])
    with pytest.raises(Undecided):
        space.where(np.asarray([wide], object) >= 1, space.zeros((1,)), space.zeros((1,)))


def test_exact_ties_are_decided() -> None:
    space = Balls(DOUBLE)
    one = Ball(space, arb(1))
    assert one >= 1
    assert not one > 1
    assert list(space.floor([Ball(space, arb(3))])) == [3]
    words = np.array([(1 << 30) - 1, 1 << 30], np.uint32)
    assert list(space.below(words, [Ball(space, arb(0.25))] * 2)) == [True, False]


def test_a_decision_at_the_edge_stops_the_evaluation() -> None:
    """sigmoid(ln 3) is 3/4 but for rounding, so whether 4 p reaches 3 cannot be told."""
    kernel = CATALOGUE["encode_rate_deterministic"]
    with pytest.raises(Undecided, match="floor"):
        evaluate(kernel, [np.array([[math.log(3)]])], [4, "sigmoid", 1.0, 0.0])


def test_a_tie_that_is_none_stops_the_evaluation() -> None:
    """The two means differ by less than any working precision shows beside 1/3; no float tells them apart either."""
    kernel = CATALOGUE["decode_ensemble"]
    logits = np.full((3, 1, 2), -0.5)
    logits[0, 0] = [-2.5e-308, -2.4e-308]
    with pytest.raises(Undecided, match="against"):
        evaluate(kernel, [logits, np.full(3, 1 / 3)], [])


def test_equal_terms_in_another_order_are_no_tie() -> None:
    space = Balls(DOUBLE)
    one, tiny = Ball(space, arb(1)), Ball(space, arb(-1e-17))
    sums = space.sum(np.array([[one, one, tiny], [one, one, tiny], [one, tiny, one]], object), axis=1)
    assert space.argmax(sums[:2], axis=0) == 0
    with pytest.raises(Undecided):
        space.argmax(sums[1:], axis=0)


def ball(space: Balls, x: float) -> Ball:
    return Ball(space, arb(x))


def inside(x: Fraction | float, value: Any) -> bool:
    low, high = ends(value.value)
    return low <= Fraction(x) <= high


scalars = {
    "float32": st.floats(-1e18, 1e18, width=64).map(lambda x: float(np.float32(x))),
    "float64": st.floats(-1e150, 1e150),
}


@BOTH
@given(data=st.data())
def test_one_operation_is_inside_its_ball(dtype: str, data: st.DataObject) -> None:
    space, form, number = Balls(FORMATS[dtype]), FORMATS[dtype], np.dtype(dtype).type
    x, y = data.draw(scalars[dtype]), data.draw(scalars[dtype])
    a, b = number(x), number(y)
    with np.errstate(all="ignore"):
        results = [
            (a + b, ball(space, x) + ball(space, y)),
            (a * b, ball(space, x) * ball(space, y)),
            (a - b, ball(space, x) - ball(space, y)),
        ]
        if y:
            results.append((a / b, ball(space, x) / ball(space, y)))
        results.append((np.sqrt(abs(a)), space.sqrt([abs(ball(space, x))])[0]))
        small = number(math.remainder(x, 64))
        results += [(f(small), getattr(space, f.__name__)([ball(space, float(small))])[0]) for f in (np.exp,)]
        results += [
            (f(abs(small)), getattr(space, f.__name__)([ball(space, abs(float(small)))])[0]) for f in (np.log1p,)
        ]
    for got, modelled in results:
        if np.isfinite(got):
            assert inside(float(got), modelled)
    fused = form.round(Fraction(x) * Fraction(y) + Fraction(x))
    if math.isfinite(fused):
        assert inside(fused, ball(space, x) * ball(space, y) + ball(space, x))


def rounded(dtype: str, x: Fraction) -> Fraction:
    return Fraction(FORMATS[dtype].round(x))


@BOTH
@given(data=st.data())
def test_sums_in_any_order_are_inside(dtype: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(scalars[dtype], min_size=1, max_size=9))
    order = data.draw(st.permutations(values))
    space = Balls(FORMATS[dtype])
    modelled = space.sum([ball(space, x) for x in values], axis=0)[()]
    straight = Fraction(0)
    for x in order:
        straight = rounded(dtype, straight + Fraction(x))
    assert inside(straight, modelled)
    terms = [Fraction(x) for x in order]
    while len(terms) > 1:  # any tree
        i = data.draw(st.integers(0, len(terms) - 2))
        terms[i : i + 2] = [rounded(dtype, terms[i] + terms[i + 1])]
    assert inside(terms[0], modelled)


@BOTH
@given(data=st.data())
def test_products_of_matrices_in_any_order_fused_or_not_are_inside(dtype: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 7))
    pairs = [(data.draw(scalars[dtype]), data.draw(scalars[dtype])) for _ in range(n)]
    space = Balls(FORMATS[dtype])
    a, b = (np.array([ball(space, p[side]) for p in pairs], object) for side in (0, 1))
    modelled = space.matmul(a[None, :], b[:, None])[0, 0]
    total = fused = Fraction(0)
    for x, y in data.draw(st.permutations(pairs)):
        product = Fraction(x) * Fraction(y)
        total = rounded(dtype, total + rounded(dtype, product))
        fused = rounded(dtype, fused + product)
    assert inside(total, modelled)
    assert inside(fused, modelled)


@BOTH
def test_underflow_of_products_is_modelled(dtype: str) -> None:
    tiny = float(np.finfo(dtype).tiny)
    space = Balls(FORMATS[dtype])
    vector = np.array([ball(space, tiny)] * 3, object)
    assert inside(0.0, space.matmul(vector[None, :], vector[:, None])[0, 0])
    assert inside(0.0, ball(space, tiny) * ball(space, tiny))


@BOTH
def test_what_may_overflow_is_unknown(dtype: str) -> None:
    """Also where it is a partial sum, in some order, or one of the products."""
    space, most = Balls(FORMATS[dtype]), float(np.finfo(dtype).max)
    unknown = (-HUGE, HUGE)
    largest, half = ball(space, most), ball(space, most / 2)
    assert ends((half + half).value) == (Fraction(most), Fraction(most))
    assert ends((largest + half).value) == unknown
    with pytest.raises(Undecided):
        _ = largest * 2 > 0
    terms = [largest, largest, -largest, -largest]
    assert ends(summed(space, terms)) == unknown
    assert ends(summed(space, terms[1:3]))[1] < HUGE
    row, column = np.array([terms], object), np.array([[ball(space, 1.0)]] * 4, object)
    assert ends(space.matmul(row, column)[0, 0].value) == unknown
    assert ends(summed(Balls(), [ball(Balls(), most)] * 3)) == (3 * Fraction(most), 3 * Fraction(most))


def summed(space: Balls, terms: list[Ball]) -> Any:
    total: Any = space.sum(terms, axis=0)[()]
    return total.value


def test_a_value_that_overflows_only_on_the_way_has_no_budget() -> None:
    views: list[Array] = [np.array([[1e200], [-1e200]])] * 2
    with pytest.raises(Undecided, match="lpl: push may overflow on the way"):
        evaluate(CATALOGUE["lpl"], views, [1.0, 1.0, 10.0, 1e-4])
    (overflown,) = evaluate(CATALOGUE["goodness"], [np.array([1e200])], [])
    assert np.isinf(overflown.value)
    assert overflown.budget == 0


def test_astronomical_exponents_cost_nothing() -> None:
    zero, vanishing, exploding = Fraction(0), arb(-1e300).exp(), arb(1e15).exp()
    assert ends(vanishing) == (zero, TINY)
    assert ends(-vanishing) == (-TINY, zero)
    assert [DOUBLE.round(end) for end in ends(vanishing)] == [0, 0]
    assert [DOUBLE.round(end) for end in ends(exploding)] == [math.inf, math.inf]
    (loss,) = evaluate(CATALOGUE["loss_isi"], [np.ones((1, 2, 1))], [1, 1e-300])
    assert loss.value == 0


def judge(
    mirrors: dict[str, Mirror], name: str, inputs: list[Array], parameters: list[Value], truth: list[Expected]
) -> None:
    """Every mirror inside every budget."""
    kernel = CATALOGUE[name]
    for mirror in mirrors.values():
        outputs = kernel.allocate(inputs, parameters)
        mirror.call(kernel, inputs, parameters, outputs)
        for declared, got, want in zip(kernel.outputs, outputs, truth, strict=True):
            if declared.policy is Policy.BUDGET:
                shares = used(got, want.value, want.budget)
                assert (shares <= 1).all(), (mirror.name, declared.name, got, want)


def reals(dtype: str, *shape: int, scale: float = 1.0) -> st.SearchStrategy[npt.NDArray[Any]]:
    bound = float(np.float32(scale))
    return hnp.arrays(dtype, shape, elements=st.floats(-bound, bound, width=32))


@BOTH
@given(data=st.data())
def test_infonce_anywhere_is_inside_its_budget(dtype: str, data: st.DataObject, all_mirrors: dict[str, Mirror]) -> None:
    shape = data.draw(st.integers(0, 4)), data.draw(st.integers(1, 4))
    scale = data.draw(st.sampled_from([1.0, 1e-7, 1e30, 1e-38]))
    inputs: list[Array] = [data.draw(reals(dtype, *shape, scale=scale)) for _ in range(2)]
    parameters: list[Value] = [data.draw(st.sampled_from([0.005, 0.07, 0.5, 10.0])), data.draw(st.booleans())]
    judge(all_mirrors, "infonce", inputs, parameters, evaluate(CATALOGUE["infonce"], inputs, parameters))


@BOTH
@given(data=st.data())
def test_goodness_anywhere_is_inside_its_budget(
    dtype: str, data: st.DataObject, all_mirrors: dict[str, Mirror]
) -> None:
    scale = data.draw(st.sampled_from([1.0, 1e-23, 1e18, 1e-38]))
    inputs: list[Array] = [data.draw(reals(dtype, data.draw(st.integers(0, 40)), scale=scale))]
    judge(all_mirrors, "goodness", inputs, [], evaluate(CATALOGUE["goodness"], inputs, []))


@BOTH
@given(data=st.data())
def test_stdp_linear_anywhere_is_inside_its_budget(
    dtype: str, data: st.DataObject, all_mirrors: dict[str, Mirror]
) -> None:
    batch, post, pre = (data.draw(st.integers(0, 3)) for _ in range(3))
    spikes = [data.draw(hnp.arrays(np.uint8, (batch, n), elements=st.integers(0, 1))) for n in (pre, post)]
    weights = data.draw(reals(dtype, post, pre)) + np.dtype(dtype).type(data.draw(st.sampled_from([0.0, 0.3])))
    inputs: list[Array] = [weights, *spikes, data.draw(reals(dtype, batch, pre)), data.draw(reals(dtype, batch, post))]
    algorithm = data.draw(st.sampled_from(["additive", "additive_step", "multiplicative_pow", "multiplicative_relu"]))
    mu, hardbound = data.draw(st.sampled_from([0.0, 0.25, 0.7, 1.0])), data.draw(st.booleans())
    parameters: list[Value] = [1.1, 0.9, 20.0, 31.7, 0.0, 1.0, 0.3, 0.2, algorithm, mu, hardbound, 1e-3]
    try:
        truth = evaluate(CATALOGUE["stdp_linear"], inputs, parameters)
    except Undecided:
        return  # w_max - W so close to 0 that its sign is not certain
    judge(all_mirrors, "stdp_linear", inputs, parameters, truth)


BUDGETED = [name for name, k in CATALOGUE.items() if any(o.policy is Policy.BUDGET for o in k.outputs)]


@pytest.mark.parametrize("name", BUDGETED)
def test_values_are_correctly_rounded(name: str) -> None:
    """More precision does not change them, and the budget is not a sham."""
    kernel = CATALOGUE[name]
    case = next(c for c in cases(kernel) if c.rejects is None and not c.verbatim)
    values: dict[str, Any] = {p.name: p.default for p in kernel.parameters} | dict(case.parameters)
    for dtype in ("float32", "float64"):
        if "dtype" in values:
            values["dtype"] = dtype
        given_: list[Value] = list(values.values())
        holds = {Holds.REAL: dtype, Holds.SPIKES: "uint8", Holds.TARGETS: "int32"}
        inputs: list[Array] = [np.asarray(case.inputs[i.name]).astype(holds[i.holds]) for i in kernel.inputs]
        first = evaluate(kernel, inputs, given_)
        for declared, output in zip(kernel.outputs, first, strict=True):
            if declared.policy is Policy.BUDGET:
                eps = np.finfo(dtype).eps
                assert output.value.dtype == dtype
                assert (output.budget <= 1e4 * eps * (np.abs(output.value) + 1)).all()
    assert ctx.prec == 160
