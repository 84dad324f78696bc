# Latent predictive learning (LPL).
#
#   lpl           pull = mean_bd (z1 - z2)^2, push = 1/2 sum over views of -(1/D) sum_d ln(var_d + eps),
#                 decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (D^2 - D), with B - 1 in var and C; D = 1 gives 0
#                 total = pull_coeff pull + push_coeff push + decorr_coeff decorr
#   lpl_grad      d push / d z_bd = -(z_bd - mean_d) / (D (B - 1) (var_d + eps)), the mean held fixed
#                 d pull / d z1 = 2 (z1 - z2) / (B D), 0 under stop_gradient; d pull / d z2 = -2 (z1 - z2) / (B D)
#                 d decorr / d z_bj = 2 / ((B - 1) (D^2 - D)) sum_{k != j} C_jk (z_bk - mean_k)
#   lpl_negative  cos_ij = q_i.k_j of unit rows, pull = -mean_i cos_ii, push = mean_{i != j} cos_ij^2
#   lpl_spiking_step   see its own text
#
# Halvagal & Zenke 2023, Nature Neuroscience 26, doi:10.1038/s41593-023-01460-y.

export lpl, lpl!, lpl_grad, lpl_grad!, lpl_negative, lpl_negative!, lpl_spiking_step, lpl_spiking_step!

"""
    Centered(view)

A view (D, B) less its means over the batch: `z` (B, D), with zeros added up to multiples of `PANEL`, and the variances,
over B - 1.
"""
struct Centered{T}
    z::Matrix{T}
    variance::Vector{T}
end

function Centered(view::AbstractMatrix{T}) where {T}
    units, samples = size(view)
    z = zeros(T, cld(samples, PANEL) * PANEL, cld(units, PANEL) * PANEL)
    transpose_to!(z, view, units, samples)
    variance = Vector{T}(undef, units)
    for d in 1:units
        total = zero(T)
        @inbounds @simd for b in 1:samples
            total += z[b, d]
        end
        mean = total / T(samples)
        squares = zero(T)
        @inbounds @simd for b in 1:samples
            centered = z[b, d] - mean
            z[b, d] = centered
            squares += centered * centered
        end
        variance[d] = squares / T(samples - 1)
    end
    return Centered{T}(z, variance)
end

function mean_square_difference(z1::AbstractMatrix{T}, z2::AbstractMatrix{T}) where {T}
    total = zero(T)
    @inbounds @simd for i in eachindex(z1, z2)
        difference = z1[i] - z2[i]
        total += difference * difference
    end
    return mean_of(total, length(z1))
end

"-(1/D) sum_d ln(var_d + eps)"
function push_of(view::Centered{T}, eps::T) where {T}
    total = zero(T)
    for v in view.variance
        total += log(v + eps)
    end
    return -total / T(length(view.variance))
end

"Write columns `start` to `stop` of C times B - 1, from row `from` on, to `products`, with 0 in the diagonal."
function products_of_columns!(products::Matrix{T}, view::Centered{T}, from, start, stop) where {T}
    z = view.z
    for j in from:PANEL:size(z, 2), i in start:PANEL:stop
        panel!(products, i - start + 1, z, z, i, j)
    end
    for i in start:stop
        products[i, i-start+1] = zero(T)
    end
    return products
end

"""
    decorr_of(view, samples, [use])

sum_{j != k} C_jk^2 / (D^2 - D). C is symmetric, and what is left of a tile's columns is not computed, unless there is a
`use` for it: a function of the tile of C times B - 1, its diagonal 0, and its columns.
"""
function decorr_of(view::Centered{T}, samples::Int, use = nothing) where {T}
    units, padded = length(view.variance), size(view.z, 2)
    units > 1 || return zero(T)
    products = zeros(T, padded, min(TILE, padded))
    total = zero(T)
    for start in 1:TILE:units
        stop = min(start + TILE - 1, padded)
        products_of_columns!(products, view, use === nothing ? start : 1, start, stop)
        for i in 1:stop-start+1
            inside = beyond = zero(T)
            @inbounds @simd for j in start:stop
                c = products[j, i] / T(samples - 1)
                inside += c * c
            end
            @inbounds @simd for j in stop+1:padded
                c = products[j, i] / T(samples - 1)
                beyond += c * c
            end
            total += inside + 2beyond
        end
        use === nothing || use(products, start:stop)
    end
    return total / T(units * (units - 1))
end

function terms!(pull, push, decorr, total, z1, z2, coefficients, eps, first_decorr, second_decorr, first, second)
    pull[] = mean_square_difference(z1, z2)
    push[] = (push_of(first, eps) + push_of(second, eps)) / 2
    decorr[] = (first_decorr + second_decorr) / 2
    total[] = coefficients[1] * pull[] + coefficients[2] * push[] + coefficients[3] * decorr[]
    return
