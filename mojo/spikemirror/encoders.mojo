"""From values to spike trains.

    n = x | clip(x, 0, 1) | 1/(1+exp(-x)) | (x - min)/max(max - min, 1e-8), per sample
    p = clip((gain n) + bias, 0, 1)
    encode_rate_bernoulli:     spike at (b, t, n) iff w_k < ceil(p 2^32), k the flat index of (b, t, n): exactly U < p
    encode_rate_poisson:       the same with p' = clip(p rate_dt, 0, 1)
    encode_rate_deterministic: spike at t iff floor((t+1) p) > floor(t p)
    encode_latency, encode_ttfs: one time per value, the earlier the greater p
        linear t = (1 - p) (T - 1) | exponential t = tau ln(1 / max(p, 1e-7)) | log t = (T - 1) (1 - log2(1 + p))
        rint(min(max(t, t_min), latest)), latest = T - 1 or min(t_max, T - 1)
    encode_population: a_ij = exp(-(p_i - c_j)^2 / (2 sigma^2)), then as one of the rate codes with a for p
    encode_delta:      ON iff x_t - previous > theta_on, OFF iff previous - x_t > theta_off; then previous = x_t
"""

from std.algorithm import vectorize
from std.math import ceil, floor, round
from std.sys import simd_width_of
from std.utils.numerics import inf

from .matrices import copy, fill
from .memory import Scratch, Source, Target
from .numerics import exp, log, log1p, product, sigmoid
from .philox import CHUNK, philox_words

comptime _NONE = 0
comptime _CLAMP = 1
comptime _SIGMOID = 2
comptime _MINMAX = 3

comptime _LINEAR = 0
comptime _EXPONENTIAL = 1
comptime _LOG = 2

comptime _BERNOULLI = 0

comptime _RANGE_FLOOR = 1e-8
comptime _LEAST_PROBABILITY = 1e-7
comptime _LN_2 = 0.6931471805599453


def encode_rate_bernoulli[
    T: DType
](
    x: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    seed: UInt64,
    stream: UInt64,
    spikes: Target[DType.uint8],
) -> Bool:
    """Independent Bernoulli spikes with probability p at every step.

    Spike at (b, t, n) iff w_k < ceil(p 2^32), with w_k the Philox word at the flat index k of (b, t, n): exactly
    U < p. Bits. Source: rate coding; Salmon et al. 2011 for the draws.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        seed: Key of the generator.
        stream: Its independent sequence.
        spikes: Receives the spike trains (B, num_steps, N).

    Returns:
        False if there was not enough memory.
    """
    return encode_rate_poisson(
        x, B, N, num_steps, normalization, gain, bias, seed, stream, 1, spikes
    )


def encode_rate_poisson[
    T: DType
](
    x: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    seed: UInt64,
    stream: UInt64,
    rate_dt: Scalar[T],
    spikes: Target[DType.uint8],
) -> Bool:
    """Bernoulli spikes of a rate: a Poisson process in steps of rate_dt.

    As encode_rate_bernoulli with p' = clip(p rate_dt, 0, 1). Bits. Source: rate coding; Salmon et al. 2011 for the
    draws.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        seed: Key of the generator.
        stream: Its independent sequence.
        rate_dt: Length of a step in units of 1/rate, not below 0.
        spikes: Receives the spike trains (B, num_steps, N).

    Returns:
        False if there was not enough memory.
    """
    var probabilities = Scratch[T](N)
    var draws = _Draws(N)
    var granted = probabilities.granted() and draws.granted()
    if granted:
        var p = probabilities.target()
        var total = num_steps * N
        for b in range(B):
            _probabilities(x.skip(b * N), N, normalization, gain, bias, p)

            def body[w: Int](n: Int) {imm}:
                p.store(n, product(p.load[w](n), rate_dt).clamp(0, 1))

            vectorize[simd_width_of[T]()](N, body)
            draws.bernoulli(
                p.source(),
                N,
                num_steps,
                seed,
                stream,
                UInt64(b * total),
                spikes.skip(b * total),
            )
    probabilities^.release()
    draws^.release()
    return granted


