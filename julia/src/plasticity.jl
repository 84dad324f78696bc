# Hebbian and spike-timing-dependent plasticity.
#
#   hebbian      dW = c0 W + c1_pre mean_b(x_j) + c1_post mean_b(y_i) + c2_corr mean_b(y_i x_j), W' = W + eta dW
#   stdp_trace   t' = t + ((dt tau_inv) ((-t) + (a z)))
#   stdp_linear  t_pre' = stdp_trace(t_pre, z_pre), t_post' = stdp_trace(t_post, z_post), then
#                W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)
#                additive             A_plus = eta_plus                        A_minus = eta_minus
#                additive_step        eta_plus [w_max - W > 0]                 eta_minus [W - w_min > 0]
#                multiplicative_pow   eta_plus max(w_max - W, 0)^mu, 0^0 = 1   eta_minus max(W - w_min, 0)^mu
#                multiplicative_relu  eta_plus max(w_max - W, 0)               eta_minus max(W - w_min, 0)
#   stdp_linear_run  T times stdp_linear
#   stdp_conv2d  the same update with the sums over samples and positions: weight (o, i, u, v) joins the output (y, x)
#                with the input (y stride + u dilation - padding, x stride + v dilation - padding)
#
# Semantics of norse.torch.functional.stdp 1.1.0; pair-based STDP after Gerstner & Kistler 2002.
# General Hebbian expansion: Gerstner & Kistler 2002, eq. 3.

export hebbian, hebbian!, stdp_trace, stdp_trace!, stdp_linear, stdp_linear!
export stdp_linear_run, stdp_linear_run!, stdp_conv2d, stdp_conv2d!

"""
    hebbian!(updated, weights, pre, post, eta, c0, c1_pre, c1_post, c2_corr)

General Hebbian expansion to second order: W + eta dW with dW = c0 W + c1_pre mean_b(x_j) + c1_post mean_b(y_i) +
c2_corr mean_b(y_i x_j); unbounded.

Shapes: weights (pre, post), activity (pre, B) and (post, B), B > 0. Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: Gerstner & Kistler 2002, eq. 3.
"""
function hebbian!(
    updated::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    pre::AbstractMatrix{T},
    post::AbstractMatrix{T},
    eta,
    c0,
    c1_pre,
    c1_post,
    c2_corr,
) where {T}
    sizes_agree("hebbian", size(updated) == size(weights) == (size(pre, 1), size(post, 1)))
    sizes_agree("hebbian", size(pre, 2) == size(post, 2))
    eta, c0, c1_pre, c1_post, c2_corr = T(eta), T(c0), T(c1_pre), T(c1_post), T(c2_corr)
    samples, neurons = size(post, 2), size(post, 1)
    count = T(samples)
    from_pre = zeros(T, size(pre, 1))
    for b in 1:samples
        @inbounds @simd for j in eachindex(from_pre)
            from_pre[j] += pre[j, b]
        end
    end
    from_pre .= c1_pre .* (from_pre ./ count)
    products = Matrix{T}(undef, size(pre, 1), PANEL)
    for start in 1:PANEL:neurons
        rows = start:min(start + PANEL - 1, neurons)
        fill!(products, zero(T))
        add_products!((b, c) -> (@inbounds post[start+c-1, b]), products, pre, 1:length(rows), 1:samples)
        for i in rows
            total = zero(T)
            for b in 1:samples
                @inbounds total += post[i, b]
            end
            from_post = c1_post * (total / count)
            @inbounds @simd for j in eachindex(from_pre)
                w = weights[j, i]
                correlation = products[j, i-start+1] / count
                updated[j, i] = w + eta * (c0 * w + from_pre[j] + from_post + c2_corr * correlation)
            end
        end
    end
    return updated
end

"    hebbian(weights, pre, post, eta, c0, c1_pre, c1_post, c2_corr) -> weights"
hebbian(weights, pre, post, parameters...) = hebbian!(similar(weights), weights, pre, post, parameters...)

