# Products of matrices, four columns by four at a time, so that what is loaded is used four times.

"Rows times columns of products that are computed together, in registers."
const PANEL = 4

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

"Add four columns of `from` from `d`, times `weight(r, s)` for column d + r and s, to four columns of `out` from `c`."
@inline function add_panel!(weight, out::AbstractMatrix{T}, c, from::AbstractMatrix{T}, d) where {T}
    w11, w12, w13, w14 = weight(0, 0), weight(0, 1), weight(0, 2), weight(0, 3)
    w21, w22, w23, w24 = weight(1, 0), weight(1, 1), weight(1, 2), weight(1, 3)
    w31, w32, w33, w34 = weight(2, 0), weight(2, 1), weight(2, 2), weight(2, 3)
    w41, w42, w43, w44 = weight(3, 0), weight(3, 1), weight(3, 2), weight(3, 3)
    @inbounds @simd ivdep for f in axes(out, 1)
        x1 = from[f, d]
        x2 = from[f, d+1]
        x3 = from[f, d+2]
        x4 = from[f, d+3]
        out[f, c] = muladd(w41, x4, muladd(w31, x3, muladd(w21, x2, muladd(w11, x1, out[f, c]))))
        out[f, c+1] = muladd(w42, x4, muladd(w32, x3, muladd(w22, x2, muladd(w12, x1, out[f, c+1]))))
        out[f, c+2] = muladd(w43, x4, muladd(w33, x3, muladd(w23, x2, muladd(w13, x1, out[f, c+2]))))
        out[f, c+3] = muladd(w44, x4, muladd(w34, x3, muladd(w24, x2, muladd(w14, x1, out[f, c+3]))))
    end
    return out
end

"""
    add_products!(weight, out, from, columns, terms)

Add the sum over `d` in `terms` of `from[:, d]` times `weight(d, c)` to `out[:, c]`, for `c` in `columns`.
"""
@inline function add_products!(weight, out::AbstractMatrix{T}, from::AbstractMatrix{T}, columns, terms) where {T}
    for d in first(terms):PANEL:last(terms), c in first(columns):PANEL:last(columns)
        if d + PANEL - 1 <= last(terms) && c + PANEL - 1 <= last(columns)
            add_panel!((r, s) -> weight(d + r, c + s), out, c, from, d)
        else
            for column in c:min(c + PANEL - 1, last(columns)), term in d:min(d + PANEL - 1, last(terms))
                w = weight(term, column)
                @inbounds @simd ivdep for f in axes(out, 1)
                    out[f, column] = muladd(w, from[f, term], out[f, column])
                end
            end
        end
    end
    return out
end

"Write the transpose of `from` to the first rows and columns of `to`, in blocks that stay in cache."
function transpose_to!(to::AbstractMatrix{T}, from::AbstractMatrix{T}, rows::Int, columns::Int) where {T}
    block = 16
    for i in 1:block:rows, j in 1:block:columns
        @inbounds for c in j:min(j + block - 1, columns), r in i:min(i + block - 1, rows)
            to[c, r] = from[r, c]
        end
    end
    return to
end
