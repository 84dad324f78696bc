# InfoNCE and contrastive signal-dependent plasticity (CSDP).
#
#   infonce        q_i = a_i / max(|a_i|, 1e-8), k_j = b_j / max(|b_j|, 1e-8), s_ij = q_i.k_j / temperature,
#                  row_i = ln(sum_j exp(s_ij)) - s_ii, loss = mean_i row_i
#   csdp_positive  W + (((lr post_i) pre_j) - (decay W))
#   csdp_negative  W - ((lr post_i) pre_j)
#   csdp_step      negative(positive(W))
#   goodness       sum z^2
#
# van den Oord et al. 2018, arXiv:1807.03748; Ororbia 2024, Science Advances, doi:10.1126/sciadv.adn6076.

export infonce, infonce!, csdp_positive, csdp_positive!, csdp_negative, csdp_negative!, csdp_step, csdp_step!
export goodness, goodness!

"Rows of scores held at a time; a multiple of `PANEL`."
const TILE = 32

"Rows times columns of scores that are computed together, in registers."
const PANEL = 4

"Columns of scores are as long as a multiple of this, so that loops over them leave no remainder to scalar code."
const LANES = 32

@inline exponent_of(x::Float64) = reinterpret(UInt64, x) & 0x7ff0000000000000
@inline exponent_of(x::Float32) = reinterpret(UInt32, x) & 0x7f800000

"""
    unit_rows(view) -> q

x / max(|x|, 1e-8) for each row x of `view` (F, B); `q` has zero rows added up to a multiple of `PANEL`. A row is first
divided by a power of two, so that its norm neither overflows nor underflows; below 2^-27 only the floor, scaled with
the row, would overflow.
"""
function unit_rows(view::AbstractMatrix{T}) where {T}
    features, rows = size(view)
    q = zeros(T, features, cld(rows, PANEL) * PANEL)
    for i in 1:rows
        # Exponents alone are the bits of powers of two, and integers are compared in vectors.
        largest = exponent_of(zero(T))
        @inbounds @simd for f in 1:features
            largest = max(largest, exponent_of(view[f, i]))
        end
        scale = max(reinterpret(T, largest), T(2)^-27)
        inverse = one(T) / scale
        total = zero(T)
        @inbounds @simd for f in 1:features
            y = view[f, i] * inverse
            q[f, i] = y
            total += y * y
        end
        norm = max(sqrt(total), T(1e-8) / scale)
        @inbounds @simd for f in 1:features
            q[f, i] /= norm
        end
    end
    return q
end

"Write the dot products of four columns of `q` from `i` and four of `k` from `j` to `cosines[j:j+3, column:column+3]`."
@inline function panel!(cosines::Matrix{T}, column, q::Matrix{T}, k::Matrix{T}, i, j) where {T}
    d11 = d12 = d13 = d14 = d21 = d22 = d23 = d24 = zero(T)
    d31 = d32 = d33 = d34 = d41 = d42 = d43 = d44 = zero(T)
    @inbounds begin
        @simd for f in axes(q, 1)
            q1 = q[f, i]
            q2 = q[f, i+1]
            q3 = q[f, i+2]
            q4 = q[f, i+3]
            k1 = k[f, j]
            k2 = k[f, j+1]
            k3 = k[f, j+2]
            k4 = k[f, j+3]
            d11 = muladd(q1, k1, d11)
            d12 = muladd(q1, k2, d12)
            d13 = muladd(q1, k3, d13)
            d14 = muladd(q1, k4, d14)
            d21 = muladd(q2, k1, d21)
            d22 = muladd(q2, k2, d22)
            d23 = muladd(q2, k3, d23)
            d24 = muladd(q2, k4, d24)
            d31 = muladd(q3, k1, d31)
            d32 = muladd(q3, k2, d32)
            d33 = muladd(q3, k3, d33)
            d34 = muladd(q3, k4, d34)
            d41 = muladd(q4, k1, d41)
            d42 = muladd(q4, k2, d42)
            d43 = muladd(q4, k3, d43)
            d44 = muladd(q4, k4, d44)
        end
        cosines[j, column] = d11
        cosines[j+1, column] = d12
        cosines[j+2, column] = d13
        cosines[j+3, column] = d14
        cosines[j, column+1] = d21
        cosines[j+1, column+1] = d22
        cosines[j+2, column+1] = d23
        cosines[j+3, column+1] = d24
        cosines[j, column+2] = d31
        cosines[j+1, column+2] = d32
        cosines[j+2, column+2] = d33
        cosines[j+3, column+2] = d34
        cosines[j, column+3] = d41
        cosines[j+1, column+3] = d42
        cosines[j+2, column+3] = d43
        cosines[j+3, column+3] = d44
    end
    return cosines
