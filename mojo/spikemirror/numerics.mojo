"""Elementary functions within 2 units in the last place (sigmoid 3), for any SIMD width.

The `exp`, `log2` and `pow` of std.math do not reach their dtype's precision
(exp of float64 is off by some 3e-10 at 700); these do, and are as fast.

    exp(x)      = 2^k exp(r),  k = rint(x / ln 2), r = x - k ln 2, |r| <= ln(2)/2, exp(r) by its Taylor series
    log(x)      = k ln 2 + 2 atanh(s),  x = 2^k m, m in [sqrt(1/2), sqrt(2)), s = (m - 1)/(m + 1)
    log1p(x)    = log(u) + v/u,  u + v = 1 + x exactly
    power(x, y) = exp(y log(x)), with the logarithm as a sum of two numbers
    sigmoid(x)  = 1/(1 + exp(-x)), or exp(x)/(1 + exp(x)) for x < 0
"""

from std.math import isnan, round
from std.memory import bitcast
from std.sys.intrinsics import llvm_intrinsic
from std.utils.numerics import inf, nan

comptime _INVERSE_FACTORIALS = (
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5040.0,
    1.0 / 40320.0,
    1.0 / 362880.0,
    1.0 / 3628800.0,
    1.0 / 39916800.0,
    1.0 / 479001600.0,
    1.0 / 6227020800.0,
)

comptime _INVERSE_LN2 = 1.4426950408889634
# ln 2 to so few bits that k times it is exact, and the rest.
comptime _LN2_HIGH = 0.6931471806019545
comptime _LN2_LOW = -4.2009150726810846e-11
comptime _LN2_HIGH_32 = 0.693145751953125
comptime _LN2_LOW_32 = 1.4286068203094173e-06

comptime _SQRT_HALF_BITS = Int64(0x3FE6A09E667F3BCD)
comptime _MIN_NORMAL = 2.2250738585072014e-308
comptime _TWO_54 = 18014398509481984.0


@always_inline
def product[
    T: DType, w: SIMDLength, //
](x: SIMD[T, w], y: Scalar[T]) -> SIMD[T, w]:
    """Multiplies with a rounding of its own, never fused with a sum whatever the flags of the build.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        x: Any numbers.
        y: Any number.

    Returns:
        The products, rounded.
    """
    return llvm_intrinsic["llvm.arithmetic.fence", SIMD[T, w]](x * y)