"""
    stdp_trace!(updated, trace, spikes, tau_inv, a, dt)

One explicit Euler step of a spike trace: t + ((dt tau_inv) ((-t) + (a z))); tau_inv in 1/s, dt in s.

Shapes: all equal, any rank; spikes 0 or 1. Policy: bits, in the order as bracketed.
Errors: DimensionMismatch where sizes disagree. Source: norse.torch.functional.stdp 1.1.0.
"""
function stdp_trace!(
    updated::AbstractArray{T},
    trace::AbstractArray{T},
    spikes::AbstractArray{UInt8},
    tau_inv,
    a,
    dt,
) where {T}
    size(updated) == size(trace) == size(spikes) ||
        throw(DimensionMismatch("stdp_trace: trace $(size(trace)), spikes $(size(spikes))"))
    a = T(a)
    step = T(dt) * T(tau_inv)
    @inbounds @simd for i in eachindex(updated, trace, spikes)
        t = trace[i]
        updated[i] = t + (step * ((-t) + (a * T(spikes[i]))))
    end
    return updated
end

"    stdp_trace(trace, spikes, tau_inv, a, dt) -> trace"
stdp_trace(trace, spikes, tau_inv, a, dt) = stdp_trace!(similar(trace), trace, spikes, tau_inv, a, dt)

# How the amplitudes depend on the weight: each type is one line of the table above.
struct Additive{T}
    eta_plus::T
    eta_minus::T
end
struct AdditiveStep{T}
    eta_plus::T
    eta_minus::T
    w_min::T
    w_max::T
end
struct MultiplicativePow{T}
    eta_plus::T
    eta_minus::T
    w_min::T
    w_max::T
    mu::T
end
struct MultiplicativeRelu{T}
    eta_plus::T
    eta_minus::T
    w_min::T
    w_max::T
end

@inline growth(rule::Additive, w) = rule.eta_plus
@inline growth(rule::AdditiveStep, w) = ifelse(rule.w_max - w > 0, rule.eta_plus, zero(w))
@inline growth(rule::MultiplicativePow, w) = rule.eta_plus * relu(rule.w_max - w)^rule.mu
@inline growth(rule::MultiplicativeRelu, w) = rule.eta_plus * relu(rule.w_max - w)

@inline decline(rule::Additive, w) = rule.eta_minus
@inline decline(rule::AdditiveStep, w) = ifelse(w - rule.w_min > 0, rule.eta_minus, zero(w))
@inline decline(rule::MultiplicativePow, w) = rule.eta_minus * relu(w - rule.w_min)^rule.mu
@inline decline(rule::MultiplicativeRelu, w) = rule.eta_minus * relu(w - rule.w_min)

"The rule of that name; which of the types it is, is known at run time only."
function rule_of(stdp_algorithm::Symbol, eta_plus::T, eta_minus::T, w_min::T, w_max::T, mu::T) where {T}
    stdp_algorithm === :additive && return Additive{T}(eta_plus, eta_minus)
    stdp_algorithm === :additive_step && return AdditiveStep{T}(eta_plus, eta_minus, w_min, w_max)
    stdp_algorithm === :multiplicative_relu && return MultiplicativeRelu{T}(eta_plus, eta_minus, w_min, w_max)
    if stdp_algorithm === :multiplicative_pow
        # x^0 = 1, also for 0, and x^1 = x: the same numbers without a power.
        mu == 0 && return Additive{T}(eta_plus, eta_minus)
        mu == 1 && return MultiplicativeRelu{T}(eta_plus, eta_minus, w_min, w_max)
        return MultiplicativePow{T}(eta_plus, eta_minus, w_min, w_max, mu)
    end
    throw(ArgumentError("unknown stdp_algorithm $stdp_algorithm"))
end

"The weight after one step, from its old value and both sums; infinite bounds do not bound."
@inline stepped(rule, w, plus, minus, low, high) =
    clamp_to((w + growth(rule, w) * plus) - decline(rule, w) * minus, low, high)

# A power costs more than to see that it is not needed.
@inline function stepped(rule::MultiplicativePow, w, plus, minus, low, high)
    grown = iszero(plus) ? w : w + growth(rule, w) * plus
    return clamp_to(iszero(minus) ? grown : grown - decline(rule, w) * minus, low, high)
end

"Write sum over b of by_row[i, b] * by_column[:, b] to `total`; rows that are 0 cost nothing."
@inline function sum_over_batch!(total::Vector{T}, by_row, i, by_column) where {T}
    fill!(total, zero(T))
    @inbounds for b in axes(by_column, 2)
        factor = T(by_row[i, b])
        iszero(factor) && continue
        @simd for j in eachindex(total)
            total[j] += factor * T(by_column[j, b])
        end
    end
    return total
end

