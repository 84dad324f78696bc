"""Losses over spike trains and membranes, each with the gradient with respect to its first input.

With n = sum_t s, r = n / max(T, 1), and means over all elements; an empty batch gives 0.

    loss_probspikes: m = n or n / max(T, 1); softmax: mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature)
                     normalize: -mean_b ln q_b,target with q = (m + eps) / (sum_c m + eps N)
    loss_rate:       mean (r - target_rate)^2 + mean (relu(rate_min - r)^2 + relu(r - rate_max)^2)
    loss_temporal:   mean |s_t - s_t-1|, or its square, or the variance of the rates of full windows
    loss_isi:        (1 / (B T N)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l
    loss_membrane:   mean relu(|v| - max_membrane)^2
"""

from std.algorithm import vectorize
from std.sys import simd_width_of
from std.utils.numerics import inf, isfinite

from .matrices import copy, dot, fill
from .memory import Scratch, Source, Target
from .numerics import exp, log, log1p

comptime _SOFTMAX = 0

comptime _L1 = 0
comptime _L2 = 1


def loss_probspikes[
    T: DType
](
    spikes: Source[T],
    targets: Source[DType.int32],
    B: Int,
    steps: Int,
    N: Int,
    temperature: Scalar[T],
    normalize_by_time: Bool,
    mode: Int,
    eps: Scalar[T],
    loss: Target[T],
    accuracy: Target[T],
) -> Bool:
    """Cross-entropy of class probabilities read from spike counts.

    m = n, or n / max(T, 1) with normalize_by_time. Softmax: loss = mean_b (ln sum_c exp(m_bc / temperature)
    - m_b,target / temperature). Normalize (for s >= 0): q = (m + eps) / (sum_c m + eps N), loss = -mean_b ln q_b,target.
    Accuracy = share of samples whose argmax n (ties take the lowest) is the target. Budget. Source: Eshraghian et al.
    2023.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        targets: Class of each sample (B).
        B: Samples.
        steps: Steps T.
        N: Classes, at least one.
        temperature: Divides the counts, above 0.
        normalize_by_time: Rates instead of counts.
        mode: Place in softmax, normalize.
        eps: Added to every count in mode normalize, above 0.
        loss: Receives the loss.
        accuracy: Receives the share of right predictions.

    Returns:
        False if there was not enough memory.
    """
    var scratch = Scratch[T](N)
    var granted = scratch.granted()
    if granted:
        var m = scratch.target()
        var total = Scalar[T](0)
        var right = 0
        for b in range(B):
            var target = Int(targets[b])
            _counts(spikes.skip(b * steps * N), steps, N, m)
            var best = 0
            for c in range(1, N):
                if m[c] > m[best]:
                    best = c
            if best == target:
                right += 1
            # One class is certain, even where its count is infinite.
            if N == 1:
                continue
            if normalize_by_time:
                _scale(m, N, Scalar[T](max(steps, 1)))
            if mode == _SOFTMAX:
                var own = m[target]
                var split = _exponentials(m, N, target, temperature)
                total += (split.top - own) / temperature + log1p(split.rest)
            else:
                total += _log_share(m, N, target, eps)
        var count = Scalar[T](max(B, 1))
        loss[0] = total / count
        accuracy[0] = Scalar[T](right) / count
    scratch^.release()
    return granted


