"""From spike trains to predictions.

    decode_rate:        n = spikes with mask, V = steps with mask, rates = n / max(V, 1),
                        logits = n / temperature, or rates / temperature; prediction = argmax n
    decode_first_spike: t = step of the first spike with mask, T if there is none, logits = -(t / T) / temperature,
                        prediction = argmin t, confidence = clip((t2 - t1) / T, 0, 1) of the two earliest
    decode_population:  G_g = spikes with mask of a group of S_g neurons, r_g = G_g / max(S_g, 1), w = r / sum r,
                        value = sum_g w_g centers_g; logits = G / temperature, or w
    decode_membrane:    v = membrane at the last step with mask, or its greatest value; logits = v / temperature
    decode_ensemble:    logits = sum_k weights_k logits_k

Where not said, p = softmax(logits) and confidence = greatest p - second greatest p, 1 if there is but one class. Ties
take the lowest index.
"""

from std.algorithm import vectorize
from std.sys import simd_width_of
from std.utils.numerics import inf

from .matrices import copy, fill
from .memory import Scratch, Source, Target
from .numerics import exp, product

comptime _FINAL = 0
comptime _CLASSIFICATION = 0

comptime _WIDE = 2 * simd_width_of[DType.uint8]()
comptime _NARROW = 16

comptime _BLOCK = 255
"""Steps whose number a byte can hold."""


def decode_rate[
    T: DType
](
    spikes: Source[DType.uint8],
    mask: Source[DType.uint8],
    B: Int,
    steps: Int,
    N: Int,
    temperature: Scalar[T],
    normalize_by_time: Bool,
    logits: Target[T],
    prediction: Target[DType.int32],
    confidence: Target[T],
    counts: Target[DType.int32],
    rates: Target[T],
):
    """The class that spikes most.

    n = sum over steps with mask of spikes, V = number of those steps, rates = n / max(V, 1), logits = n / temperature,
    or rates / temperature with normalize_by_time; prediction = argmax n. Prediction and counts: bits; else budget.
    Source: Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spike trains (B, T, N).
        mask: 1 where a step counts (B, T).
        B: Samples.
        steps: Steps T.
        N: Neurons, at least one.
        temperature: Divides the logits, above 0.
        normalize_by_time: Rates instead of counts.
        logits: Receives what the prediction is read from (B, N).
        prediction: Receives the index of the class (B).
        confidence: Receives the difference of the two greatest probabilities (B).
        counts: Receives n (B, N).
        rates: Receives spikes per step (B, N).
    """
    for b in range(B):
        var valid = mask.skip(b * steps)
        var row = logits.skip(b * N)
        var count = counts.skip(b * N)
        var rate = rates.skip(b * N)
        _count(spikes.skip(b * steps * N), valid, steps, N, count)
        var duration = 0
        for t in range(steps):
            duration += Int(valid[t])
        var divisor = Scalar[T](max(duration, 1))

        def body[w: Int](n: Int) {imm}:
            var number = count.load[w](n).cast[T]()
            var share = number / divisor
            rate.store(n, share)
            row.store(n, share if normalize_by_time else number)

        vectorize[simd_width_of[T]()](N, body)
        prediction[b] = Int32(_greatest(count.source(), N))
        confidence[b] = _confidence(row.source(), N, temperature)
        _divide(row, N, temperature)


def decode_first_spike[
    T: DType
](
    spikes: Source[DType.uint8],
    mask: Source[DType.uint8],
    B: Int,
    steps: Int,
    N: Int,
    temperature: Scalar[T],
    logits: Target[T],
    prediction: Target[DType.int32],
    confidence: Target[T],
    first_spike_times: Target[DType.int32],
):
    """The class that spikes first.

    t = step of the first spike with mask, T if there is none; logits = -(t / T) / temperature, prediction = argmin t,
    confidence = clip((t2 - t1) / T, 0, 1) of the two earliest, 1 for one class; first_spike_times = t, -1 for silence.
    Prediction and times: bits; else budget. Source: Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spike trains (B, T, N).
        mask: 1 where a step counts (B, T).
        B: Samples.
        steps: Steps T, at least one.
        N: Neurons, at least one.
        temperature: Divides the logits, above 0.
        logits: Receives what the prediction is read from (B, N).
        prediction: Receives the index of the class (B).
        confidence: Receives the lead of the earliest over the second (B).
        first_spike_times: Receives the step of the first spike or -1 (B, N).
    """
    for b in range(B):
        var row = logits.skip(b * N)
        var times = first_spike_times.skip(b * N)
        _first_spikes(
            spikes.skip(b * steps * N), mask.skip(b * steps), steps, N, times
        )
        var earliest = 0
        var next = Int32(steps)
        for n in range(1, N):
            if times[n] < times[earliest]:
                next = times[earliest]
                earliest = n
            elif times[n] < next:
                next = times[n]
        prediction[b] = Int32(earliest)
        confidence[b] = 1
        if N > 1:
            var lead = (next - times[earliest]).cast[T]()
            confidence[b] = lead / Scalar[T](steps)

        def body[w: Int](n: Int) {imm}:
            var t = times.load[w](n)
            row.store(n, -(t.cast[T]() / Scalar[T](steps)) / temperature)
            var silent = t.eq(Int32(steps))
            times.store(n, silent.select(SIMD[DType.int32, w](-1), t))

        vectorize[simd_width_of[T]()](N, body)


