"""What the generated checks are made of: extents of axes, contents of arrays, outputs."""

from std.math import isfinite
from std.sys import simd_width_of
from std.utils.numerics import inf

from .abi import MAX_RANK, NDArray
from .memory import Source

comptime _SUM_TOLERANCE = 1e-4


def extent(array: NDArray, first: Int, last: Int) -> Int:
    """Counts the elements that some axes span.

    Args:
        array: The array.
        first: The first of its axes.
        last: One past the last of them.

    Returns:
        The product of their lengths, 1 if there are none.
    """
    var count = 1
    for axis in range(first, last):
        count *= array.length(axis)
    return count


def agree(
    a: NDArray, a_first: Int, a_last: Int, b: NDArray, b_first: Int, b_last: Int
) -> Bool:
    """Tells whether axes of two arrays, that share a name, have the same lengths.

    Args:
        a: One array.
        a_first: The first of its axes.
        a_last: One past the last of them.
        b: The other array.
        b_first: The first of its axes.
        b_last: One past the last of them.

    Returns:
        Whether they are as many and as long.
    """
    if a_last - a_first != b_last - b_first:
        return False
    for i in range(a_last - a_first):
        if a.length(a_first + i) != b.length(b_first + i):
            return False
    return True


def within[
    T: DType
](
    value: Scalar[T],
    *,
    low: Float64 = -inf[DType.float64](),
    high: Float64 = inf[DType.float64](),
    low_open: Bool = False,
    high_open: Bool = False,
) -> Bool:
    """Tells whether a parameter is finite and in an interval.

    Parameters:
        T: Dtype of the call.

    Args:
        value: The parameter, rounded to the call's dtype.
        low: Lower end.
        high: Upper end.
        low_open: Whether the lower end is outside.
        high_open: Whether the upper end is outside.

    Returns:
        Whether it is.
    """
    var number = value.cast[DType.float64]()
    if not isfinite(number) or number < low or number > high:
        return False
    return not (low_open and number == low or high_open and number == high)


def all_finite[T: DType](array: NDArray) -> Bool:
    """Tells whether every element is finite.

    Parameters:
        T: Dtype of the array.

    Args:
        array: A real array.

    Returns:
        False if one is NaN or infinite.
    """
    comptime W = 4 * simd_width_of[T]()
    var x = array.source[T]()
    var n = extent(array, 0, Int(array.rank))
    var whole = n // W * W
    # 0 x is NaN where x is not finite, and a NaN stays.
    var lanes = SIMD[T, W](0)
    for i in range(0, whole, W):
        lanes = x.load[W](i).fma(SIMD[T, W](0), lanes)
    var sum = lanes.reduce_add()
    for i in range(whole, n):
        sum = x[i].fma(0, sum)
    return isfinite(sum)


def all_spikes(array: NDArray) -> Bool:
    """Tells whether every element is 0 or 1.

    Args:
        array: A uint8 array.

    Returns:
        False if one is something else.
    """
    comptime W = 2 * simd_width_of[DType.uint8]()
    var x = array.source[DType.uint8]()
    var n = extent(array, 0, Int(array.rank))
    var whole = n // W * W
    var lanes = SIMD[DType.uint8, W](0)
    for i in range(0, whole, W):
        lanes |= x.load[W](i)
    var bits = lanes.reduce_or()
    for i in range(whole, n):
        bits |= x[i]
    return bits <= 1


def all_targets(array: NDArray, below: Int) -> Bool:
    """Tells whether every element is a class index.

    Args:
        array: An int32 array.
        below: Number of classes.

    Returns:
        False if one is negative, or too large.
    """
    var x = array.source[DType.int32]()
    var good = True
    for i in range(extent(array, 0, Int(array.rank))):
        good &= x[i] >= 0 and Int(x[i]) < below
    return good


def sums_to_one[T: DType](array: NDArray) -> Bool:
    """Tells whether the elements sum to 1 within 1e-4.

    Parameters:
        T: Dtype of the array.

    Args:
        array: A real array.

    Returns:
        Whether they do, summed in float64.
    """
    var x = array.source[T]()
    var sum = Float64(0)
    var lost = Float64(0)
    for i in range(extent(array, 0, Int(array.rank))):
        # What rounding takes from each sum is gathered apart, as large weights of both signs may cancel.
        var term = x[i].cast[DType.float64]()
        var next = sum + term
        var part = next - sum
        lost += (sum - (next - part)) + (term - part)
        sum = next
    return abs(sum + lost - 1) <= _SUM_TOLERANCE


def convolved(
    length: Int,
    source: Int,
    window: Int,
    stride: Int,
    padding: Int,
    dilation: Int,
) -> Bool:
    """Tells whether an axis has the length that a convolution gives it.

    That is floor((source + 2 padding - dilation (window - 1) - 1) / stride) + 1, and not below 0.

    Args:
        length: Length of the axis.
        source: Length of the convolved axis.
        window: Length of the window, at least 1.
        stride: Step between positions, at least 1.
        padding: Zeros on either side.
        dilation: Distance between the window's elements.

    Returns:
        Whether it has.
    """
    # Products of 64-bit numbers, and no division, which 128 bits would call a library for.
    var step = Int128(stride)
    var reach = (
        Int128(source)
        + 2 * Int128(padding)
        - Int128(dilation) * Int128(window - 1)
        - 1
    )
    if reach < 0:
        return length == 0
    var first = Int128(length - 1) * step
    return length > 0 and first <= reach and reach < first + step


def fits(array: NDArray, dtype: Int32, count: Int) -> Bool:
    """Tells whether an output array can take a result.

    Args:
        array: The caller's array.
        dtype: Code of the result's dtype.
        count: Number of its elements.

    Returns:
        Whether dtype and size are right.
    """
    return (
        array.dtype == dtype
        and array.rank >= 0
        and array.rank <= Int32(MAX_RANK)
        and extent(array, 0, Int(array.rank)) == count
    )
