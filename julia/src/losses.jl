# Losses over spike trains and membranes, each with the gradient with respect to its first input.
#
#   n = sum_t s, r = n / max(T, 1); no elements give loss 0
#   loss_probspikes  m = n or r; softmax: mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature);
#                    normalize: q = (m + eps) / (sum_c m + eps N), -mean_b ln q_b,target
#   loss_rate        mean_bn (r - target_rate)^2 + mean_bn (relu(rate_min - r)^2 + relu(r - rate_max)^2)
#   loss_temporal    l1: mean |s_t - s_t-1|; l2: mean (s_t - s_t-1)^2; variance: mean_bn of the variance, over K - 1, of
#                    the rates of the K = floor(T / window) full windows
#   loss_isi         (1 / (B T N)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l, tau nothing = max(1, window / 2)
#   loss_membrane    mean relu(|v| - max_membrane)^2
#
# Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; Zenke & Vogels 2021, doi:10.1162/neco_a_01367;
# Gerstner & Kistler 2002, section 1.5.

export loss_probspikes, loss_probspikes!, loss_probspikes_grad, loss_probspikes_grad!, loss_rate, loss_rate!
export loss_rate_grad, loss_rate_grad!, loss_temporal, loss_temporal!, loss_temporal_grad, loss_temporal_grad!
export loss_isi, loss_isi!, loss_isi_grad, loss_isi_grad!
export loss_membrane, loss_membrane!, loss_membrane_grad, loss_membrane_grad!

scalar(::Type{T}) where {T} = Array{T,0}(undef)

"Write the sum over time of sample `b` to `n`."
function sum_over_time!(n::Vector{T}, spikes, b) where {T}
    fill!(n, zero(T))
    for t in axes(spikes, 2)
        @inbounds @simd for c in eachindex(n)
            n[c] += spikes[c, t, b]
        end
    end
    return n
end

"Write the same gradient at every step of sample `b`."
function repeat_over_time!(grad, g::Vector, b)
    for t in axes(grad, 2)
        @inbounds @simd for c in eachindex(g)
            grad[c, t, b] = g[c]
        end
    end
    return grad
end

"""
    exponentials!(e, m, temperature) -> (at, others)

Overwrite `e` with exp((m - its greatest) / temperature), whose place is `at`; `others` sums all but that one.
"""
function exponentials!(e::Vector{T}, m::Vector{T}, temperature::T) where {T}
    at = first_greatest(m)
    @inbounds top = m[at]
    others = zero(T)
    @inbounds @simd for c in eachindex(m)
        e[c] = branchless_exp((m[c] - top) / temperature)
        others += ifelse(c == at, zero(T), e[c])
    end
    return at, others
end

"sum_c m + eps N"
function normalizer(m::Vector{T}, eps::T) where {T}
    total = zero(T)
    @inbounds @simd for c in eachindex(m)
        total += m[c]
    end
    return total + eps * T(length(m))
end

"""
    loss_probspikes!(loss, accuracy, spikes, targets, temperature, normalize_by_time, mode, eps)

Cross-entropy of class probabilities read from spike counts, m = n or n / max(T, 1) under `normalize_by_time`. `mode`
:softmax: mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature); :normalize, for s >= 0: -mean_b ln of
q_b,target with q = (m + eps) / (sum_c m + eps N). accuracy = share of samples whose argmax n is the target.

Shapes: spikes, any reals, (N, T, B), targets (B), from 0; outputs 0-dimensional. Policy: budget.
Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown mode. Source: Eshraghian et al. 2023.
"""
function loss_probspikes!(
    loss::AbstractArray{T,0},
    accuracy::AbstractArray{T,0},
    spikes::AbstractArray{T,3},
    targets::AbstractVector{Int32},
    temperature,
    normalize_by_time,
    mode::Symbol,
    eps,
) where {T}
    classes, steps, samples = size(spikes)
    sizes_agree("loss_probspikes", length(targets) == samples)
    mode in (:softmax, :normalize) || throw(ArgumentError("unknown mode $mode"))
    temperature, eps = T(temperature), T(eps)
    m, e = Vector{T}(undef, classes), Vector{T}(undef, classes)
    total, right = zero(T), 0
    for b in 1:samples
        target = Int(targets[b]) + 1
        sum_over_time!(m, spikes, b)
        right += first_greatest(m) == target
        classes == 1 && continue # certain, even where its count is infinite
        normalize_by_time && divide!(m, T(max(steps, 1)))
        if mode === :softmax
            at, others = exponentials!(e, m, temperature)
            total += (m[at] - m[target]) / temperature + log1p(others)
        else
            total -= log((m[target] + eps) / normalizer(m, eps))
        end
    end
    loss[] = mean_of(total, samples)
    accuracy[] = mean_of(T(right), samples)
    return loss, accuracy
