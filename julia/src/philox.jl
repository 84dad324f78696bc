# Counter-based random numbers: Philox4x32-10.
#
#   key = (seed low, seed high), counter = (block low, block high, stream low, stream high), each 32 bits
#   word k = lane k mod 4 of the block k div 4; indices wrap at 2^64
#   one round: (c0, c1, c2, c3) -> (high(M1 c2) xor c1 xor k0, low(M1 c2), high(M0 c0) xor c3 xor k1, low(M0 c0)),
#   after which the key grows by (W0, W1)
#
# Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3.

export philox_words, philox_words!, philox_uniform, philox_uniform!

const PHILOX_M0 = 0xD2511F53
const PHILOX_M1 = 0xCD9E8D57
const PHILOX_W0 = 0x9E3779B9
const PHILOX_W1 = 0xBB67AE85
const LAST_BLOCK = typemax(UInt64) >> 2

@inline high(x::UInt64) = (x >> 32) % UInt32
@inline low(x::UInt64) = x % UInt32

@inline function philox_round(c0::UInt32, c1::UInt32, c2::UInt32, c3::UInt32, k0::UInt32, k1::UInt32)
    p0 = widemul(PHILOX_M0, c0)
    p1 = widemul(PHILOX_M1, c2)
    return high(p1) ⊻ c1 ⊻ k0, low(p1), high(p0) ⊻ c3 ⊻ k1, low(p0)
end

"""
    philox_block(seed, stream, block) -> (w0, w1, w2, w3)

The four words of one block; `seed` is the key, `block` and `stream` the low and high halves of the counter.
"""
@inline function philox_block(seed::UInt64, stream::UInt64, block::UInt64)
    c0, c1, c2, c3 = low(block), high(block), low(stream), high(stream)
    k0, k1 = low(seed), high(seed)
    # A loop here would keep the loop over blocks from being vectorized.
    Base.Cartesian.@nexprs 10 turn -> begin
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1)
        k0 += PHILOX_W0
        k1 += PHILOX_W1
    end
    return c0, c1, c2, c3
end

"Write `from_word` of the words offset, offset + 1, ... to `drawn`."
@inline function draw!(from_word, drawn::AbstractVector, seed::UInt64, stream::UInt64, offset::UInt64)
    n = length(drawn)
    block = offset >> 2
    filled = 0
    lane = Int(offset & 3)
    if lane > 0
        words = philox_block(seed, stream, block)
        filled = min(4 - lane, n)
        for i in 1:filled
            drawn[i] = from_word(words[lane+i])
        end
        block += 1
    end
    blocks = (n - filled) >> 2
    @inbounds @simd for b in 0:blocks-1
        w0, w1, w2, w3 = philox_block(seed, stream, (block + b % UInt64) & LAST_BLOCK)
        i = filled + 4b
        drawn[i+1] = from_word(w0)
        drawn[i+2] = from_word(w1)
        drawn[i+3] = from_word(w2)
        drawn[i+4] = from_word(w3)
    end
    filled += 4blocks
    if filled < n
        words = philox_block(seed, stream, (block + blocks % UInt64) & LAST_BLOCK)
        for i in 1:n-filled
            drawn[filled+i] = from_word(words[i])
        end
    end
    return drawn
end

"""
    philox_words!(words, seed, stream, offset)

Fill `words` (n) with the random words offset .. offset + n - 1 of the stream. Policy: bits.
Source: Salmon et al. 2011.
"""
philox_words!(words::AbstractVector{UInt32}, seed, stream, offset) =
    draw!(identity, words, UInt64(seed), UInt64(stream), UInt64(offset))

"    philox_words(seed, stream, offset, n) -> words"
philox_words(seed, stream, offset, n) = philox_words!(Vector{UInt32}(undef, n), seed, stream, offset)

"""
    philox_uniform!(u, seed, stream, offset)

Fill `u` (n) with w_k * 2^-32 for the words of `philox_words!`: numbers in [0, 1), exact in Float64. Policy: bits.
Source: Salmon et al. 2011.
"""
philox_uniform!(u::AbstractVector{Float64}, seed, stream, offset) =
    draw!(word -> word * 2.0^-32, u, UInt64(seed), UInt64(stream), UInt64(offset))

"    philox_uniform(seed, stream, offset, n) -> u"
philox_uniform(seed, stream, offset, n) = philox_uniform!(Vector{Float64}(undef, n), seed, stream, offset)
