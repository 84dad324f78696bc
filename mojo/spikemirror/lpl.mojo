"""Latent predictive learning: losses, gradients and the spiking rule.

    pull   = mean_bd (z1 - z2)^2
    push   = 1/2 sum over views of -(1/D) sum_d ln(var_d + eps), var_d over the batch with B - 1
    decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (D^2 - D), C the covariance with B - 1; D = 1 gives 0
    total  = pull_coeff pull + push_coeff push + decorr_coeff decorr

    d pull / d z1     = 2 (z1 - z2) / (B D), d pull / d z2 = -2 (z1 - z2) / (B D)
    d push / d z_bd   = -(z_bd - mean_d) / (D (B - 1) (var_d + eps)), the mean held fixed
    d decorr / d z_bj = 2 / ((B - 1) (D^2 - D)) sum_{k != j} C_jk (z_bk - mean_k)

    lpl_negative:     cos_ij = q_i.k_j with unit rows; pull = -mean_i cos_ii, push = mean_{i != j} cos_ij^2
    lpl_spiking_step: at the function
"""

from std.algorithm import vectorize
from std.sys import simd_width_of

from .matrices import (
    TILE_ROWS,
    multiply,
    multiply_packed,
    pack_columns,
    padded_copy,
    pitch_of,
    rounded_up,
    sum_of_squares,
    tile_columns,
    unit_rows,
)
from .memory import Scratch, Source, Target
from .numerics import exp, log

comptime _BLOCK_ROWS = 32
"""Rows of cosines that are held at a time."""
comptime _MIRRORED = 16
comptime _GRAD_ROWS = 64
"""The same for rows of the gradient, for which a pass over the covariances is made."""


def lpl[
    T: DType
](
    z1: Source[T],
    z2: Source[T],
    B: Int,
    D: Int,
    pull_coeff: Scalar[T],
    push_coeff: Scalar[T],
    decorr_coeff: Scalar[T],
    eps: Scalar[T],
    pull: Target[T],
    push: Target[T],
    decorr: Target[T],
    total: Target[T],
) -> Bool:
    """The LPL loss of a layer's responses to two consecutive views, and its three terms.

    The formulas are at the head of this file. Budget. Source: Halvagal & Zenke 2023.

    Parameters:
        T: Dtype of the call.

    Args:
        z1: Activity in response to the earlier view (B, D).
        z2: Activity in response to the later view (B, D).
        B: Samples, at least two.
        D: Neurons, at least one.
        pull_coeff: Weight of the predictive term.
        push_coeff: Weight of the Hebbian term.
        decorr_coeff: Weight of the decorrelation term.
        eps: Added to each variance, above 0.
        pull: Receives the predictive term.
        push: Receives the Hebbian term.
        decorr: Receives the decorrelation term.
        total: Receives their weighted sum.

    Returns:
        False if there was not enough memory.
    """
    var view = _View[T](B, D)
    var granted = view.granted()
    if granted:
        var first = view.terms(z1, eps)
        var second = view.terms(z2, eps)
        pull[0] = _pull(z1, z2, B * D)
        push[0] = (first[0] + second[0]) / 2
        decorr[0] = (first[1] + second[1]) / 2
        total[0] = (
            pull_coeff * pull[0]
            + push_coeff * push[0]
            + decorr_coeff * decorr[0]
        )
    view^.release()
    return granted


