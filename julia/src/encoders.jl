# From values to spike trains.
#
#   normalization, per sample   none: x; clamp: clip(x, 0, 1); sigmoid: 1/(1+exp(-x));
#                               minmax: (x-min)/max(max-min, 1e-8)
#   probability                 p = clip(gain normalized(x) + bias, 0, 1)
#   encode_rate_bernoulli       spike at (b, t, n) iff w_k < ceil(p 2^32), w_k the Philox word at the flat index k of
#                               (b, t, n): exactly U < p
#   encode_rate_poisson         the same with p' = clip(p rate_dt, 0, 1)
#   encode_rate_deterministic   spike at t iff floor(fl((t+1) p)) > floor(fl(t p))
#   encode_latency, encode_ttfs linear: t = (1 - p) (T - 1); exponential: t = tau ln(1 / max(p, 1e-7)), tau nothing =
#                               (T - 1) / ln(1e7); log: t = (T - 1) (1 - log2(1 + p));
#                               time = rint(min(max(t, t_min), latest)), latest = T - 1 or min(t_max, T - 1)
#   encode_population           a_ij = exp(-(p_i - c_j)^2 / (2 sigma^2)), then a rate encoder with a for p
#   encode_delta                ON at t iff x_t - previous > theta_on, OFF iff previous - x_t > theta_off

export encode_rate_bernoulli, encode_rate_bernoulli!, encode_rate_poisson, encode_rate_poisson!
export encode_rate_deterministic, encode_rate_deterministic!, encode_latency, encode_latency!, encode_ttfs, encode_ttfs!
export encode_population, encode_population!, encode_delta, encode_delta!

"Random words held at a time, unless one step needs more."
const WORDS = 4096

@inline halved_above(::Type{Float64}) = 2.0^1022
@inline halved_above(::Type{Float32}) = 2.0f0^126

"The function that normalizes one element of sample `b`."
@inline function minmax_of(x::AbstractMatrix{T}, b) where {T}
    lowest = highest = x[1, b]
    @inbounds for n in 2:size(x, 1)
        value = x[n, b]
        lowest = ifelse(value < lowest, value, lowest)
        highest = ifelse(value > highest, value, highest)
    end
    # The difference of two large numbers of opposite sign would overflow.
    scale = max(abs(lowest), abs(highest)) > halved_above(T) ? T(0.5) : one(T)
    low = lowest * scale
    range = max(highest * scale - low, T(1e-8) * scale)
    return value -> (value * scale - low) / range
end

@inline function probability!(p::Vector{T}, normalized, x::AbstractMatrix{T}, b, gain::T, bias::T) where {T}
    @inbounds @simd for n in eachindex(p)
        p[n] = clip((gain * normalized(x[n, b])) + bias)
    end
    return p
end

"Write the spike probabilities of sample `b` to `p`."
function probabilities!(p::Vector{T}, x::AbstractMatrix{T}, b, normalization::Symbol, gain::T, bias::T) where {T}
    isempty(p) && return p
    if normalization === :none
        probability!(p, identity, x, b, gain, bias)
    elseif normalization === :clamp
        probability!(p, clip, x, b, gain, bias)
    elseif normalization === :sigmoid
        probability!(p, sigmoid, x, b, gain, bias)
    elseif normalization === :minmax
        probability!(p, minmax_of(x, b), x, b, gain, bias)
    else
        throw(ArgumentError("unknown normalization $normalization"))
    end
    return p
end

function require_train(kernel, spikes, x)
    (size(spikes, 1), size(spikes, 3)) == size(x) ||
        throw(DimensionMismatch("$kernel: x $(size(x)), spikes $(size(spikes))"))
end

"What Bernoulli draws need: words that are drawn together, and thresholds below which they mean a spike."
struct Draws
    words::Vector{UInt32}
    threshold::Vector{UInt64}
    together::Int
    seed::UInt64
    stream::UInt64
end