end

"    loss_probspikes(spikes, targets, temperature, normalize_by_time, mode, eps) -> (loss, accuracy)"
function loss_probspikes(spikes::AbstractArray{T,3}, targets, parameters...) where {T}
    loss, accuracy = scalar(T), scalar(T)
    loss_probspikes!(loss, accuracy, spikes, targets, parameters...)
    return loss[], accuracy[]
end

"""
    loss_probspikes_grad!(grad, spikes, targets, temperature, normalize_by_time, mode, eps)

The gradient of `loss_probspikes!`, the same at every step, with u = 1 / B, or 1 / (B max(T, 1)) under
`normalize_by_time`: u (softmax(m / temperature)_c - [c = target]) / temperature, or in mode :normalize
u (1 / (sum_c m + eps N) - [c = target] / (m_c + eps)).

Shapes: grad as spikes, the rest as there. Policy: budget. Errors and source: as there.
"""
function loss_probspikes_grad!(
    grad::AbstractArray{T,3},
    spikes::AbstractArray{T,3},
    targets::AbstractVector{Int32},
    temperature,
    normalize_by_time,
    mode::Symbol,
    eps,
) where {T}
    classes, steps, samples = size(spikes)
    sizes_agree("loss_probspikes_grad", length(targets) == samples && size(grad) == size(spikes))
    mode in (:softmax, :normalize) || throw(ArgumentError("unknown mode $mode"))
    temperature, eps = T(temperature), T(eps)
    count = normalize_by_time ? T(samples * max(steps, 1)) : T(samples)
    m, g = Vector{T}(undef, classes), Vector{T}(undef, classes)
    for b in 1:samples
        target = Int(targets[b]) + 1
        sum_over_time!(m, spikes, b)
        normalize_by_time && divide!(m, T(max(steps, 1)))
        if mode === :softmax
            at, others = exponentials!(g, m, temperature)
            total = one(T) + others
            # What the pivot leaves of 1 is the sum of the others, so nothing cancels.
            g[target] = target == at ? -others : g[target] - total
            @inbounds @simd for c in eachindex(g)
                g[c] = g[c] / total / count / temperature
            end
        else
            whole = one(T) / normalizer(m, eps)
            fill!(g, whole / count)
            g[target] = (whole - one(T) / (m[target] + eps)) / count
        end
        repeat_over_time!(grad, g, b)
    end
    return grad
end

"    loss_probspikes_grad(spikes, targets, temperature, normalize_by_time, mode, eps) -> grad"
loss_probspikes_grad(spikes, targets, parameters...) =
    loss_probspikes_grad!(similar(spikes), spikes, targets, parameters...)