def lpl_grad[
    T: DType
](
    z1: Source[T],
    z2: Source[T],
    B: Int,
    D: Int,
    pull_coeff: Scalar[T],
    push_coeff: Scalar[T],
    decorr_coeff: Scalar[T],
    eps: Scalar[T],
    stop_gradient: Bool,
    pull: Target[T],
    push: Target[T],
    decorr: Target[T],
    total: Target[T],
    grad_z1: Target[T],
    grad_z2: Target[T],
) -> Bool:
    """The LPL loss and the gradient of its total with respect to both views.

    The formulas are at the head of this file. Budget. Source: Halvagal & Zenke 2023.

    Parameters:
        T: Dtype of the call.

    Args:
        z1: Activity in response to the earlier view (B, D).
        z2: Activity in response to the later view (B, D).
        B: Samples, at least two.
        D: Neurons, at least one.
        pull_coeff: Weight of the predictive term.
        push_coeff: Weight of the Hebbian term.
        decorr_coeff: Weight of the decorrelation term.
        eps: Added to each variance, above 0.
        stop_gradient: Hold z1 fixed in pull.
        pull: Receives the predictive term.
        push: Receives the Hebbian term.
        decorr: Receives the decorrelation term.
        total: Receives their weighted sum.
        grad_z1: Receives the gradient with respect to z1 (B, D).
        grad_z2: Receives the gradient with respect to z2 (B, D).

    Returns:
        False if there was not enough memory.
    """
    var view = _View[T](B, D)
    var granted = view.granted()
    if granted:
        var first = view.terms(z1, eps)
        view.gradient(
            z1,
            z2,
            Scalar[T](0) if stop_gradient else pull_coeff,
            push_coeff,
            decorr_coeff,
            eps,
            grad_z1,
        )
        var second = view.terms(z2, eps)
        view.gradient(
            z2, z1, pull_coeff, push_coeff, decorr_coeff, eps, grad_z2
        )
        pull[0] = _pull(z1, z2, B * D)
        push[0] = (first[0] + second[0]) / 2
        decorr[0] = (first[1] + second[1]) / 2
        total[0] = (
            pull_coeff * pull[0]
            + push_coeff * push[0]
            + decorr_coeff * decorr[0]
        )
    view^.release()
    return granted


def _pull[T: DType](z1: Source[T], z2: Source[T], n: Int) -> Scalar[T]:
    """The mean of (z1 - z2)^2."""
    comptime W = 4 * simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        var difference = z1.load[W](i) - z2.load[W](i)
        lanes = difference.fma(difference, lanes)
    var sum = lanes.reduce_add()
    for i in range(whole, n):
        var difference = z1[i] - z2[i]
        sum = difference.fma(difference, sum)
    return sum / Scalar[T](n)