function Draws(neurons::Int, steps::Int, seed, stream)
    together = clamp(WORDS ÷ max(neurons, 1), 1, max(steps, 1))
    return Draws(Vector{UInt32}(undef, neurons * together), Vector{UInt64}(undef, neurons), together, seed, stream)
end

"Write the Bernoulli spikes of sample `b`, whose probabilities are `p`."
function draw_spikes!(spikes, b, p::Vector, draws::Draws)
    words, threshold, together = draws.words, draws.threshold, draws.together
    neurons, steps = size(spikes, 1), size(spikes, 2)
    @inbounds for n in eachindex(p)
        threshold[n] = unsafe_trunc(UInt64, ceil(Float64(p[n]) * 2.0^32))
    end
    for start in 1:together:steps
        philox_words!(words, draws.seed, draws.stream, neurons * (steps * (b - 1) + (start - 1)))
        for t in start:min(start + together - 1, steps)
            skipped = neurons * (t - start)
            @inbounds @simd for n in 1:neurons
                spikes[n, t, b] = words[skipped+n] < threshold[n]
            end
        end
    end
    return spikes
end

"Write the evenly spaced spikes of sample `b`, whose probabilities are `p`."
function space_spikes!(spikes, b, p::Vector{T}) where {T}
    for t in axes(spikes, 2)
        before, after = T(t - 1), T(t)
        @inbounds @simd for n in eachindex(p)
            spikes[n, t, b] = floor(after * p[n]) > floor(before * p[n])
        end
    end
    return spikes
end

"""
    encode_rate_bernoulli!(spikes, x, normalization, gain, bias, seed, stream)

Independent Bernoulli spikes with p = clip(gain normalized(x) + bias, 0, 1) at every step: a spike iff the Philox word
at the element's flat C-order index is below ceil(p 2^32), which is exactly U < p. `normalization`: :none, :clamp,
:sigmoid or :minmax.

Shapes: x (N, B), spikes (N, T, B), 0 or 1. Policy: bits.
Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown normalization.
Source: rate coding with counter-based draws.
"""
function encode_rate_bernoulli!(
    spikes::AbstractArray{UInt8,3},
    x::AbstractMatrix{T},
    normalization::Symbol,
    gain,
    bias,
    seed,
    stream,
) where {T}
    require_train("encode_rate_bernoulli", spikes, x)
    neurons, steps, samples = size(spikes)
    p, draws = Vector{T}(undef, neurons), Draws(neurons, steps, seed, stream)
    for b in 1:samples
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        draw_spikes!(spikes, b, p, draws)
    end
    return spikes
end

"    encode_rate_bernoulli(x, num_steps, normalization, gain, bias, seed, stream) -> spikes"
encode_rate_bernoulli(x, num_steps, parameters...) =
    encode_rate_bernoulli!(Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2)), x, parameters...)

"""
    encode_rate_poisson!(spikes, x, normalization, gain, bias, seed, stream, rate_dt)

`encode_rate_bernoulli!` with clip(p rate_dt, 0, 1) for p: a Poisson process in steps of rate_dt, in units of 1/rate.

Shapes, policy, errors and source: as there.
"""
function encode_rate_poisson!(
    spikes::AbstractArray{UInt8,3},
    x::AbstractMatrix{T},
    normalization::Symbol,
    gain,
    bias,
    seed,
    stream,
    rate_dt,
) where {T}
    require_train("encode_rate_poisson", spikes, x)
    neurons, steps, samples = size(spikes)
    p, draws = Vector{T}(undef, neurons), Draws(neurons, steps, seed, stream)
    for b in 1:samples
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        @inbounds @simd for n in eachindex(p)
            p[n] = clip(p[n] * T(rate_dt))
        end
        draw_spikes!(spikes, b, p, draws)
    end
    return spikes
end

"    encode_rate_poisson(x, num_steps, normalization, gain, bias, seed, stream, rate_dt) -> spikes"
encode_rate_poisson(x, num_steps, parameters...) =
    encode_rate_poisson!(Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2)), x, parameters...)