"""
    loss_rate!(loss, dead_fraction, saturated_fraction, spikes, target_rate, rate_min, rate_max)

Distance of firing rates r from a target and from a range: mean_bn (r - target_rate)^2 + mean_bn (relu(rate_min - r)^2 +
relu(r - rate_max)^2), and the shares of (b, n) below and above the range.

Shapes: spikes, any reals, (N, T, B), target_rate (N); outputs 0-dimensional. Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: Zenke & Vogels 2021.
"""
function loss_rate!(
    loss::AbstractArray{T,0},
    dead_fraction::AbstractArray{T,0},
    saturated_fraction::AbstractArray{T,0},
    spikes::AbstractArray{T,3},
    target_rate::AbstractVector{T},
    rate_min,
    rate_max,
) where {T}
    neurons, steps, samples = size(spikes)
    sizes_agree("loss_rate", length(target_rate) == neurons)
    low, high = T(rate_min), T(rate_max)
    n = Vector{T}(undef, neurons)
    distance = outside = zero(T)
    dead = saturated = 0
    for b in 1:samples
        sum_over_time!(n, spikes, b)
        divide!(n, T(max(steps, 1)))
        near = beyond = zero(T)
        @inbounds @simd for c in 1:neurons
            r = n[c]
            near += (r - target_rate[c]) * (r - target_rate[c])
            beyond += relu(low - r) * relu(low - r) + relu(r - high) * relu(r - high)
            dead += r < low
            saturated += r > high
        end
        distance += near
        outside += beyond
    end
    count = neurons * samples
    loss[] = mean_of(distance, count) + mean_of(outside, count)
    dead_fraction[] = mean_of(T(dead), count)
    saturated_fraction[] = mean_of(T(saturated), count)
    return loss, dead_fraction, saturated_fraction
end

"    loss_rate(spikes, target_rate, rate_min, rate_max) -> (loss, dead_fraction, saturated_fraction)"
function loss_rate(spikes::AbstractArray{T,3}, parameters...) where {T}
    loss, dead, saturated = scalar(T), scalar(T), scalar(T)
    loss_rate!(loss, dead, saturated, spikes, parameters...)
    return loss[], dead[], saturated[]
end

"""
    loss_rate_grad!(grad, spikes, target_rate, rate_min, rate_max)

The gradient of `loss_rate!`, the same at every step: 2 ((r - target_rate) - relu(rate_min - r) + relu(r - rate_max)) /
(B N max(T, 1)).

Shapes: grad as spikes, the rest as there. Policy: budget. Errors and source: as there.
"""
function loss_rate_grad!(
    grad::AbstractArray{T,3},
    spikes::AbstractArray{T,3},
    target_rate::AbstractVector{T},
    rate_min,
    rate_max,
) where {T}
    neurons, steps, samples = size(spikes)
    sizes_agree("loss_rate_grad", length(target_rate) == neurons && size(grad) == size(spikes))
    low, high, count = T(rate_min), T(rate_max), T(samples * neurons * max(steps, 1))
    n = Vector{T}(undef, neurons)
    for b in 1:samples
        sum_over_time!(n, spikes, b)
        divide!(n, T(max(steps, 1)))
        @inbounds @simd for c in 1:neurons
            r = n[c]
            n[c] = 2 * ((r - target_rate[c]) - relu(low - r) + relu(r - high)) / count
        end
        repeat_over_time!(grad, n, b)
    end
    return grad
end

"    loss_rate_grad(spikes, target_rate, rate_min, rate_max) -> grad"
loss_rate_grad(spikes, parameters...) = loss_rate_grad!(similar(spikes), spikes, parameters...)

@inline roughness(penalty::Symbol, d) = penalty === :l1 ? abs(d) : d * d

"Sum of the penalties on the differences of consecutive steps of sample `b`."
function rough_steps(spikes::AbstractArray{T,3}, b, penalty::Symbol) where {T}
    total = zero(T)
    for t in 2:size(spikes, 2)
        @inbounds @simd for n in axes(spikes, 1)
            total += roughness(penalty, spikes[n, t, b] - spikes[n, t-1, b])
        end
    end
    return total
end

