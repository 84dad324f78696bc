"""The elementary functions at special points, and against numbers of 17 digits."""

from std.math import isnan
from std.testing import TestSuite, assert_equal, assert_true
from std.utils.numerics import inf, nan

from spikemirror.numerics import exp, log, log1p, power, product, sigmoid

comptime F32 = DType.float32
comptime F64 = DType.float64


def assert_close(got: Float64, want: Float64) raises:
    """Within two units in the last place of a float64."""
    assert_true(
        abs(got - want) <= abs(want) * 4.5e-16,
        String(got, " is not ", want),
    )


def test_exp() raises:
    assert_equal(exp(Float64(0)), 1)
    assert_equal(exp(-inf[F64]()), 0)
    assert_equal(exp(inf[F64]()), inf[F64]())
    assert_true(isnan(exp(nan[F64]())))
    assert_close(exp(Float64(1)), 2.718281828459045)
    assert_close(exp(Float64(-30)), 9.357622968840175e-14)
    assert_close(exp(Float64(700)), 1.0142320547350045e304)
    assert_close(exp(Float64(709.782712893384)), 1.797693134862273e308)
    assert_equal(exp(Float64(709.79)), inf[F64]())
    assert_equal(exp(Float64(-745.2)), 0)
    # The smallest subnormal.
    assert_equal(exp(Float64(-744.5)), 5e-324)


def test_exp_float32() raises:
    assert_equal(exp(Float32(0)), 1)
    assert_equal(exp(-inf[F32]()), 0)
    assert_equal(exp(inf[F32]()), inf[F32]())
    assert_true(isnan(exp(nan[F32]())))
    assert_equal(exp(Float32(88.73)), inf[F32]())
    assert_equal(exp(Float32(-104)), 0)
    assert_true(abs(exp(Float32(1)) - 2.7182817) <= 2.4e-7)


def test_every_lane() raises:
    var x = SIMD[F64, 8](-700, -1, -0.1, 0, 0.1, 1, 30, 700)
    var y = exp(x)
    for i in range(8):
        assert_equal(y[i], exp(x[i]))


def test_log() raises:
    assert_equal(log(Float64(1)), 0)
    assert_equal(log(Float64(0)), -inf[F64]())
    assert_equal(log(inf[F64]()), inf[F64]())
    assert_true(isnan(log(Float64(-1))))
    assert_true(isnan(log(nan[F64]())))
    assert_close(log(Float64(10)), 2.302585092994046)
    assert_close(log(Float64(5e-324)), -744.4400719213812)
    assert_close(log(Float64(1.7976931348623157e308)), 709.782712893384)


def test_log1p() raises:
    assert_equal(log1p(Float64(0)), 0)
    assert_equal(log1p(inf[F64]()), inf[F64]())
    assert_equal(log1p(Float64(1e-300)), 1e-300)
    assert_equal(log1p(Float64(5e-324)), 5e-324)
    assert_close(log1p(Float64(1e-10)), 9.9999999995e-11)
    assert_close(log1p(Float64(1)), 0.6931471805599453)
    assert_close(log1p(Float64(1e300)), 690.7755278982137)
    assert_equal(log1p(Float32(1e-30)), 1e-30)


def test_power() raises:
    assert_equal(power(Float64(0), 0), 1)
    assert_equal(power(Float64(0), 0.5), 0)
    assert_equal(power(Float64(3), 0), 1)
    assert_equal(power(inf[F64](), 0.5), inf[F64]())
    assert_close(power(Float64(2), 0.5), 1.4142135623730951)
    assert_close(power(Float64(1e308), 0.5), 1e154)
    assert_close(power(Float64(5e-324), 0.5), 2.2227587494850775e-162)
    assert_equal(power(Float32(0), 0), 1)
    assert_equal(power(Float32(9), 0.5), 3)


def test_sigmoid() raises:
    assert_equal(sigmoid(Float64(0)), 0.5)
    assert_equal(sigmoid(Float64(1e308)), 1)
    assert_equal(sigmoid(Float64(-1e308)), 0)
    assert_close(sigmoid(Float64(-40)), 4.248354255291589e-18)


def test_product_is_never_fused() raises:
    # x^2 = 1 + 2^-29 + 2^-60, whose last bit is lost if the product is rounded.
    var x = Float64(1.0000000009313226)
    var rounded = product(x, x)
    assert_equal(rounded, 1.0000000018626451)
    assert_true(x.fma(x, -rounded) != 0)
    assert_equal(product(x, x) - rounded, 0)


def main() raises:
    TestSuite.discover_tests[__functions_in_module()]().run()