"""
    encode_rate_deterministic!(spikes, x, normalization, gain, bias)

Evenly spaced spikes, floor(T p) of them: a spike at t iff floor((t+1) p) > floor(t p), each product rounded once, with
p = clip(gain normalized(x) + bias, 0, 1). `normalization`: :none, :clamp, :sigmoid or :minmax.

Shapes: x (N, B), spikes (N, T, B), 0 or 1. Policy: bits.
Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown normalization. Source: rate coding.
"""
function encode_rate_deterministic!(
    spikes::AbstractArray{UInt8,3},
    x::AbstractMatrix{T},
    normalization::Symbol,
    gain,
    bias,
) where {T}
    require_train("encode_rate_deterministic", spikes, x)
    p = Vector{T}(undef, size(x, 1))
    for b in axes(x, 2)
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        space_spikes!(spikes, b, p)
    end
    return spikes
end

"    encode_rate_deterministic(x, num_steps, normalization, gain, bias) -> spikes"
encode_rate_deterministic(x, num_steps, parameters...) =
    encode_rate_deterministic!(Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2)), x, parameters...)

"""
    Times(steps, mapping, tau, t_min, t_max)

How probabilities become times: `mapping` is :linear, :exponential or :log, and `tau` the time constant of :exponential
in steps, nothing for (T - 1) / ln(1e7); times are in [t_min, latest], `t_max` nothing for T - 1.
"""
struct Times{T}
    mapping::Symbol
    last::T
    tau::T
    earliest::T
    latest::T
end

function Times{T}(steps::Int, mapping::Symbol, @nospecialize(tau), t_min, @nospecialize(t_max)) where {T}
    mapping in (:linear, :exponential, :log) || throw(ArgumentError("unknown mapping $mapping"))
    last = T(steps - 1)
    tau = tau === nothing ? last / log(T(1e7)) : T(tau)::T
    return Times{T}(mapping, last, tau, T(t_min), t_max === nothing ? last : min(T(t_max)::T, last))
end

"Overwrite probabilities with times, neither bounded nor rounded."
function map_to_times!(p::Vector{T}, times::Times{T}) where {T}
    last, tau = times.last, times.tau
    if times.mapping === :linear
        @inbounds @simd for n in eachindex(p)
            p[n] = (one(T) - p[n]) * last
        end
    elseif times.mapping === :exponential
        @inbounds for n in eachindex(p)
            p[n] = tau * log(one(T) / max(p[n], T(1e-7)))
        end
    else
        @inbounds for n in eachindex(p)
            p[n] = last * (one(T) - log2(one(T) + p[n]))
        end
    end
    return p
end

@inline bounded_step(times::Times, t) = unsafe_trunc(Int32, round(min(max(t, times.earliest), times.latest)))

"Write silence, and then spikes at the times of sample `b` and at `burst` - 1 steps after."
function spikes_at!(spikes, spike_times, b, burst::Int)
    steps = size(spikes, 2)
    @inbounds for t in 1:steps
        @simd for n in axes(spikes, 1)
            spikes[n, t, b] = 0x00
        end
    end
    @inbounds for n in axes(spikes, 1)
        t = Int(spike_times[n, b])
        t < 0 && continue
        for at in t+1:t+min(burst, steps - t)
            spikes[n, at, b] = 0x01
        end
    end
    return spikes
end