end

"""
    row_loss(cosines, column, i, temperature)

ln(sum_j exp(s_ij)) - s_ii of row i, pivoting on s_ii where it is the largest and else on the largest: the exponentials
of all others are summed apart, so that log1p keeps what adding them to 1 would lose. Cosines are subtracted before they
are divided, so that a tiny temperature does not overflow. Cosines that are -Inf count for nothing.
"""
function row_loss(cosines::Matrix{T}, column, i, temperature::T) where {T}
    @inbounds positive = cosines[i, column]
    top = positive
    @inbounds @simd for j in axes(cosines, 1)
        top = ifelse(cosines[j, column] > top, cosines[j, column], top)
    end
    at = i
    if top > positive
        at = 1
        @inbounds while cosines[at, column] != top
            at += 1
        end
    end
    others = zero(T)
    @inbounds @simd for j in axes(cosines, 1)
        term = branchless_exp((cosines[j, column] - top) / temperature)
        others += ifelse(j == at, zero(T), term)
    end
    return (top - positive) / temperature + log1p(others)
end

"Write the losses of all rows of `q` against the rows of `k`, holding `TILE` rows of scores at a time."
function row_losses!(per_row::AbstractVector{T}, q::Matrix{T}, k::Matrix{T}, temperature::T) where {T}
    rows = length(per_row)
    padded = size(k, 2)
    cosines = fill(T(-Inf), cld(padded, LANES) * LANES, min(TILE, padded))
    for start in 1:TILE:rows
        stop = min(start + TILE - 1, padded)
        # Four rows of k stay in the nearest cache while the tile's rows of q pass by.
        for j in 1:PANEL:padded, i in start:PANEL:stop
            panel!(cosines, i - start + 1, q, k, i, j)
        end
        for i in start:min(stop, rows)
            for j in rows+1:padded
                cosines[j, i-start+1] = T(-Inf)
            end
            per_row[i] = row_loss(cosines, i - start + 1, i, temperature)
        end
    end
    return per_row
end

"""
    infonce!(loss, per_row, view_a, view_b, temperature, symmetric)

Contrastive loss of two batches of views with in-batch negatives: row_i = ln(sum_j exp(s_ij)) - s_ii with s_ij the
cosine of row i of `view_a` and row j of `view_b` over `temperature`; `loss` is their mean; `symmetric` also contrasts
`view_b` against `view_a` and takes the mean of both. Fewer than two rows give 0.

Shapes: views (F, B), `loss` 0-dimensional, `per_row` (B). Memory O(B * tile + B * F). Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: van den Oord et al. 2018, arXiv:1807.03748.
"""
function infonce!(
    loss::AbstractArray{T,0},
    per_row::AbstractVector{T},
    view_a::AbstractMatrix{T},
    view_b::AbstractMatrix{T},
    temperature,
    symmetric,
) where {T}
    rows = size(view_a, 2)
    size(view_b) == size(view_a) && length(per_row) == rows ||
        throw(DimensionMismatch("infonce: view_a $(size(view_a)), view_b $(size(view_b)), per_row $(size(per_row))"))
    if rows < 2
        fill!(per_row, zero(T))
        loss[] = zero(T)
        return loss, per_row
    end
    q = unit_rows(view_a)
    k = unit_rows(view_b)
    row_losses!(per_row, q, k, T(temperature))
    if symmetric
        back = row_losses!(Vector{T}(undef, rows), k, q, T(temperature))
        for i in 1:rows
            per_row[i] = (per_row[i] + back[i]) / 2
        end
    end
    loss[] = sum(per_row) / T(rows)
    return loss, per_row
end

"    infonce(view_a, view_b, temperature, symmetric) -> (loss, per_row)"
function infonce(view_a::AbstractMatrix{T}, view_b::AbstractMatrix{T}, temperature, symmetric) where {T}
    loss = Array{T,0}(undef)
    per_row = Vector{T}(undef, size(view_a, 2))
    infonce!(loss, per_row, view_a, view_b, temperature, symmetric)
    return loss[], per_row
end

@inline grow(w, hebb, decay) = w + (hebb - (decay * w))
@inline shrink(w, hebb) = w - hebb

function require_layer(kernel, updated, weights, pre, post)
    size(updated) == size(weights) == (length(pre), length(post)) ||
        throw(DimensionMismatch("$kernel: weights $(size(weights)), pre ($(length(pre))), post ($(length(post)))"))
end

