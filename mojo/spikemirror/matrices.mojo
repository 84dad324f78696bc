"""What kernels share that work on whole matrices: products by tiles, unit rows, sums of squares.

A tile of a product fits the vector registers. Matrices are padded with zeros to whole tiles: rows to a multiple of
TILE_ROWS, columns to a multiple of `tile_columns`, which is one of TILE_ROWS too.
"""

from std.algorithm import vectorize
from std.math import sqrt
from std.memory import bitcast
from std.sys import simd_width_of

from .memory import Source, Target

comptime TILE_ROWS = 8 if simd_width_of[DType.float64]() >= 8 else 4
"""Rows of a tile."""
comptime _TILE_VECTORS = 2

comptime NORM_FLOOR = 1e-8
"""What takes the place of a smaller norm."""
comptime _SCALE_FLOOR = 7.450580596923828e-09


@always_inline
def tile_columns[T: DType]() -> Int:
    """Columns of a tile.

    Parameters:
        T: Dtype of the matrices.

    Returns:
        Their number.
    """
    return _TILE_VECTORS * simd_width_of[T]()


@always_inline
def rounded_up(n: Int, multiple: Int) -> Int:
    """Rounds up.

    Args:
        n: A number.
        multiple: What to round it to.

    Returns:
        The smallest multiple that is not below n.
    """
    return (n + multiple - 1) // multiple * multiple


@always_inline
def pitch_of[T: DType](columns: Int) -> Int:
    """The distance between rows of a padded matrix.

    Rows of equal alignment would share cache lines' places, so it is not a power of two.

    Parameters:
        T: Dtype of the matrix.

    Args:
        columns: Its columns.

    Returns:
        The distance in elements.
    """
    return rounded_up(columns, tile_columns[T]()) + simd_width_of[T]()


@always_inline
def fill[T: DType](x: Target[T], n: Int, value: Scalar[T]):
    """Writes one value everywhere.

    Parameters:
        T: Dtype of the memory.

    Args:
        x: The memory.
        n: How many elements.
        value: The value.
    """

    def body[w: Int](i: Int) {imm}:
        x.store(i, SIMD[T, w](value))

    vectorize[simd_width_of[T]()](n, body)


@always_inline
def copy[T: DType](x: Source[T], n: Int, y: Target[T]):
    """Copies neighbouring elements.

    Parameters:
        T: Dtype of the memory.

    Args:
        x: The memory to read.
        n: How many elements.
        y: The memory to write.
    """

    def body[w: Int](i: Int) {imm}:
        y.store(i, x.load[w](i))

    vectorize[simd_width_of[T](), unroll_factor=2](n, body)


def padded_copy[
    T: DType
](
    x: Source[T],
    rows: Int,
    columns: Int,
    new_rows: Int,
    y: Target[T],
    pitch: Int,
):
    """Copies a matrix and pads it with zeros.

    Parameters:
        T: Dtype of the matrix.

    Args:
        x: The matrix (rows, columns).
        rows: Its rows.
        columns: Its columns.
        new_rows: Rows after padding.
        y: Receives new_rows rows.
        pitch: Distance between them.
    """
    for r in range(rows):
        copy(x.skip(r * columns), columns, y.skip(r * pitch))
        fill(y.skip(r * pitch + columns), pitch - columns, 0)
    fill(y.skip(rows * pitch), (new_rows - rows) * pitch, 0)


def multiply[
    T: DType, //, accumulate: Bool
](
    a: Source[T],
    a_row: Int,
    a_inner: Int,
    b: Source[T],
    b_pitch: Int,
    M: Int,
    K: Int,
    N: Int,
    c: Target[T],
    c_pitch: Int,
):
    """Matrix product: c_mn = sum_k a_mk b_kn, or that added to c.

    Parameters:
        T: Dtype of the matrices.
        accumulate: Whether to add.

    Args:
        a: Left factor, of any layout.
        a_row: Distance between its rows.
        a_inner: Distance between its columns.
        b: Right factor, its rows contiguous.
        b_pitch: Distance between them.
        M: Rows of the product, a multiple of TILE_ROWS.
        K: Terms of the sums.
        N: Columns of the product, a multiple of tile_columns.
        c: The product, its rows contiguous.
        c_pitch: Distance between them.
    """
    for n in range(0, N, tile_columns[T]()):
        for m in range(0, M, TILE_ROWS):
            _tile[accumulate](
                a.skip(m * a_row),
                a_row,
                a_inner,
                b.skip(n),
                b_pitch,
                K,
                c.skip(m * c_pitch + n),
                c_pitch,
            )


