# What the fixtures do not reach: known answers, the JSON reader, the C interface, laws.

module Units

using ..SpikeMirror
using ..SpikeMirror: ArrayRef, Parameter, dtype_code, read_json, write_json
using ..SpikeMirror: base64_decode, base64_encode
using ..Tally: check, section

"Random123's published answers: counter, key, words."
const KNOWN_ANSWERS = [
    (
        (0x00000000, 0x00000000, 0x00000000, 0x00000000),
        (0x00000000, 0x00000000),
        (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8),
    ),
    (
        (0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
        (0xffffffff, 0xffffffff),
        (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd),
    ),
    (
        (0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344),
        (0xa4093822, 0x299f31d0),
        (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1),
    ),
]

joined(low, high) = UInt64(high) << 32 | low

function philox()
    for (counter, key, words) in KNOWN_ANSWERS
        got = SpikeMirror.philox_block(joined(key...), joined(counter[3:4]...), joined(counter[1:2]...))
        check(got == words, "philox known answer of counter $counter", ": got ", got)
    end
    words = philox_words(7, 3, 0, 41)
    for offset in (0, 1, 2, 3, 4, 6), n in (0, 1, 3, 8, 20)
        check(philox_words(7, 3, offset, n) == words[offset+1:offset+n], "philox_words from $offset, $n of them")
    end
    near_end = philox_words(7, 3, typemax(UInt64) - 9, 30)
    check(near_end[11:30] == words[1:20], "philox_words wraps at 2^64")
end

"Units in the last place of the exact value, as a distance."
distance(got::T, exact::BigFloat) where {T} = Float64(abs(got - exact) / eps(max(T(exact), floatmin(T))))

function exponential()
    for T in (Float64, Float32)
        ends = T === Float64 ? (-745.0, 709.7) : (-103.9, 88.7)
        worst = 0.0
        for x in range(T(ends[1]), stop = T(ends[2]), length = 5000)
            worst = max(worst, distance(SpikeMirror.branchless_exp(x), exp(BigFloat(x))))
        end
        for x in range(-T(2), stop = T(2), length = 5000)
            worst = max(worst, distance(SpikeMirror.branchless_exp(x), exp(BigFloat(x))))
        end
        check(worst <= 1.5, "branchless_exp $T", ": ", worst, " ulp")
        check(SpikeMirror.branchless_exp(T(0)) === T(1), "branchless_exp(0) $T")
        check(SpikeMirror.branchless_exp(-T(Inf)) === T(0), "branchless_exp(-Inf) $T")
        check(SpikeMirror.branchless_exp(T(Inf)) === T(Inf), "branchless_exp(Inf) $T")
        check(isnan(SpikeMirror.branchless_exp(T(NaN))), "branchless_exp(NaN) $T")
    end
end

bits(array::Array{Float64}) = reinterpret(UInt64, array)
bits(array::Array{Float32}) = reinterpret(UInt32, array)

function two_phases()
    for T in (Float64, Float32), (pre, post) in ((7, 5), (33, 17), (0, 4))
        weights = reshape(T.(2 .* philox_uniform(1, 0, 0, pre * post) .- 1), pre, post)
        spikes(stream, n) = UInt8.(philox_uniform(1, stream, 0, n) .< 0.5)
        pos_pre, pos_post, neg_pre, neg_post = spikes(1, pre), spikes(2, post), spikes(3, pre), spikes(4, post)
        one = csdp_step(weights, pos_pre, pos_post, neg_pre, neg_post, 0.1, 0.01)
        two = csdp_negative(csdp_positive(weights, pos_pre, pos_post, 0.1, 0.01), neg_pre, neg_post, 0.1)
        check(bits(one) == bits(two), "csdp_step is negative of positive, $T ($pre, $post)")
        neg_post[1] = 1 - neg_post[1]
        other = csdp_step(weights, pos_pre, pos_post, neg_pre, neg_post, 0.1, 0.01)
        check(pre == 0 || any(==(1), neg_pre) && bits(one) != bits(other), "csdp_step sees its last argument, $T")
    end
end

function allocating()
    x = [0.0 0.2; 0.5 0.4; 1.0 0.6]
    check(size(encode_rate_bernoulli(x, 4, :minmax, 1, 0, 0, 0)) == (3, 4, 2), "encode_rate_bernoulli allocates")
    train = encode_rate_deterministic(x, 4, :minmax, 1, 0)
    check(dropdims(sum(Int.(train), dims = 2), dims = 2) == [0 0; 2 2; 4 4], "encode_rate_deterministic counts")
    check(goodness([3.0 4.0]) == 25, "goodness of a matrix")
    check(infonce(x, x, 0.5, true)[1] > 0, "infonce allocates")
    z = ones(UInt8, 2, 1)
    zero_trace = zeros(2, 1)
    parameters = (1, 1, 20, 20, -1, 1, 0.5, 0.25, :additive, 0, true, 0.05)
    stdp = stdp_linear(zeros(2, 2), z, z, zero_trace, zero_trace, parameters...)
    check(stdp == (fill(0.25, 2, 2), ones(2, 1), ones(2, 1)), "stdp_linear allocates", ": ", stdp)
    throws(f) =
        try
            f()
            false
        catch error
            error isa Union{DimensionMismatch,ArgumentError}
        end
    check(throws(() -> csdp_negative(zeros(2, 3), zeros(UInt8, 3), zeros(UInt8, 2), 1)), "sizes that disagree throw")
    check(throws(() -> encode_rate_deterministic(x, 4, :softmax, 1, 0)), "an unknown normalization throws")
end

const ACCEPTED = [
    "null" => nothing,
    " true " => true,
    "-0" => -0.0,
    "9223372036854775807" => typemax(Int64),
    "18446744073709551615" => typemax(UInt64),
    "18446744073709551616" => big(2)^64,
    "0.1" => 0.1,
    "5e-324" => 5e-324,
    "1E+2" => 100.0,
    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"" => "a\"\\/\b\f\n\r\t\u00e9\U1f600",
    "[1,2.5,\"x\",[]]" => Any[1, 2.5, "x", Any[]],
    "{\"a\":{},\"b\":[true]}" => Dict{String,Any}("a" => Dict{String,Any}(), "b" => Any[true]),
]

const REFUSED = [
    "",
    " ",
    "tru",
    "truex",
    "NaN",
    "Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "1 2",
    "[1,]",
    "[1",
    "[1 2]",
    "]",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{a:1}",
    "{\"a\":1",
    "{\"a\":1,\"a\":2}",
    "\"",
    "\"\\x\"",
    "\"\\",
    "\"\\u12g4\"",
    "\"\\ud83d\"",
    "\"\\ud83dx\"",
    "\"\\ude00\"",
    "\"\n\"",
    "\"a\0\"",
    "\"\xff\"",
    "[1]\0",
    "'a'",
    repeat('[', 1000),
]

function json()
    for (text, want) in ACCEPTED
        got = read_json(text)
        check(isequal(got, want) && typeof(got) == typeof(want), "read_json($(repr(text)))", ": got ", repr(got))
    end
    for text in REFUSED
        refused = try
            read_json(text)
            false
        catch error
            error isa SpikeMirror.JSONError || rethrow()
            true
        end
        check(refused, "read_json($(repr(text))) must be refused")
    end
    value = (a = nothing, b = [1, 2.5, "\"\\\n\x01\u00e9"], c = Dict("y" => true, "x" => typemax(UInt64)))
    text = sprint(write_json, value)
    want = """{"a":null,"b":[1,2.5,"\\"\\\\\\u000a\\u0001\u00e9"],"c":{"x":18446744073709551615,"y":true}}"""
    check(text == want, "write_json", ": ", text)
end

function base64()
    pairs = ["" => "", "f" => "Zg==", "fo" => "Zm8=", "foo" => "Zm9v", "foobar" => "Zm9vYmFy", "\xff\xfe\xfb" => "//77"]
    for (plain, text) in pairs
        check(base64_decode(text) == codeunits(plain), "base64_decode($text)")
        check(String(base64_encode(Vector{UInt8}(plain))) == text, "base64_encode($(repr(plain)))")
    end
    for text in split("Z Zg Zg= Zg=== Zh== Zm9= =g== Z=== ==== Zg==Zg== Zm9- Zm\t8 Zm9v\n", ' ')
        refused = try
            base64_decode(String(text))
            false
        catch error
            error isa ArgumentError || rethrow()
            true
        end
        check(refused, "base64_decode($(repr(text))) must be refused")
    end
end

"Call an entry point as C does; the arrays behind the references are the caller's to keep."
function through_c(name, inputs, parameters, outputs, nanoseconds = Int64[])
    return GC.@preserve inputs parameters outputs nanoseconds ccall(
        SpikeMirror.EXPORTS[name],
        Int32,
        (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64),
        pointer(inputs),
        pointer(parameters),
        pointer(outputs),
        pointer(nanoseconds),
        length(nanoseconds),
    )
end

function array(data::Array{T}, shape...) where {T}
    axes = ntuple(i -> i <= length(shape) ? Int64(shape[i]) : Int64(0), 8)
    return ArrayRef(UInt(pointer(data)), dtype_code(T), length(shape), axes)
end

"Arrays that C holds, kept for all calls."
const HELD = (
    weights = Float32[1 2 3; 4 5 6],
    pre = UInt8[1, 0],
    post = UInt8[0, 1, 1],
    updated = fill(NaN32, 2, 3),
    words = fill(0xa5a5a5a5, 4),
    sum = [NaN],
)

function c_interface()
    check(sizeof(ArrayRef) == 80 && sizeof(Parameter) == 16, "layouts of the C interface")
    check(
        Set(keys(SpikeMirror.EXPORTS)) == Set(vcat("last_error", String[k.name for k in SpikeMirror.KERNELS])),
        "EXPORTS holds every kernel",
    )
    weights, pre, post, updated, words, sum = HELD
    inputs = [array(weights, 3, 2), array(pre, 2), array(post, 3)]
    parameters = [Parameter(0.5)]
    outputs = [array(updated, 3, 2)]
    check(through_c("csdp_negative", inputs, parameters, outputs) == 0, "csdp_negative through C")
    check(updated == Float32[1 1.5 2.5; 4 5 6], "csdp_negative through C", ": ", updated)
    times = fill(Int64(-1), 3)
    check(through_c("csdp_negative", inputs, parameters, outputs, times) == 0 && all(>=(0), times), "timed through C")
    check(through_c("csdp_negative", inputs, parameters, [array(updated, 2, 2)]) == -1, "short output through C")
    check(through_c("csdp_negative", inputs, parameters, [array(post, 3, 2)]) == -1, "wrong output dtype through C")
    check(through_c("csdp_negative", inputs, [Parameter(-1.0)], outputs) == 5 + 256 * 3, "bad_parameter through C")
    check(through_c("csdp_negative", inputs, [Parameter(0, 0)], outputs) == -3, "missing parameter through C")
    message = unsafe_string(ccall(SpikeMirror.EXPORTS["last_error"], Ptr{UInt8}, ()))
    check(occursin("missing", message), "last_error", ": ", message)
    inputs[3] = array(pre, 2)
    check(through_c("csdp_negative", inputs, parameters, outputs) == 3 + 256 * 2, "bad_shape through C")
    inputs[2] = ArrayRef(0, 0, 9, ntuple(_ -> Int64(1), 8))
    check(through_c("csdp_negative", inputs, parameters, outputs) == 1 + 256, "bad_dtype through C")
    given = [Parameter(UInt64(0)), Parameter(UInt64(0)), Parameter(UInt64(0)), Parameter(Int64(4))]
    check(through_c("philox_words", ArrayRef[], given, [array(words, 4)]) == 0, "philox_words through C")
    check(Tuple(words) == KNOWN_ANSWERS[1][3], "philox_words through C", ": ", words)
    odd = ArrayRef(3, dtype_code(Float64), 1, ntuple(i -> Int64(0), 8))
    check(through_c("goodness", [odd], Parameter[], [array(sum)]) == 0 && sum == [0], "empty array at any address")
end

function run()
    section(philox, "philox")
    section(exponential, "exponential")
    section(two_phases, "two phases")
    section(allocating, "allocating")
    section(json, "json")
    section(base64, "base64")
    section(c_interface, "C interface")
end

end