struct _View[T: DType](not Deinitable, Movable):
    """What is computed of one view: deviations from the mean, variances, covariances without their diagonal."""

    var scratch: Scratch[Self.T]
    var B: Int
    var D: Int
    var pitch: Int
    var width: Int

    def __init__(out self, B: Int, D: Int):
        self.B = B
        self.D = D
        self.pitch = pitch_of[Self.T](D)
        self.width = rounded_up(D, tile_columns[Self.T]())
        self.scratch = Scratch[Self.T](
            (rounded_up(B, TILE_ROWS) + self.width + _GRAD_ROWS + 1)
            * self.pitch
        )

    def granted(self) -> Bool:
        return self.scratch.granted()

    def release(deinit self):
        self.scratch^.release()

    @always_inline
    def deviations(self) -> Target[Self.T]:
        return self.scratch.target()

    @always_inline
    def variances(self) -> Target[Self.T]:
        return self.deviations().skip(
            rounded_up(self.B, TILE_ROWS) * self.pitch
        )

    @always_inline
    def covariances(self) -> Target[Self.T]:
        return self.variances().skip(self.pitch)

    @always_inline
    def products(self) -> Target[Self.T]:
        return self.covariances().skip(self.width * self.pitch)

    def terms(
        self, z: Source[Self.T], eps: Scalar[Self.T]
    ) -> Tuple[Scalar[Self.T], Scalar[Self.T]]:
        """The view's push and decorr; leaves deviations, variances and covariances above the diagonal behind."""
        var B = self.B
        var D = self.D
        var pitch = self.pitch
        var deviations = self.deviations()
        var variances = self.variances()
        padded_copy(z, B, D, rounded_up(B, TILE_ROWS), deviations, pitch)

        def center[w: Int](d: Int) {imm}:
            comptime V = SIMD[Self.T, w]
            var sum = V(0)
            for b in range(B):
                sum += deviations.load[w](b * pitch + d)
            var mean = sum / Scalar[Self.T](B)
            var squares = V(0)
            for b in range(B):
                var deviation = deviations.load[w](b * pitch + d) - mean
                deviations.store(b * pitch + d, deviation)
                squares = deviation.fma(deviation, squares)
            variances.store(d, squares / Scalar[Self.T](B - 1))

        vectorize[simd_width_of[Self.T](), unroll_factor=2](D, center)

        comptime W = simd_width_of[Self.T]()
        var lanes = SIMD[Self.T, W](0)
        var whole = D // W * W
        for d in range(0, whole, W):
            lanes += log(variances.load[W](d) + eps)
        var logs = lanes.reduce_add()
        for d in range(whole, D):
            logs += log(variances[d] + eps)
        var push = -logs / Scalar[Self.T](D)

        if D == 1:
            self.covariances()[0] = 0
            return (push, Scalar[Self.T](0))
        comptime columns = tile_columns[Self.T]()
        for k in range(0, self.width, columns):
            multiply[False](
                deviations.source(),
                1,
                pitch,
                deviations.source().skip(k),
                pitch,
                k + columns,
                B,
                columns,
                self.covariances().skip(k),
                pitch,
            )
        var squares = Scalar[Self.T](0)
        var inverse = 1 / Scalar[Self.T](B - 1)
        for j in range(D):
            var row = self.covariances().skip(j * pitch + j + 1)

            def scale[w: Int](k: Int) {imm}:
                row.store(k, row.load[w](k) * inverse)

            vectorize[W, unroll_factor=2](D - j - 1, scale)
            squares += 2 * sum_of_squares(row.source(), D - j - 1, 1)
        return (push, squares / self.pairs())

    def pairs(self) -> Scalar[Self.T]:
        """The number D^2 - D of pairs of neurons."""
        return Scalar[Self.T](self.D) * Scalar[Self.T](self.D - 1)

    def gradient(
        self,
        z: Source[Self.T],
        other: Source[Self.T],
        pull_coeff: Scalar[Self.T],
        push_coeff: Scalar[Self.T],
        decorr_coeff: Scalar[Self.T],
        eps: Scalar[Self.T],
        grad: Target[Self.T],
    ):
        """Writes the gradient with respect to the view whose terms were computed last."""
        var B = self.B
        var D = self.D
        var pitch = self.pitch
        var count = Scalar[Self.T](B - 1)
        # Coefficients come last: times or over such a number, they may leave the range that the result is in.
        var elements = Scalar[Self.T](B * D)
        var units = Scalar[Self.T](D) * count
        var pairs = count * self.pairs() if D > 1 else Scalar[Self.T](1)
        var covariances = self.covariances()
        # Mirrored block by block, which stay in cache.
        for top in range(0, D, _MIRRORED):
            for left in range(0, top + 1, _MIRRORED):
                for k in range(top, min(top + _MIRRORED, D)):
                    for j in range(left, min(left + _MIRRORED, k)):
                        covariances[k * pitch + j] = covariances[j * pitch + k]
                    if left == top:
                        covariances[k * pitch + k] = 0
        var sums = self.products()
        var variances = self.variances()
        for first in range(0, B, _GRAD_ROWS):
            var rows = min(_GRAD_ROWS, B - first)
            var deviations = self.deviations().skip(first * pitch)
            if D == 1:
                for r in range(rows):
                    sums[r * pitch] = 0
            else:
                multiply[False](
                    deviations.source(),
                    pitch,
                    1,
                    covariances.source(),
                    pitch,
                    rounded_up(rows, TILE_ROWS),
                    D,
                    self.width,
                    sums,
                    pitch,
                )
            for r in range(rows):
                var at = (first + r) * D

                def body[w: Int](d: Int) {imm}:
                    var difference = z.load[w](at + d) - other.load[w](at + d)
                    var deviation = deviations.load[w](r * pitch + d)
                    var spread = variances.load[w](d) + eps
                    grad.store(
                        at + d,
                        pull_coeff * (2 * difference / elements)
                        - push_coeff * (deviation / (units * spread))
                        + decorr_coeff
                        * (2 * sums.load[w](r * pitch + d) / pairs),
                    )

                vectorize[simd_width_of[Self.T](), unroll_factor=2](D, body)


