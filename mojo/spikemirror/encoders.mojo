"""From values to spike trains.

    n = x | clip(x, 0, 1) | 1/(1+exp(-x)) | (x - min)/max(max - min, 1e-8), per sample
    p = clip((gain n) + bias, 0, 1)
    encode_rate_bernoulli:     spike at (b, t, n) iff w_k < ceil(p 2^32), k the flat index of (b, t, n): exactly U < p
    encode_rate_deterministic: spike at t iff floor((t+1) p) > floor(t p)
"""

from std.algorithm import vectorize
from std.math import ceil, floor
from std.sys import simd_width_of
from std.utils.numerics import inf

from .memory import Scratch, Source, Target
from .numerics import product, sigmoid
from .philox import CHUNK, philox_words

comptime _NONE = 0
comptime _CLAMP = 1
comptime _SIGMOID = 2
comptime _MINMAX = 3

comptime _RANGE_FLOOR = 1e-8


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
    var words = Scratch[DType.uint32](CHUNK)
    var probabilities = Scratch[T](N)
    var thresholds = Scratch[DType.uint64](N)
    var granted = (
        words.granted() and probabilities.granted() and thresholds.granted()
    )
    if granted:
        var total = num_steps * N
        for b in range(B):
            _probabilities(
                x.skip(b * N),
                N,
                normalization,
                gain,
                bias,
                probabilities.target(),
            )
            _thresholds(probabilities.target().source(), N, thresholds.target())
            var n = 0
            for first in range(0, total, CHUNK):
                var count = min(CHUNK, total - first)
                philox_words(
                    seed,
                    stream,
                    UInt64(b * total + first),
                    count,
                    words.target(),
                )
                # One chunk of words may end one step and begin others.
                var used = 0
                while used < count:
                    var run = min(count - used, N - n)
                    _fire(
                        words.target().source().skip(used),
                        thresholds.target().source().skip(n),
                        run,
                        spikes.skip(b * total + first + used),
                    )
                    used += run
                    n += run
                    if n == N:
                        n = 0
    words^.release()
    probabilities^.release()
    thresholds^.release()
    return granted


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
            for t in range(num_steps):
                var now = Scalar[T](t)
                var next = Scalar[T](t + 1)
                var step = spikes.skip((b * num_steps + t) * N)

                def body[w: Int](n: Int) {imm}:
                    var v = p.load[w](n)
                    var fires = floor(next * v).gt(floor(now * v))
                    step.store(n, fires.cast[DType.uint8]())

                vectorize[simd_width_of[T](), unroll_factor=4](N, body)
    probabilities^.release()
    return granted


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
