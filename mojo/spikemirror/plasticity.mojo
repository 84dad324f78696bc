"""Spike-timing-dependent plasticity.

    stdp_trace:  t' = t + ((dt tau_inv) ((-t) + (a z)))
    stdp_linear: traces first, then
                 W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)

                          A_plus                          A_minus
    additive              eta_plus                        eta_minus
    additive_step         eta_plus [w_max - W > 0]        eta_minus [W - w_min > 0]
    multiplicative_pow    eta_plus max(w_max - W, 0)^mu   eta_minus max(W - w_min, 0)^mu
    multiplicative_relu   eta_plus max(w_max - W, 0)      eta_minus max(W - w_min, 0)
"""

from std.algorithm import vectorize
from std.sys import simd_width_of
from std.utils.numerics import inf

from .memory import Source, Target
from .numerics import power, product

comptime _ADDITIVE = 0
comptime _ADDITIVE_STEP = 1
comptime _MULTIPLICATIVE_POW = 2
comptime _MULTIPLICATIVE_RELU = 3


def stdp_trace[
    T: DType
](
    trace: Source[T],
    spikes: Source[DType.uint8],
    N: Int,
    tau_inv: Scalar[T],
    a: Scalar[T],
    dt: Scalar[T],
    new_trace: Target[T],
):
    """One explicit Euler step of a spike trace: t' = t + ((dt tau_inv) ((-t) + (a z))), in this order.

    Bits. Source: Gerstner & Kistler 2002; the semantics of norse.torch.functional.stdp 1.1.0.

    Parameters:
        T: Dtype of the call.

    Args:
        trace: Trace t (N).
        spikes: Spikes z of this step (N).
        N: How many.
        tau_inv: Inverse time constant in 1/s, not below 0.
        a: Contribution of a spike.
        dt: Time step in seconds, above 0.
        new_trace: Receives the updated trace (N).
    """
    var rate = dt * tau_inv

    def body[w: Int](i: Int) {imm}:
        var t = trace.load[w](i)
        var z = spikes.load[w](i).cast[T]()
        new_trace.store(i, t + product((-t) + a * z, rate))

    vectorize[simd_width_of[T](), unroll_factor=4](N, body)


def stdp_linear[
    T: DType
](
    weights: Source[T],
    z_pre: Source[DType.uint8],
    z_post: Source[DType.uint8],
    t_pre: Source[T],
    t_post: Source[T],
    post: Int,
    pre: Int,
    B: Int,
    a_pre: Scalar[T],
    a_post: Scalar[T],
    tau_pre_inv: Scalar[T],
    tau_post_inv: Scalar[T],
    w_min: Scalar[T],
    w_max: Scalar[T],
    eta_plus: Scalar[T],
    eta_minus: Scalar[T],
    stdp_algorithm: Int,
    mu: Scalar[T],
    hardbound: Bool,
    dt: Scalar[T],
    new_weights: Target[T],
    new_t_pre: Target[T],
    new_t_post: Target[T],
):
    """One STDP step of a dense layer: traces first, then weights, in one pass over the weights.

    W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre), both amplitudes of the old W.
    Weights: budget; traces: bits. Source: as stdp_trace.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        z_pre: Presynaptic spikes (B, pre).
        z_post: Postsynaptic spikes (B, post).
        t_pre: Presynaptic traces (B, pre).
        t_post: Postsynaptic traces (B, post).
        post: Rows of the weights.
        pre: Columns of the weights.
        B: Samples.
        a_pre: Contribution of a presynaptic spike to its trace.
        a_post: Contribution of a postsynaptic spike to its trace.
        tau_pre_inv: Inverse time constant of the presynaptic trace in 1/s.
        tau_post_inv: Inverse time constant of the postsynaptic trace in 1/s.
        w_min: Lower bound of the weights.
        w_max: Upper bound of the weights, above w_min.
        eta_plus: Amplitude of potentiation, not below 0.
        eta_minus: Amplitude of depression, not below 0.
        stdp_algorithm: How the amplitudes depend on the weight: the place in the table above.
        mu: Exponent of multiplicative_pow, in [0, 1].
        hardbound: Clamp the new weights to [w_min, w_max].
        dt: Time step in seconds, above 0.
        new_weights: Receives the updated weights (post, pre).
        new_t_pre: Receives the updated presynaptic traces (B, pre).
        new_t_post: Receives the updated postsynaptic traces (B, post).
    """
    stdp_trace(t_pre, z_pre, B * pre, tau_pre_inv, a_pre, dt, new_t_pre)
    stdp_trace(t_post, z_post, B * post, tau_post_inv, a_post, dt, new_t_post)
    comptime for algorithm in range(4):
        if stdp_algorithm == algorithm:
            _update[algorithm](
                weights,
                z_pre,
                z_post,
                new_t_pre.source(),
                new_t_post.source(),
                post,
                pre,
                B,
                w_min,
                w_max,
                eta_plus,
                eta_minus,
                mu,
                w_min if hardbound else -inf[T](),
                w_max if hardbound else inf[T](),
                new_weights,
            )


def _update[
    T: DType, //, algorithm: Int
](
    weights: Source[T],
    z_pre: Source[DType.uint8],
    z_post: Source[DType.uint8],
    t_pre: Source[T],
    t_post: Source[T],
    post: Int,
    pre: Int,
    B: Int,
    w_min: Scalar[T],
    w_max: Scalar[T],
    eta_plus: Scalar[T],
    eta_minus: Scalar[T],
    mu: Scalar[T],
    low: Scalar[T],
    high: Scalar[T],
    new_weights: Target[T],
):
    """Updates the weights, given the new traces."""
    for i in range(post):

        def body[w: Int](j: Int) {imm}:
            comptime V = SIMD[T, w]
            var plus = V(0)
            var minus = V(0)
            for b in range(B):
                var z_i = V(z_post[b * post + i].cast[T]())
                var t_i = V(t_post[b * post + i])
                var at = b * pre + j
                plus = t_pre.load[w](at).fma(z_i, plus)
                minus = z_pre.load[w](at).cast[T]().fma(t_i, minus)
            var weight = weights.load[w](i * pre + j)
            var grown = weight + plus * _amplitude[algorithm](
                w_max - weight, eta_plus, mu
            )
            var new = grown - minus * _amplitude[algorithm](
                weight - w_min, eta_minus, mu
            )
            new_weights.store(i * pre + j, new.clamp(low, high))

        vectorize[2 * simd_width_of[T]()](pre, body)


@always_inline
def _amplitude[
    T: DType, w: SIMDLength, //, algorithm: Int
](room: SIMD[T, w], eta: Scalar[T], mu: Scalar[T]) -> SIMD[T, w]:
    """A_plus or A_minus of a weight that is so far from its bound."""
    comptime V = SIMD[T, w]
    comptime if algorithm == _ADDITIVE:
        return V(eta)
    elif algorithm == _ADDITIVE_STEP:
        return room.gt(0).select(V(eta), V(0))
    elif algorithm == _MULTIPLICATIVE_POW:
        return eta * power(max(room, V(0)), mu)
    else:
        comptime assert algorithm == _MULTIPLICATIVE_RELU
        return eta * max(room, V(0))