"""
    encode_latency!(spikes, spike_times, x, normalization, gain, bias, mapping, tau, t_min, t_max, burst)

The greater p = clip(gain normalized(x) + bias, 0, 1), the earlier the spike, at rint of the time that `mapping`
(:linear, :exponential or :log) gives, in [t_min, t_max] (nothing = T - 1) first; `burst` spikes on consecutive steps,
those past T - 1 dropped. All times in steps.

Shapes: x and spike_times (N, B), spikes (N, T, B), 0 or 1. Policy: bits. Errors: DimensionMismatch where sizes
disagree, ArgumentError for an unknown normalization or mapping. Source: Thorpe et al. 2001.
"""
function encode_latency!(
    spikes::AbstractArray{UInt8,3},
    spike_times::AbstractMatrix{Int32},
    x::AbstractMatrix{T},
    normalization::Symbol,
    gain,
    bias,
    mapping::Symbol,
    @nospecialize(tau),
    t_min,
    @nospecialize(t_max),
    burst,
) where {T}
    require_train("encode_latency", spikes, x)
    sizes_agree("encode_latency", size(spike_times) == size(x))
    times = Times{T}(size(spikes, 2), mapping, tau, t_min, t_max)
    p = Vector{T}(undef, size(x, 1))
    for b in axes(x, 2)
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        map_to_times!(p, times)
        @inbounds for n in eachindex(p)
            spike_times[n, b] = bounded_step(times, p[n])
        end
        spikes_at!(spikes, spike_times, b, Int(burst))
    end
    return spikes, spike_times
end

"    encode_latency(x, num_steps, normalization, gain, bias, mapping, tau, ..., burst) -> (spikes, spike_times)"
function encode_latency(x, num_steps, parameters...)
    spikes = Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2))
    return encode_latency!(spikes, Array{Int32}(undef, size(x)), x, parameters...)
end

"""
    encode_ttfs!(spikes, spike_times, x, normalization, gain, bias, seed, stream, mapping, tau, t_min, t_max,
                 allow_no_spike, silence_below, jitter)

Time to first spike: one spike per neuron, at the time of `encode_latency!`, plus jitter (2 U - 1) before it is bounded
where `jitter` > 0, with U the uniform number at the element's flat C-order index. Under `allow_no_spike` values with
p < silence_below have none: time -1.

Shapes, policy, errors and source: as there.
"""
function encode_ttfs!(
    spikes::AbstractArray{UInt8,3},
    spike_times::AbstractMatrix{Int32},
    x::AbstractMatrix{T},
    normalization::Symbol,
    gain,
    bias,
    seed,
    stream,
    mapping::Symbol,
    @nospecialize(tau),
    t_min,
    @nospecialize(t_max),
    allow_no_spike,
    silence_below,
    jitter,
) where {T}
    require_train("encode_ttfs", spikes, x)
    sizes_agree("encode_ttfs", size(spike_times) == size(x))
    times = Times{T}(size(spikes, 2), mapping, tau, t_min, t_max)
    neurons, jitter = size(x, 1), T(jitter)
    least = allow_no_spike ? T(silence_below) : typemin(T)
    p, silent = Vector{T}(undef, neurons), Vector{Bool}(undef, neurons)
    words = Vector{UInt32}(undef, jitter > 0 ? neurons : 0)
    for b in axes(x, 2)
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        @inbounds for n in eachindex(p)
            silent[n] = p[n] < least
        end
        map_to_times!(p, times)
        if jitter > 0
            philox_words!(words, seed, stream, neurons * (b - 1))
            @inbounds for n in eachindex(p)
                p[n] += jitter * T(words[n] * 2.0^-31 - 1)
            end
        end
        @inbounds for n in eachindex(p)
            spike_times[n, b] = silent[n] ? Int32(-1) : bounded_step(times, p[n])
        end
        spikes_at!(spikes, spike_times, b, 1)
    end
    return spikes, spike_times
end

"    encode_ttfs(x, num_steps, normalization, gain, bias, seed, ..., jitter) -> (spikes, spike_times)"
function encode_ttfs(x, num_steps, parameters...)
    spikes = Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2))
    return encode_ttfs!(spikes, Array{Int32}(undef, size(x)), x, parameters...)
end