end

"""
    lpl!(pull, push, decorr, total, z1, z2, pull_coeff, push_coeff, decorr_coeff, eps)

The LPL loss of a layer's responses to two consecutive views: pull = mean (z1 - z2)^2, push = 1/2 sum over views of
-(1/D) sum_d ln(var_d + eps), decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (D^2 - D), with B - 1 in variances
and covariances; `total` weighs the three by their coefficients.

Shapes: views (D, B), B > 1; outputs 0-dimensional. Policy: budget. Errors: DimensionMismatch where sizes disagree.
Source: Halvagal & Zenke 2023.
"""
function lpl!(
    pull::AbstractArray{T,0},
    push::AbstractArray{T,0},
    decorr::AbstractArray{T,0},
    total::AbstractArray{T,0},
    z1::AbstractMatrix{T},
    z2::AbstractMatrix{T},
    pull_coeff,
    push_coeff,
    decorr_coeff,
    eps,
) where {T}
    sizes_agree("lpl", size(z1) == size(z2))
    samples = size(z1, 2)
    first, second = Centered(z1), Centered(z2)
    decorrs = decorr_of(first, samples), decorr_of(second, samples)
    coefficients = T(pull_coeff), T(push_coeff), T(decorr_coeff)
    terms!(pull, push, decorr, total, z1, z2, coefficients, T(eps), decorrs..., first, second)
    return pull, push, decorr, total
end

"    lpl(z1, z2, pull_coeff, push_coeff, decorr_coeff, eps) -> (pull, push, decorr, total)"
function lpl(z1::AbstractMatrix{T}, z2, parameters...) where {T}
    terms = ntuple(_ -> Array{T,0}(undef), 4)
    lpl!(terms..., z1, z2, parameters...)
    return map(term -> term[], terms)
end

"Write the gradient of the weighed push and decorr of one view to `grad` (D, B); returns its decorr."
function scatter_gradient!(grad::AbstractMatrix{T}, view::Centered{T}, push_coeff::T, decorr_coeff::T, eps::T) where {T}
    units, samples = size(grad)
    z = view.z
    turned = zero(z)
    use(products, columns) =
        add_products!((k, j) -> (@inbounds products[k, j-first(columns)+1]), turned, z, columns, axes(z, 2))
    decorr = decorr_of(view, samples, use)
    for d in 1:units
        scale = T(units) * T(samples - 1) * (view.variance[d] + eps)
        @inbounds @simd for b in 1:samples
            spread = units > 1 ? 2 * (turned[b, d] / T(samples - 1)) / T(samples - 1) / T(units * (units - 1)) : zero(T)
            turned[b, d] = decorr_coeff * spread - push_coeff * (z[b, d] / scale)
        end
    end
    transpose_to!(grad, turned, samples, units)
    return decorr
end

"""
    lpl_grad!(pull, push, decorr, total, grad_z1, grad_z2, z1, z2, pull_coeff, push_coeff, decorr_coeff, eps,
              stop_gradient)

The terms of `lpl!` and the gradient of `total` with respect to both views, with the mean held fixed in push, and z1 in
pull under `stop_gradient`.

Shapes: views and gradients (D, B), B > 1; terms 0-dimensional. Policy: budget.
Errors: DimensionMismatch where sizes disagree. Source: Halvagal & Zenke 2023.
"""
function lpl_grad!(
    pull::AbstractArray{T,0},
    push::AbstractArray{T,0},
    decorr::AbstractArray{T,0},
    total::AbstractArray{T,0},
    grad_z1::AbstractMatrix{T},
    grad_z2::AbstractMatrix{T},
    z1::AbstractMatrix{T},
    z2::AbstractMatrix{T},
    pull_coeff,
    push_coeff,
    decorr_coeff,
    eps,
    stop_gradient,
) where {T}
    sizes_agree("lpl_grad", size(z1) == size(z2) == size(grad_z1) == size(grad_z2))
    coefficients = T(pull_coeff), T(push_coeff), T(decorr_coeff)
    first, second = Centered(z1), Centered(z2)
    decorrs = (
        scatter_gradient!(grad_z1, first, coefficients[2], coefficients[3], T(eps)),
        scatter_gradient!(grad_z2, second, coefficients[2], coefficients[3], T(eps)),
    )
    terms!(pull, push, decorr, total, z1, z2, coefficients, T(eps), decorrs..., first, second)
    count = T(length(z1))
    held = stop_gradient ? zero(T) : one(T)
    @inbounds @simd ivdep for i in eachindex(z1, z2, grad_z1, grad_z2)
        pulled = coefficients[1] * (2 * (z1[i] - z2[i]) / count)
        grad_z1[i] += held * pulled
        grad_z2[i] -= pulled
    end
    return pull, push, decorr, total, grad_z1, grad_z2