def loss_probspikes_grad[
    T: DType
](
    spikes: Source[T],
    targets: Source[DType.int32],
    B: Int,
    steps: Int,
    N: Int,
    temperature: Scalar[T],
    normalize_by_time: Bool,
    mode: Int,
    eps: Scalar[T],
    grad: Target[T],
) -> Bool:
    """The gradient of loss_probspikes with respect to its first input.

    With u = 1 / B, or 1 / (B max(T, 1)) with normalize_by_time; the same at every step t. Softmax: grad_btc =
    u (softmax(m_b / temperature)_c - [c = target_b]) / temperature. Normalize: grad_btc = u (1 / (sum_c m_bc + eps N)
    - [c = target_b] / (m_bc + eps)). Budget. Source: Eshraghian et al. 2023.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        targets: Class of each sample (B).
        B: Samples.
        steps: Steps T.
        N: Classes, at least one.
        temperature: Divides the counts, above 0.
        normalize_by_time: Rates instead of counts.
        mode: Place in softmax, normalize.
        eps: Added to every count in mode normalize, above 0.
        grad: Receives the gradient (B, T, N).

    Returns:
        False if there was not enough memory.
    """
    var scratch = Scratch[T](N)
    var granted = scratch.granted()
    if granted:
        var m = scratch.target()
        var parts = Scalar[T](B)
        if normalize_by_time:
            parts *= Scalar[T](max(steps, 1))
        for b in range(B):
            var target = Int(targets[b])
            _counts(spikes.skip(b * steps * N), steps, N, m)
            if normalize_by_time:
                _scale(m, N, Scalar[T](max(steps, 1)))
            if N == 1:
                m[0] = 0
            elif mode == _SOFTMAX:
                var split = _exponentials(m, N, target, temperature)
                # The target's element is minus the sum of the others, which keeps its digits.
                var others = split.rest
                if split.pivot != target:
                    others = 1 + split.rest - m[target]
                m[split.pivot] = 1
                m[target] = -others
                _scale(m, N, (1 + split.rest) * parts)
                _scale(m, N, temperature)
            else:
                var own = m[target] + eps
                var others = _others(m, N, target, eps)
                var whole = own + others
                fill(m, N, 1 / whole / parts)
                m[target] = -(others / whole) / own / parts
            for t in range(steps):
                copy(m.source(), N, grad.skip((b * steps + t) * N))
    scratch^.release()
    return granted


def _counts[T: DType](s: Source[T], steps: Int, N: Int, n: Target[T]):
    """Sums one sample over time."""

    def body[w: Int](i: Int) {imm}:
        n.store(i, _sum_over_time[w](s.skip(i), steps, N))

    vectorize[2 * simd_width_of[T]()](N, body)


@always_inline
def _sum_over_time[
    T: DType, //, w: Int
](s: Source[T], steps: Int, N: Int) -> SIMD[T, w]:
    """The sum of every N-th element, of neighbouring columns."""
    var sum = SIMD[T, w](0)
    for t in range(steps):
        sum += s.load[w](t * N)
    return sum


@always_inline
def _scale[T: DType](x: Target[T], n: Int, divisor: Scalar[T]):
    """Divides in place."""

    def body[w: Int](i: Int) {imm}:
        x.store(i, x.load[w](i) / divisor)

    vectorize[simd_width_of[T]()](n, body)


@fieldwise_init
struct _Split[T: DType](TrivialRegisterPassable):
    """The sum of exponentials without their greatest, which is 1 at the pivot."""

    var top: Scalar[Self.T]
    var rest: Scalar[Self.T]
    var pivot: Int


def _exponentials[
    T: DType
](m: Target[T], n: Int, target: Int, temperature: Scalar[T]) -> _Split[T]:
    """Turns m into exp((m - top) / temperature), 0 at the pivot: the target where it is among the greatest."""
    var pivot = target
    for i in range(n):
        if m[i] > m[pivot]:
            pivot = i
    var top = m[pivot]
    m[pivot] = -inf[T]()
    comptime W = simd_width_of[T]()
    var lanes = SIMD[T, W](0)
    var whole = n // W * W
    # Differences come before the division, which may overflow where they do not.
    for i in range(0, whole, W):
        var term = exp((m.load[W](i) - top) / temperature)
        m.store(i, term)
        lanes += term
    var rest = lanes.reduce_add()
    for i in range(whole, n):
        var term = exp((m[i] - top) / temperature)
        m[i] = term
        rest += term
    return _Split[T](top, rest, pivot)