def lpl_negative[
    T: DType
](
    z1: Source[T],
    z2: Source[T],
    B: Int,
    D: Int,
    pull: Target[T],
    push: Target[T],
) -> Bool:
    """LPL with negative samples: pull together what belongs together, push the rest towards orthogonality.

    cos_ij = q_i.k_j with q_i = z1_i / max(|z1_i|, 1e-8), k_j alike; pull = -mean_i cos_ii, push = mean_{i != j} cos_ij^2.
    Budget. Source: Halvagal & Zenke 2023.

    Parameters:
        T: Dtype of the call.

    Args:
        z1: Activity in response to the earlier view (B, D).
        z2: Activity in response to the later view (B, D).
        B: Samples, at least two.
        D: Neurons, at least one.
        pull: Receives minus the mean cosine of pairs.
        push: Receives the mean squared cosine of non-pairs.

    Returns:
        False if there was not enough memory.
    """
    comptime columns = tile_columns[T]()
    var padded = rounded_up(B, columns)
    var pitch = pitch_of[T](D)
    var scratch = Scratch[T](
        _BLOCK_ROWS * pitch + padded * D + _BLOCK_ROWS * padded
    )
    var granted = scratch.granted()
    if granted:
        var rows = scratch.target()
        var panels = rows.skip(_BLOCK_ROWS * pitch)
        var cosines = panels.skip(padded * D)
        for first in range(0, padded, columns):
            unit_rows(z2, first, B, columns, D, rows, pitch)
            pack_columns(
                rows.source(), pitch, columns, D, panels.skip(first * D)
            )
        var own = Scalar[T](0)
        var squares = Scalar[T](0)
        for first in range(0, B, _BLOCK_ROWS):
            var count = min(_BLOCK_ROWS, B - first)
            var tiled = rounded_up(count, TILE_ROWS)
            unit_rows(z1, first, B, tiled, D, rows, pitch)
            multiply_packed(
                rows.source(),
                pitch,
                panels.source(),
                tiled,
                D,
                padded,
                cosines,
                padded,
            )
            for r in range(count):
                var row = cosines.skip(r * padded)
                own += row[first + r]
                row[first + r] = 0
                squares += sum_of_squares(row.source(), B, 1)
        pull[0] = -own / Scalar[T](B)
        push[0] = squares / (Scalar[T](B) * Scalar[T](B - 1))
    scratch^.release()
    return granted


