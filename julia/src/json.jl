# A strict JSON reader (RFC 8259; duplicate keys and lone surrogates are refused) and a small writer.
#
#   object -> Dict{String,Any}; array -> Vector{Any}; integer -> Int64, UInt64 or BigInt, the first that holds it;
#   other number -> Float64, correctly rounded; null -> nothing

struct JSONError <: Exception
    message::String
    position::Int
end

Base.showerror(io::IO, error::JSONError) = print(io, "JSON: ", error.message, " at byte ", error.position)

mutable struct JSONReader
    text::String
    bytes::Base.CodeUnits{UInt8,String}
    at::Int
end

const DEEPEST = 128

"    read_json(text) -> value; JSONError says what is wrong and where"
function read_json(text::String)
    isvalid(text) || throw(JSONError("the text is not UTF-8", 1))
    reader = JSONReader(text, codeunits(text), 1)
    value = read_value!(reader, 0)
    skip_space!(reader)
    reader.at > length(reader.bytes) || fail(reader, "more text after the value")
    return value
end

@noinline fail(reader::JSONReader, message) = throw(JSONError(message, reader.at))

"The next byte, 0 at the end; a NUL in the text is valid nowhere, so the two need not be told apart."
@inline peek_byte(reader) = reader.at <= length(reader.bytes) ? (@inbounds reader.bytes[reader.at]) : 0x00

@inline function skip_space!(reader)
    while true
        byte = peek_byte(reader)
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 || return byte
        reader.at += 1
    end
end

function read_word!(reader, word::String, value)
    for byte in codeunits(word)
        peek_byte(reader) == byte || fail(reader, "expected $word")
        reader.at += 1
    end
    return value
end

@inline is_digit(byte::UInt8) = UInt8('0') <= byte <= UInt8('9')

function read_value!(reader::JSONReader, depth::Int)
    depth > DEEPEST && fail(reader, "nested too deeply")
    byte = skip_space!(reader)
    byte == UInt8('"') && return read_string!(reader)
    byte == UInt8('{') && return read_object!(reader, depth)
    byte == UInt8('[') && return read_array!(reader, depth)
    (byte == UInt8('-') || is_digit(byte)) && return read_number!(reader)
    byte == UInt8('t') && return read_word!(reader, "true", true)
    byte == UInt8('f') && return read_word!(reader, "false", false)
    byte == UInt8('n') && return read_word!(reader, "null", nothing)
    fail(reader, reader.at > length(reader.bytes) ? "unexpected end" : "unexpected character")
end

"Step over a comma, true, or over the closing byte, false."
function another!(reader, close::Char)
    byte = skip_space!(reader)
    byte == UInt8(close) || byte == UInt8(',') || fail(reader, "expected ',' or '$close'")
    reader.at += 1
    return byte == UInt8(',')
end

function read_object!(reader, depth)
    object = Dict{String,Any}()
    reader.at += 1
    if skip_space!(reader) == UInt8('}')
        reader.at += 1
        return object
    end
    while true
        skip_space!(reader) == UInt8('"') || fail(reader, "expected a key")
        key = read_string!(reader)
        haskey(object, key) && fail(reader, "duplicate key $(repr(key))")
        skip_space!(reader) == UInt8(':') || fail(reader, "expected ':'")
        reader.at += 1
        object[key] = read_value!(reader, depth + 1)
        another!(reader, '}') || return object
    end
end

function read_array!(reader, depth)
    array = Any[]
    reader.at += 1
    if skip_space!(reader) == UInt8(']')
        reader.at += 1
        return array
    end
    while true
        push!(array, read_value!(reader, depth + 1))
        another!(reader, ']') || return array
    end
end

function skip_digits!(reader)
    is_digit(peek_byte(reader)) || fail(reader, "expected a digit")
    while is_digit(peek_byte(reader))
        reader.at += 1
    end
end

function read_number!(reader)
    first = reader.at
    negative = peek_byte(reader) == UInt8('-')
    negative && (reader.at += 1)
    if peek_byte(reader) == UInt8('0')
        reader.at += 1
        is_digit(peek_byte(reader)) && fail(reader, "leading zero")
    else
        skip_digits!(reader)
    end
    integer = true
    if peek_byte(reader) == UInt8('.')
        integer = false
        reader.at += 1
        skip_digits!(reader)
    end
    if peek_byte(reader) | 0x20 == UInt8('e')
        integer = false
        reader.at += 1
        byte = peek_byte(reader)
        (byte == UInt8('+') || byte == UInt8('-')) && (reader.at += 1)
        skip_digits!(reader)
    end
    text = SubString(reader.text, first, reader.at - 1)
    integer || return real_number(reader, text)
    small = tryparse(Int64, text)
    small === nothing || return iszero(small) && negative ? -0.0 : small
    word = tryparse(UInt64, text)
    return word === nothing ? parse(BigInt, text) : word