"""
Overwrite `rates` (N, K) with the rates of sample `b` in full windows, less their mean: first rates, then mean, so that
nothing cancels.
"""
function centered_rates!(rates::Matrix{T}, spikes, b, window::Int) where {T}
    fill!(rates, zero(T))
    neurons, windows = size(rates)
    for k in 1:windows, t in window*(k-1)+1:window*k
        @inbounds @simd ivdep for n in 1:neurons
            rates[n, k] += spikes[n, t, b]
        end
    end
    divide!(rates, T(window))
    mean = zeros(T, neurons)
    for k in 1:windows
        @inbounds @simd for n in 1:neurons
            mean[n] += rates[n, k]
        end
    end
    divide!(mean, T(windows))
    for k in 1:windows
        @inbounds @simd for n in 1:neurons
            rates[n, k] -= mean[n]
        end
    end
    return rates
end

"""
    loss_temporal!(loss, spikes, penalty, window)

Roughness of spike trains in time. `penalty` :l1: mean |s_t - s_t-1|; :l2: mean (s_t - s_t-1)^2; both 0 for T < 2.
:variance: of the rates of the K = floor(T / window) full windows, over K - 1, mean over (b, n); 0 for K < 2.

Shapes: spikes, any reals, (N, T, B), `loss` 0-dimensional. Policy: budget. Errors: ArgumentError for an unknown
penalty. Source: mean absolute or squared difference of consecutive steps.
"""
function loss_temporal!(loss::AbstractArray{T,0}, spikes::AbstractArray{T,3}, penalty::Symbol, window) where {T}
    penalty in (:l1, :l2, :variance) || throw(ArgumentError("unknown penalty $penalty"))
    neurons, steps, samples = size(spikes)
    total = zero(T)
    if penalty !== :variance
        for b in 1:samples
            total += penalty === :l1 ? rough_steps(spikes, b, :l1) : rough_steps(spikes, b, :l2)
        end
        loss[] = mean_of(total, samples * max(steps - 1, 0) * neurons)
        return loss
    end
    windows = steps ÷ window
    if windows >= 2
        rates = Matrix{T}(undef, neurons, windows)
        for b in 1:samples
            centered_rates!(rates, spikes, b, Int(window))
            part = zero(T)
            @inbounds @simd for i in eachindex(rates)
                part += rates[i] * rates[i]
            end
            total += part
        end
        total /= T(windows - 1)
    end
    loss[] = mean_of(total, samples * neurons)
    return loss
end

"    loss_temporal(spikes, penalty, window) -> loss"
loss_temporal(spikes::AbstractArray{T,3}, penalty, window) where {T} =
    loss_temporal!(scalar(T), spikes, penalty, window)[]

"The slope of a penalty: the sign, 0 at 0, or twice the difference."
@inline slope(penalty::Symbol, d) =
    penalty === :l1 ? ifelse(d > 0, one(d), ifelse(d < 0, -one(d), zero(d))) : d

"Write the gradient of the sum of penalties of sample `b`, times `scale`."
function rough_gradient!(grad, spikes::AbstractArray{T,3}, b, penalty::Symbol, count::T) where {T}
    steps = size(spikes, 2)
    double = penalty === :l2 ? T(2) : one(T)
    for t in 1:steps
        # At an end the step beyond counts as equal: its difference is 0.
        before, after = max(t - 1, 1), min(t + 1, steps)
        @inbounds @simd ivdep for n in axes(spikes, 1)
            now = spikes[n, t, b]
            rise, next_rise = now - spikes[n, before, b], spikes[n, after, b] - now
            grad[n, t, b] = double * (slope(penalty, rise) - slope(penalty, next_rise)) / count
        end
    end
    return grad
end

