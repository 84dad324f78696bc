"""InfoNCE and contrastive signal-dependent plasticity.

    infonce:       q_i = a_i / max(|a_i|, 1e-8), k_j = b_j / max(|b_j|, 1e-8), s_ij = q_i.k_j / temperature,
                   row_i = ln(sum_j exp(s_ij)) - s_ii, loss = mean_i row_i
    csdp_positive: W' = W + (((lr post_i) pre_j) - (decay W))
    csdp_negative: W' = W - ((lr post_i) pre_j)
    csdp_step:     W' = negative(positive(W))
    goodness:      sum z^2
"""

from std.algorithm import vectorize
from std.math import sqrt
from std.memory import bitcast
from std.sys import simd_width_of
from std.utils.numerics import inf

from .memory import Scratch, Source, Target
from .numerics import exp, log1p, product

comptime _NORM_FLOOR = 1e-8
comptime _SCALE_FLOOR = 7.450580596923828e-09

comptime _BLOCK_ROWS = 32
"""Rows whose scores are held at a time."""
comptime _TILE_ROWS = 8 if simd_width_of[DType.float64]() >= 8 else 4
comptime _TILE_VECTORS = 2
"""A tile of dot products fits the vector registers."""


def infonce[
    T: DType
](
    view_a: Source[T],
    view_b: Source[T],
    B: Int,
    F: Int,
    temperature: Scalar[T],
    symmetric: Bool,
    loss: Target[T],
    per_row: Target[T],
) -> Bool:
    """Contrastive loss of two batches of views, with in-batch negatives.

    row_i = ln(sum_j exp(s_ij)) - s_ii with s_ij = q_i.k_j / temperature, q_i and k_j the unit rows of the views;
    loss = mean_i row_i. Symmetric: the mean of both directions. B < 2 gives 0. Scores are held for a few rows at a
    time: memory O(B + F) times that, and B F. Budget. Source: van den Oord et al. 2018.

    Parameters:
        T: Dtype of the call.

    Args:
        view_a: First views (B, F).
        view_b: Second views (B, F).
        B: Rows.
        F: Features, at least one.
        temperature: Divides the cosines; above 0.
        symmetric: Also contrast view_b against view_a.
        loss: Receives the mean over rows.
        per_row: Receives the loss of each row (B).

    Returns:
        False if there was not enough memory.
    """
    loss[0] = 0
    if B < 2:
        for i in range(B):
            per_row[i] = 0
        return True
    comptime W = simd_width_of[T]()
    comptime columns = _TILE_VECTORS * W
    var padded = (B + columns - 1) // columns * columns
    # Rows of equal alignment would share cache lines' places; a pitch of another length avoids that.
    var pitch = (F + W - 1) // W * W + W
    var scratch = Scratch[T](
        _BLOCK_ROWS * pitch + padded * F + _BLOCK_ROWS * padded
    )
    var granted = scratch.granted()
    if granted:
        var queries = scratch.target()
        var keys = queries.skip(_BLOCK_ROWS * pitch)
        var scores = keys.skip(padded * F)
        _direction[False](
            view_a,
            view_b,
            B,
            F,
            temperature,
            queries,
            pitch,
            keys,
            scores,
            padded,
            per_row,
        )
        if symmetric:
            _direction[True](
                view_b,
                view_a,
                B,
                F,
                temperature,
                queries,
                pitch,
                keys,
                scores,
                padded,
                per_row,
            )
        var sum = Scalar[T](0)
        for i in range(B):
            sum += per_row[i]
        loss[0] = sum / Scalar[T](B)
    scratch^.release()
    return granted


def _direction[
    T: DType, //, averaging: Bool
](
    anchors: Source[T],
    others: Source[T],
    B: Int,
    F: Int,
    temperature: Scalar[T],
    queries: Target[T],
    pitch: Int,
    keys: Target[T],
    scores: Target[T],
    padded: Int,
    per_row: Target[T],
):
    """Writes the loss of each row of the anchors, or its mean with what is there."""
    comptime columns = _TILE_VECTORS * simd_width_of[T]()
    for first in range(0, padded, columns):
        _unit_rows(others, first, B, columns, F, queries, pitch)
        _pack[columns](queries.source(), pitch, F, keys.skip(first * F))
    for first in range(0, B, _BLOCK_ROWS):
        var rows = min(_BLOCK_ROWS, B - first)
        var tiled = (rows + _TILE_ROWS - 1) // _TILE_ROWS * _TILE_ROWS
        _unit_rows(anchors, first, B, tiled, F, queries, pitch)
        for column in range(0, padded, columns):
            for row in range(0, tiled, _TILE_ROWS):
                _tile(
                    queries.source().skip(row * pitch),
                    pitch,
                    keys.source().skip(column * F),
                    F,
                    scores.skip(row * padded + column),
                    padded,
                )
        for row in range(rows):
            var i = first + row
            var value = _row_loss(
                scores.skip(row * padded), i, B, padded, temperature
            )
            comptime if averaging:
                value = (per_row[i] + value) / 2
            per_row[i] = value