def decode_population[
    T: DType
](
    spikes: Source[DType.uint8],
    mask: Source[DType.uint8],
    group_of: Source[DType.int32],
    centers: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    n_groups: Int,
    mode: Int,
    temperature: Scalar[T],
    logits: Target[T],
    prediction: Target[DType.int32],
    confidence: Target[T],
    value: Target[T],
) -> Bool:
    """Groups of neurons vote for classes, or code a value by their centers.

    G_g = spikes with mask of all neurons of group g, S_g = their number, r_g = G_g / max(S_g, 1); w = r / sum r,
    1 / n_groups everywhere if all are silent; value = sum_g w_g centers_g. Classification: logits = G / temperature,
    prediction = argmax G, confidence as decode_rate. Regression: logits = w, prediction = argmax r, confidence =
    greatest w. Prediction: bits; else budget. Source: Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spike trains (B, T, N).
        mask: 1 where a step counts (B, T).
        group_of: Group of each neuron (N).
        centers: Value of each group (n_groups).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        n_groups: Number of groups, at least one.
        mode: Place in classification, regression.
        temperature: Divides the logits, above 0.
        logits: Receives what the prediction is read from (B, n_groups).
        prediction: Receives the index of the class (B).
        confidence: Receives the difference of the two greatest probabilities, or the greatest weight (B).
        value: Receives the mean of the centers, weighted by rate (B).

    Returns:
        False if there was not enough memory.
    """
    var scratch = Scratch[DType.int32](N)
    var sums = Scratch[DType.int64](2 * n_groups)
    var weights = Scratch[T](n_groups)
    var granted = scratch.granted() and sums.granted() and weights.granted()
    if granted:
        var counts = scratch.target()
        var totals = sums.target()
        var sizes = totals.skip(n_groups)
        var rates = weights.target()
        fill(sizes, n_groups, 0)
        for n in range(N):
            var g = Int(group_of[n])
            sizes[g] = sizes[g] + 1
        for b in range(B):
            _count(
                spikes.skip(b * steps * N),
                mask.skip(b * steps),
                steps,
                N,
                counts,
            )
            fill(totals, n_groups, 0)
            for n in range(N):
                var g = Int(group_of[n])
                totals[g] = totals[g] + Int64(counts[n])
            var rate_sum = Scalar[T](0)
            for g in range(n_groups):
                rates[g] = (
                    totals[g].cast[T]() / max(sizes[g], Int64(1)).cast[T]()
                )
                rate_sum += rates[g]
            var row = logits.skip(b * n_groups)
            if mode == _CLASSIFICATION:
                for g in range(n_groups):
                    row[g] = totals[g].cast[T]()
                prediction[b] = Int32(_greatest(totals.source(), n_groups))
                confidence[b] = _confidence(row.source(), n_groups, temperature)
                _divide(row, n_groups, temperature)
            else:
                prediction[b] = Int32(_greatest(rates.source(), n_groups))
            var mean = Scalar[T](0)
            var greatest = Scalar[T](0)
            for g in range(n_groups):
                var weight = 1 / Scalar[T](n_groups)
                if rate_sum > 0:
                    weight = rates[g] / rate_sum
                mean += weight * centers[g]
                greatest = max(greatest, weight)
                if mode != _CLASSIFICATION:
                    row[g] = weight
            value[b] = mean
            if mode != _CLASSIFICATION:
                confidence[b] = greatest
    scratch^.release()
    sums^.release()
    weights^.release()
    return granted


def decode_membrane[
    T: DType
](
    membrane: Source[T],
    mask: Source[DType.uint8],
    B: Int,
    steps: Int,
    N: Int,
    mode: Int,
    temperature: Scalar[T],
    logits: Target[T],
    prediction: Target[DType.int32],
    confidence: Target[T],
):
    """The class of the greatest membrane potential.

    v = membrane at the last step with mask (final), or its greatest value over those steps (max); 0 if there is none.
    logits = v / temperature, prediction = argmax logits. Prediction: bits; else budget. Source: Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        membrane: Membrane potentials (B, T, N).
        mask: 1 where a step counts (B, T).
        B: Samples.
        steps: Steps T.
        N: Neurons, at least one.
        mode: Place in final, max.
        temperature: Divides the logits, above 0.
        logits: Receives what the prediction is read from (B, N).
        prediction: Receives the index of the class (B).
        confidence: Receives the difference of the two greatest probabilities (B).
    """
    for b in range(B):
        var potentials = membrane.skip(b * steps * N)
        var valid = mask.skip(b * steps)
        var row = logits.skip(b * N)
        var last = steps - 1
        while last >= 0 and valid[last] == 0:
            last -= 1
        if last < 0:
            fill(row, N, 0)
        elif mode == _FINAL:
            copy(potentials.skip(last * N), N, row)
        else:

            def body[w: Int](n: Int) {imm}:
                var top = potentials.load[w](last * N + n)
                for t in range(last):
                    if valid[t] != 0:
                        top = max(top, potentials.load[w](t * N + n))
                row.store(n, top)

            vectorize[2 * simd_width_of[T]()](N, body)
        confidence[b] = _confidence(row.source(), N, temperature)
        _divide(row, N, temperature)
        prediction[b] = Int32(_greatest(row.source(), N))


