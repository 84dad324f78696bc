"""Hebbian and spike-timing-dependent plasticity.

    hebbian:     dW_ij = c0 W_ij + c1_pre mean_b(x_bj) + c1_post mean_b(y_bi) + c2_corr mean_b(y_bi x_bj),
                 W' = W + eta dW
    stdp_trace:  t' = t + ((dt tau_inv) ((-t) + (a z)))
    stdp_linear: traces first, then
                 W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)

                          A_plus                          A_minus
    additive              eta_plus                        eta_minus
    additive_step         eta_plus [w_max - W > 0]        eta_minus [W - w_min > 0]
    multiplicative_pow    eta_plus max(w_max - W, 0)^mu   eta_minus max(W - w_min, 0)^mu
    multiplicative_relu   eta_plus max(w_max - W, 0)      eta_minus max(W - w_min, 0)

    stdp_linear_run: T times stdp_linear
    stdp_conv2d: the same update of a window's weights, with the sums over samples and positions
"""

from std.algorithm import vectorize
from std.sys import simd_width_of
from std.utils.numerics import inf

from .matrices import (
    TILE_ROWS,
    copy,
    fill,
    multiply,
    padded_copy,
    pitch_of,
    rounded_up,
    tile_columns,
)
from .memory import Scratch, Source, Target
from .numerics import power, product

comptime _ADDITIVE = 0
comptime _ADDITIVE_STEP = 1
comptime _MULTIPLICATIVE_POW = 2
comptime _MULTIPLICATIVE_RELU = 3


comptime _RUN_ELEMENTS = 1 << 18
"""Traces of so many neurons and steps are kept, so that they stay in cache beside some rows of the weights."""


def hebbian[
    T: DType
](
    weights: Source[T],
    pre_activity: Source[T],
    post_activity: Source[T],
    post: Int,
    pre: Int,
    B: Int,
    eta: Scalar[T],
    c0: Scalar[T],
    c1_pre: Scalar[T],
    c1_post: Scalar[T],
    c2_corr: Scalar[T],
    new_weights: Target[T],
) -> Bool:
    """General Hebbian expansion to second order, averaged over a batch; unbounded.

    dW_ij = c0 W_ij + c1_pre mean_b(x_bj) + c1_post mean_b(y_bi) + c2_corr mean_b(y_bi x_bj), W' = W + eta dW. Budget.
    Source: Gerstner & Kistler 2002, eq. 3.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        pre_activity: Presynaptic activity x (B, pre).
        post_activity: Postsynaptic activity y (B, post).
        post: Rows of the weights.
        pre: Columns of the weights.
        B: Samples, at least one.
        eta: Learning rate.
        c0: Coefficient of the weight itself.
        c1_pre: Coefficient of presynaptic activity alone.
        c1_post: Coefficient of postsynaptic activity alone.
        c2_corr: Coefficient of the correlation.
        new_weights: Receives the updated weights (post, pre).

    Returns:
        False if there was not enough memory.
    """
    var x_pitch = pitch_of[T](pre)
    var y_pitch = pitch_of[T](post)
    var scratch = Scratch[T]((B + 1 + TILE_ROWS) * x_pitch + (B + 1) * y_pitch)
    var granted = scratch.granted()
    if granted:
        var x = scratch.target()
        var x_mean = x.skip(B * x_pitch)
        var sums = x_mean.skip(x_pitch)
        var y = sums.skip(TILE_ROWS * x_pitch)
        var y_mean = y.skip(B * y_pitch)
        padded_copy(pre_activity, B, pre, B, x, x_pitch)
        padded_copy(post_activity, B, post, B, y, y_pitch)
        _mean_row(x.source(), B, x_pitch, x_mean)
        _mean_row(y.source(), B, y_pitch, y_mean)
        var count = Scalar[T](B)
        for first in range(0, post, TILE_ROWS):
            multiply[False](
                y.source().skip(first),
                1,
                y_pitch,
                x.source(),
                x_pitch,
                TILE_ROWS,
                B,
                rounded_up(pre, tile_columns[T]()),
                sums,
                x_pitch,
            )
            for r in range(min(TILE_ROWS, post - first)):
                var i = first + r
                var row = weights.skip(i * pre)
                var new_row = new_weights.skip(i * pre)
                var row_sums = sums.skip(r * x_pitch)
                var own = c1_post * y_mean[i]

                def body[w: Int](j: Int) {imm}:
                    var weight = row.load[w](j)
                    var correlation = row_sums.load[w](j) / count
                    var change = (
                        c0 * weight
                        + c1_pre * x_mean.load[w](j)
                        + own
                        + c2_corr * correlation
                    )
                    new_row.store(j, weight + eta * change)

                vectorize[simd_width_of[T](), unroll_factor=2](pre, body)
    scratch^.release()
    return granted