def lpl_spiking_step[
    T: DType
](
    weights: Source[T],
    z_pre: Source[DType.uint8],
    z_post: Source[DType.uint8],
    z_post_delayed: Source[DType.uint8],
    membrane: Source[T],
    mean: Source[T],
    variance: Source[T],
    psp_syn: Source[T],
    psp: Source[T],
    error_rise: Source[T],
    error: Source[T],
    eligibility: Source[T],
    eligibility_filtered: Source[T],
    gradient: Source[T],
    post: Int,
    pre: Int,
    step: Int,
    dt: Scalar[T],
    tau_syn: Scalar[T],
    tau_mem: Scalar[T],
    tau_rise: Scalar[T],
    tau_fall: Scalar[T],
    tau_mean: Scalar[T],
    tau_var: Scalar[T],
    strength: Scalar[T],
    phi: Scalar[T],
    delta: Scalar[T],
    xi: Scalar[T],
    beta: Scalar[T],
    threshold: Scalar[T],
    cutoff: Scalar[T],
    eta: Scalar[T],
    every: Int,
    w_max: Scalar[T],
    new_weights: Target[T],
    new_mean: Target[T],
    new_variance: Target[T],
    new_psp_syn: Target[T],
    new_psp: Target[T],
    new_error_rise: Target[T],
    new_error: Target[T],
    new_eligibility: Target[T],
    new_eligibility_filtered: Target[T],
    new_gradient: Target[T],
):
    """One step of the spiking LPL rule for one layer, in one pass over the synapses.

    x = mean dt / tau_mean, the expected spikes of a step
    psp_syn' = psp_syn exp(-dt/tau_syn) + z_pre; psp' = psp + (dt/tau_mem) (psp_syn' - psp)
    e = lambda_ (z_post - x) / (variance + xi) + delta - phi z_post + phi z_post_delayed
    error_rise' = error_rise exp(-dt/tau_rise) + e; error' = error + (dt/tau_fall) (error_rise' - error)
    f = beta / (1 + |beta (membrane - threshold)|)^2, 0 where membrane < cutoff; c = eligibility + f_i psp'_j
    eligibility_filtered' = eligibility_filtered + (dt/tau_fall) (c - eligibility_filtered)
    eligibility' = c exp(-dt/tau_rise); gradient' = gradient + eligibility_filtered' error'_i
    variance' = (variance + (z_post - x)^2 / tau_var) exp(-dt/tau_var); mean' = (mean + z_post) exp(-dt/tau_mean)
    if (step + 1) mod every = 0: weights' = clip(weights + eta gradient' / every, 0, w_max), gradient' = 0

    Budget. Source: Halvagal & Zenke 2023; normalizers and units of delta and xi as in the authors' simulation code,
    not the equations.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights (post, pre).
        z_pre: Presynaptic spikes (pre).
        z_post: Postsynaptic spikes (post).
        z_post_delayed: Postsynaptic spikes some time ago (post).
        membrane: Membrane potential in volt (post).
        mean: Leaky count of postsynaptic spikes (post).
        variance: Its leaky variance (post).
        psp_syn: Synaptic trace of presynaptic spikes (pre).
        psp: Postsynaptic potential (pre).
        error_rise: Rising trace of the error signal (post).
        error: Error signal (post).
        eligibility: Eligibility trace (post, pre).
        eligibility_filtered: Filtered eligibility trace (post, pre).
        gradient: Gradient gathered since the last update of the weights (post, pre).
        post: Rows of the weights.
        pre: Columns of the weights.
        step: Index of this step, not below 0.
        dt: Time step in seconds, above 0.
        tau_syn: Synaptic time constant in seconds.
        tau_mem: Membrane time constant in seconds.
        tau_rise: Rise of error and eligibility in seconds.
        tau_fall: Their fall in seconds.
        tau_mean: Time constant of the mean in seconds.
        tau_var: Time constant of the variance in seconds.
        strength: Strength lambda_ of the Hebbian term.
        phi: Strength of the predictive term.
        delta: Constant drive.
        xi: Added to the variance, above 0.
        beta: Steepness of the surrogate derivative in 1/volt.
        threshold: Firing threshold in volt.
        cutoff: Membrane potential below which the surrogate derivative is 0, in volt.
        eta: Learning rate.
        every: Steps between updates of the weights, at least 1.
        w_max: Upper bound of the weights, above 0.
        new_weights: Receives the weights (post, pre).
        new_mean: Receives the mean (post).
        new_variance: Receives the variance (post).
        new_psp_syn: Receives the synaptic trace (pre).
        new_psp: Receives the postsynaptic potential (pre).
        new_error_rise: Receives the rising trace of the error (post).
        new_error: Receives the error (post).
        new_eligibility: Receives the eligibility (post, pre).
        new_eligibility_filtered: Receives the filtered eligibility (post, pre).
        new_gradient: Receives the gradient (post, pre).
    """
    comptime W = simd_width_of[T]()
    var syn_decay = exp(-dt / tau_syn)
    var rise_decay = exp(-dt / tau_rise)
    var mean_decay = exp(-dt / tau_mean)
    var var_decay = exp(-dt / tau_var)
    var mem_rate = dt / tau_mem
    var fall_rate = dt / tau_fall

    def presynaptic[w: Int](j: Int) {imm}:
        var current = (
            psp_syn.load[w](j) * syn_decay + z_pre.load[w](j).cast[T]()
        )
        var potential = psp.load[w](j)
        new_psp_syn.store(j, current)
        new_psp.store(j, potential + mem_rate * (current - potential))

    vectorize[W](pre, presynaptic)

    var updating = (UInt64(step) + 1) % UInt64(every) == 0
    var rate = eta / Scalar[T](every)
    for i in range(post):
        var z = z_post[i].cast[T]()
        var surprise = z - mean[i] * dt / tau_mean
        var drive = (
            strength * surprise / (variance[i] + xi)
            + delta
            - phi * z
            + phi * z_post_delayed[i].cast[T]()
        )
        var rise = error_rise[i] * rise_decay + drive
        var signal = error[i] + fall_rate * (rise - error[i])
        new_error_rise[i] = rise
        new_error[i] = signal
        new_variance[i] = (
            variance[i] + surprise * surprise / tau_var
        ) * var_decay
        new_mean[i] = (mean[i] + z) * mean_decay
        var distance = 1 + abs(beta * (membrane[i] - threshold))
        var f = beta / (distance * distance)
        if membrane[i] < cutoff:
            f = 0
        comptime for due in range(2):
            if updating == (due == 1):
                var row = i * pre

                def synaptic[w: Int](j: Int) {imm}:
                    var k = row + j
                    var c = eligibility.load[w](k) + f * new_psp.load[w](j)
                    var filtered = eligibility_filtered.load[w](k)
                    filtered += fall_rate * (c - filtered)
                    var slope = gradient.load[w](k) + filtered * signal
                    var weight = weights.load[w](k)
                    comptime if due == 1:
                        weight = (weight + rate * slope).clamp(0, w_max)
                        slope = SIMD[T, w](0)
                    new_weights.store(k, weight)
                    new_eligibility.store(k, c * rise_decay)
                    new_eligibility_filtered.store(k, filtered)
                    new_gradient.store(k, slope)

                vectorize[W, unroll_factor=2](pre, synaptic)