@always_inline
def exp[T: DType, w: SIMDLength, //](x: SIMD[T, w]) -> SIMD[T, w]:
    """Computes e^x.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        x: Any numbers.

    Returns:
        The powers, NaN where x is.
    """
    return _exp_of_sum(x, SIMD[T, w](0))


@always_inline
def log[T: DType, w: SIMDLength, //](x: SIMD[T, w]) -> SIMD[T, w]:
    """Computes the natural logarithm.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        x: Any numbers.

    Returns:
        The logarithms: -inf for 0, NaN for negative numbers and NaN.
    """
    comptime V = SIMD[DType.float64, w]
    var v = x.cast[DType.float64]()
    var parts = _log_parts(v)
    var y = parts[0] + parts[1]
    y = v.eq(inf[DType.float64]()).select(v, y)
    y = v.eq(0).select(V(-inf[DType.float64]()), y)
    y = v.ge(0).select(y, V(nan[DType.float64]()))
    return y.cast[T]()


@always_inline
def log1p[T: DType, w: SIMDLength, //](x: SIMD[T, w]) -> SIMD[T, w]:
    """Computes ln(1 + x) without losing the digits of a small x.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        x: Numbers above -1.

    Returns:
        The logarithms.
    """
    var v = x.cast[DType.float64]()
    var u = 1 + v
    var most = u - 1
    var rest = (1 - (u - most)) + (v - most)
    var parts = _log_parts(u)
    var y = parts[0] + (parts[1] + rest / u)
    y = v.eq(inf[DType.float64]()).select(v, y)
    return u.eq(1).select(v, y).cast[T]()


@always_inline
def power[
    T: DType, w: SIMDLength, //
](base: SIMD[T, w], exponent: Scalar[T]) -> SIMD[T, w]:
    """Computes base^exponent, with 0^0 = 1.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        base: Numbers not below 0.
        exponent: A number in [0, 1].

    Returns:
        The powers.
    """
    var x = base.cast[DType.float64]()
    var y = SIMD[DType.float64, w](exponent.cast[DType.float64]())
    var parts = _log_parts(x)
    var product = y * parts[0]
    var rest = y.fma(parts[0], -product) + y * parts[1]
    var result = _exp_of_sum(product, rest)
    result = x.eq(inf[DType.float64]()).select(x, result)
    result = x.eq(0).select(SIMD[DType.float64, w](0), result)
    return y.eq(0).select(SIMD[DType.float64, w](1), result).cast[T]()


@always_inline
def sigmoid[T: DType, w: SIMDLength, //](x: SIMD[T, w]) -> SIMD[T, w]:
    """Computes the logistic function, without overflow on either side.

    Parameters:
        T: Dtype, float32 or float64.
        w: Number of lanes.

    Args:
        x: Any numbers.

    Returns:
        Numbers in [0, 1].
    """
    var e = exp(-abs(x))
    return x.ge(0).select(SIMD[T, w](1), e) / (1 + e)


@always_inline
def _exp_of_sum[
    T: DType, w: SIMDLength, //
](x: SIMD[T, w], rest: SIMD[T, w]) -> SIMD[T, w]:
    """Computes e^(x + rest), for a rest far smaller than 1."""
    comptime V = SIMD[T, w]
    comptime double = T == DType.float64
    comptime limit = 800.0 if double else 120.0
    comptime terms = 12 if double else 7
    # Beyond these bounds the result is 0 or inf; inside, k converts safely.
    var v = x.clamp(Scalar[T](-limit), Scalar[T](limit))
    var k = round(v * Scalar[T](_INVERSE_LN2))
    var r: V
    comptime if double:
        r = k.fma(V(-_LN2_HIGH), v)
        r = k.fma(V(-_LN2_LOW), r)
    else:
        r = k.fma(V(-_LN2_HIGH_32), v)
        r = k.fma(V(-_LN2_LOW_32), r)
    r += rest
    var series = V(_INVERSE_FACTORIALS[terms - 1])
    comptime for i in range(terms - 1):
        series = series.fma(r, V(_INVERSE_FACTORIALS[terms - 2 - i]))
    var p = (r * r).fma(series, r) + 1
    # Two factors, so that neither leaves the exponent's range where the result is subnormal or infinite.
    comptime if double:
        var whole = k.cast[DType.int64]()
        var half = whole >> 1
        p = p * bitcast[T, w]((half + 1023) << 52)
        p = p * bitcast[T, w]((whole - half + 1023) << 52)
    else:
        var whole = k.cast[DType.int32]()
        var half = whole >> 1
        p = p * bitcast[T, w]((half + 127) << 23)
        p = p * bitcast[T, w]((whole - half + 127) << 23)
    return isnan(x).select(x, p)


@always_inline
def _log_parts[
    w: SIMDLength, //
](x: SIMD[DType.float64, w]) -> Tuple[
    SIMD[DType.float64, w], SIMD[DType.float64, w]
]:
    """Computes ln x of positive numbers as a sum of two, to some 60 bits."""
    comptime V = SIMD[DType.float64, w]
    var subnormal = x.lt(_MIN_NORMAL)
    var bits = bitcast[DType.int64, w](subnormal.select(x * _TWO_54, x))
    var exponent = (bits - _SQRT_HALF_BITS) >> 52
    var m = bitcast[DType.float64, w](bits - (exponent << 52))
    var k = exponent.cast[DType.float64]() - subnormal.select(V(54), V(0))

    var above = m - 1
    var sum = m + 1
    var sum_rest = m - (sum - 1)
    var inverse = 1 / sum
    var s = above * inverse
    var s_rest = (-s).fma(sum_rest, (-s).fma(sum, above)) * inverse

    var square = s * s
    comptime last = 23
    var series = V(2.0 / Float64(last))
    comptime for i in range(3, last, 2):
        series = series.fma(square, V(2.0 / Float64(last + 1 - i)))

    var large = k * _LN2_HIGH
    var high = large + 2 * s
    var low = (large - high) + 2 * s
    low += k.fma(V(_LN2_LOW), 2 * s_rest) + s * square * series
    var result = high + low
    return (result, (high - result) + low)
