# InfoNCE and contrastive signal-dependent plasticity (CSDP).
#
#   infonce        q_i = a_i / max(|a_i|, 1e-8), k_j = b_j / max(|b_j|, 1e-8), s_ij = q_i.k_j / temperature,
#                  row_i = ln(sum_j exp(s_ij)) - s_ii, loss = mean_i row_i
#   infonce_grad   P_ij = exp(s_ij) / sum_k exp(s_ik), D = (P - I) / (B temperature), dq_i = sum_j D_ij k_j,
#                  dk_j = sum_i D_ij q_i, grad_a_i = (dq_i - (dq_i.q_i) q_i) / |a_i|, or dq_i / 1e-8 below that norm
#   csdp_positive  W + (((lr post_i) pre_j) - (decay W))
#   csdp_negative  W - ((lr post_i) pre_j)
#   csdp_step      negative(positive(W))
#   goodness       sum z^2
#   csdp_layer_goodness  g_b = sum_n z_bn^2, p_b = sigmoid(g_b - theta), modulator_b = p_b - label_b,
#                        loss = mean_b softplus((1 - 2 label_b) (g_b - theta))
#
# van den Oord et al. 2018, arXiv:1807.03748; Ororbia 2024, Science Advances, doi:10.1126/sciadv.adn6076.

export infonce, infonce!, infonce_grad, infonce_grad!
export csdp_positive, csdp_positive!, csdp_negative, csdp_negative!, csdp_step, csdp_step!
export goodness, goodness!, csdp_layer_goodness, csdp_layer_goodness!

"Rows of scores held at a time; a multiple of `PANEL`."
const TILE = 32

"Columns of scores are as long as a multiple of this, so that loops over them leave no remainder to scalar code."
const LANES = 32

@inline exponent_of(x::Float64) = reinterpret(UInt64, x) & 0x7ff0000000000000
@inline exponent_of(x::Float32) = reinterpret(UInt32, x) & 0x7f800000

"""
    UnitRows(view)

`q`: x / max(|x|, 1e-8) for each row x of `view` (F, B), with zero rows added up to a multiple of `PANEL`. A row is
first divided by `scale`, a power of two, so that its norm neither overflows nor underflows; below 2^-27 only the floor,
scaled with the row, would overflow. max(|x|, 1e-8) is `norm` times `scale`; `floored` where it is 1e-8 because |x| is
less.
"""
struct UnitRows{T}
    q::Matrix{T}
    norm::Vector{T}
    scale::Vector{T}
    floored::Vector{Bool}
end

function UnitRows(view::AbstractMatrix{T}) where {T}
    features, rows = size(view)
    q = zeros(T, features, cld(rows, PANEL) * PANEL)
    units = UnitRows{T}(q, Vector{T}(undef, rows), Vector{T}(undef, rows), Vector{Bool}(undef, rows))
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
        length, least = sqrt(total), T(1e-8) / scale
        norm = max(length, least)
        @inbounds @simd for f in 1:features
            q[f, i] /= norm
        end
        units.norm[i], units.scale[i], units.floored[i] = norm, scale, length < least
    end
    return units
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
    q, k = UnitRows(view_a).q, UnitRows(view_b).q
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

"""
    row_softmax!(cosines, column, i, rows, temperature) -> row_loss

Overwrite row i of scores with P - I, its softmax less 1 at `i`, and give its loss. What the pivot leaves of 1 is the
sum of the others, so nothing cancels.
"""
function row_softmax!(cosines::Matrix{T}, column, i, rows, temperature::T) where {T}
    @inbounds positive = cosines[i, column]
    top = positive
    @inbounds @simd for j in 1:rows
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
    @inbounds @simd for j in 1:rows
        term = branchless_exp((cosines[j, column] - top) / temperature)
        cosines[j, column] = term
        others += ifelse(j == at, zero(T), term)
    end
    total = one(T) + others
    @inbounds left = at == i ? -others : cosines[i, column] - total
    @inbounds @simd for j in 1:rows
        cosines[j, column] /= total
    end
    @inbounds cosines[i, column] = left / total
    return (top - positive) / temperature + log1p(others)
end

"Add (P - I) k to `dq` and its transpose times q to `dk`, `TILE` rows of scores at a time; the sum of all row losses."
function add_direction!(dq::Matrix{T}, dk::Matrix{T}, q::Matrix{T}, k::Matrix{T}, rows, temperature::T) where {T}
    padded = size(k, 2)
    scores = zeros(T, padded, min(TILE, padded))
    total = zero(T)
    for start in 1:TILE:rows
        stop = min(start + TILE - 1, padded)
        for j in 1:PANEL:padded, i in start:PANEL:stop
            panel!(scores, i - start + 1, q, k, i, j)
        end
        for i in start:stop
            column = i - start + 1
            i <= rows && (total += row_softmax!(scores, column, i, rows, temperature))
            for j in (i <= rows ? rows + 1 : 1):padded
                scores[j, column] = zero(T)
            end
        end
        add_products!((j, i) -> (@inbounds scores[j, i-start+1]), dq, k, start:stop, 1:padded)
        add_products!((i, j) -> (@inbounds scores[j, i-start+1]), dk, q, 1:padded, start:stop)
    end
    return total
