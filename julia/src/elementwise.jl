# Functions of one element that all families use, without branches, so that loops over them vectorize.

@inline relu(x) = ifelse(x > zero(x), x, zero(x))

@inline clamp_to(x, low, high) = ifelse(x < low, low, ifelse(x > high, high, x))

@inline clip(x) = clamp_to(x, zero(x), one(x))

# exp, which in Base has branches: x = k ln2 + r, |r| <= ln2/2; exp(x) = 2^k (1 + r + r^2 q(r)), with q the Taylor
# series. k is rounded by adding and subtracting 1.5 * 2^(p-1), whose last place is 1. ln2 is split so that k times its
# high part is exact. 2^k is applied in two halves, so that results below the normal range are rounded once and not
# flushed.

"""
    branchless_exp(x)

exp(x) for Float64 and Float32 within 1.5 ulp (half a unit of the smallest number more below the normal range);
0 and Inf beyond the range, NaN for NaN.
"""
@inline function branchless_exp(x::Float64)
    x = ifelse(x < -800.0, -800.0, ifelse(x > 800.0, 800.0, x))
    shifter = 6755399441055744.0
    t = muladd(x, 1.4426950408889634, shifter)
    k = t - shifter
    r = muladd(k, -6.93147180369123816490e-01, x)
    r = muladd(k, -1.90821492927058770002e-10, r)
    q = 1.6059043836821613e-10
    q = muladd(q, r, 2.08767569878681e-9)
    q = muladd(q, r, 2.505210838544172e-8)
    q = muladd(q, r, 2.755731922398589e-7)
    q = muladd(q, r, 2.7557319223985893e-6)
    q = muladd(q, r, 2.48015873015873e-5)
    q = muladd(q, r, 0.0001984126984126984)
    q = muladd(q, r, 0.001388888888888889)
    q = muladd(q, r, 0.008333333333333333)
    q = muladd(q, r, 0.041666666666666664)
    q = muladd(q, r, 0.16666666666666666)
    q = muladd(q, r, 0.5)
    p = muladd(q, r * r, r) + 1.0
    n = reinterpret(Int64, t) - reinterpret(Int64, shifter)
    half = n >> 1
    return p * reinterpret(Float64, (half + 1023) << 52) * reinterpret(Float64, (n - half + 1023) << 52)
end

@inline function branchless_exp(x::Float32)
    x = ifelse(x < -150.0f0, -150.0f0, ifelse(x > 150.0f0, 150.0f0, x))
    shifter = 12582912.0f0
    t = muladd(x, 1.442695f0, shifter)
    k = t - shifter
    r = muladd(k, -0.693359375f0, x)
    r = muladd(k, 2.12194440f-4, r)
    q = 0.00019841270f0
    q = muladd(q, r, 0.0013888889f0)
    q = muladd(q, r, 0.008333334f0)
    q = muladd(q, r, 0.041666668f0)
    q = muladd(q, r, 0.16666667f0)
    q = muladd(q, r, 0.5f0)
    p = muladd(q, r * r, r) + 1.0f0
    n = reinterpret(Int32, t) - reinterpret(Int32, shifter)
    half = n >> Int32(1)
    bias = Int32(127)
    return p * reinterpret(Float32, (half + bias) << Int32(23)) * reinterpret(Float32, (n - half + bias) << Int32(23))
end

"1 / (1 + exp(-x)) without overflow"
@inline function sigmoid(x)
    e = branchless_exp(-abs(x))
    return ifelse(x >= zero(x), one(x), e) / (one(x) + e)
end

"ln(1 + exp(x)) without overflow or cancellation"
@inline softplus(x) = relu(x) + log1p(branchless_exp(-abs(x)))

"The mean of numbers with that sum; 0 where there are none."
@inline mean_of(total::T, count::Integer) where {T} = count == 0 ? zero(T) : total / T(count)

"Divide all elements: a loop, since broadcasting takes much longer to compile."
function divide!(values::Array{T}, by::T) where {T}
    @inbounds @simd for i in eachindex(values)
        values[i] /= by
    end
    return values
end

"Where the greatest element is; ties take the lowest index."
function first_greatest(values::AbstractVector)
    at = firstindex(values)
    @inbounds for i in eachindex(values)
        values[i] > values[at] && (at = i)
    end
    return at
end

"What kernels check of their arguments: only that their sizes agree."
sizes_agree(kernel::String, agree::Bool) = agree || throw(DimensionMismatch("$kernel: sizes of arrays disagree"))