"""
    loss_temporal_grad!(grad, spikes, penalty, window)

The gradient of `loss_temporal!`. :l1: (sign(s_t - s_t-1) - sign(s_t+1 - s_t)) / (B (T - 1) N), sign(0) = 0; :l2: 2
((s_t - s_t-1) - (s_t+1 - s_t)) / (B (T - 1) N); terms beyond the ends are 0. :variance: 2 (rate of t's window - mean
rate) / ((K - 1) window B N), 0 after the last full window.

Shapes: grad as spikes. Policy: budget. Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown
penalty. Source: as there.
"""
function loss_temporal_grad!(grad::AbstractArray{T,3}, spikes::AbstractArray{T,3}, penalty::Symbol, window) where {T}
    penalty in (:l1, :l2, :variance) || throw(ArgumentError("unknown penalty $penalty"))
    sizes_agree("loss_temporal_grad", size(grad) == size(spikes))
    neurons, steps, samples = size(spikes)
    windows = steps ÷ window
    if (penalty === :variance ? windows : steps) < 2
        return fill!(grad, zero(T))
    elseif penalty !== :variance
        count = T(samples * (steps - 1) * neurons)
        for b in 1:samples
            # A literal, for each penalty to have a loop of its own.
            penalty === :l1 && rough_gradient!(grad, spikes, b, :l1, count)
            penalty === :l2 && rough_gradient!(grad, spikes, b, :l2, count)
        end
        return grad
    end
    count = T((windows - 1) * window * samples * neurons)
    rates = Matrix{T}(undef, neurons, windows)
    for b in 1:samples
        centered_rates!(rates, spikes, b, Int(window))
        for t in 1:steps
            k = (t - 1) ÷ window + 1
            @inbounds @simd ivdep for n in 1:neurons
                grad[n, t, b] = k > windows ? zero(T) : 2 * rates[n, min(k, windows)] / count
            end
        end
    end
    return grad
end

"    loss_temporal_grad(spikes, penalty, window) -> grad"
loss_temporal_grad(spikes, penalty, window) = loss_temporal_grad!(similar(spikes), spikes, penalty, window)

"exp(-l / tau) for the lags 1, 2, ... that occur"
function lag_weights(::Type{T}, window, @nospecialize(tau), steps) where {T}
    tau = tau === nothing ? max(one(T), T(window) / 2) : T(tau)::T
    return T[exp(-T(lag) / tau) for lag in 1:min(window, steps - 1)]
end

"""
    loss_isi!(loss, spikes, window, tau)

Penalty on spikes that follow one another closely: (1 / (B T N)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l, tau in
steps, nothing = max(1, window / 2). Terms before the first step are 0; lag 0 is not penalized.

Shapes: spikes, any reals, (N, T, B), `loss` 0-dimensional. Policy: budget.
Source: exponential kernel, Gerstner & Kistler 2002, section 1.5.
"""
function loss_isi!(loss::AbstractArray{T,0}, spikes::AbstractArray{T,3}, window, @nospecialize(tau)) where {T}
    neurons, steps, samples = size(spikes)
    weights = lag_weights(T, window, tau, steps)
    total, recent = zero(T), Vector{T}(undef, neurons)
    for b in 1:samples, t in 2:steps
        fill!(recent, zero(T))
        for lag in 1:min(length(weights), t - 1)
            @inbounds weight = weights[lag]
            @inbounds @simd for n in 1:neurons
                recent[n] += weight * spikes[n, t-lag, b]
            end
        end
        part = zero(T)
        @inbounds @simd for n in 1:neurons
            part += spikes[n, t, b] * recent[n]
        end
        total += part
    end
    loss[] = mean_of(total, length(spikes))
    return loss
end

"    loss_isi(spikes, window, tau) -> loss"
loss_isi(spikes::AbstractArray{T,3}, window, tau) where {T} = loss_isi!(scalar(T), spikes, window, tau)[]

"Overwrite `near` with the weighed sum of the steps `lag` before and after t of sample `b`, as far as they exist."
function weigh_neighbours!(near::Vector{T}, spikes::AbstractArray{T,3}, t, b, weights::Vector{T}) where {T}
    steps = size(spikes, 2)
    fill!(near, zero(T))
    for lag in eachindex(weights)
        @inbounds weight = weights[lag]
        if t - lag >= 1 && t + lag <= steps
            @inbounds @simd for n in eachindex(near)
                near[n] += weight * spikes[n, t-lag, b] + weight * spikes[n, t+lag, b]
            end
        elseif t - lag >= 1 || t + lag <= steps
            there = t - lag >= 1 ? t - lag : t + lag
            @inbounds @simd for n in eachindex(near)
                near[n] += weight * spikes[n, there, b]
            end
        end
    end
    return near
