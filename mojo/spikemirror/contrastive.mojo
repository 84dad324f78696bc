"""InfoNCE and contrastive signal-dependent plasticity.

    infonce:       q_i = a_i / max(|a_i|, 1e-8), k_j = b_j / max(|b_j|, 1e-8), s_ij = q_i.k_j / temperature,
                   row_i = ln(sum_j exp(s_ij)) - s_ii, loss = mean_i row_i
    infonce_grad:  P_ij = exp(s_ij) / sum_k exp(s_ik), D = (P - I) / (B temperature),
                   dq_i = sum_j D_ij k_j, dk_j = sum_i D_ij q_i,
                   grad_a_i = (dq_i - (dq_i.q_i) q_i) / |a_i|, or dq_i / 1e-8 where |a_i| < 1e-8; grad_b alike
    csdp_positive: W' = W + (((lr post_i) pre_j) - (decay W))
    csdp_negative: W' = W - ((lr post_i) pre_j)
    csdp_step:     W' = negative(positive(W))
    goodness:      sum z^2
    csdp_layer_goodness: g_b = sum_n z_bn^2, p_b = sigmoid(g_b - theta), modulator_b = p_b - label_b,
                   loss = mean_b softplus((1 - 2 label_b) (g_b - theta))
"""

from std.algorithm import vectorize
from std.sys import simd_width_of
from std.utils.numerics import inf

from .matrices import (
    TILE_ROWS,
    dot,
    fill,
    multiply,
    multiply_packed,
    pack_columns,
    pitch_of,
    rounded_up,
    sum_of_squares,
    tile_columns,
    unit_row,
    unit_rows,
)
from .memory import Scratch, Source, Target
from .numerics import exp, log1p, product, sigmoid

comptime _BLOCK_ROWS = 32
"""Rows whose scores are held at a time."""
comptime _GRAD_ROWS = 64
"""The same for the gradient, where more terms per pass over it pay."""


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
    var padded = rounded_up(B, tile_columns[T]())
    var pitch = pitch_of[T](F)
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
    comptime columns = tile_columns[T]()
    for first in range(0, padded, columns):
        unit_rows(others, first, B, columns, F, queries, pitch)
        pack_columns(queries.source(), pitch, columns, F, keys.skip(first * F))
    for first in range(0, B, _BLOCK_ROWS):
        var rows = min(_BLOCK_ROWS, B - first)
        var tiled = rounded_up(rows, TILE_ROWS)
        unit_rows(anchors, first, B, tiled, F, queries, pitch)
        multiply_packed(
            queries.source(),
            pitch,
            keys.source(),
            tiled,
            F,
            padded,
            scores,
            padded,
        )
        for row in range(rows):
            var i = first + row
            var value = _row_loss[False](
                scores.skip(row * padded), i, B, padded, temperature
            )
            comptime if averaging:
                value = (per_row[i] + value) / 2
            per_row[i] = value


def _row_loss[
    T: DType, //, differentiate: Bool
](
    row: Target[T], own: Int, B: Int, padded: Int, temperature: Scalar[T]
) -> Scalar[T]:
    """The loss of one row of dot products, which are used up, or turned into row i of P - I."""
    comptime W = tile_columns[T]()
    fill(row.skip(B), padded - B, -inf[T]())
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
        var term = exp((row.load[W](j) - top) / temperature)
        terms += term
        comptime if differentiate:
            row.store(j, term)
    var rest = terms.reduce_add()
    comptime if differentiate:
        # The own element is minus the sum of the others, which keeps its digits.
        var others = rest if pivot == own else 1 + rest - row[own]
        row[pivot] = 1
        var inverse = 1 / (1 + rest)
        for j in range(0, padded, W):
            row.store(j, row.load[W](j) * inverse)
        row[own] = -(others * inverse)
    return (top - own_dot) / temperature + log1p(rest)


def infonce_grad[
    T: DType
](
    view_a: Source[T],
    view_b: Source[T],
    B: Int,
    F: Int,
    temperature: Scalar[T],
    symmetric: Bool,
    loss: Target[T],
    grad_a: Target[T],
    grad_b: Target[T],
) -> Bool:
    """InfoNCE and its gradient with respect to the views before normalization.

    With P_ij = exp(s_ij) / sum_k exp(s_ik) and D = (P - I) / (B temperature): dq_i = sum_j D_ij k_j,
    dk_j = sum_i D_ij q_i, grad_a_i = (dq_i - (dq_i.q_i) q_i) / |a_i|, or dq_i / 1e-8 where |a_i| < 1e-8; grad_b alike.
    Symmetric: the mean of both directions. B < 2 gives 0. Rows of P are held for a few rows at a time: memory
    O(B + F) times that, and B F. Budget. Source: van den Oord et al. 2018.

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
        grad_a: Receives the gradient with respect to view_a (B, F).
        grad_b: Receives the gradient with respect to view_b (B, F).

    Returns:
        False if there was not enough memory.
    """
    loss[0] = 0
    if B < 2:
        fill(grad_a, B * F, 0)
        fill(grad_b, B * F, 0)
        return True
    var padded = rounded_up(B, tile_columns[T]())
    var pitch = pitch_of[T](F)
    var scores_pitch = pitch_of[T](B)
    var scratch = Scratch[T](
        4 * padded * pitch + padded * F + _GRAD_ROWS * scores_pitch
    )
    var granted = scratch.granted()
    if granted:
        var units_a = scratch.target()
        var units_b = units_a.skip(padded * pitch)
        var sums_a = units_b.skip(padded * pitch)
        var sums_b = sums_a.skip(padded * pitch)
        var panels = sums_b.skip(padded * pitch)
        var scores = panels.skip(padded * F)
        fill(sums_a, 2 * padded * pitch, 0)
        unit_rows(view_a, 0, B, padded, F, units_a, pitch)
        unit_rows(view_b, 0, B, padded, F, units_b, pitch)
        var total = _gradient_direction(
            units_a.source(),
            units_b.source(),
            B,
            F,
            pitch,
            temperature,
            panels,
            scores,
            scores_pitch,
            sums_a,
            sums_b,
        )
        var directions = Scalar[T](1)
        if symmetric:
            directions = 2
            total += _gradient_direction(
                units_b.source(),
                units_a.source(),
                B,
                F,
                pitch,
                temperature,
                panels,
                scores,
                scores_pitch,
                sums_b,
                sums_a,
            )
        loss[0] = total / Scalar[T](B) / directions
        var factor = 1 / (Scalar[T](B) * directions)
        for i in range(B):
            _through_norm(
                view_a.skip(i * F),
                F,
                sums_a.source().skip(i * pitch),
                units_a.skip(i * pitch),
                factor,
                temperature,
                grad_a.skip(i * F),
            )
            _through_norm(
                view_b.skip(i * F),
                F,
                sums_b.source().skip(i * pitch),
                units_b.skip(i * pitch),
                factor,
                temperature,
                grad_b.skip(i * F),
            )
    scratch^.release()
    return granted