def _others[
    T: DType
](m: Target[T], n: Int, target: Int, eps: Scalar[T]) -> Scalar[T]:
    """The sum of m + eps over all classes but the target."""
    var sum = Scalar[T](0)
    for i in range(n):
        if i != target:
            sum += m[i] + eps
    return sum


def _log_share[
    T: DType
](m: Target[T], n: Int, target: Int, eps: Scalar[T]) -> Scalar[T]:
    """Minus the logarithm of the target's share."""
    var own = m[target] + eps
    var others = _others(m, n, target, eps)
    var ratio = others / own
    # ln(1 + others / own) keeps the digits of a share near 1.
    if isfinite(ratio):
        return log1p(ratio)
    return log(others) - log(own)


def loss_rate[
    T: DType
](
    spikes: Source[T],
    target_rate: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    rate_min: Scalar[T],
    rate_max: Scalar[T],
    loss: Target[T],
    dead_fraction: Target[T],
    saturated_fraction: Target[T],
):
    """Distance of firing rates from a target, and from a range.

    loss = mean_bn (r - target_rate)^2 + mean_bn (relu(rate_min - r)^2 + relu(r - rate_max)^2); dead_fraction = share of
    (b, n) with r < rate_min, saturated_fraction = share with r > rate_max. Budget. Source: Zenke & Vogels 2021.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        target_rate: Rate that each neuron should have (N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        rate_min: Lower end of the range.
        rate_max: Upper end of the range, not below rate_min.
        loss: Receives the loss.
        dead_fraction: Receives the share below the range.
        saturated_fraction: Receives the share above the range.
    """
    # Apart, for their sum may overflow where that of their means does not.
    var away = Scalar[T](0)
    var outside = Scalar[T](0)
    var dead = 0
    var saturated = 0
    var duration = Scalar[T](max(steps, 1))
    for b in range(B):
        var sample = spikes.skip(b * steps * N)

        def body[
            w: Int
        ](n: Int) {mut away, mut outside, mut dead, mut saturated, imm}:
            comptime V = SIMD[T, w]
            var r = _sum_over_time[w](sample.skip(n), steps, N) / duration
            var distance = r - target_rate.load[w](n)
            var below = max(rate_min - r, V(0))
            var above = max(r - rate_max, V(0))
            away += (distance * distance).reduce_add()
            outside += (below * below + above * above).reduce_add()
            dead += Int(r.lt(rate_min).cast[DType.int32]().reduce_add())
            saturated += Int(r.gt(rate_max).cast[DType.int32]().reduce_add())

        vectorize[2 * simd_width_of[T]()](N, body)
    var count = Scalar[T](max(B * N, 1))
    loss[0] = away / count + outside / count
    dead_fraction[0] = Scalar[T](dead) / count
    saturated_fraction[0] = Scalar[T](saturated) / count


def loss_rate_grad[
    T: DType
](
    spikes: Source[T],
    target_rate: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    rate_min: Scalar[T],
    rate_max: Scalar[T],
    grad: Target[T],
):
    """The gradient of loss_rate with respect to its first input.

    grad_btn = 2 ((r - target_rate) - relu(rate_min - r) + relu(r - rate_max)) / (B N max(T, 1)). Budget. Source: Zenke
    & Vogels 2021.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        target_rate: Rate that each neuron should have (N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        rate_min: Lower end of the range.
        rate_max: Upper end of the range, not below rate_min.
        grad: Receives the gradient (B, T, N).
    """
    var duration = Scalar[T](max(steps, 1))
    var parts = Scalar[T](B * N) * duration
    for b in range(B):
        var sample = spikes.skip(b * steps * N)
        var slopes = grad.skip(b * steps * N)

        def body[w: Int](n: Int) {imm}:
            comptime V = SIMD[T, w]
            var r = _sum_over_time[w](sample.skip(n), steps, N) / duration
            var slope = r - target_rate.load[w](n)
            slope -= max(rate_min - r, V(0))
            slope += max(r - rate_max, V(0))
            slope = 2 * slope / parts
            for t in range(steps):
                slopes.store(t * N + n, slope)

        vectorize[2 * simd_width_of[T]()](N, body)