"""
    encode_population!(spikes, activations, x, centers, normalization, gain, bias, seed, stream, sigma, mode)

Each value drives P neurons with Gaussian tuning curves: a_ij = exp(-(p_i - c_j)^2 / (2 sigma^2)) at index i P + j, from
0, with p = clip(gain normalized(x) + bias, 0, 1); spikes as `encode_rate_bernoulli!` or `encode_rate_deterministic!`
(`mode` :bernoulli or :deterministic) with a for p.

Shapes: x (N, B), centers (P), activations (N P, B), spikes (N P, T, B), 0 or 1. Policy: spikes bits, activations
budget. Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown normalization or mode. Source:
Georgopoulos et al. 1986; Bohte et al. 2002.
"""
function encode_population!(
    spikes::AbstractArray{UInt8,3},
    activations::AbstractMatrix{T},
    x::AbstractMatrix{T},
    centers::AbstractVector{T},
    normalization::Symbol,
    gain,
    bias,
    seed,
    stream,
    sigma,
    mode::Symbol,
) where {T}
    require_train("encode_population", spikes, activations)
    neurons, steps, samples = size(spikes)
    population, sigma = length(centers), T(sigma)
    sizes_agree("encode_population", size(activations) == (size(x, 1) * population, size(x, 2)))
    mode in (:bernoulli, :deterministic) || throw(ArgumentError("unknown mode $mode"))
    p, a = Vector{T}(undef, size(x, 1)), Vector{T}(undef, neurons)
    draws = Draws(neurons, steps, seed, stream)
    for b in 1:samples
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        for i in eachindex(p)
            skipped = population * (i - 1)
            @inbounds @simd ivdep for j in 1:population
                # The square of sigma might vanish where the quotient is finite.
                distance = (p[i] - centers[j]) / sigma
                a[skipped+j] = branchless_exp(-(distance * distance) / 2)
                activations[skipped+j, b] = a[skipped+j]
            end
        end
        mode === :bernoulli ? draw_spikes!(spikes, b, a, draws) : space_spikes!(spikes, b, a)
    end
    return spikes, activations
end

"    encode_population(x, centers, num_steps, normalization, gain, bias, seed, ..., mode) -> (spikes, activations)"
function encode_population(x::AbstractMatrix{T}, centers, num_steps, parameters...) where {T}
    neurons, samples = length(centers) * size(x, 1), size(x, 2)
    spikes, activations = Array{UInt8}(undef, neurons, num_steps, samples), Array{T}(undef, neurons, samples)
    return encode_population!(spikes, activations, x, centers, parameters...)
end

"""
    encode_delta!(spikes, new_previous, x, previous, theta_on, theta_off)

Spikes where a signal rises or falls: ON at t iff x_t - previous > theta_on, OFF iff previous - x_t > theta_off (nothing
= theta_on), both strict; then previous = x_t.

Shapes: x (N, T, B), previous (N, B), spikes (2 N, T, B), 0 or 1, ON channels before OFF channels. Policy: bits.
Errors: DimensionMismatch where sizes disagree. Source: send-on-delta, Lichtsteiner et al. 2008.
"""
function encode_delta!(
    spikes::AbstractArray{UInt8,3},
    new_previous::AbstractMatrix{T},
    x::AbstractArray{T,3},
    previous::AbstractMatrix{T},
    theta_on,
    @nospecialize(theta_off),
) where {T}
    neurons, steps, samples = size(x)
    sizes_agree("encode_delta", size(spikes) == (2neurons, steps, samples))
    sizes_agree("encode_delta", size(new_previous) == size(previous) == (neurons, samples))
    on = T(theta_on)
    off = theta_off === nothing ? on : T(theta_off)::T
    copyto!(new_previous, previous)
    for b in 1:samples, t in 1:steps
        @inbounds @simd ivdep for n in 1:neurons
            now, before = x[n, t, b], new_previous[n, b]
            spikes[n, t, b] = now - before > on
            spikes[neurons+n, t, b] = before - now > off
            new_previous[n, b] = now
        end
    end
    return spikes, new_previous
end

"    encode_delta(x, previous, theta_on, theta_off) -> (spikes, previous)"
function encode_delta(x, previous, theta_on, theta_off)
    spikes = Array{UInt8}(undef, 2size(x, 1), size(x, 2), size(x, 3))
    return encode_delta!(spikes, similar(previous), x, previous, theta_on, theta_off)
end