def _mean_row[T: DType](x: Source[T], rows: Int, pitch: Int, mean: Target[T]):
    """Writes the mean of some rows."""

    def body[w: Int](j: Int) {imm}:
        var sum = SIMD[T, w](0)
        for r in range(rows):
            sum += x.load[w](r * pitch + j)
        mean.store(j, sum / Scalar[T](rows))

    vectorize[simd_width_of[T](), unroll_factor=2](pitch, body)


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
    var rule = _Rule(w_min, w_max, eta_plus, eta_minus, mu, hardbound)
    comptime for algorithm in range(4):
        if stdp_algorithm == algorithm:
            for i in range(post):
                _update_row[algorithm](
                    weights.skip(i * pre),
                    z_pre,
                    pre,
                    new_t_pre.source(),
                    z_post.skip(i),
                    post,
                    new_t_post.source().skip(i),
                    post,
                    pre,
                    B,
                    rule,
                    new_weights.skip(i * pre),
                )


@fieldwise_init
struct _Rule[T: DType](TrivialRegisterPassable):
    """How traces and spikes change a weight."""

    var w_min: Scalar[Self.T]
    var w_max: Scalar[Self.T]
    var eta_plus: Scalar[Self.T]
    var eta_minus: Scalar[Self.T]
    var mu: Scalar[Self.T]
    var low: Scalar[Self.T]
    var high: Scalar[Self.T]

    def __init__(
        out self,
        w_min: Scalar[Self.T],
        w_max: Scalar[Self.T],
        eta_plus: Scalar[Self.T],
        eta_minus: Scalar[Self.T],
        mu: Scalar[Self.T],
        hardbound: Bool,
    ):
        self.w_min = w_min
        self.w_max = w_max
        self.eta_plus = eta_plus
        self.eta_minus = eta_minus
        self.mu = mu
        self.low = w_min if hardbound else -inf[Self.T]()
        self.high = w_max if hardbound else inf[Self.T]()

    @always_inline
    def grown[
        w: SIMDLength, //, algorithm: Int
    ](self, weight: SIMD[Self.T, w], plus: SIMD[Self.T, w]) -> SIMD[Self.T, w]:
        return plus * _amplitude[algorithm](
            self.w_max - weight, self.eta_plus, self.mu
        )

    @always_inline
    def shrunk[
        w: SIMDLength, //, algorithm: Int
    ](self, weight: SIMD[Self.T, w], minus: SIMD[Self.T, w]) -> SIMD[Self.T, w]:
        return minus * _amplitude[algorithm](
            weight - self.w_min, self.eta_minus, self.mu
        )

    @always_inline
    def bound[
        w: SIMDLength, //
    ](self, weight: SIMD[Self.T, w]) -> SIMD[Self.T, w]:
        comptime V = SIMD[Self.T, w]
        # One instruction each, where min and max take more for the sake of NaN.
        var raised = weight.lt(self.low).select(V(self.low), weight)
        return raised.gt(self.high).select(V(self.high), raised)


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


def _update_row[
    T: DType, //, algorithm: Int
](
    row: Source[T],
    z_pre: Source[DType.uint8],
    z_pre_pitch: Int,
    t_pre: Source[T],
    z_post: Source[DType.uint8],
    z_post_pitch: Int,
    t_post: Source[T],
    post: Int,
    pre: Int,
    B: Int,
    rule: _Rule[T],
    new_row: Target[T],
):
    """Updates the weights of one postsynaptic neuron, given the new traces."""
    var fires = False
    for b in range(B):
        fires |= z_post[b * z_post_pitch] != 0
    comptime for growing in range(2):
        if fires == (growing == 1):

            def body[w: Int](j: Int) {imm}:
                comptime V = SIMD[T, w]
                var plus = V(0)
                var minus = V(0)
                for b in range(B):
                    comptime if growing == 1:
                        if z_post[b * z_post_pitch] != 0:
                            plus += t_pre.load[w](b * pre + j)
                    var spikes = z_pre.load[w](b * z_pre_pitch + j).cast[T]()
                    minus = spikes.fma(V(t_post[b * post]), minus)
                var weight = row.load[w](j)
                var new = weight
                comptime if growing == 1:
                    new += rule.grown[algorithm](weight, plus)
                new -= rule.shrunk[algorithm](weight, minus)
                new_row.store(j, rule.bound(new))

            vectorize[2 * simd_width_of[T]()](pre, body)