def loss_temporal[
    T: DType
](
    spikes: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    penalty: Int,
    window: Int,
    loss: Target[T],
):
    """Roughness of spike trains in time.

    l1: mean_b,t,n |s_t - s_t-1|; l2: mean_b,t,n (s_t - s_t-1)^2; both 0 for T < 2. Variance: of the rates of the
    K = floor(T / window) full windows, with K - 1, mean over (b, n); 0 for K < 2. Budget. Source: temporal smoothness
    penalty.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        penalty: Place in l1, l2, variance.
        window: Steps in a window of the variance, at least 1.
        loss: Receives the loss.
    """
    loss[0] = 0
    if B * N == 0:
        return
    var total = Scalar[T](0)
    if penalty == _L1 or penalty == _L2:
        if steps < 2:
            return
        var count = (steps - 1) * N
        comptime W = 4 * simd_width_of[T]()
        var whole = count // W * W
        for b in range(B):
            var s = spikes.skip(b * steps * N)
            var later = s.skip(N)
            comptime for choice in range(2):
                if penalty == choice:
                    var lanes = SIMD[T, W](0)
                    for i in range(0, whole, W):
                        lanes += _roughness[choice](
                            later.load[W](i) - s.load[W](i)
                        )
                    total += lanes.reduce_add()
                    for i in range(whole, count):
                        total += _roughness[choice](later[i] - s[i])
        loss[0] = total / (Scalar[T](B * N) * Scalar[T](steps - 1))
        return
    var windows = steps // window
    if windows < 2:
        return
    for b in range(B):
        var s = spikes.skip(b * steps * N)

        def body[w: Int](n: Int) {mut total, imm}:
            var mean = _mean_rate[w](s.skip(n), windows, window, N)
            var squares = SIMD[T, w](0)
            for k in range(windows):
                var rate = _rate[w](s.skip(k * window * N + n), window, N)
                squares += (rate - mean) * (rate - mean)
            total += (squares / Scalar[T](windows - 1)).reduce_add()

        vectorize[2 * simd_width_of[T]()](N, body)
    loss[0] = total / Scalar[T](B * N)


def loss_temporal_grad[
    T: DType
](
    spikes: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    penalty: Int,
    window: Int,
    grad: Target[T],
):
    """The gradient of loss_temporal with respect to its first input.

    l1: grad_t = (sign(s_t - s_t-1) - sign(s_t+1 - s_t)) / (B (T - 1) N), sign(0) = 0; l2: 2 ((s_t - s_t-1)
    - (s_t+1 - s_t)) / (B (T - 1) N); terms beyond the ends are 0. Variance: grad_t = 2 (rate of t's window - mean rate)
    / ((K - 1) window B N), 0 after the last full window. Budget. Source: temporal smoothness penalty.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        penalty: Place in l1, l2, variance.
        window: Steps in a window of the variance, at least 1.
        grad: Receives the gradient (B, T, N).
    """
    var windows = steps // window
    var flat = windows < 2
    if penalty == _L1 or penalty == _L2:
        flat = steps < 2
    if flat:
        fill(grad, B * steps * N, 0)
        return
    for b in range(B):
        var s = spikes.skip(b * steps * N)
        var slopes = grad.skip(b * steps * N)
        comptime for choice in range(2):
            if penalty == choice:
                var parts = Scalar[T](B * N) * Scalar[T](steps - 1)
                for t in range(steps):
                    var now = s.skip(t * N)
                    var row = slopes.skip(t * N)
                    # At an end the step is its own neighbour: a difference of 0.
                    var before = now if t == 0 else s.skip((t - 1) * N)
                    var after = now if t == steps - 1 else now.skip(N)

                    def difference[w: Int](n: Int) {imm}:
                        var value = now.load[w](n)
                        var rise = value - before.load[w](n)
                        var next = after.load[w](n) - value
                        var slope = _slope[choice](rise) - _slope[choice](next)
                        row.store(n, slope / parts)

                    vectorize[simd_width_of[T](), unroll_factor=2](
                        N, difference
                    )
        if penalty == _L1 or penalty == _L2:
            continue
        var parts = (
            Scalar[T](windows - 1) * Scalar[T](window) * Scalar[T](B * N)
        )

        def deviation[w: Int](n: Int) {imm}:
            var mean = _mean_rate[w](s.skip(n), windows, window, N)
            for k in range(windows):
                var at = k * window * N + n
                var rate = _rate[w](s.skip(at), window, N)
                for t in range(window):
                    slopes.store(at + t * N, 2 * (rate - mean) / parts)
            for t in range(windows * window, steps):
                slopes.store(t * N + n, SIMD[T, w](0))

        vectorize[2 * simd_width_of[T]()](N, deviation)