end

function real_number(reader, text)
    value = tryparse(Float64, text)
    # Julia refuses exponents of many digits, of whichever sign
    value === nothing && (value = Float64(parse(BigFloat, text)))
    isfinite(value) || fail(reader, "a number beyond Float64")
    return value
end

function read_string!(reader)
    reader.at += 1
    first = reader.at
    while true
        byte = peek_byte(reader)
        if byte == UInt8('"')
            whole = reader.text
            text = GC.@preserve whole unsafe_string(pointer(whole, first), reader.at - first)
            reader.at += 1
            return text
        end
        byte == UInt8('\\') && return read_escaped!(reader, first)
        byte < 0x20 && fail(reader, reader.at > length(reader.bytes) ? "unterminated string" : "control character")
        reader.at += 1
    end
end

function read_escaped!(reader, first)
    out = IOBuffer()
    write(out, view(reader.bytes, first:reader.at-1))
    while true
        byte = peek_byte(reader)
        byte < 0x20 && fail(reader, reader.at > length(reader.bytes) ? "unterminated string" : "control character")
        reader.at += 1
        if byte == UInt8('"')
            return String(take!(out))
        elseif byte == UInt8('\\')
            write(out, read_escape!(reader))
        else
            write(out, byte)
        end
    end
end

function read_escape!(reader)
    byte = peek_byte(reader)
    reader.at += 1
    byte == UInt8('u') && return read_unicode!(reader)
    at = findfirst(isequal(Char(byte)), "\"\\/bfnrt")
    at === nothing && fail(reader, "unknown escape")
    return "\"\\/\b\f\n\r\t"[at]
end

function read_unicode!(reader)
    point = read_hex4!(reader)
    0xdc00 <= point <= 0xdfff && fail(reader, "lone surrogate")
    if 0xd800 <= point <= 0xdbff
        for byte in codeunits("\\u")
            peek_byte(reader) == byte || fail(reader, "lone surrogate")
            reader.at += 1
        end
        second = read_hex4!(reader)
        0xdc00 <= second <= 0xdfff || fail(reader, "lone surrogate")
        point = 0x10000 + ((point - 0xd800) << 10) + (second - 0xdc00)
    end
    return Char(point)
end

function read_hex4!(reader)
    point = UInt32(0)
    for _ in 1:4
        byte = peek_byte(reader)
        lower = byte | 0x20
        if is_digit(byte)
            point = point << 4 | (byte - UInt8('0'))
        elseif UInt8('a') <= lower <= UInt8('f')
            point = point << 4 | (lower - UInt8('a') + 0x0a)
        else
            fail(reader, "expected four hexadecimal digits")
        end
        reader.at += 1
    end
    return point
end

"""
    write_json(io, value)

Nothing, Bool, integers, finite floats (the shortest text that reads back to the same bits), strings, vectors, tuples,
dictionaries (keys sorted) and named tuples (keys in order).
"""
write_json(io::IO, ::Nothing) = print(io, "null")
write_json(io::IO, value::Union{Bool,Integer}) = print(io, value)
function write_json(io::IO, value::Union{Float32,Float64})
    isfinite(value) || throw(ArgumentError("JSON has no $value"))
    print(io, value)
end
function write_json(io::IO, text::AbstractString)
    write(io, '"')
    for character in text
        if character == '"' || character == '\\'
            write(io, '\\', character)
        elseif character < ' '
            write(io, "\\u", string(UInt32(character), base = 16, pad = 4))
        else
            write(io, isvalid(character) ? character : '\ufffd')
        end
    end
    write(io, '"')
    return
end
function write_json(io::IO, values::Union{AbstractVector,Tuple})
    write(io, '[')
    separator = ""
    for value in values
        write(io, separator)
        write_json(io, value)
        separator = ","
    end
    write(io, ']')
    return
end
write_json(io::IO, object::AbstractDict) =
    write_members(io, (key => object[key] for key in sort!(collect(keys(object)))))
write_json(io::IO, object::NamedTuple) = write_members(io, pairs(object))

function write_members(io::IO, members)
    write(io, '{')
    separator = ""
    for (key, value) in members
        write(io, separator)
        write_json(io, string(key))
        write(io, ':')
        write_json(io, value)
        separator = ","
    end
    write(io, '}')
    return
end