def _tile[
    T: DType, //, accumulate: Bool
](
    a: Source[T],
    a_row: Int,
    a_inner: Int,
    b: Source[T],
    b_pitch: Int,
    K: Int,
    c: Target[T],
    c_pitch: Int,
):
    """One tile of a product."""
    comptime W = simd_width_of[T]()
    comptime V = SIMD[T, W]
    var sums = Array[V, TILE_ROWS * _TILE_VECTORS](fill=V(0))
    comptime if accumulate:
        comptime for r in range(TILE_ROWS):
            comptime for v in range(_TILE_VECTORS):
                sums[r * _TILE_VECTORS + v] = c.load[W](r * c_pitch + v * W)
    for k in range(K):
        var row = Array[V, _TILE_VECTORS](fill=V(0))
        comptime for v in range(_TILE_VECTORS):
            row[v] = b.load[W](k * b_pitch + v * W)
        comptime for r in range(TILE_ROWS):
            var value = V(a[r * a_row + k * a_inner])
            comptime for v in range(_TILE_VECTORS):
                comptime s = r * _TILE_VECTORS + v
                sums[s] = value.fma(row[v], sums[s])
    comptime for r in range(TILE_ROWS):
        comptime for v in range(_TILE_VECTORS):
            c.store(r * c_pitch + v * W, sums[r * _TILE_VECTORS + v])


def pack_columns[
    T: DType
](rows: Source[T], pitch: Int, count: Int, F: Int, panels: Target[T]):
    """Transposes rows into panels of tile_columns columns each, (F, tile_columns) one after the other.

    Parameters:
        T: Dtype of the matrix.

    Args:
        rows: The matrix.
        pitch: Distance between its rows.
        count: How many, a multiple of tile_columns.
        F: Their length.
        panels: Receives count F elements.
    """
    comptime columns = tile_columns[T]()
    for first in range(0, count, columns):
        var panel = panels.skip(first * F)
        for f in range(F):
            comptime for c in range(columns):
                panel[f * columns + c] = rows[(first + c) * pitch + f]


def multiply_packed[
    T: DType
](
    a: Source[T],
    a_row: Int,
    panels: Source[T],
    M: Int,
    K: Int,
    N: Int,
    c: Target[T],
    c_pitch: Int,
):
    """Products of rows with rows that `pack_columns` has transposed: c_mn = sum_k a_mk b_nk.

    Parameters:
        T: Dtype of the matrices.

    Args:
        a: Left factor, its rows contiguous.
        a_row: Distance between them.
        panels: Right factor, packed.
        M: Rows of the product, a multiple of TILE_ROWS.
        K: Terms of the sums.
        N: Columns of the product, a multiple of tile_columns.
        c: Receives the product, its rows contiguous.
        c_pitch: Distance between them.
    """
    comptime columns = tile_columns[T]()
    for n in range(0, N, columns):
        multiply[False](
            a,
            a_row,
            1,
            panels.skip(n * K),
            columns,
            M,
            K,
            columns,
            c.skip(n),
            c_pitch,
        )


@fieldwise_init
struct Norm[T: DType](TrivialRegisterPassable):
    """How a row was made a unit row: divided by value / inverse_scale.

    Parameters:
        T: Dtype of the row.
    """

    var inverse_scale: Scalar[Self.T]
    """A power of two, at least the inverse of the row's largest magnitude."""
    var value: Scalar[Self.T]
    """The norm of the row times inverse_scale, not below the floor's."""
    var floored: Bool
    """Whether the floor has taken the place of the norm."""