struct _Draws(not Deinitable, Movable):
    """Memory for a chunk of random words, and for what each of a step's words is compared with."""

    var words: Scratch[DType.uint32]
    var thresholds: Scratch[DType.uint64]

    def __init__(out self, N: Int):
        self.words = Scratch[DType.uint32](CHUNK)
        self.thresholds = Scratch[DType.uint64](N)

    def granted(self) -> Bool:
        return self.words.granted() and self.thresholds.granted()

    def release(deinit self):
        self.words^.release()
        self.thresholds^.release()

    def bernoulli[
        T: DType
    ](
        self,
        p: Source[T],
        N: Int,
        num_steps: Int,
        seed: UInt64,
        stream: UInt64,
        offset: UInt64,
        spikes: Target[DType.uint8],
    ):
        """Writes the train of one sample, whose first word is at the offset."""
        var words = self.words.target()
        var thresholds = self.thresholds.target()
        _thresholds(p, N, thresholds)
        var total = num_steps * N
        var n = 0
        for first in range(0, total, CHUNK):
            var count = min(CHUNK, total - first)
            philox_words(seed, stream, offset + UInt64(first), count, words)
            # One chunk of words may end one step and begin others.
            var used = 0
            while used < count:
                var run = min(count - used, N - n)
                _fire(
                    words.source().skip(used),
                    thresholds.source().skip(n),
                    run,
                    spikes.skip(first + used),
                )
                used += run
                n += run
                if n == N:
                    n = 0


def encode_rate_deterministic[
    T: DType
](
    x: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    spikes: Target[DType.uint8],
) -> Bool:
    """Evenly spaced spikes, floor(T p) of them: spike at t iff floor((t+1) p) > floor(t p), one rounding per product.

    Bits. Source: rate coding.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        spikes: Receives the spike trains (B, num_steps, N).

    Returns:
        False if there was not enough memory.
    """
    var probabilities = Scratch[T](N)
    var granted = probabilities.granted()
    if granted:
        var p = probabilities.target().source()
        for b in range(B):
            _probabilities(
                x.skip(b * N),
                N,
                normalization,
                gain,
                bias,
                probabilities.target(),
            )
            _evenly(p, N, num_steps, spikes.skip(b * num_steps * N))
    probabilities^.release()
    return granted


def _evenly[
    T: DType
](p: Source[T], N: Int, num_steps: Int, spikes: Target[DType.uint8]):
    """Writes the deterministic train of one sample."""
    for t in range(num_steps):
        var now = Scalar[T](t)
        var next = Scalar[T](t + 1)
        var step = spikes.skip(t * N)

        def body[w: Int](n: Int) {imm}:
            var v = p.load[w](n)
            var fires = floor(next * v).gt(floor(now * v))
            step.store(n, fires.cast[DType.uint8]())

        vectorize[simd_width_of[T](), unroll_factor=4](N, body)


def encode_latency[
    T: DType
](
    x: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    mapping: Int,
    tau: Optional[Scalar[T]],
    t_min: Scalar[T],
    t_max: Optional[Scalar[T]],
    burst: Int,
    spikes: Target[DType.uint8],
    spike_times: Target[DType.int32],
) -> Bool:
    """The greater the value, the earlier the spike; a burst of consecutive spikes if asked for.

    Times as at the head of this file, tau None = (T - 1) / ln(1e7); spikes at spike_times, ..., spike_times + burst - 1,
    those past T - 1 are dropped. Bits. Source: Thorpe et al. 2001.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        mapping: Place in linear, exponential, log.
        tau: Time constant of exponential in steps.
        t_min: Earliest time in steps.
        t_max: Latest time in steps.
        burst: Consecutive spikes, at least 1.
        spikes: Receives the spike trains (B, num_steps, N).
        spike_times: Receives the step of each first spike (B, N).

    Returns:
        False if there was not enough memory.
    """
    var scratch = Scratch[T](N)
    var granted = scratch.granted()
    if granted:
        var times = scratch.target()
        for b in range(B):
            _probabilities(x.skip(b * N), N, normalization, gain, bias, times)
            _latencies(times, N, num_steps, mapping, tau)
            var steps = spike_times.skip(b * N)
            _rounded_times(times.source(), N, num_steps, t_min, t_max, steps)
            var train = spikes.skip(b * num_steps * N)
            fill(train, num_steps * N, 0)
            for n in range(N):
                var t = Int(steps[n])
                for k in range(min(burst, num_steps - t)):
                    train[(t + k) * N + n] = 1
    scratch^.release()
    return granted


