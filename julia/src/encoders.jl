# From values to spike trains.
#
#   normalization, per sample   none: x; clamp: clip(x, 0, 1); sigmoid: 1/(1+exp(-x));
#                               minmax: (x-min)/max(max-min, 1e-8)
#   probability                 p = clip(gain normalized(x) + bias, 0, 1)
#   encode_rate_bernoulli       spike at (b, t, n) iff w_k < ceil(p 2^32), w_k the Philox word at the flat index k of
#                               (b, t, n): exactly U < p
#   encode_rate_deterministic   spike at t iff floor(fl((t+1) p)) > floor(fl(t p))

export encode_rate_bernoulli, encode_rate_bernoulli!, encode_rate_deterministic, encode_rate_deterministic!

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
    neurons == 0 && return spikes
    p = Vector{T}(undef, neurons)
    threshold = Vector{UInt64}(undef, neurons)
    together = clamp(WORDS ÷ neurons, 1, max(steps, 1))
    words = Vector{UInt32}(undef, neurons * together)
    for b in 1:samples
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        @inbounds for n in eachindex(p)
            threshold[n] = unsafe_trunc(UInt64, ceil(Float64(p[n]) * 2.0^32))
        end
        for start in 1:together:steps
            philox_words!(words, seed, stream, neurons * (steps * (b - 1) + (start - 1)))
            for t in start:min(start + together - 1, steps)
                skipped = neurons * (t - start)
                @inbounds @simd for n in 1:neurons
                    spikes[n, t, b] = words[skipped+n] < threshold[n]
                end
            end
        end
    end
    return spikes
end

"    encode_rate_bernoulli(x, num_steps, normalization, gain, bias, seed, stream) -> spikes"
encode_rate_bernoulli(x, num_steps, parameters...) =
    encode_rate_bernoulli!(Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2)), x, parameters...)

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
    neurons, steps, samples = size(spikes)
    p = Vector{T}(undef, neurons)
    for b in 1:samples
        probabilities!(p, x, b, normalization, T(gain), T(bias))
        for t in 1:steps
            before, after = T(t - 1), T(t)
            @inbounds @simd for n in 1:neurons
                spikes[n, t, b] = floor(after * p[n]) > floor(before * p[n])
            end
        end
    end
    return spikes
end

"    encode_rate_deterministic(x, num_steps, normalization, gain, bias) -> spikes"
encode_rate_deterministic(x, num_steps, parameters...) =
    encode_rate_deterministic!(Array{UInt8}(undef, size(x, 1), num_steps, size(x, 2)), x, parameters...)