end

"    lpl_grad(z1, z2, pull_coeff, ..., eps, stop_gradient) -> (pull, push, decorr, total, grad_z1, grad_z2)"
function lpl_grad(z1::AbstractMatrix{T}, z2, parameters...) where {T}
    terms = ntuple(_ -> Array{T,0}(undef), 4)
    grads = similar(z1), similar(z2)
    lpl_grad!(terms..., grads..., z1, z2, parameters...)
    return map(term -> term[], terms)..., grads...
end

"""
    lpl_negative!(pull, push, z1, z2)

LPL with negative samples: with cos_ij the cosine of sample i of `z1` and sample j of `z2`, norms not below 1e-8,
pull = -mean_i cos_ii and push = mean_{i != j} cos_ij^2.

Shapes: views (D, B), B > 1; outputs 0-dimensional. Policy: budget. Errors: DimensionMismatch where sizes disagree.
Source: Halvagal & Zenke 2023.
"""
function lpl_negative!(
    pull::AbstractArray{T,0},
    push::AbstractArray{T,0},
    z1::AbstractMatrix{T},
    z2::AbstractMatrix{T},
) where {T}
    sizes_agree("lpl_negative", size(z1) == size(z2))
    q, k, samples = UnitRows(z1).q, UnitRows(z2).q, size(z1, 2)
    padded = size(k, 2)
    cosines = Matrix{T}(undef, padded, PANEL)
    aligned = squares = zero(T)
    for i in 1:PANEL:padded
        for j in 1:PANEL:padded
            panel!(cosines, 1, q, k, i, j)
        end
        for r in 1:min(PANEL, samples - i + 1)
            aligned += cosines[i+r-1, r]
            cosines[i+r-1, r] = zero(T)
            part = zero(T)
            @inbounds @simd for j in 1:padded
                part += cosines[j, r] * cosines[j, r]
            end
            squares += part
        end
    end
    pull[] = -(aligned / T(samples))
    push[] = squares / T(samples * (samples - 1))
    return pull, push
end

"    lpl_negative(z1, z2) -> (pull, push)"
function lpl_negative(z1::AbstractMatrix{T}, z2) where {T}
    pull, push = Array{T,0}(undef), Array{T,0}(undef)
    lpl_negative!(pull, push, z1, z2)
    return pull[], push[]
end