"The weights of `stdp_linear!`, given the updated traces: one row of sums at a time, one pass over the weights."
function stdp_weights!(
    updated,
    weights::AbstractMatrix{T},
    z_pre,
    z_post,
    t_pre,
    t_post,
    rule,
    low::T,
    high::T,
) where {T}
    plus = Vector{T}(undef, size(weights, 1))
    minus = similar(plus)
    for i in axes(weights, 2)
        sum_over_batch!(plus, z_post, i, t_pre)
        sum_over_batch!(minus, t_post, i, z_pre)
        @inbounds @simd for j in eachindex(plus)
            updated[j, i] = stepped(rule, weights[j, i], plus[j], minus[j], low, high)
        end
    end
    return updated
end

"""
    stdp_linear!(updated, new_t_pre, new_t_post, weights, z_pre, z_post, t_pre, t_post, a_pre, a_post,
                 tau_pre_inv, tau_post_inv, w_min, w_max, eta_plus, eta_minus, stdp_algorithm, mu, hardbound, dt)

One STDP step of a dense layer, traces first, then weights, with the amplitudes of `stdp_algorithm` (:additive,
:additive_step, :multiplicative_pow or :multiplicative_relu) at the old weights; `hardbound` clamps to [w_min, w_max].
tau_pre_inv and tau_post_inv in 1/s, dt in s.

Shapes: weights (pre, post); spikes, 0 or 1, and traces (pre, B) and (post, B). Policy: weights budget, traces bits.
Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown algorithm.
Source: norse.torch.functional.stdp 1.1.0; Gerstner & Kistler 2002.
"""
function stdp_linear!(
    updated::AbstractMatrix{T},
    new_t_pre::AbstractMatrix{T},
    new_t_post::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    z_pre::AbstractMatrix{UInt8},
    z_post::AbstractMatrix{UInt8},
    t_pre::AbstractMatrix{T},
    t_post::AbstractMatrix{T},
    a_pre,
    a_post,
    tau_pre_inv,
    tau_post_inv,
    w_min,
    w_max,
    eta_plus,
    eta_minus,
    stdp_algorithm::Symbol,
    mu,
    hardbound,
    dt,
) where {T}
    size(updated) == size(weights) == (size(z_pre, 1), size(z_post, 1)) && size(z_pre, 2) == size(z_post, 2) ||
        throw(DimensionMismatch("stdp_linear: weights $(size(weights)), z_pre $(size(z_pre)), z_post $(size(z_post))"))
    stdp_trace!(new_t_pre, t_pre, z_pre, tau_pre_inv, a_pre, dt)
    stdp_trace!(new_t_post, t_post, z_post, tau_post_inv, a_post, dt)
    low = hardbound ? T(w_min) : typemin(T)
    high = hardbound ? T(w_max) : typemax(T)
    rule = rule_of(stdp_algorithm, T(eta_plus), T(eta_minus), T(w_min), T(w_max), T(mu))
    stdp_weights!(updated, weights, z_pre, z_post, new_t_pre, new_t_post, rule, low, high)
    return updated, new_t_pre, new_t_post
end

"    stdp_linear(weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt) -> (weights, t_pre, t_post)"
function stdp_linear(weights, z_pre, z_post, t_pre, t_post, parameters...)
    updated = (similar(weights), similar(t_pre), similar(t_post))
    return stdp_linear!(updated..., weights, z_pre, z_post, t_pre, t_post, parameters...)
end

"Traces held at a time by a run, unless one step needs more."
const TRACES = 1 << 20

"""
The presynaptic spikes of some steps. Neurons that spike in step s are neuron[first_neuron[s]:first_neuron[s+1]-1], in
ascending order; samples in which the k-th of them does are sample[first_sample[k]:first_sample[k+1]-1].
"""
struct Spiking
    first_neuron::Vector{Int}
    neuron::Vector{Int}
    first_sample::Vector{Int}
    sample::Vector{Int}
end

function find_spikes(z::AbstractArray{UInt8,3}, steps)
    found = Spiking(Int[], Int[], Int[], Int[])
    for t in steps
        push!(found.first_neuron, length(found.neuron) + 1)
        @inbounds for j in axes(z, 1)
            before = length(found.sample)
            for b in axes(z, 3)
                z[j, t, b] == 0 || push!(found.sample, b)
            end
            if length(found.sample) > before
                push!(found.neuron, j)
                push!(found.first_sample, before + 1)
            end
        end
    end
    push!(found.first_neuron, length(found.neuron) + 1)
    push!(found.first_sample, length(found.sample) + 1)
    return found
end