@always_inline
def _roughness[
    T: DType, w: SIMDLength, //, penalty: Int
](difference: SIMD[T, w]) -> SIMD[T, w]:
    """Magnitude or square."""
    comptime if penalty == _L1:
        return abs(difference)
    else:
        return difference * difference


@always_inline
def _slope[
    T: DType, w: SIMDLength, //, penalty: Int
](difference: SIMD[T, w]) -> SIMD[T, w]:
    """The derivative of _roughness."""
    comptime V = SIMD[T, w]
    comptime if penalty == _L1:
        var positive = difference.gt(0).select(V(1), V(0))
        return difference.lt(0).select(V(-1), positive)
    else:
        return 2 * difference


@always_inline
def _rate[
    T: DType, //, w: Int
](s: Source[T], window: Int, N: Int) -> SIMD[T, w]:
    """The rate of one window, of neighbouring columns."""
    return _sum_over_time[w](s, window, N) / Scalar[T](window)


@always_inline
def _mean_rate[
    T: DType, //, w: Int
](s: Source[T], windows: Int, window: Int, N: Int) -> SIMD[T, w]:
    """The mean of the windows' rates."""
    var sum = SIMD[T, w](0)
    for k in range(windows):
        sum += _rate[w](s.skip(k * window * N), window, N)
    return sum / Scalar[T](windows)


def loss_isi[
    T: DType
](
    spikes: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    window: Int,
    tau: Optional[Scalar[T]],
    loss: Target[T],
):
    """Penalty on spikes that follow one another closely.

    loss = (1 / (B T N)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l, terms before the first step are 0;
    tau None = max(1, window / 2); lag 0 is not penalized. Budget. Source: Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        window: Greatest lag that is penalized, at least 1.
        tau: Time constant in steps.
        loss: Receives the loss.
    """
    var scale = _isi_scale(window, tau)
    var total = Scalar[T](0)
    for b in range(B):
        var s = spikes.skip(b * steps * N)
        for lag in range(1, min(window, steps - 1) + 1):
            var weight = exp(-Scalar[T](lag) / scale)
            total += dot(s, s.skip(lag * N), (steps - lag) * N, weight)
    loss[0] = total / Scalar[T](max(B * steps * N, 1))


