# Spike-timing-dependent plasticity.
#
#   stdp_trace   t' = t + ((dt tau_inv) ((-t) + (a z)))
#   stdp_linear  t_pre' = stdp_trace(t_pre, z_pre), t_post' = stdp_trace(t_post, z_post), then
#                W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)
#                additive             A_plus = eta_plus                        A_minus = eta_minus
#                additive_step        eta_plus [w_max - W > 0]                 eta_minus [W - w_min > 0]
#                multiplicative_pow   eta_plus max(w_max - W, 0)^mu, 0^0 = 1   eta_minus max(W - w_min, 0)^mu
#                multiplicative_relu  eta_plus max(w_max - W, 0)               eta_minus max(W - w_min, 0)
#
# Semantics of norse.torch.functional.stdp 1.1.0; pair-based STDP after Gerstner & Kistler 2002.

export stdp_trace, stdp_trace!, stdp_linear, stdp_linear!

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

@inline amplitudes(rule::Additive, w) = rule.eta_plus, rule.eta_minus
@inline amplitudes(rule::AdditiveStep, w) =
    ifelse(rule.w_max - w > 0, rule.eta_plus, zero(w)), ifelse(w - rule.w_min > 0, rule.eta_minus, zero(w))
@inline amplitudes(rule::MultiplicativePow, w) =
    rule.eta_plus * relu(rule.w_max - w)^rule.mu, rule.eta_minus * relu(w - rule.w_min)^rule.mu
@inline amplitudes(rule::MultiplicativeRelu, w) =
    rule.eta_plus * relu(rule.w_max - w), rule.eta_minus * relu(w - rule.w_min)

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
            w = weights[j, i]
            a_plus, a_minus = amplitudes(rule, w)
            updated[j, i] = clamp_to((w + a_plus * plus[j]) - a_minus * minus[j], low, high)
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
    update!(rule) = stdp_weights!(updated, weights, z_pre, z_post, new_t_pre, new_t_post, rule, low, high)
    if stdp_algorithm === :additive
        update!(Additive{T}(eta_plus, eta_minus))
    elseif stdp_algorithm === :additive_step
        update!(AdditiveStep{T}(eta_plus, eta_minus, w_min, w_max))
    elseif stdp_algorithm === :multiplicative_pow
        update!(MultiplicativePow{T}(eta_plus, eta_minus, w_min, w_max, mu))
    elseif stdp_algorithm === :multiplicative_relu
        update!(MultiplicativeRelu{T}(eta_plus, eta_minus, w_min, w_max))
    else
        throw(ArgumentError("stdp_linear: unknown stdp_algorithm $stdp_algorithm"))
    end
    return updated, new_t_pre, new_t_post
end

"    stdp_linear(weights, z_pre, z_post, t_pre, t_post, a_pre, ..., dt) -> (weights, t_pre, t_post)"
function stdp_linear(weights, z_pre, z_post, t_pre, t_post, parameters...)
    updated = (similar(weights), similar(t_pre), similar(t_post))
    return stdp_linear!(updated..., weights, z_pre, z_post, t_pre, t_post, parameters...)
end
