# From spike trains to predictions.
#
#   decode_rate         n = spikes in steps with mask, V = number of those steps, rates = n / max(V, 1),
#                       logits = n / temperature or rates / temperature, prediction = argmax n
#   decode_first_spike  t = step of the first spike with mask, T for none, logits = -(t / T) / temperature,
#                       prediction = argmin t, confidence = clip((t2 - t1) / T, 0, 1) of the two earliest
#   decode_population   G_g = spikes of group g, S_g = its neurons, r_g = G_g / max(S_g, 1), w = r / sum r,
#                       value = sum_g w_g centers_g
#   decode_membrane     logits = v / temperature, v the last potential with mask, or the greatest
#   decode_ensemble     logits = sum_k weights_k logits_k
#   otherwise           confidence = p1 - p2, the two greatest of softmax(logits); 1 for one class
#
# Gerstner & Kistler 2002, Spiking Neuron Models, sections 1.4 to 1.6.

export decode_rate, decode_rate!, decode_first_spike, decode_first_spike!, decode_population, decode_population!
export decode_membrane, decode_membrane!, decode_ensemble, decode_ensemble!

"The two greatest probabilities' difference, of the softmax of column `b`; 1 where there is one class."
function softmax_lead(logits::AbstractMatrix{T}, b) where {T}
    classes = size(logits, 1)
    classes < 2 && return one(T)
    @inbounds second, top = minmax(logits[1, b], logits[2, b])
    @inbounds for c in 3:classes
        x = logits[c, b]
        if x > top
            top, second = x, top
        elseif x > second
            second = x
        end
    end
    total = zero(T)
    @inbounds @simd for c in 1:classes
        total += branchless_exp(logits[c, b] - top)
    end
    # 1 - exp(second - top) would cancel where they are close.
    return -expm1(second - top) / total
end

"Write the number of spikes of each neuron of sample `b`, in steps with mask, to `counts`."
function count_spikes!(counts, spikes, mask, b)
    fill!(counts, zero(eltype(counts)))
    for t in axes(spikes, 2)
        @inbounds mask[t, b] == 0 && continue
        @inbounds @simd for n in eachindex(counts)
            counts[n] += spikes[n, t, b]
        end
    end
    return counts
end

function require_decoded(kernel, logits, prediction, confidence, inputs, mask)
    samples = size(inputs, 3)
    agree = size(mask) == (size(inputs, 2), samples) && size(logits, 2) == samples
    sizes_agree(kernel, agree && length(prediction) == length(confidence) == samples)
end

predictions(::Type{T}, classes, samples) where {T} =
    Array{T}(undef, classes, samples), Vector{Int32}(undef, samples), Vector{T}(undef, samples)

"""
    decode_rate!(logits, prediction, confidence, counts, rates, spikes, mask, temperature, normalize_by_time)

The class that spikes most, n = spikes in steps with mask: logits n / temperature, or n over the number of those steps
(not below 1) and temperature under `normalize_by_time`; prediction = argmax n, from 0, ties the lowest; confidence the
difference of the two greatest probabilities of the softmax, 1 for one class; rates = n / max(steps, 1).

Shapes: spikes (N, T, B) and mask (T, B), 0 or 1; logits, counts and rates (N, B), the others (B). Policy: prediction
and counts bits, the others budget. Errors: DimensionMismatch where sizes disagree. Source: Gerstner & Kistler 2002.
"""
function decode_rate!(
    logits::AbstractMatrix{T},
    prediction::AbstractVector{Int32},
    confidence::AbstractVector{T},
    counts::AbstractMatrix{Int32},
    rates::AbstractMatrix{T},
    spikes::AbstractArray{UInt8,3},
    mask::AbstractMatrix{UInt8},
    temperature,
    normalize_by_time,
) where {T}
    require_decoded("decode_rate", logits, prediction, confidence, spikes, mask)
    sizes_agree("decode_rate", size(logits, 1) == size(spikes, 1) && size(counts) == size(rates) == size(logits))
    temperature = T(temperature)
    found = Vector{Int32}(undef, size(spikes, 1))
    for b in axes(spikes, 3)
        count_spikes!(found, spikes, mask, b)
        valid = 0
        for t in axes(mask, 1)
            @inbounds valid += mask[t, b]
        end
        steps = T(max(valid, 1))
        @inbounds @simd ivdep for n in eachindex(found)
            count = T(found[n])
            counts[n, b] = found[n]
            rates[n, b] = count / steps
            logits[n, b] = ifelse(normalize_by_time, count / steps, count) / temperature
        end
        prediction[b] = first_greatest(found) - 1
        confidence[b] = softmax_lead(logits, b)
    end
    return logits, prediction, confidence, counts, rates
end

"    decode_rate(T, spikes, mask, temperature, normalize_by_time) -> (logits, prediction, confidence, counts, rates)"
function decode_rate(::Type{T}, spikes, mask, parameters...) where {T}
    classes, samples = size(spikes, 1), size(spikes, 3)
    counts, rates = Array{Int32}(undef, classes, samples), Array{T}(undef, classes, samples)
    return decode_rate!(predictions(T, classes, samples)..., counts, rates, spikes, mask, parameters...)