def _unit_rows[
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
    """Writes rows x_i / max(|x_i|, 1e-8), and zeros for rows past the last."""
    for r in range(count):
        var row = rows.skip(r * pitch)
        if first + r < B:
            _unit_row(x.skip((first + r) * F), F, row)
        else:

            def clear[w: Int](f: Int) {imm}:
                row.store(f, SIMD[T, w](0))

            vectorize[simd_width_of[T]()](F, clear)


@always_inline
def _unit_row[T: DType](x: Source[T], F: Int, row: Target[T]):
    """Writes x / max(|x|, 1e-8), wherever in its dtype's range x lies."""
    # A power of two at or below the largest magnitude: dividing by it is exact, and the squares stay in range.
    var scale = max(_power_of_two_below(_largest(x, F)), _SCALE_FLOOR)
    var inverse_scale = 1 / scale
    var norm = max(
        sqrt(_sum_of_squares(x, F, inverse_scale)),
        Scalar[T](_NORM_FLOOR) * inverse_scale,
    )
    var inverse_norm = 1 / norm

    def body[w: Int](f: Int) {imm}:
        var y = x.load[w](f) * inverse_scale
        # y / norm, rounded as a division is, for the price of three products.
        var q = y * inverse_norm
        var remainder = (-q).fma(SIMD[T, w](norm), y)
        row.store(f, remainder.fma(SIMD[T, w](inverse_norm), q))

    vectorize[simd_width_of[T](), unroll_factor=2](F, body)


@always_inline
def _largest[T: DType](x: Source[T], n: Int) -> Scalar[T]:
    """The largest magnitude, 0 if there is none."""
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
def _power_of_two_below[T: DType](x: Scalar[T]) -> Scalar[T]:
    """The largest power of two that is not above x; 0 if x is subnormal."""
    comptime if T == DType.float64:
        var bits = bitcast[DType.uint64](x) & 0x7FF0000000000000
        return bitcast[T](bits)
    else:
        var bits = bitcast[DType.uint32](x) & 0x7F800000
        return bitcast[T](bits)


@always_inline
def _sum_of_squares[
    T: DType
](x: Source[T], n: Int, factor: Scalar[T]) -> Scalar[T]:
    """The sum of (factor x)^2."""
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


def _pack[
    T: DType, //, columns: Int
](rows: Source[T], pitch: Int, F: Int, panel: Target[T]):
    """Writes some rows as columns, so that a tile reads them in one go."""
    for f in range(F):
        comptime for c in range(columns):
            panel[f * columns + c] = rows[c * pitch + f]


def _tile[
    T: DType
](
    rows: Source[T],
    pitch: Int,
    panel: Source[T],
    F: Int,
    dots: Target[T],
    dots_pitch: Int,
):
    """Writes the dot products of a few rows with the columns of a panel."""
    comptime W = simd_width_of[T]()
    comptime V = SIMD[T, W]
    var sums = Array[V, _TILE_ROWS * _TILE_VECTORS](fill=V(0))
    for f in range(F):
        var column = Array[V, _TILE_VECTORS](fill=V(0))
        comptime for v in range(_TILE_VECTORS):
            column[v] = panel.load[W]((f * _TILE_VECTORS + v) * W)
        comptime for r in range(_TILE_ROWS):
            var value = V(rows[r * pitch + f])
            comptime for v in range(_TILE_VECTORS):
                comptime s = r * _TILE_VECTORS + v
                sums[s] = value.fma(column[v], sums[s])
    comptime for r in range(_TILE_ROWS):
        comptime for v in range(_TILE_VECTORS):
            dots.store(r * dots_pitch + v * W, sums[r * _TILE_VECTORS + v])


def _row_loss[
    T: DType
](
    row: Target[T], own: Int, B: Int, padded: Int, temperature: Scalar[T]
) -> Scalar[T]:
    """The loss of one row of dot products, which are used up."""
    comptime W = _TILE_VECTORS * simd_width_of[T]()
    for j in range(B, padded):
        row[j] = -inf[T]()
    var lanes = SIMD[T, W](-inf[T]())
    for j in range(0, padded, W):
        lanes = max(lanes, row.load[W](j))
    var top = lanes.reduce_max()
    var own_dot = row[own]
    # The largest term is 1 and stays out of the sum: log1p keeps the digits of the others.
    var pivot = own
    if own_dot < top:
        pivot = 0
        while row[pivot] < top:
            pivot += 1
    row[pivot] = -inf[T]()
    var terms = SIMD[T, W](0)
    # Differences come before the division, which may overflow where they do not.
    for j in range(0, padded, W):
        terms += exp((row.load[W](j) - top) / temperature)
    return (top - own_dot) / temperature + log1p(terms.reduce_add())


def csdp_positive[
    T: DType
](
    weights: Source[T],
    pre_spikes: Source[DType.uint8],
    post_spikes: Source[DType.uint8],
    post: Int,
    pre: Int,
    lr: Scalar[T],
    decay: Scalar[T],
    new_weights: Target[T],
):
    """CSDP update of the positive phase: W' = W + (((lr post_i) pre_j) - (decay W)), in this order.

    Bits. Source: Ororbia 2024.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        pre_spikes: Presynaptic spikes (pre).
        post_spikes: Postsynaptic spikes (post).
        post: Rows.
        pre: Columns.
        lr: Learning rate, not below 0.
        decay: Weight decay, not below 0.
        new_weights: Receives the updated weights (post, pre).
    """
    for i in range(post):
        var row = weights.skip(i * pre)
        var new_row = new_weights.skip(i * pre)
        var amount = lr * post_spikes[i].cast[T]()

        def body[w: Int](j: Int) {imm}:
            var growth = amount * pre_spikes.load[w](j).cast[T]()
            new_row.store(j, _positive(row.load[w](j), growth, decay))

        vectorize[simd_width_of[T](), unroll_factor=4](pre, body)


def csdp_negative[
    T: DType
](
    weights: Source[T],
    pre_spikes: Source[DType.uint8],
    post_spikes: Source[DType.uint8],
    post: Int,
    pre: Int,
    lr: Scalar[T],
    new_weights: Target[T],
):
    """CSDP update of the negative phase: W' = W - ((lr post_i) pre_j), in this order, without decay.

    Bits. Source: Ororbia 2024.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        pre_spikes: Presynaptic spikes (pre).
        post_spikes: Postsynaptic spikes (post).
        post: Rows.
        pre: Columns.
        lr: Learning rate, not below 0.
        new_weights: Receives the updated weights (post, pre).
    """
    for i in range(post):
        var row = weights.skip(i * pre)
        var new_row = new_weights.skip(i * pre)
        var amount = lr * post_spikes[i].cast[T]()

        def body[w: Int](j: Int) {imm}:
            var loss = amount * pre_spikes.load[w](j).cast[T]()
            new_row.store(j, row.load[w](j) - loss)

        vectorize[simd_width_of[T](), unroll_factor=4](pre, body)


def csdp_step[
    T: DType
](
    weights: Source[T],
    pos_pre: Source[DType.uint8],
    pos_post: Source[DType.uint8],
    neg_pre: Source[DType.uint8],
    neg_post: Source[DType.uint8],
    post: Int,
    pre: Int,
    lr: Scalar[T],
    decay: Scalar[T],
    new_weights: Target[T],
):
    """Both CSDP phases in one pass over the weights: W' = negative(positive(W)).

    The bits of the two single updates. Source: Ororbia 2024.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        pos_pre: Presynaptic spikes of the positive phase (pre).
        pos_post: Postsynaptic spikes of the positive phase (post).
        neg_pre: Presynaptic spikes of the negative phase (pre).
        neg_post: Postsynaptic spikes of the negative phase (post).
        post: Rows.
        pre: Columns.
        lr: Learning rate, not below 0.
        decay: Weight decay of the positive phase, not below 0.
        new_weights: Receives the updated weights (post, pre).
    """
    for i in range(post):
        var row = weights.skip(i * pre)
        var new_row = new_weights.skip(i * pre)
        var gain = lr * pos_post[i].cast[T]()
        var cost = lr * neg_post[i].cast[T]()

        def body[w: Int](j: Int) {imm}:
            var growth = gain * pos_pre.load[w](j).cast[T]()
            var loss = cost * neg_pre.load[w](j).cast[T]()
            new_row.store(j, _positive(row.load[w](j), growth, decay) - loss)

        vectorize[simd_width_of[T](), unroll_factor=4](pre, body)


@always_inline
def _positive[
    T: DType, w: SIMDLength, //
](weight: SIMD[T, w], growth: SIMD[T, w], decay: Scalar[T]) -> SIMD[T, w]:
    return weight + (growth - product(weight, decay))


def goodness[T: DType](activations: Source[T], N: Int, goodness: Target[T]):
    """Goodness of a layer: sum z^2, 0 if it is empty.

    Budget. Source: Ororbia 2024.

    Parameters:
        T: Dtype of the call.

    Args:
        activations: Activations z (N).
        N: How many.
        goodness: Receives the sum of squares.
    """
    goodness[0] = _sum_of_squares(activations, N, 1)