def loss_isi_grad[
    T: DType
](
    spikes: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    window: Int,
    tau: Optional[Scalar[T]],
    grad: Target[T],
) -> Bool:
    """The gradient of loss_isi with respect to its first input.

    grad_t = (1 / (B T N)) sum_{l=1..window} exp(-l / tau) (s_t-l + s_t+l), terms beyond the ends are 0. Budget. Source:
    Gerstner & Kistler 2002.

    Parameters:
        T: Dtype of the call.

    Args:
        spikes: Spikes or rates (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        window: Greatest lag that is penalized, at least 1.
        tau: Time constant in steps.
        grad: Receives the gradient (B, T, N).

    Returns:
        False if there was not enough memory.
    """
    var lags = max(min(window, steps - 1), 0)
    var scratch = Scratch[T](lags + 1)
    var granted = scratch.granted()
    if granted:
        var weights = scratch.target()
        var scale = _isi_scale(window, tau)
        for lag in range(1, lags + 1):
            weights[lag] = exp(-Scalar[T](lag) / scale)
        var parts = Scalar[T](B * steps * N)
        for b in range(B):
            for t in range(steps):
                var now = spikes.skip((b * steps + t) * N)
                var row = grad.skip((b * steps + t) * N)
                var behind = min(lags, t)
                var ahead = min(lags, steps - 1 - t)

                def body[w: Int](n: Int) {imm}:
                    var sum = SIMD[T, w](0)
                    for lag in range(1, behind + 1):
                        sum += weights[lag] * now.load[w](n - lag * N)
                    for lag in range(1, ahead + 1):
                        sum += weights[lag] * now.load[w](n + lag * N)
                    row.store(n, sum / parts)

                vectorize[2 * simd_width_of[T]()](N, body)
    scratch^.release()
    return granted


@always_inline
def _isi_scale[T: DType](window: Int, tau: Optional[Scalar[T]]) -> Scalar[T]:
    """The time constant: as given, or max(1, window / 2)."""
    if tau:
        return tau.unsafe_value()
    return max(Scalar[T](window) / 2, Scalar[T](1))


def loss_membrane[
    T: DType
](
    membrane: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    max_membrane: Scalar[T],
    loss: Target[T],
    exceeding_fraction: Target[T],
):
    """Penalty on membrane potentials beyond a bound.

    loss = mean_btn relu(|v| - max_membrane)^2; exceeding_fraction = share of (b, t, n) with |v| > max_membrane. Budget.
    Source: Zenke & Vogels 2021.

    Parameters:
        T: Dtype of the call.

    Args:
        membrane: Membrane potentials v (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        max_membrane: Bound on |v|, not below 0.
        loss: Receives the loss.
        exceeding_fraction: Receives the share beyond the bound.
    """
    comptime W = 4 * simd_width_of[T]()
    var n = B * steps * N
    var lanes = SIMD[T, W](0)
    var beyond = SIMD[DType.int64, W](0)
    var whole = n // W * W
    for i in range(0, whole, W):
        var excess = abs(membrane.load[W](i)) - max_membrane
        var over = max(excess, SIMD[T, W](0))
        lanes = over.fma(over, lanes)
        beyond += excess.gt(0).cast[DType.int64]()
    var total = lanes.reduce_add()
    var count = Int(beyond.reduce_add())
    for i in range(whole, n):
        var excess = abs(membrane[i]) - max_membrane
        if excess > 0:
            total += excess * excess
            count += 1
    loss[0] = total / Scalar[T](max(n, 1))
    exceeding_fraction[0] = Scalar[T](count) / Scalar[T](max(n, 1))


def loss_membrane_grad[
    T: DType
](
    membrane: Source[T],
    B: Int,
    steps: Int,
    N: Int,
    max_membrane: Scalar[T],
    grad: Target[T],
):
    """The gradient of loss_membrane with respect to its first input.

    grad = 2 relu(|v| - max_membrane) sign(v) / (B T N). Budget. Source: Zenke & Vogels 2021.

    Parameters:
        T: Dtype of the call.

    Args:
        membrane: Membrane potentials v (B, T, N).
        B: Samples.
        steps: Steps T.
        N: Neurons.
        max_membrane: Bound on |v|, not below 0.
        grad: Receives the gradient (B, T, N).
    """
    var n = B * steps * N
    var parts = Scalar[T](n)

    def body[w: Int](i: Int) {imm}:
        comptime V = SIMD[T, w]
        var v = membrane.load[w](i)
        var excess = max(abs(v) - max_membrane, V(0))
        var slope = v.lt(0).select(-excess, excess)
        grad.store(i, 2 * slope / parts)

    vectorize[simd_width_of[T](), unroll_factor=4](n, body)