"Take the traces through some steps and keep them all: held[:, b, s] after the step s."
function run_traces!(held::Array{T,3}, traces::AbstractMatrix{T}, z, steps, a::T, step::T) where {T}
    for (s, t) in enumerate(steps), b in axes(traces, 2)
        @inbounds @simd for j in axes(traces, 1)
            trace = traces[j, b]
            after = trace + (step * ((-trace) + (a * T(z[j, t, b]))))
            traces[j, b] = after
            held[j, b, s] = after
        end
    end
    return held
end

"One step of a whole row; sums over samples in the order of `stdp_weights!`, for the same bits."
function step_row!(updated, i, t, s, plus, minus, drop::Vector{T}, z_pre, z_post, t_pre, rule, low, high) where {T}
    neurons, samples = size(t_pre, 1), size(t_pre, 2)
    if samples == 1
        @inbounds rise, fall = T(z_post[i, t, 1]), drop[1]
        @inbounds @simd ivdep for j in 1:neurons
            updated[j, i] = stepped(rule, updated[j, i], rise * t_pre[j, 1, s], fall * T(z_pre[j, t, 1]), low, high)
        end
        return
    end
    fill!(plus, zero(T))
    fill!(minus, zero(T))
    for b in 1:samples
        @inbounds fall = drop[b]
        @inbounds @simd ivdep for j in 1:neurons
            minus[j] += fall * T(z_pre[j, t, b])
        end
        @inbounds z_post[i, t, b] == 0 && continue
        @inbounds @simd ivdep for j in 1:neurons
            plus[j] += t_pre[j, b, s]
        end
    end
    @inbounds @simd ivdep for j in 1:neurons
        updated[j, i] = stepped(rule, updated[j, i], plus[j], minus[j], low, high)
    end
end

"One step of row i without spikes of its own: only the weights of spiking columns change."
function step_columns!(updated::AbstractMatrix{T}, i, events, drop, spiking::Spiking, rule, low::T, high::T) where {T}
    if length(drop) == 1
        @inbounds fall = drop[1]
        @inbounds for k in events
            j = spiking.neuron[k]
            w = updated[j, i]
            updated[j, i] = clamp_to(w - decline(rule, w) * fall, low, high)
        end
        return
    end
    @inbounds for k in events
        fall = zero(T)
        for at in spiking.first_sample[k]:spiking.first_sample[k+1]-1
            fall += drop[spiking.sample[at]]
        end
        j = spiking.neuron[k]
        w = updated[j, i]
        updated[j, i] = clamp_to(w - decline(rule, w) * fall, low, high)
    end
end

"Columns that must spike before a whole row is computed: one alone costs more than one in a vector."
dense_from(rule, neurons) = neurons ÷ 8
dense_from(rule::MultiplicativePow, neurons) = neurons

"""
Take the weights through some steps, one row after the other, each in cache. A step in which a row is silent changes
only the weights of spiking columns; the first step of all also bounds weights that nothing changes.
"""
function run_weights!(
    updated::AbstractMatrix{T},
    spiking::Spiking,
    z_pre,
    z_post,
    t_pre::Array{T,3},
    t_post::Array{T,3},
    steps,
    rule,
    low::T,
    high::T,
) where {T}
    neurons, samples = size(t_pre, 1), size(t_pre, 2)
    plus, minus, drop = Vector{T}(undef, neurons), Vector{T}(undef, neurons), Vector{T}(undef, samples)
    for i in axes(updated, 2), (s, t) in enumerate(steps)
        silent = true
        @inbounds for b in 1:samples
            silent &= z_post[i, t, b] == 0
            drop[b] = t_post[i, b, s]
        end
        @inbounds events = spiking.first_neuron[s]:spiking.first_neuron[s+1]-1
        if silent && t > 1 && length(events) <= dense_from(rule, neurons)
            step_columns!(updated, i, events, drop, spiking, rule, low, high)
        else
            step_row!(updated, i, t, s, plus, minus, drop, z_pre, z_post, t_pre, rule, low, high)
        end
    end
    return updated
end