end

"""
    decode_first_spike!(logits, prediction, confidence, first_spike_times, spikes, mask, temperature)

The class that spikes first, at step t, T for silence: logits -(t / T) / temperature; prediction = argmin t, from 0,
ties the lowest; confidence = clip((t2 - t1) / T, 0, 1) of the two earliest, 1 for one class; first_spike_times = t, -1
for silence.

Shapes: spikes (N, T, B) and mask (T, B), 0 or 1; logits and times (N, B), the others (B). Policy: prediction and times
bits, the others budget. Errors: DimensionMismatch where sizes disagree. Source: Gerstner & Kistler 2002.
"""
function decode_first_spike!(
    logits::AbstractMatrix{T},
    prediction::AbstractVector{Int32},
    confidence::AbstractVector{T},
    first_spike_times::AbstractMatrix{Int32},
    spikes::AbstractArray{UInt8,3},
    mask::AbstractMatrix{UInt8},
    temperature,
) where {T}
    require_decoded("decode_first_spike", logits, prediction, confidence, spikes, mask)
    sizes_agree("decode_first_spike", size(logits, 1) == size(spikes, 1) && size(first_spike_times) == size(logits))
    temperature, steps = T(temperature), size(spikes, 2)
    never, silent = Int32(steps), Int32(-1)
    times = Vector{Int32}(undef, size(spikes, 1))
    for b in axes(spikes, 3)
        fill!(times, never)
        for t in steps:-1:1
            @inbounds mask[t, b] == 0 && continue
            now = Int32(t - 1)
            @inbounds @simd for n in eachindex(times)
                times[n] = ifelse(spikes[n, t, b] == 0x00, times[n], now)
            end
        end
        earliest = second = typemax(Int32)
        at = 1
        @inbounds for n in eachindex(times)
            t = times[n]
            if t < earliest
                earliest, second, at = t, earliest, n
            elseif t < second
                second = t
            end
            first_spike_times[n, b] = ifelse(t == never, silent, t)
            logits[n, b] = -(T(t) / T(steps)) / temperature
        end
        prediction[b] = at - 1
        confidence[b] = length(times) < 2 ? one(T) : clip(T(second - earliest) / T(steps))
    end
    return logits, prediction, confidence, first_spike_times
end

"    decode_first_spike(T, spikes, mask, temperature) -> (logits, prediction, confidence, first_spike_times)"
function decode_first_spike(::Type{T}, spikes, mask, temperature) where {T}
    classes, samples = size(spikes, 1), size(spikes, 3)
    times = Array{Int32}(undef, classes, samples)
    return decode_first_spike!(predictions(T, classes, samples)..., times, spikes, mask, temperature)
end

"""
    decode_population!(logits, prediction, confidence, value, spikes, mask, group_of, centers, mode, temperature)

Groups of neurons vote for classes, or code a value: with G_g the spikes of group g in steps with mask, S_g its neurons
and r_g = G_g / max(S_g, 1), the weights w are r over its sum, all equal in silence, and value = sum_g w_g centers_g.
`mode` :classification has logits G / temperature, prediction argmax G and the confidence of `decode_rate!`; :regression
has logits w, prediction argmax r and confidence the greatest w.

Shapes: spikes (N, T, B) and mask (T, B), 0 or 1; group_of (N), from 0; centers (groups); logits (groups, B), the others
(B). Policy: prediction bits, the others budget. Errors: DimensionMismatch where sizes disagree, ArgumentError for an
unknown mode. Source: Gerstner & Kistler 2002.
"""
function decode_population!(
    logits::AbstractMatrix{T},
    prediction::AbstractVector{Int32},
    confidence::AbstractVector{T},
    value::AbstractVector{T},
    spikes::AbstractArray{UInt8,3},
    mask::AbstractMatrix{UInt8},
    group_of::AbstractVector{Int32},
    centers::AbstractVector{T},
    mode::Symbol,
    temperature,
) where {T}
    require_decoded("decode_population", logits, prediction, confidence, spikes, mask)
    groups = length(centers)
    agree = length(group_of) == size(spikes, 1) && size(logits, 1) == groups
    sizes_agree("decode_population", agree && length(value) == length(prediction))
    mode in (:classification, :regression) || throw(ArgumentError("unknown mode $mode"))
    temperature = T(temperature)
    members = zeros(Int, groups)
    for group in group_of
        members[group+1] += 1
    end
    counts = Vector{Int32}(undef, length(group_of))
    votes, rate, weight = Vector{Int}(undef, groups), Vector{T}(undef, groups), Vector{T}(undef, groups)
    for b in axes(spikes, 3)
        count_spikes!(counts, spikes, mask, b)
        fill!(votes, 0)
        @inbounds for n in eachindex(counts)
            votes[group_of[n]+1] += counts[n]
        end
        total = mean = zero(T)
        for g in 1:groups
            rate[g] = T(votes[g]) / T(max(members[g], 1))
            total += rate[g]
        end
        for g in 1:groups
            weight[g] = total > 0 ? rate[g] / total : one(T) / T(groups)
            mean += weight[g] * centers[g]
            logits[g, b] = mode === :classification ? T(votes[g]) / temperature : weight[g]
        end
        value[b] = mean
        if mode === :classification
            prediction[b] = first_greatest(votes) - 1
            confidence[b] = softmax_lead(logits, b)
        else
            prediction[b] = first_greatest(rate) - 1
            confidence[b] = maximum(weight)
        end
    end
    return logits, prediction, confidence, value