end

"""
    loss_isi_grad!(grad, spikes, window, tau)

The gradient of `loss_isi!`: (1 / (B T N)) sum_{l=1..window} exp(-l / tau) (s_t-l + s_t+l), terms beyond the ends 0.

Shapes: grad as spikes. Policy: budget. Errors: DimensionMismatch where sizes disagree. Source: as there.
"""
function loss_isi_grad!(grad::AbstractArray{T,3}, spikes::AbstractArray{T,3}, window, @nospecialize(tau)) where {T}
    sizes_agree("loss_isi_grad", size(grad) == size(spikes))
    weights = lag_weights(T, window, tau, size(spikes, 2))
    near, count = Vector{T}(undef, size(spikes, 1)), T(length(spikes))
    for b in axes(spikes, 3), t in axes(spikes, 2)
        weigh_neighbours!(near, spikes, t, b, weights)
        @inbounds @simd for n in eachindex(near)
            grad[n, t, b] = near[n] / count
        end
    end
    return grad
end

"    loss_isi_grad(spikes, window, tau) -> grad"
loss_isi_grad(spikes, window, tau) = loss_isi_grad!(similar(spikes), spikes, window, tau)

"""
    loss_membrane!(loss, exceeding_fraction, membrane, max_membrane)

Penalty on membrane potentials beyond a bound: mean relu(|v| - max_membrane)^2, and the share of elements beyond it.

Shapes: membrane (N, T, B), outputs 0-dimensional. Policy: budget. Source: Zenke & Vogels 2021.
"""
function loss_membrane!(
    loss::AbstractArray{T,0},
    exceeding_fraction::AbstractArray{T,0},
    membrane::AbstractArray{T,3},
    max_membrane,
) where {T}
    bound = T(max_membrane)
    total, exceeding = zero(T), 0
    @inbounds @simd for i in eachindex(membrane)
        beyond = relu(abs(membrane[i]) - bound)
        total += beyond * beyond
        exceeding += abs(membrane[i]) > bound
    end
    loss[] = mean_of(total, length(membrane))
    exceeding_fraction[] = mean_of(T(exceeding), length(membrane))
    return loss, exceeding_fraction
end

"    loss_membrane(membrane, max_membrane) -> (loss, exceeding_fraction)"
function loss_membrane(membrane::AbstractArray{T,3}, max_membrane) where {T}
    loss, exceeding = scalar(T), scalar(T)
    loss_membrane!(loss, exceeding, membrane, max_membrane)
    return loss[], exceeding[]
end

"""
    loss_membrane_grad!(grad, membrane, max_membrane)

The gradient of `loss_membrane!`: 2 relu(|v| - max_membrane) sign(v) / (B T N).

Shapes: grad as membrane. Policy: budget. Errors: DimensionMismatch where sizes disagree. Source: as there.
"""
function loss_membrane_grad!(grad::AbstractArray{T,3}, membrane::AbstractArray{T,3}, max_membrane) where {T}
    sizes_agree("loss_membrane_grad", size(grad) == size(membrane))
    bound, count = T(max_membrane), T(length(membrane))
    @inbounds @simd ivdep for i in eachindex(grad, membrane)
        v = membrane[i]
        beyond = relu(abs(v) - bound)
        grad[i] = 2 * ifelse(v < 0, -beyond, beyond) / count
    end
    return grad
end

"    loss_membrane_grad(membrane, max_membrane) -> grad"
loss_membrane_grad(membrane, max_membrane) = loss_membrane_grad!(similar(membrane), membrane, max_membrane)