"""
    stdp_linear_run!(updated, new_t_pre, new_t_post, weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt)

T steps of `stdp_linear!` in one call, with its parameters; its cost follows the spikes.

Shapes: weights (pre, post), spikes, 0 or 1, (pre, T, B) and (post, T, B), traces (pre, B) and (post, B).
Policy: weights budget, traces bits. Errors: DimensionMismatch where sizes disagree, ArgumentError for an unknown
algorithm. Source: norse.torch.functional.stdp 1.1.0; Gerstner & Kistler 2002.
"""
function stdp_linear_run!(
    updated::AbstractMatrix{T},
    new_t_pre::AbstractMatrix{T},
    new_t_post::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    z_pre::AbstractArray{UInt8,3},
    z_post::AbstractArray{UInt8,3},
    t_pre::AbstractMatrix{T},
    t_post::AbstractMatrix{T},
    a_pre,
    a_post,
    tau_pre_inv,
    tau_post_inv,
    w_min,
    w_max,
    eta_plus,
    eta_minus,
    stdp_algorithm::Symbol,
    mu,
    hardbound,
    dt,
) where {T}
    pre, post, steps, samples = size(z_pre, 1), size(z_post, 1), size(z_pre, 2), size(z_pre, 3)
    sizes_agree("stdp_linear_run", size(updated) == size(weights) == (pre, post))
    sizes_agree("stdp_linear_run", size(z_post) == (post, steps, samples))
    sizes_agree("stdp_linear_run", size(new_t_pre) == size(t_pre) == (pre, samples))
    sizes_agree("stdp_linear_run", size(new_t_post) == size(t_post) == (post, samples))
    copyto!(updated, weights)
    copyto!(new_t_pre, t_pre)
    copyto!(new_t_post, t_post)
    rule = rule_of(stdp_algorithm, T(eta_plus), T(eta_minus), T(w_min), T(w_max), T(mu))
    low = hardbound ? T(w_min) : typemin(T)
    high = hardbound ? T(w_max) : typemax(T)
    together = clamp(TRACES ÷ max((pre + post) * samples, 1), 1, max(steps, 1))
    held_pre = Array{T,3}(undef, pre, samples, together)
    held_post = Array{T,3}(undef, post, samples, together)
    for start in 1:together:steps
        some = start:min(start + together - 1, steps)
        run_traces!(held_pre, new_t_pre, z_pre, some, T(a_pre), T(dt) * T(tau_pre_inv))
        run_traces!(held_post, new_t_post, z_post, some, T(a_post), T(dt) * T(tau_post_inv))
        run_weights!(updated, find_spikes(z_pre, some), z_pre, z_post, held_pre, held_post, some, rule, low, high)
    end
    return updated, new_t_pre, new_t_post
end

"    stdp_linear_run(weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt) -> (weights, t_pre, t_post)"
function stdp_linear_run(weights, z_pre, z_post, t_pre, t_post, parameters...)
    updated = (similar(weights), similar(t_pre), similar(t_post))
    return stdp_linear_run!(updated..., weights, z_pre, z_post, t_pre, t_post, parameters...)
end

"Channels that are summed together, in a vector: without them few channels would all be left to scalar code."
const CHANNELS = 8

padded_channels(n) = cld(n, CHANNELS) * CHANNELS

"Channels first: (C, W, H, B) of images (W, H, C, B), with zero channels added up to a multiple of `CHANNELS`."
function channels_first(images::AbstractArray{T,4}) where {T}
    width, height, channels, samples = size(images)
    turned = zeros(T, padded_channels(channels), width, height, samples)
    for b in 1:samples, c in 1:channels, row in 1:height
        @inbounds for column in 1:width
            turned[c, column, row, b] = images[column, row, c, b]
        end
    end
    return turned
end

"Where output `y` meets the image through place `u` of the window, from 1; 0 outside of it."
function meeting(outputs::Int, window::Int, image::Int, stride::Int, padding::Int, dilation::Int)
    place = zeros(Int, window, outputs)
    for y in 1:outputs, u in 1:window
        at = (y - 1) * stride + (u - 1) * dilation - padding
        0 <= at < image && (place[u, y] = at + 1)
    end
    return place
end

"The inverse: the output that meets a place of the image through the window's place `u`; 0 for none."
function met_by(place::Matrix{Int}, image::Int)
    output = zeros(Int, size(place, 1), image)
    for y in axes(place, 2), u in axes(place, 1)
        place[u, y] == 0 || (output[u, place[u, y]] = y)
    end
    return output
end