def encode_ttfs[
    T: DType
](
    x: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    seed: UInt64,
    stream: UInt64,
    mapping: Int,
    tau: Optional[Scalar[T]],
    t_min: Scalar[T],
    t_max: Optional[Scalar[T]],
    allow_no_spike: Bool,
    silence_below: Scalar[T],
    jitter: Scalar[T],
    spikes: Target[DType.uint8],
    spike_times: Target[DType.int32],
) -> Bool:
    """Time to first spike: exactly one spike, or none for a small value if that is allowed.

    Times as in encode_latency; with jitter > 0, jitter (2 U - 1) is added before they are clipped, U the uniform number
    at the flat index of (b, n). No spike, and time -1, where allow_no_spike and p < silence_below. Bits. Source: Thorpe
    et al. 2001.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        seed: Key of the generator.
        stream: Its independent sequence.
        mapping: Place in linear, exponential, log.
        tau: Time constant of exponential in steps.
        t_min: Earliest time in steps.
        t_max: Latest time in steps.
        allow_no_spike: Silence small values.
        silence_below: What counts as small.
        jitter: Greatest shift in steps.
        spikes: Receives the spike trains (B, num_steps, N).
        spike_times: Receives the step of each spike, -1 for none (B, N).

    Returns:
        False if there was not enough memory.
    """
    var scratch = Scratch[T](2 * N)
    var words = Scratch[DType.uint32](N)
    var granted = scratch.granted() and words.granted()
    if granted:
        var p = scratch.target()
        var times = p.skip(N)
        var drawn = words.target()
        for b in range(B):
            _probabilities(x.skip(b * N), N, normalization, gain, bias, p)
            copy(p.source(), N, times)
            _latencies(times, N, num_steps, mapping, tau)
            if jitter > 0:
                philox_words(seed, stream, UInt64(b * N), N, drawn)

                def shift[w: Int](n: Int) {imm}:
                    var u = (
                        drawn.load[w](n).cast[DType.float64]()
                        * 4.656612873077393e-10
                        - 1
                    )
                    times.store(
                        n, times.load[w](n) + product(u.cast[T](), jitter)
                    )

                vectorize[simd_width_of[DType.float64]()](N, shift)
            var steps = spike_times.skip(b * N)
            _rounded_times(times.source(), N, num_steps, t_min, t_max, steps)
            var train = spikes.skip(b * num_steps * N)
            fill(train, num_steps * N, 0)
            for n in range(N):
                if allow_no_spike and p[n] < silence_below:
                    steps[n] = -1
                else:
                    train[Int(steps[n]) * N + n] = 1
    scratch^.release()
    words^.release()
    return granted


def _latencies[
    T: DType
](
    p: Target[T],
    N: Int,
    num_steps: Int,
    mapping: Int,
    tau: Optional[Scalar[T]],
):
    """Turns probabilities into times, neither clipped nor rounded."""
    var last = Scalar[T](num_steps - 1)
    # ln(1e7), as tau's default asks for.
    var scale = last / Scalar[T](16.11809565095832)
    if tau:
        scale = tau.unsafe_value()
    comptime for choice in range(3):
        if mapping == choice:

            def body[w: Int](n: Int) {imm}:
                var v = p.load[w](n)
                var t: SIMD[T, w]
                comptime if choice == _LINEAR:
                    t = (1 - v) * last
                elif choice == _EXPONENTIAL:
                    var floored = max(v, SIMD[T, w](_LEAST_PROBABILITY))
                    t = scale * log(1 / floored)
                else:
                    comptime assert choice == _LOG
                    var ln = log1p(v.cast[DType.float64]())
                    t = last * (1 - (ln / _LN_2).cast[T]())
                p.store(n, t)

            vectorize[simd_width_of[T]()](N, body)