end

"Write the gradient with respect to a view, given that with respect to its unit rows times B and temperature."
function through_norm!(grad::AbstractMatrix{T}, dq::Matrix{T}, units::UnitRows{T}, temperature::T) where {T}
    q, rows = units.q, size(grad, 2)
    for i in 1:rows
        along = zero(T)
        if !units.floored[i]
            @inbounds @simd for f in axes(grad, 1)
                along += dq[f, i] * q[f, i]
            end
        end
        norm, scale = units.norm[i], units.scale[i]
        @inbounds @simd for f in axes(grad, 1)
            # The power of two comes last: only there may the true value be subnormal.
            grad[f, i] = (dq[f, i] - along * q[f, i]) / norm / T(rows) / temperature / scale
        end
    end
    return grad
end

"""
    infonce_grad!(loss, grad_a, grad_b, view_a, view_b, temperature, symmetric)

The loss of `infonce!` and its gradient with respect to the views before normalization: with P the softmax of each row
of scores and D = (P - I) / (B temperature), dq_i = sum_j D_ij k_j, dk_j = sum_i D_ij q_i, each then taken through the
normalization: (dq - (dq.q) q) / |a|, or dq / 1e-8 where |a| < 1e-8. Fewer than two rows give 0.

Shapes: views and gradients (F, B), `loss` 0-dimensional. Memory O(B * tile + B * F). Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: van den Oord et al. 2018, arXiv:1807.03748.
"""
function infonce_grad!(
    loss::AbstractArray{T,0},
    grad_a::AbstractMatrix{T},
    grad_b::AbstractMatrix{T},
    view_a::AbstractMatrix{T},
    view_b::AbstractMatrix{T},
    temperature,
    symmetric,
) where {T}
    sizes_agree("infonce_grad", size(grad_a) == size(grad_b) == size(view_a) == size(view_b))
    rows = size(view_a, 2)
    if rows < 2
        fill!(grad_a, zero(T))
        fill!(grad_b, zero(T))
        loss[] = zero(T)
        return loss, grad_a, grad_b
    end
    temperature = T(temperature)
    a, b = UnitRows(view_a), UnitRows(view_b)
    dq, dk = zero(a.q), zero(b.q)
    total = add_direction!(dq, dk, a.q, b.q, rows, temperature)
    if symmetric
        total = (total + add_direction!(dk, dq, b.q, a.q, rows, temperature)) / 2
        divide!(dq, T(2))
        divide!(dk, T(2))
    end
    loss[] = total / T(rows)
    through_norm!(grad_a, dq, a, temperature)
    through_norm!(grad_b, dk, b, temperature)
    return loss, grad_a, grad_b
end

"    infonce_grad(view_a, view_b, temperature, symmetric) -> (loss, grad_a, grad_b)"
function infonce_grad(view_a::AbstractMatrix{T}, view_b, temperature, symmetric) where {T}
    loss = Array{T,0}(undef)
    grad_a, grad_b = similar(view_a), similar(view_b)
    infonce_grad!(loss, grad_a, grad_b, view_a, view_b, temperature, symmetric)
    return loss[], grad_a, grad_b
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

"""
    csdp_layer_goodness!(goodness, probability, loss, modulator, activations, labels, theta)

Goodness of each sample, g = sum z^2, its probability of being positive, p = sigmoid(g - theta), the modulator
p - label, and the loss, the mean of softplus((1 - 2 label) (g - theta)). Nothing is clipped; no samples give loss 0.

Shapes: activations (N, B), labels (B), 0 or 1, `loss` 0-dimensional, the other outputs (B). Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: Ororbia 2024.
"""
function csdp_layer_goodness!(
    goodness::AbstractVector{T},
    probability::AbstractVector{T},
    loss::AbstractArray{T,0},
    modulator::AbstractVector{T},
    activations::AbstractMatrix{T},
    labels::AbstractVector{Int32},
    theta,
) where {T}
    sizes_agree(
        "csdp_layer_goodness",
        size(activations, 2) == length(labels) == length(goodness) == length(probability) == length(modulator),
    )
    theta = T(theta)
    total = zero(T)
    for b in eachindex(labels)
        g = zero(T)
        @inbounds @simd for n in axes(activations, 1)
            g += activations[n, b] * activations[n, b]
        end
        label = T(labels[b])
        x = g - theta
        p = sigmoid(x)
        goodness[b], probability[b], modulator[b] = g, p, p - label
        total += softplus((1 - 2label) * x)
    end
    loss[] = mean_of(total, length(labels))
    return goodness, probability, loss, modulator
end

"    csdp_layer_goodness(activations, labels, theta) -> (goodness, probability, loss, modulator)"
function csdp_layer_goodness(activations::AbstractMatrix{T}, labels, theta) where {T}
    per_sample() = Vector{T}(undef, length(labels))
    loss = Array{T,0}(undef)
    goodness, probability, modulator = per_sample(), per_sample(), per_sample()
    csdp_layer_goodness!(goodness, probability, loss, modulator, activations, labels, theta)
    return goodness, probability, loss[], modulator
end