def _gradient_direction[
    T: DType
](
    anchors: Source[T],
    others: Source[T],
    B: Int,
    F: Int,
    pitch: Int,
    temperature: Scalar[T],
    panels: Target[T],
    scores: Target[T],
    scores_pitch: Int,
    anchor_sums: Target[T],
    other_sums: Target[T],
) -> Scalar[T]:
    """Adds (P - I) K to the sums of the anchors, (P - I)^T Q to those of the others; returns the sum of row losses."""
    var padded = rounded_up(B, tile_columns[T]())
    var width = rounded_up(F, tile_columns[T]())
    var total = Scalar[T](0)
    pack_columns(others, pitch, padded, F, panels)
    for first in range(0, B, _GRAD_ROWS):
        var rows = min(_GRAD_ROWS, B - first)
        var tiled = rounded_up(rows, TILE_ROWS)
        var queries = anchors.skip(first * pitch)
        multiply_packed(
            queries,
            pitch,
            panels.source(),
            tiled,
            F,
            padded,
            scores,
            scores_pitch,
        )
        for row in range(rows):
            total += _row_loss[True](
                scores.skip(row * scores_pitch),
                first + row,
                B,
                padded,
                temperature,
            )
        multiply[True](
            scores.source(),
            scores_pitch,
            1,
            others,
            pitch,
            tiled,
            B,
            width,
            anchor_sums.skip(first * pitch),
            pitch,
        )
        multiply[True](
            scores.source(),
            1,
            scores_pitch,
            queries,
            pitch,
            padded,
            rows,
            width,
            other_sums,
            pitch,
        )
    return total


def _through_norm[
    T: DType
](
    x: Source[T],
    F: Int,
    slope: Source[T],
    unit: Target[T],
    factor: Scalar[T],
    temperature: Scalar[T],
    grad: Target[T],
):
    """The gradient with respect to a row, from that with respect to its unit row times `temperature / factor`."""
    var norm = unit_row(x, F, unit)
    var q = unit.source()
    # A row below the floor is divided by a constant.
    var radial = Scalar[T](0) if norm.floored else dot(slope, q, F)
    var inverse = factor / norm.value
    var inverse_scale = norm.inverse_scale

    def body[w: Int](f: Int) {imm}:
        var across = slope.load[w](f) - radial * q.load[w](f)
        grad.store(f, across * inverse / temperature * inverse_scale)

    vectorize[simd_width_of[T](), unroll_factor=2](F, body)


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
    goodness[0] = sum_of_squares(activations, N, 1)


def csdp_layer_goodness[
    T: DType
](
    activations: Source[T],
    labels: Source[DType.int32],
    B: Int,
    N: Int,
    theta: Scalar[T],
    goodness: Target[T],
    probability: Target[T],
    loss: Target[T],
    modulator: Target[T],
):
    """Goodness of each sample of a layer, its probability of being positive, loss and modulator.

    g_b = sum_n z_bn^2, p_b = sigmoid(g_b - theta), modulator_b = p_b - label_b,
    loss = mean_b softplus((1 - 2 label_b) (g_b - theta)), softplus(x) = max(x, 0) + log1p(exp(-|x|)). Theta is used as
    given; nothing is clipped; B = 0 gives loss 0. Budget. Source: Ororbia 2024.

    Parameters:
        T: Dtype of the call.

    Args:
        activations: Activations z (B, N).
        labels: 1 for positive samples, 0 for negative ones (B).
        B: Samples.
        N: Activations of a sample.
        theta: Threshold of the goodness.
        goodness: Receives the sums of squares (B).
        probability: Receives the probability of being positive (B).
        loss: Receives the mean binary cross-entropy.
        modulator: Receives probability - label (B).
    """
    var total = Scalar[T](0)
    for b in range(B):
        var g = sum_of_squares(activations.skip(b * N), N, 1)
        var excess = g - theta
        var positive = labels[b] == 1
        var x = -excess if positive else excess
        goodness[b] = g
        probability[b] = sigmoid(excess)
        # p - 1 = -sigmoid(-excess), without the loss of its digits.
        modulator[b] = -sigmoid(x) if positive else sigmoid(x)
        total += max(x, 0) + log1p(exp(-abs(x)))
    loss[0] = total / Scalar[T](max(B, 1))