"""
Sum traces[:, column, row, b] for every spike to sums[:, v, u, channel]: `rows[u, y]` and `columns[v, x]` say which
trace a spike at (y, x) meets through the window's place (u, v), 0 for none. Channels come first in both, to be
contiguous.
"""
function sum_of_meetings!(sums::Array{T,4}, spikes::AbstractArray{UInt8,4}, traces::Array{T,4}, rows, columns) where {T}
    width, height, channels, samples = size(spikes)
    blocks = size(sums, 1) ÷ CHANNELS
    for b in 1:samples, channel in 1:channels, y in 1:height, x in 1:width
        @inbounds spikes[x, y, channel, b] == 0 && continue
        for u in axes(rows, 1)
            row = @inbounds rows[u, y]
            row == 0 && continue
            for v in axes(columns, 1)
                column = @inbounds columns[v, x]
                column == 0 && continue
                for block in 1:blocks
                    skipped = CHANNELS * (block - 1)
                    @inbounds @simd ivdep for c in 1:CHANNELS
                        sums[skipped+c, v, u, channel] += traces[skipped+c, column, row, b]
                    end
                end
            end
        end
    end
    return sums
end

function convolved_weights!(updated::AbstractArray{T,4}, weights, plus, minus, rule, low::T, high::T) where {T}
    kw, kh, inputs, outputs = size(weights)
    @inbounds for o in 1:outputs, i in 1:inputs, u in 1:kh, v in 1:kw
        updated[v, u, i, o] = stepped(rule, weights[v, u, i, o], plus[i, v, u, o], minus[o, v, u, i], low, high)
    end
    return updated
end

"""
    stdp_conv2d!(updated, new_t_pre, new_t_post, weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt,
                 stride, padding, dilation)

One STDP step of a two-dimensional convolution: `stdp_linear!`, with its parameters, summed over samples and positions.
Weight (o, i, u, v) joins the output (y, x) with the input (y stride + u dilation - padding, x stride + v dilation -
padding); outside of the image traces and spikes are 0.

Shapes: weights (kw, kh, in, out); spikes, 0 or 1, and traces (W, H, in, B) and (Wo, Ho, out, B), Ho and Wo the
convolution's. Policy: weights budget, traces bits. Errors: DimensionMismatch where sizes disagree, ArgumentError for an
unknown algorithm. Source: norse.torch.functional.stdp 1.1.0; Gerstner & Kistler 2002.
"""
function stdp_conv2d!(
    updated::AbstractArray{T,4},
    new_t_pre::AbstractArray{T,4},
    new_t_post::AbstractArray{T,4},
    weights::AbstractArray{T,4},
    z_pre::AbstractArray{UInt8,4},
    z_post::AbstractArray{UInt8,4},
    t_pre::AbstractArray{T,4},
    t_post::AbstractArray{T,4},
    a_pre,
    a_post,
    tau_pre_inv,
    tau_post_inv,
    w_min,
    w_max,
    eta_plus,
    eta_minus,
    stdp_algorithm::Symbol,
    mu,
    hardbound,
    dt,
    stride,
    padding,
    dilation,
) where {T}
    kw, kh, inputs, outputs = size(weights)
    width, height, _, samples = size(z_pre)
    sizes_agree("stdp_conv2d", size(updated) == size(weights))
    sizes_agree("stdp_conv2d", size(z_pre, 3) == inputs && size(z_post, 3) == outputs && size(z_post, 4) == samples)
    stdp_trace!(new_t_pre, t_pre, z_pre, tau_pre_inv, a_pre, dt)
    stdp_trace!(new_t_post, t_post, z_post, tau_post_inv, a_post, dt)
    rows = meeting(size(z_post, 2), kh, height, stride, padding, dilation)
    columns = meeting(size(z_post, 1), kw, width, stride, padding, dilation)
    plus = zeros(T, padded_channels(inputs), kw, kh, outputs)
    minus = zeros(T, padded_channels(outputs), kw, kh, inputs)
    sum_of_meetings!(plus, z_post, channels_first(new_t_pre), rows, columns)
    sum_of_meetings!(minus, z_pre, channels_first(new_t_post), met_by(rows, height), met_by(columns, width))
    rule = rule_of(stdp_algorithm, T(eta_plus), T(eta_minus), T(w_min), T(w_max), T(mu))
    low = hardbound ? T(w_min) : typemin(T)
    high = hardbound ? T(w_max) : typemax(T)
    convolved_weights!(updated, weights, plus, minus, rule, low, high)
    return updated, new_t_pre, new_t_post
end

"    stdp_conv2d(weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt, stride, padding, dilation) -> as stdp_linear"
function stdp_conv2d(weights, z_pre, z_post, t_pre, t_post, parameters...)
    updated = (similar(weights), similar(t_pre), similar(t_post))
    return stdp_conv2d!(updated..., weights, z_pre, z_post, t_pre, t_post, parameters...)
end
