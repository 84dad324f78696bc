# Base64 (RFC 4648) of whole arrays; the standard library's goes through streams, at ten times the cost of a small call.

const BASE64 = Vector{UInt8}("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
const NO_SEXTET = 0xff
const SEXTETS = UInt8[something(findfirst(==(UInt8(c)), BASE64), 256) - 1 for c in 0:255]

@inline sextet(bytes, i) = @inbounds UInt32(SEXTETS[bytes[i]+1])
@inline letter(word::UInt32, shift) = @inbounds BASE64[(word>>shift)&0x3f+1]

"    base64_decode(text) -> bytes; ArgumentError unless the text is padded base64 without spaces"
function base64_decode(text::String)
    refuse() = throw(ArgumentError("not base64"))
    letters = codeunits(text)
    n = length(letters)
    n % 4 == 0 || refuse()
    n == 0 && return UInt8[]
    padding = letters[n] != UInt8('=') ? 0 : letters[n-1] != UInt8('=') ? 1 : 2
    whole = (n - padding) ÷ 4
    bytes = Vector{UInt8}(undef, 3 * (n ÷ 4) - padding)
    seen = UInt32(0)
    @inbounds for k in 0:whole-1
        a, b, c, d = sextet(letters, 4k + 1), sextet(letters, 4k + 2), sextet(letters, 4k + 3), sextet(letters, 4k + 4)
        seen |= a | b | c | d
        word = a << 18 | b << 12 | c << 6 | d
        bytes[3k+1] = (word >> 16) % UInt8
        bytes[3k+2] = (word >> 8) % UInt8
        bytes[3k+3] = word % UInt8
    end
    if padding > 0
        a, b = sextet(letters, n - 3), sextet(letters, n - 2)
        c = padding == 1 ? sextet(letters, n - 1) : UInt32(0)
        seen |= a | b | c
        word = a << 18 | b << 12 | c << 6
        word & (padding == 1 ? 0x000000ff : 0x0000ffff) == 0 || refuse()
        bytes[3whole+1] = (word >> 16) % UInt8
        padding == 1 && (bytes[3whole+2] = (word >> 8) % UInt8)
    end
    seen < 64 || refuse()
    return bytes
end

"    base64_encode(bytes) -> text, as bytes"
function base64_encode(bytes::Vector{UInt8})
    n = length(bytes)
    whole, rest = divrem(n, 3)
    letters = Vector{UInt8}(undef, 4 * cld(n, 3))
    @inbounds for k in 0:whole-1
        word = UInt32(bytes[3k+1]) << 16 | UInt32(bytes[3k+2]) << 8 | bytes[3k+3]
        letters[4k+1] = letter(word, 18)
        letters[4k+2] = letter(word, 12)
        letters[4k+3] = letter(word, 6)
        letters[4k+4] = letter(word, 0)
    end
    if rest > 0
        word = UInt32(bytes[3whole+1]) << 16 | (rest == 2 ? UInt32(bytes[3whole+2]) << 8 : UInt32(0))
        letters[4whole+1] = letter(word, 18)
        letters[4whole+2] = letter(word, 12)
        letters[4whole+3] = rest == 2 ? letter(word, 6) : UInt8('=')
        letters[4whole+4] = UInt8('=')
    end
    return letters
end