def decode_ensemble[
    T: DType
](
    logits: Source[T],
    weights: Source[T],
    K: Int,
    B: Int,
    C: Int,
    mixed: Target[T],
    prediction: Target[DType.int32],
    confidence: Target[T],
):
    """The weighted mean of several decoders' logits.

    logits = sum_k weights_k logits_k, prediction = argmax logits. Prediction: bits; else budget. Source: Gerstner &
    Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        logits: Logits of each decoder (K, B, C).
        weights: Weight of each decoder (K); they sum to 1.
        K: Decoders, at least one.
        B: Samples.
        C: Classes, at least one.
        mixed: Receives the weighted mean (B, C).
        prediction: Receives the index of the class (B).
        confidence: Receives the difference of the two greatest probabilities (B).
    """

    def body[w: Int](i: Int) {imm}:
        var sum = SIMD[T, w](0)
        for k in range(K):
            # Not fused: a tie must be one in every language.
            sum += product(logits.load[w](k * B * C + i), weights[k])
        mixed.store(i, sum)

    vectorize[simd_width_of[T](), unroll_factor=2](B * C, body)
    for b in range(B):
        var row = mixed.source().skip(b * C)
        prediction[b] = Int32(_greatest(row, C))
        confidence[b] = _confidence(row, C, 1)


def _count(
    spikes: Source[DType.uint8],
    mask: Source[DType.uint8],
    steps: Int,
    N: Int,
    counts: Target[DType.int32],
):
    """Counts the spikes with mask of each neuron of one sample."""

    def body[w: Int](n: Int) {imm}:
        var total = SIMD[DType.int32, w](0)
        for first in range(0, steps, _BLOCK):
            var part = SIMD[DType.uint8, w](0)
            for t in range(first, min(first + _BLOCK, steps)):
                if mask[t] != 0:
                    part += spikes.load[w](t * N + n)
            total += part.cast[DType.int32]()
        counts.store(n, total)

    var wide = N // _WIDE * _WIDE
    vectorize[_WIDE](wide, body)

    def rest[w: Int](n: Int) {imm}:
        body[w](wide + n)

    vectorize[_NARROW](N - wide, rest)


def _first_spikes(
    spikes: Source[DType.uint8],
    mask: Source[DType.uint8],
    steps: Int,
    N: Int,
    times: Target[DType.int32],
):
    """Finds the first spike with mask of each neuron of one sample; the number of steps where there is none."""

    def body[w: Int](n: Int) {imm}:
        comptime V = SIMD[DType.uint8, w]
        var time = SIMD[DType.int32, w](Int32(steps))
        var blocks = (steps + _BLOCK - 1) // _BLOCK
        for block in range(blocks):
            var first = (blocks - 1 - block) * _BLOCK
            var count = min(_BLOCK, steps - first)
            var found = V(_BLOCK)
            for k in range(count):
                var t = count - 1 - k
                if mask[first + t] != 0:
                    var fires = spikes.load[w]((first + t) * N + n).ne(0)
                    found = fires.select(V(UInt8(t)), found)
            var here = found.cast[DType.int32]() + Int32(first)
            time = found.ne(_BLOCK).select(here, time)
        times.store(n, time)

    var wide = N // _WIDE * _WIDE
    vectorize[_WIDE](wide, body)

    def rest[w: Int](n: Int) {imm}:
        body[w](wide + n)

    vectorize[_NARROW](N - wide, rest)


@always_inline
def _greatest[T: DType](x: Source[T], n: Int) -> Int:
    """Index of the greatest element, the lowest if several are."""
    var best = 0
    for i in range(1, n):
        if x[i] > x[best]:
            best = i
    return best


@always_inline
def _divide[T: DType](x: Target[T], n: Int, divisor: Scalar[T]):
    """Divides in place."""

    def body[w: Int](i: Int) {imm}:
        x.store(i, x.load[w](i) / divisor)

    vectorize[simd_width_of[T]()](n, body)


def _confidence[
    T: DType
](x: Source[T], n: Int, temperature: Scalar[T]) -> Scalar[T]:
    """The difference of the two greatest probabilities of softmax(x / temperature)."""
    if n == 1:
        return 1
    var top = -inf[T]()
    var second = -inf[T]()
    for i in range(n):
        if x[i] > top:
            second = top
            top = x[i]
        elif x[i] > second:
            second = x[i]
    # Differences come before the division, which may overflow where they do not.
    comptime W = simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        lanes += exp((x.load[W](i) - top) / temperature)
    var sum = lanes.reduce_add()
    for i in range(whole, n):
        sum += exp((x[i] - top) / temperature)
    return (1 - exp((second - top) / temperature)) / sum