"""
    lpl_spiking_step!(new_weights, new_mean, new_variance, new_psp_syn, new_psp, new_error_rise, new_error,
                      new_eligibility, new_eligibility_filtered, new_gradient,
                      weights, z_pre, z_post, z_post_delayed, membrane, mean, variance, psp_syn, psp, error_rise, error,
                      eligibility, eligibility_filtered, gradient,
                      step, dt, tau_syn, tau_mem, tau_rise, tau_fall, tau_mean, tau_var, lambda_, phi, delta, xi, beta,
                      threshold, cutoff, eta, every, w_max)

One step of the spiking LPL rule for one layer, with x = mean dt / tau_mean, the expected spikes of a step:

    psp_syn' = psp_syn exp(-dt/tau_syn) + z_pre; psp' = psp + (dt/tau_mem) (psp_syn' - psp)
    e = lambda_ (z_post - x) / (variance + xi) + delta - phi z_post + phi z_post_delayed
    error_rise' = error_rise exp(-dt/tau_rise) + e; error' = error + (dt/tau_fall) (error_rise' - error)
    f = beta / (1 + |beta (membrane - threshold)|)^2, 0 where membrane < cutoff; c = eligibility + f_i psp'_j
    eligibility_filtered' = eligibility_filtered + (dt/tau_fall) (c - eligibility_filtered)
    eligibility' = c exp(-dt/tau_rise); gradient' = gradient + eligibility_filtered' error'_i
    variance' = (variance + (z_post - x)^2 / tau_var) exp(-dt/tau_var); mean' = (mean + z_post) exp(-dt/tau_mean)
    if (step + 1) mod every = 0: weights' = clip(weights + eta gradient' / every, 0, w_max), gradient' = 0

Times in s, potentials in volt. Shapes: weights, eligibility, eligibility_filtered and gradient (pre, post), psp_syn,
psp and z_pre (pre), all others (post). Policy: budget. Errors: DimensionMismatch where sizes disagree. Source: Halvagal
& Zenke 2023; normalizers and units of delta and xi as in the authors' simulation code, not the equations.
"""
function lpl_spiking_step!(
    new_weights::AbstractMatrix{T},
    new_mean::AbstractVector{T},
    new_variance::AbstractVector{T},
    new_psp_syn::AbstractVector{T},
    new_psp::AbstractVector{T},
    new_error_rise::AbstractVector{T},
    new_error::AbstractVector{T},
    new_eligibility::AbstractMatrix{T},
    new_eligibility_filtered::AbstractMatrix{T},
    new_gradient::AbstractMatrix{T},
    weights::AbstractMatrix{T},
    z_pre::AbstractVector{UInt8},
    z_post::AbstractVector{UInt8},
    z_post_delayed::AbstractVector{UInt8},
    membrane::AbstractVector{T},
    mean::AbstractVector{T},
    variance::AbstractVector{T},
    psp_syn::AbstractVector{T},
    psp::AbstractVector{T},
    error_rise::AbstractVector{T},
    error::AbstractVector{T},
    eligibility::AbstractMatrix{T},
    eligibility_filtered::AbstractMatrix{T},
    gradient::AbstractMatrix{T},
    step,
    dt,
    tau_syn,
    tau_mem,
    tau_rise,
    tau_fall,
    tau_mean,
    tau_var,
    lambda_,
    phi,
    delta,
    xi,
    beta,
    threshold,
    cutoff,
    eta,
    every,
    w_max,
) where {T}
    pre, post = size(weights)
    old = (eligibility, eligibility_filtered, gradient)
    new = (new_weights, new_eligibility, new_eligibility_filtered, new_gradient)
    sizes_agree("lpl_spiking_step", all(m -> size(m) == (pre, post), old) && all(m -> size(m) == (pre, post), new))
    sizes_agree("lpl_spiking_step", all(v -> length(v) == pre, (new_psp_syn, new_psp, psp_syn, psp)))
    sizes_agree("lpl_spiking_step", length(z_pre) == pre && length(z_post) == length(z_post_delayed) == post)
    old = (membrane, mean, variance, error_rise, error)
    new = (new_mean, new_variance, new_error_rise, new_error)
    sizes_agree("lpl_spiking_step", all(v -> length(v) == post, old) && all(v -> length(v) == post, new))
    dt, tau_mean, tau_var, beta = T(dt), T(tau_mean), T(tau_var), T(beta)
    rise, fall, to_membrane = exp(-dt / T(tau_rise)), dt / T(tau_fall), dt / T(tau_mem)
    keep_syn, keep_mean, keep_var = exp(-dt / T(tau_syn)), exp(-dt / tau_mean), exp(-dt / tau_var)
    @inbounds @simd for j in 1:pre
        synaptic = psp_syn[j] * keep_syn + T(z_pre[j])
        new_psp_syn[j] = synaptic
        new_psp[j] = psp[j] + to_membrane * (synaptic - psp[j])
    end
    @inbounds for i in 1:post
        z, x = T(z_post[i]), mean[i] * dt / tau_mean
        e = T(lambda_) * (z - x) / (variance[i] + T(xi)) + T(delta) - T(phi) * z + T(phi) * T(z_post_delayed[i])
        new_error_rise[i] = error_rise[i] * rise + e
        new_error[i] = error[i] + fall * (new_error_rise[i] - error[i])
        new_variance[i] = (variance[i] + (z - x) * (z - x) / tau_var) * keep_var
        new_mean[i] = (mean[i] + z) * keep_mean
    end
    # The remainder of step alone, since step + 1 may not be representable.
    update = mod(step, every) == every - 1
    eta, count, w_max = T(eta), T(every), T(w_max)
    @inbounds for i in 1:post
        # Divided twice, since the square may overflow where the quotient does not vanish.
        steepness = one(T) + abs(beta * (membrane[i] - T(threshold)))
        f = membrane[i] < T(cutoff) ? zero(T) : beta / steepness / steepness
        drive = new_error[i]
        @simd ivdep for j in 1:pre
            c = eligibility[j, i] + f * new_psp[j]
            filtered = eligibility_filtered[j, i] + fall * (c - eligibility_filtered[j, i])
            gathered = gradient[j, i] + filtered * drive
            new_eligibility_filtered[j, i] = filtered
            new_eligibility[j, i] = c * rise
            new_gradient[j, i] = ifelse(update, zero(T), gathered)
            grown = clamp_to(weights[j, i] + eta * gathered / count, zero(T), w_max)
            new_weights[j, i] = ifelse(update, grown, weights[j, i])
        end
    end
    return (
        new_weights,
        new_mean,
        new_variance,
        new_psp_syn,
        new_psp,
        new_error_rise,
        new_error,
        new_eligibility,
        new_eligibility_filtered,
        new_gradient,
    )
end

"    lpl_spiking_step(weights, z_pre, ..., gradient, step, ..., w_max) -> (weights, mean, ..., gradient)"
function lpl_spiking_step(weights, z_pre, z_post, z_post_delayed, membrane, more...)
    updated = map(similar, (weights, more[1:9]...))
    return lpl_spiking_step!(updated..., weights, z_pre, z_post, z_post_delayed, membrane, more...)
end