def _rounded_times[
    T: DType
](
    times: Source[T],
    N: Int,
    num_steps: Int,
    t_min: Scalar[T],
    t_max: Optional[Scalar[T]],
    steps: Target[DType.int32],
):
    """Writes rint(min(max(t, t_min), latest))."""
    var latest = Scalar[T](num_steps - 1)
    if t_max:
        latest = min(latest, t_max.unsafe_value())

    def body[w: Int](n: Int) {imm}:
        comptime V = SIMD[T, w]
        var t = min(max(times.load[w](n), V(t_min)), V(latest))
        steps.store(n, round(t).cast[DType.int32]())

    vectorize[simd_width_of[T]()](N, body)


def encode_population[
    T: DType
](
    x: Source[T],
    centers: Source[T],
    B: Int,
    N: Int,
    num_steps: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    seed: UInt64,
    stream: UInt64,
    population_size: Int,
    sigma: Scalar[T],
    mode: Int,
    spikes: Target[DType.uint8],
    activations: Target[T],
) -> Bool:
    """Each value drives a population of neurons with Gaussian tuning curves.

    a_ij = exp(-(p_i - c_j)^2 / (2 sigma^2)), at the flat index i population_size + j; spikes as encode_rate_bernoulli
    or encode_rate_deterministic with a for p. Spikes: bits; activations: budget. Source: Georgopoulos et al. 1986;
    Bohte et al. 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Values (B, N).
        centers: Centers of the tuning curves (population_size).
        B: Samples.
        N: Values of a sample.
        num_steps: Length T of the train.
        normalization: Place in none, clamp, sigmoid, minmax.
        gain: Multiplies the normalized value.
        bias: Is added to it.
        seed: Key of the generator.
        stream: Its independent sequence.
        population_size: Neurons per value, at least 1.
        sigma: Width of the tuning curves, above 0.
        mode: Place in bernoulli, deterministic.
        spikes: Receives the spike trains (B, num_steps, N population_size).
        activations: Receives the tuning curves' values (B, N population_size).

    Returns:
        False if there was not enough memory.
    """
    var neurons = N * population_size
    var probabilities = Scratch[T](N)
    var draws = _Draws(neurons)
    var granted = probabilities.granted() and draws.granted()
    if granted:
        var p = probabilities.target()
        var total = num_steps * neurons
        for b in range(B):
            _probabilities(x.skip(b * N), N, normalization, gain, bias, p)
            var curves = activations.skip(b * neurons)
            for n in range(N):
                var value = p[n]
                var curve = curves.skip(n * population_size)

                def body[w: Int](j: Int) {imm}:
                    # Divided before it is squared, so that no width is too small or too large.
                    var distance = (value - centers.load[w](j)) / sigma
                    curve.store(j, exp(-(distance * distance) / 2))

                vectorize[simd_width_of[T]()](population_size, body)
            if mode == _BERNOULLI:
                draws.bernoulli(
                    curves.source(),
                    neurons,
                    num_steps,
                    seed,
                    stream,
                    UInt64(b * total),
                    spikes.skip(b * total),
                )
            else:
                _evenly(
                    curves.source(), neurons, num_steps, spikes.skip(b * total)
                )
    probabilities^.release()
    draws^.release()
    return granted