def stdp_linear_run[
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
    steps: Int,
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
) -> Bool:
    """T STDP steps of a dense layer: T times stdp_linear, each step on the weights and traces of the step before.

    The cost follows the spikes: where a row is silent, a step touches only the columns that spike. Each row of the
    weights stays in cache over many steps. Weights: budget; traces: bits. Source: as stdp_trace.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (post, pre).
        z_pre: Presynaptic spikes (B, T, pre).
        z_post: Postsynaptic spikes (B, T, post).
        t_pre: Presynaptic traces before the first step (B, pre).
        t_post: Postsynaptic traces before the first step (B, post).
        post: Rows of the weights.
        pre: Columns of the weights.
        B: Samples.
        steps: Steps T.
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
        new_weights: Receives the weights after the last step (post, pre).
        new_t_pre: Receives the presynaptic traces after the last step (B, pre).
        new_t_post: Receives the postsynaptic traces after the last step (B, post).

    Returns:
        False if there was not enough memory.
    """
    if steps == 0:
        copy(weights, post * pre, new_weights)
    copy(t_pre, B * pre, new_t_pre)
    copy(t_post, B * post, new_t_post)
    var neurons = B * (pre + post)
    var block = max(min(steps, _RUN_ELEMENTS // max(neurons, 1)), 1)
    var traces = Scratch[T](block * neurons)
    # Columns that spike, where their samples begin, and those samples.
    var events = Scratch[DType.int32](block * (2 * pre + 1 + B * pre + 2))
    var granted = traces.granted() and events.granted()
    if granted:
        var rule = _Rule(w_min, w_max, eta_plus, eta_minus, mu, hardbound)
        var pre_traces = traces.target()
        var post_traces = pre_traces.skip(block * B * pre)
        var spread = _Events(events.target(), block, pre, B)
        for first in range(0, steps, block):
            var count = min(block, steps - first)
            for s in range(count):
                for b in range(B):
                    var t = b * steps + first + s
                    var pre_trace = pre_traces.skip((s * B + b) * pre)
                    var post_trace = post_traces.skip((s * B + b) * post)
                    stdp_trace(
                        new_t_pre.source().skip(b * pre),
                        z_pre.skip(t * pre),
                        pre,
                        tau_pre_inv,
                        a_pre,
                        dt,
                        pre_trace,
                    )
                    stdp_trace(
                        new_t_post.source().skip(b * post),
                        z_post.skip(t * post),
                        post,
                        tau_post_inv,
                        a_post,
                        dt,
                        post_trace,
                    )
                    copy(pre_trace.source(), pre, new_t_pre.skip(b * pre))
                    copy(post_trace.source(), post, new_t_post.skip(b * post))
                spread.gather(
                    s, z_pre.skip((first + s) * pre), steps * pre, pre, B
                )
            comptime for algorithm in range(4):
                if stdp_algorithm == algorithm:
                    for i in range(post):
                        _run_row[algorithm](
                            first,
                            count,
                            steps,
                            z_pre,
                            pre_traces.source(),
                            z_post.skip(i),
                            post_traces.source().skip(i),
                            post,
                            pre,
                            B,
                            rule,
                            spread,
                            weights.skip(i * pre),
                            new_weights.skip(i * pre),
                        )
    traces^.release()
    events^.release()
    return granted


struct _Events(TrivialRegisterPassable):
    """Which columns spike in each step of a block, and in which samples."""

    var columns: Target[DType.int32]
    var starts: Target[DType.int32]
    var samples: Target[DType.int32]
    var counts: Target[DType.int32]
    var pre: Int
    var B: Int

    def __init__(
        out self, memory: Target[DType.int32], block: Int, pre: Int, B: Int
    ):
        self.counts = memory
        self.columns = memory.skip(block)
        self.starts = self.columns.skip(block * pre)
        self.samples = self.starts.skip(block * (pre + 1))
        self.pre = pre
        self.B = B

    def gather(
        self,
        s: Int,
        z: Source[DType.uint8],
        pitch: Int,
        pre: Int,
        B: Int,
    ):
        """Lists the spikes of one step."""
        var columns = self.columns.skip(s * pre)
        var starts = self.starts.skip(s * (pre + 1))
        var samples = self.samples.skip(s * pre * B)
        var found = 0
        var spikes = 0
        for j in range(pre):
            var begin = spikes
            for b in range(B):
                if z[b * pitch + j] != 0:
                    samples[spikes] = Int32(b)
                    spikes += 1
            if spikes > begin:
                columns[found] = Int32(j)
                starts[found] = Int32(begin)
                found += 1
        starts[found] = Int32(spikes)
        self.counts[s] = Int32(found)


def _run_row[
    T: DType, //, algorithm: Int
](
    first: Int,
    count: Int,
    steps: Int,
    z_pre: Source[DType.uint8],
    pre_traces: Source[T],
    z_post: Source[DType.uint8],
    post_traces: Source[T],
    post: Int,
    pre: Int,
    B: Int,
    rule: _Rule[T],
    events: _Events,
    old_row: Source[T],
    row: Target[T],
):
    """Takes the weights of one postsynaptic neuron through a block of steps."""
    # Where more columns than this spike, all of them at once take less time.
    var many = pre * 2 // simd_width_of[T]()
    for s in range(count):
        var t = first + s
        var found = Int(events.counts[s])
        var t_post = post_traces.skip(s * B * post)
        # The first step takes over all weights and bounds them.
        var dense = t == 0 or found > many
        for b in range(B):
            dense |= z_post[(b * steps + t) * post] != 0
        if dense:
            _update_row[algorithm](
                old_row if t == 0 else row.source(),
                z_pre.skip(t * pre),
                steps * pre,
                pre_traces.skip(s * B * pre),
                z_post.skip(t * post),
                steps * post,
                t_post,
                post,
                pre,
                B,
                rule,
                row,
            )
            continue
        var columns = events.columns.skip(s * pre)
        if B == 1:
            var minus = t_post[0]
            for e in range(found):
                var j = Int(columns[e])
                var weight = row[j]
                row[j] = rule.bound(
                    weight - rule.shrunk[algorithm](weight, minus)
                )
            continue
        var starts = events.starts.skip(s * (pre + 1))
        var samples = events.samples.skip(s * pre * B)
        for e in range(found):
            var minus = Scalar[T](0)
            for k in range(Int(starts[e]), Int(starts[e + 1])):
                minus += t_post[Int(samples[k]) * post]
            var j = Int(columns[e])
            var weight = row[j]
            row[j] = rule.bound(weight - rule.shrunk[algorithm](weight, minus))


def stdp_conv2d[
    T: DType
](
    weights: Source[T],
    z_pre: Source[DType.uint8],
    z_post: Source[DType.uint8],
    t_pre: Source[T],
    t_post: Source[T],
    channels_out: Int,
    channels_in: Int,
    kh: Int,
    kw: Int,
    B: Int,
    H: Int,
    W: Int,
    Ho: Int,
    Wo: Int,
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
    stride: Int,
    padding: Int,
    dilation: Int,
    new_weights: Target[T],
    new_t_pre: Target[T],
    new_t_post: Target[T],
) -> Bool:
    """One STDP step of a two-dimensional convolution.

    Traces as in stdp_linear; row = y stride + u dilation - padding, column = x stride + v dilation - padding; outside
    of the image traces and spikes are 0. plus_oiuv = sum_b,y,x z_post_boyx t_pre'_bi,row,column and
    minus_oiuv = sum_b,y,x t_post'_boyx z_pre_bi,row,column; W' = bound(W + A_plus(W) plus - A_minus(W) minus). The cost
    follows the spikes. Weights: budget; traces: bits. Source: as stdp_trace.

    Parameters:
        T: Dtype of the call.

    Args:
        weights: Synaptic weights W (out, in, kh, kw).
        z_pre: Presynaptic spikes (B, in, H, W).
        z_post: Postsynaptic spikes (B, out, Ho, Wo).
        t_pre: Presynaptic traces (B, in, H, W).
        t_post: Postsynaptic traces (B, out, Ho, Wo).
        channels_out: Channels of the postsynaptic layer.
        channels_in: Channels of the presynaptic layer.
        kh: Height of the window.
        kw: Width of the window.
        B: Samples.
        H: Height of the image.
        W: Width of the image.
        Ho: Rows of positions.
        Wo: Columns of positions.
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
        stride: Step between positions.
        padding: Zeros around the image.
        dilation: Distance between the window's elements.
        new_weights: Receives the updated weights (out, in, kh, kw).
        new_t_pre: Receives the updated presynaptic traces (B, in, H, W).
        new_t_post: Receives the updated postsynaptic traces (B, out, Ho, Wo).

    Returns:
        False if there was not enough memory.
    """
    var image = channels_in * H * W
    var positions = Ho * Wo
    stdp_trace(t_pre, z_pre, B * image, tau_pre_inv, a_pre, dt, new_t_pre)
    stdp_trace(
        t_post,
        z_post,
        B * channels_out * positions,
        tau_post_inv,
        a_post,
        dt,
        new_t_post,
    )
    var window = channels_in * kh * kw
    var scratch = Scratch[T](
        2 * channels_out * window + 2 * window + Wo * channels_out
    )
    var granted = scratch.granted()
    if granted:
        var plus = scratch.target()
        # Sums of one weight of all output channels are neighbours, as one presynaptic spike changes them all.
        var minus = plus.skip(channels_out * window)
        var patch = minus.skip(channels_out * window)
        var losses = patch.skip(window)
        var post_traces = losses.skip(window)
        fill(plus, 2 * channels_out * window, 0)
        for b in range(B):
            for y in range(Ho):
                var row = (b * channels_out * Ho + y) * Wo
                for o in range(channels_out):
                    for x in range(Wo):
                        post_traces[x * channels_out + o] = new_t_post[
                            row + o * positions + x
                        ]
                for x in range(Wo):
                    var spread = False
                    for o in range(channels_out):
                        if z_post[row + o * positions + x] == 0:
                            continue
                        if not spread:
                            _patch(
                                new_t_pre.source().skip(b * image),
                                channels_in,
                                kh,
                                kw,
                                H,
                                W,
                                y * stride - padding,
                                x * stride - padding,
                                dilation,
                                patch,
                            )
                            spread = True
                        _add(patch.source(), window, plus.skip(o * window))
                    _add_at_spikes(
                        z_pre.skip(b * image),
                        channels_in,
                        kh,
                        kw,
                        H,
                        W,
                        y * stride - padding,
                        x * stride - padding,
                        dilation,
                        post_traces.source().skip(x * channels_out),
                        channels_out,
                        minus,
                    )
        var rule = _Rule(w_min, w_max, eta_plus, eta_minus, mu, hardbound)
        comptime for algorithm in range(4):
            if stdp_algorithm == algorithm:
                for o in range(channels_out):
                    for k in range(window):
                        losses[k] = minus[k * channels_out + o]
                    var old = weights.skip(o * window)
                    var new = new_weights.skip(o * window)
                    var gains = plus.skip(o * window)

                    def body[w: Int](k: Int) {imm}:
                        var weight = old.load[w](k)
                        var grown = weight + rule.grown[algorithm](
                            weight, gains.load[w](k)
                        )
                        var shrunk = grown - rule.shrunk[algorithm](
                            weight, losses.load[w](k)
                        )
                        new.store(k, rule.bound(shrunk))

                    vectorize[simd_width_of[T]()](window, body)
    scratch^.release()
    return granted


def _patch[
    T: DType
](
    image: Source[T],
    channels: Int,
    kh: Int,
    kw: Int,
    H: Int,
    W: Int,
    top: Int,
    left: Int,
    dilation: Int,
    patch: Target[T],
):
    """Writes what a window sees of an image, zeros outside of it."""
    var k = 0
    for i in range(channels):
        for u in range(kh):
            var r = top + u * dilation
            var inside = r >= 0 and r < H
            for v in range(kw):
                var c = left + v * dilation
                var value = Scalar[T](0)
                if inside and c >= 0 and c < W:
                    value = image[(i * H + r) * W + c]
                patch[k] = value
                k += 1


def _add_at_spikes[
    T: DType
](
    image: Source[DType.uint8],
    channels: Int,
    kh: Int,
    kw: Int,
    H: Int,
    W: Int,
    top: Int,
    left: Int,
    dilation: Int,
    terms: Source[T],
    count: Int,
    sums: Target[T],
):
    """Adds a row of terms to the sums of each element of the window that sees a spike."""
    for i in range(channels):
        for u in range(kh):
            var r = top + u * dilation
            if r < 0 or r >= H:
                continue
            for v in range(kw):
                var c = left + v * dilation
                if c < 0 or c >= W or image[(i * H + r) * W + c] == 0:
                    continue
                _add(terms, count, sums.skip(((i * kh + u) * kw + v) * count))


@always_inline
def _add[T: DType](terms: Source[T], n: Int, sums: Target[T]):
    """Adds to sums."""

    def body[w: Int](k: Int) {imm}:
        sums.store(k, sums.load[w](k) + terms.load[w](k))

    vectorize[simd_width_of[T]()](n, body)