def unit_rows[
    T: DType
](
    x: Source[T],
    first: Int,
    B: Int,
    count: Int,
    F: Int,
    rows: Target[T],
    pitch: Int,
):
    """Writes rows x_i / max(|x_i|, 1e-8), padded with zeros.

    Parameters:
        T: Dtype of the rows.

    Args:
        x: The rows (B, F).
        first: Which one comes first.
        B: How many there are.
        count: How many to write, zeros past the last.
        F: Their length.
        rows: Receives them.
        pitch: Distance between the written rows.
    """
    for r in range(count):
        var row = rows.skip(r * pitch)
        if first + r < B:
            _ = unit_row(x.skip((first + r) * F), F, row)
            fill(row.skip(F), pitch - F, 0)
        else:
            fill(row, pitch, 0)


@always_inline
def unit_row[T: DType](x: Source[T], F: Int, row: Target[T]) -> Norm[T]:
    """Writes x / max(|x|, 1e-8), wherever in its dtype's range x lies.

    Parameters:
        T: Dtype of the row.

    Args:
        x: The row.
        F: Its length.
        row: Receives the unit row.

    Returns:
        What it was divided by.
    """
    # A power of two at or below the largest magnitude: dividing by it is exact, and the squares stay in range.
    var scale = max(power_of_two_below(largest(x, F)), _SCALE_FLOOR)
    var inverse_scale = 1 / scale
    var length = sqrt(sum_of_squares(x, F, inverse_scale))
    var floor = Scalar[T](NORM_FLOOR) * inverse_scale
    var norm = max(length, floor)
    var inverse_norm = 1 / norm

    def body[w: Int](f: Int) {imm}:
        var y = x.load[w](f) * inverse_scale
        # y / norm, rounded as a division is, for the price of three products.
        var q = y * inverse_norm
        var remainder = (-q).fma(SIMD[T, w](norm), y)
        row.store(f, remainder.fma(SIMD[T, w](inverse_norm), q))

    vectorize[simd_width_of[T](), unroll_factor=2](F, body)
    return Norm[T](inverse_scale, norm, length < floor)


@always_inline
def largest[T: DType](x: Source[T], n: Int) -> Scalar[T]:
    """The largest magnitude.

    Parameters:
        T: Dtype of the numbers.

    Args:
        x: The numbers.
        n: How many.

    Returns:
        The largest magnitude, 0 if there is none.
    """
    comptime W = 4 * simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        lanes = max(lanes, abs(x.load[W](i)))
    var result = lanes.reduce_max()
    for i in range(whole, n):
        result = max(result, abs(x[i]))
    return result


@always_inline
def power_of_two_below[T: DType](x: Scalar[T]) -> Scalar[T]:
    """Rounds down to a power of two.

    Parameters:
        T: Dtype of the number.

    Args:
        x: A number, not below 0.

    Returns:
        The largest power of two that is not above x; 0 if x is subnormal.
    """
    comptime if T == DType.float64:
        var bits = bitcast[DType.uint64](x) & 0x7FF0000000000000
        return bitcast[T](bits)
    else:
        var bits = bitcast[DType.uint32](x) & 0x7F800000
        return bitcast[T](bits)


@always_inline
def sum_of_squares[
    T: DType
](x: Source[T], n: Int, factor: Scalar[T]) -> Scalar[T]:
    """The sum of (factor x)^2.

    Parameters:
        T: Dtype of the numbers.

    Args:
        x: The numbers.
        n: How many.
        factor: Multiplies each of them.

    Returns:
        The sum.
    """
    comptime W = 4 * simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        var y = x.load[W](i) * factor
        lanes = y.fma(y, lanes)
    var result = lanes.reduce_add()
    for i in range(whole, n):
        var y = x[i] * factor
        result = y.fma(y, result)
    return result


@always_inline
def dot[
    T: DType
](x: Source[T], y: Source[T], n: Int, weight: Scalar[T] = 1) -> Scalar[T]:
    """The sum of (weight x) y, which may be in range where x y is not.

    Parameters:
        T: Dtype of the numbers.

    Args:
        x: Some numbers.
        y: Others.
        n: How many.
        weight: What the first are multiplied by.

    Returns:
        The sum.
    """
    comptime W = 4 * simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        lanes = (weight * x.load[W](i)).fma(y.load[W](i), lanes)
    var result = lanes.reduce_add()
    for i in range(whole, n):
        result = (weight * x[i]).fma(y[i], result)
    return result