def encode_delta[
    T: DType
](
    x: Source[T],
    previous: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    theta_on: Scalar[T],
    theta_off: Optional[Scalar[T]],
    spikes: Target[DType.uint8],
    new_previous: Target[T],
):
    """Spikes where a signal rises or falls: channels ON, then OFF.

    ON spike at t iff x_t - previous > theta_on, OFF iff previous - x_t > theta_off (None = theta_on); then
    previous = x_t. Bits. Source: Lichtsteiner et al. 2008.

    Parameters:
        T: Dtype of the call.

    Args:
        x: Signals (B, T, N).
        previous: Value before the first step (B, N).
        B: Samples.
        steps: Steps T.
        N: Signals of a sample.
        theta_on: Rise above which ON spikes.
        theta_off: Fall above which OFF spikes.
        spikes: Receives ON channels, then OFF channels (B, T, 2 N).
        new_previous: Receives the last value (B, N).
    """
    var rise = theta_on
    var fall = theta_on
    if theta_off:
        fall = theta_off.unsafe_value()
    for b in range(B):
        var before = previous.skip(b * N)
        for t in range(steps):
            var now = x.skip((b * steps + t) * N)
            var on = spikes.skip((b * steps + t) * 2 * N)
            var off = on.skip(N)

            def body[w: Int](n: Int) {imm}:
                var last = before.load[w](n)
                var next = now.load[w](n)
                var rises = (next - last).gt(rise)
                var falls = (last - next).gt(fall)
                on.store(n, rises.cast[DType.uint8]())
                off.store(n, falls.cast[DType.uint8]())

            vectorize[simd_width_of[T](), unroll_factor=4](N, body)
            before = now
        copy(before, N, new_previous.skip(b * N))


def _probabilities[
    T: DType
](
    x: Source[T],
    N: Int,
    normalization: Int,
    gain: Scalar[T],
    bias: Scalar[T],
    p: Target[T],
):
    """Writes p = clip((gain n) + bias, 0, 1) of one sample."""
    comptime for choice in range(4):
        if normalization == choice:
            var scale = Scalar[T](1)
            var low = Scalar[T](0)
            var width = Scalar[T](1)
            comptime if choice == _MINMAX:
                var bounds = _bounds(x, N)
                # Half the values, where their range might overflow.
                if max(abs(bounds[0]), abs(bounds[1])) > _huge[T]():
                    scale = 0.5
                low = bounds[0] * scale
                width = max(
                    bounds[1] * scale - low, Scalar[T](_RANGE_FLOOR) * scale
                )

            def body[w: Int](i: Int) {imm}:
                var n = x.load[w](i)
                comptime if choice == _CLAMP:
                    n = n.clamp(0, 1)
                elif choice == _SIGMOID:
                    n = sigmoid(n)
                elif choice == _MINMAX:
                    n = (n * scale - low) / width
                else:
                    comptime assert choice == _NONE
                p.store(i, (product(n, gain) + bias).clamp(0, 1))

            vectorize[simd_width_of[T]()](N, body)


def _bounds[T: DType](x: Source[T], n: Int) -> Tuple[Scalar[T], Scalar[T]]:
    """The smallest and the largest element."""
    comptime W = 4 * simd_width_of[T]()
    var lows = SIMD[T, W](inf[T]())
    var highs = SIMD[T, W](-inf[T]())
    var whole = n // W * W
    for i in range(0, whole, W):
        lows = min(lows, x.load[W](i))
        highs = max(highs, x.load[W](i))
    var low = lows.reduce_min()
    var high = highs.reduce_max()
    for i in range(whole, n):
        low = min(low, x[i])
        high = max(high, x[i])
    return (low, high)


@always_inline
def _huge[T: DType]() -> Scalar[T]:
    """A magnitude below which a difference of two numbers is finite."""
    comptime if T == DType.float64:
        return Scalar[T](4.49423283715579e307)
    else:
        return Scalar[T](8.507059173023462e37)


def _thresholds[
    T: DType
](p: Source[T], n: Int, thresholds: Target[DType.uint64]):
    """Writes ceil(p 2^32), in float64."""

    def body[w: Int](i: Int) {imm}:
        var scaled = p.load[w](i).cast[DType.float64]() * 4294967296.0
        thresholds.store(i, ceil(scaled).cast[DType.uint64]())

    vectorize[simd_width_of[DType.float64]()](n, body)


@always_inline
def _fire(
    words: Source[DType.uint32],
    thresholds: Source[DType.uint64],
    n: Int,
    spikes: Target[DType.uint8],
):
    """Writes 1 where a word is below its threshold, else 0."""

    def body[w: Int](i: Int) {imm}:
        var fires = (
            words.load[w](i).cast[DType.uint64]().lt(thresholds.load[w](i))
        )
        spikes.store(i, fires.cast[DType.uint8]())

    vectorize[simd_width_of[DType.uint32](), unroll_factor=2](n, body)