"""
    csdp_positive!(updated, weights, pre_spikes, post_spikes, lr, decay)

CSDP update of the positive phase, Hebbian growth and decay: W + (((lr post_i) pre_j) - (decay W)).

Shapes: weights (pre, post), spikes (pre) and (post), 0 or 1. Policy: bits, in the order as bracketed.
Errors: DimensionMismatch where sizes disagree. Source: Ororbia 2024.
"""
function csdp_positive!(
    updated::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    pre_spikes::AbstractVector{UInt8},
    post_spikes::AbstractVector{UInt8},
    lr,
    decay,
) where {T}
    require_layer("csdp_positive", updated, weights, pre_spikes, post_spikes)
    lr, decay = T(lr), T(decay)
    @inbounds for i in eachindex(post_spikes)
        rate = lr * T(post_spikes[i])
        @simd for j in eachindex(pre_spikes)
            updated[j, i] = grow(weights[j, i], rate * T(pre_spikes[j]), decay)
        end
    end
    return updated
end

"    csdp_positive(weights, pre_spikes, post_spikes, lr, decay) -> weights"
csdp_positive(weights, pre_spikes, post_spikes, lr, decay) =
    csdp_positive!(similar(weights), weights, pre_spikes, post_spikes, lr, decay)

"""
    csdp_negative!(updated, weights, pre_spikes, post_spikes, lr)

CSDP update of the negative phase, anti-Hebbian and without decay: W - ((lr post_i) pre_j).

Shapes: weights (pre, post), spikes (pre) and (post), 0 or 1. Policy: bits, in the order as bracketed.
Errors: DimensionMismatch where sizes disagree. Source: Ororbia 2024.
"""
function csdp_negative!(
    updated::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    pre_spikes::AbstractVector{UInt8},
    post_spikes::AbstractVector{UInt8},
    lr,
) where {T}
    require_layer("csdp_negative", updated, weights, pre_spikes, post_spikes)
    lr = T(lr)
    @inbounds for i in eachindex(post_spikes)
        rate = lr * T(post_spikes[i])
        @simd for j in eachindex(pre_spikes)
            updated[j, i] = shrink(weights[j, i], rate * T(pre_spikes[j]))
        end
    end
    return updated
end

"    csdp_negative(weights, pre_spikes, post_spikes, lr) -> weights"
csdp_negative(weights, pre_spikes, post_spikes, lr) =
    csdp_negative!(similar(weights), weights, pre_spikes, post_spikes, lr)

"""
    csdp_step!(updated, weights, pos_pre, pos_post, neg_pre, neg_post, lr, decay)

Both CSDP phases in one pass over the weights: negative(positive(W)), with the bits of the two single updates.

Shapes: weights (pre, post), spikes (pre) and (post) of each phase, 0 or 1. Policy: bits.
Errors: DimensionMismatch where sizes disagree. Source: Ororbia 2024.
"""
function csdp_step!(
    updated::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    pos_pre::AbstractVector{UInt8},
    pos_post::AbstractVector{UInt8},
    neg_pre::AbstractVector{UInt8},
    neg_post::AbstractVector{UInt8},
    lr,
    decay,
) where {T}
    require_layer("csdp_step", updated, weights, pos_pre, pos_post)
    require_layer("csdp_step", updated, weights, neg_pre, neg_post)
    lr, decay = T(lr), T(decay)
    @inbounds for i in eachindex(pos_post)
        positive = lr * T(pos_post[i])
        negative = lr * T(neg_post[i])
        @simd for j in eachindex(pos_pre)
            grown = grow(weights[j, i], positive * T(pos_pre[j]), decay)
            updated[j, i] = shrink(grown, negative * T(neg_pre[j]))
        end
    end
    return updated
end

"    csdp_step(weights, pos_pre, pos_post, neg_pre, neg_post, lr, decay) -> weights"
csdp_step(weights, pos_pre, pos_post, neg_pre, neg_post, lr, decay) =
    csdp_step!(similar(weights), weights, pos_pre, pos_post, neg_pre, neg_post, lr, decay)

"""
    goodness!(goodness, activations)

Goodness of a layer, sum z^2; an empty array gives 0.

Shapes: activations of any shape, `goodness` 0-dimensional. Policy: budget. Source: Ororbia 2024.
"""
function goodness!(goodness::AbstractArray{T,0}, activations::AbstractArray{T}) where {T}
    total = zero(T)
    @inbounds @simd for i in eachindex(activations)
        total += activations[i] * activations[i]
    end
    goodness[] = total
    return goodness
end

"    goodness(activations) -> goodness"
goodness(activations::AbstractArray{T}) where {T} = goodness!(Array{T,0}(undef), activations)[]