end

"    decode_population(spikes, mask, group_of, centers, mode, temperature) -> (logits, prediction, confidence, value)"
function decode_population(spikes, mask, group_of, centers::AbstractVector{T}, parameters...) where {T}
    samples = size(spikes, 3)
    decoded = predictions(T, length(centers), samples)
    return decode_population!(decoded..., Vector{T}(undef, samples), spikes, mask, group_of, centers, parameters...)
end

"""
    decode_membrane!(logits, prediction, confidence, membrane, mask, mode, temperature)

The class of the greatest membrane potential: v at the last step with mask (`mode` :final), or its greatest value over
those steps (:max), 0 if there is none; logits v / temperature, prediction their argmax, from 0, ties the lowest,
confidence as `decode_rate!`.

Shapes: membrane (N, T, B), mask (T, B), 0 or 1; logits (N, B), the others (B). Policy: prediction bits, the others
budget. Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown mode.
Source: Gerstner & Kistler 2002.
"""
function decode_membrane!(
    logits::AbstractMatrix{T},
    prediction::AbstractVector{Int32},
    confidence::AbstractVector{T},
    membrane::AbstractArray{T,3},
    mask::AbstractMatrix{UInt8},
    mode::Symbol,
    temperature,
) where {T}
    require_decoded("decode_membrane", logits, prediction, confidence, membrane, mask)
    sizes_agree("decode_membrane", size(logits, 1) == size(membrane, 1))
    mode in (:final, :max) || throw(ArgumentError("unknown mode $mode"))
    temperature = T(temperature)
    v = Vector{T}(undef, size(membrane, 1))
    for b in axes(membrane, 3)
        found = false
        for t in axes(membrane, 2)
            @inbounds mask[t, b] == 0 && continue
            replace = !found || mode === :final
            @inbounds @simd for n in eachindex(v)
                now = membrane[n, t, b]
                v[n] = ifelse(replace | (now > v[n]), now, v[n])
            end
            found = true
        end
        found || fill!(v, zero(T))
        divide!(v, temperature)
        @inbounds @simd for n in eachindex(v)
            logits[n, b] = v[n]
        end
        prediction[b] = first_greatest(v) - 1
        confidence[b] = softmax_lead(logits, b)
    end
    return logits, prediction, confidence
end

"    decode_membrane(membrane, mask, mode, temperature) -> (logits, prediction, confidence)"
decode_membrane(membrane::AbstractArray{T,3}, parameters...) where {T} =
    decode_membrane!(predictions(T, size(membrane, 1), size(membrane, 3))..., membrane, parameters...)

"""
    decode_ensemble!(combined, prediction, confidence, logits, weights)

The weighted mean of several decoders' logits, sum_k weights_k logits_k, its argmax, from 0, ties the lowest, and the
confidence of `decode_rate!`.

Shapes: logits (C, B, K), weights (K), which sum to 1; combined (C, B), the others (B). Policy: prediction bits, the
others budget. Errors: DimensionMismatch where sizes disagree. Source: Gerstner & Kistler 2002.
"""
function decode_ensemble!(
    combined::AbstractMatrix{T},
    prediction::AbstractVector{Int32},
    confidence::AbstractVector{T},
    logits::AbstractArray{T,3},
    weights::AbstractVector{T},
) where {T}
    classes, samples, decoders = size(logits)
    sizes_agree("decode_ensemble", size(combined) == (classes, samples) && length(weights) == decoders)
    sizes_agree("decode_ensemble", length(prediction) == length(confidence) == samples)
    total = Vector{T}(undef, classes)
    for b in 1:samples
        fill!(total, zero(T))
        for k in 1:decoders
            @inbounds weight = weights[k]
            @inbounds @simd for c in eachindex(total)
                total[c] += weight * logits[c, b, k]
            end
        end
        @inbounds @simd for c in eachindex(total)
            combined[c, b] = total[c]
        end
        prediction[b] = first_greatest(total) - 1
        confidence[b] = softmax_lead(combined, b)
    end
    return combined, prediction, confidence
end

"    decode_ensemble(logits, weights) -> (logits, prediction, confidence)"
decode_ensemble(logits::AbstractArray{T,3}, weights) where {T} =
    decode_ensemble!(predictions(T, size(logits, 1), size(logits, 2))..., logits, weights)
