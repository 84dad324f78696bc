# What the fixtures do not reach: known answers, the JSON reader, the C interface, laws.

module Units

# Of a test, compiling takes longer than running.
Base.Experimental.@optlevel 0

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

"Numbers in [low, high) of that shape."
numbers(::Type{T}, stream, low, high, shape...) where {T} =
    reshape(T.(low .+ (high - low) .* philox_uniform(1, stream, 0, prod(shape))), shape...)

spike_train(stream, rate, shape...) = UInt8.(numbers(Float64, stream, 0, 1, shape...) .< rate)

const RULES = (:additive, :additive_step, :multiplicative_pow, :multiplicative_relu)

function runs()
    pre, post, steps = 37, 11, 9
    trains = ((1, 0.05), (3, 0.1), (2, 0.9))
    for T in (Float64, Float32), rule in RULES, bound in (true, false), (samples, rate) in trains
        # A column and a row are silent throughout, and some weights begin outside of their bounds.
        z_pre, z_post = spike_train(1, rate, pre, steps, samples), spike_train(2, rate, post, steps, samples)
        z_pre[5, :, :] .= 0
        z_post[3, :, :] .= 0
        traces(stream, n) = numbers(T, stream, 0, 1, n, samples)
        state = numbers(T, 3, -0.2, 1.2, pre, post), traces(4, pre), traces(5, post)
        parameters = (1.0, 0.75, 20.0, 30.0, 0.0, 1.0, 0.1, 0.08, rule, 0.5, bound, 0.005)
        run(from, some) = stdp_linear_run(from[1], z_pre[:, some, :], z_post[:, some, :], from[2:3]..., parameters...)
        whole = run(state, 1:steps)
        cut = run(run(state, 1:4), 5:steps)
        single = state
        for t in 1:steps
            single = stdp_linear(single[1], z_pre[:, t, :], z_post[:, t, :], single[2:3]..., parameters...)
        end
        name = "stdp_linear_run $T $rule, hardbound $bound, $samples samples"
        check(map(bits, whole[2:3]) == map(bits, single[2:3]) && whole[1] == single[1], name, " is not step by step")
        check(map(bits, whole[2:3]) == map(bits, cut[2:3]) && whole[1] == cut[1], name, " is not two runs")
        check(run(state, 1:0) == state, name, ": no steps change nothing")
    end
end

"The slope of `loss` along a direction, by differences, against the gradient."
function slope_agrees(@nospecialize(loss), x::Array{Float64}, grad::Array{Float64}, name)
    direction, h = numbers(Float64, 99, -1, 1, size(x)...), 1e-6
    slope = (loss(x .+ h .* direction) - loss(x .- h .* direction)) / 2h
    want = sum(grad .* direction)
    check(abs(slope - want) <= 1e-7 * (1 + abs(want)), name, ": ", slope, " is not ", want)
end

function gradients()
    a, b = numbers(Float64, 1, -1, 1, 6, 5), numbers(Float64, 2, -1, 1, 6, 5)
    for symmetric in (false, true)
        loss, grad_a, grad_b = infonce_grad(a, b, 0.3, symmetric)
        check(abs(loss - infonce(a, b, 0.3, symmetric)[1]) <= 1e-14, "infonce_grad has the loss of infonce")
        slope_agrees(x -> infonce(x, b, 0.3, symmetric)[1], a, grad_a, "infonce_grad a, symmetric $symmetric")
        slope_agrees(x -> infonce(a, x, 0.3, symmetric)[1], b, grad_b, "infonce_grad b, symmetric $symmetric")
    end
    terms = lpl_grad(a, b, 0.5, 0, 3, 1e-4, false)
    slope_agrees(x -> lpl(x, b, 0.5, 0, 3, 1e-4)[4], a, terms[5], "lpl_grad z1")
    slope_agrees(x -> lpl(a, x, 0.5, 0, 3, 1e-4)[4], b, terms[6], "lpl_grad z2")
    s, targets, rates = numbers(Float64, 3, 0, 1, 4, 13, 3), Int32[0, 3, 1], fill(0.3, 4)
    for (name, loss, grad, arguments) in Any[
        ("softmax", loss_probspikes, loss_probspikes_grad, (targets, 0.7, true, :softmax, 1e-7)),
        ("normalize", loss_probspikes, loss_probspikes_grad, (targets, 0.7, false, :normalize, 1e-7)),
        ("rate", loss_rate, loss_rate_grad, (rates, 0.45, 0.5)),
        ("l2", loss_temporal, loss_temporal_grad, (:l2, 3)),
        ("variance", loss_temporal, loss_temporal_grad, (:variance, 3)),
        ("isi", loss_isi, loss_isi_grad, (3, nothing)),
        ("membrane", loss_membrane, loss_membrane_grad, (0.6,)),
    ]
        slope_agrees(x -> first(loss(x, arguments...)), s, grad(s, arguments...), "gradient of $name")
    end
end

function products()
    for (rows, terms, columns) in ((5, 4, 4), (7, 9, 6), (1, 1, 1), (3, 0, 2), (0, 3, 3))
        from, weight = numbers(Float64, 1, -1, 1, rows, terms), numbers(Float64, 2, -1, 1, terms, columns)
        out = SpikeMirror.add_products!((d, c) -> weight[d, c], zeros(rows, columns), from, 1:columns, 1:terms)
        check(isapprox(out, from * weight; atol = 1e-15), "add_products! of $rows, $terms, $columns")
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
    four(array) = reshape(array, 1, 1, 2, :)
    conv = stdp_conv2d(four(zeros(4)), four(z), four(z), four(zero_trace), four(zero_trace), parameters..., 1, 0, 1)
    check(conv == (fill(0.25, 1, 1, 2, 2), ones(1, 1, 2, 1), ones(1, 1, 2, 1)), "stdp_conv2d allocates", ": ", conv)
    hebb = hebbian(zeros(2, 1), [1.0 3; 2 4], [1.0 -1], 0.5, 0, 0, 0, 1)
    check(hebb == reshape([-0.5, -0.5], 2, 1), "hebbian allocates", ": ", hebb)
    g, p = csdp_layer_goodness([3.0 0; 4 0], Int32[1, 0], 25)
    check(g == [25, 0] && isapprox(p, [0.5, exp(-25) / (1 + exp(-25))]), "csdp_layer_goodness allocates", ": ", p)
    check(lpl_negative([1.0 0; 0 1], [1.0 0; 0 1]) == (-1, 0), "lpl_negative allocates")
    flat, one = zeros(2), ones(UInt8, 2)
    step = lpl_spiking_step(
        ones(2, 2), one, one, one, flat, flat, flat, flat, flat, flat, flat, zeros(2, 2), zeros(2, 2), zeros(2, 2),
        9, 1e-4, 5e-3, 20e-3, 2e-3, 10e-3, 600, 30, 1, 1, 1e-5, 1e-3, 1000, 0, -1, 0, 10, 0.5,
    )
    check(step[1] == fill(0.5, 2, 2) && step[10] == zeros(2, 2), "lpl_spiking_step updates", ": ", step[1])
    spikes, times = encode_latency(x, 5, :none, 1, 0, :linear, nothing, 0, 3, 2)
    check(times == [3 3; 2 2; 0 2] && sum(spikes[3, :, 1]) == 2 && spikes[1, 4, 1] == 1, "encode_latency", ": ", times)
    spikes, times = encode_ttfs(x, 5, :none, 1, 0, 0, 0, :linear, nothing, 0, nothing, true, 0.1, 0)
    check(times == [-1 3; 2 2; 0 2] && sum(spikes) == 5, "encode_ttfs allocates", ": ", times)
    check(size(encode_rate_poisson(x, 4, :none, 1, 0, 0, 0, 0.5)) == (3, 4, 2), "encode_rate_poisson allocates")
    spikes, activations = encode_population(x, [0.0, 1], 4, :none, 1, 0, 0, 0, 0.2, :deterministic)
    check(size(spikes) == (6, 4, 2) && activations[[1, 6], 1] == [1, 1], "encode_population allocates")
    signal = reshape([1.0, 2, 1, 2], 2, 2, 1)
    spikes, last = encode_delta(signal, [0.0 2]', 0.5, nothing)
    check(spikes == reshape(UInt8[1, 0, 0, 0, 0, 0, 0, 0], 4, 2, 1) && last == [1.0 2]', "encode_delta", ": ", spikes)
    train, mask = reshape(UInt8[0, 1, 1, 1], 2, 2, 1), ones(UInt8, 2, 1)
    rate = decode_rate(Float32, train, mask, 1, true)
    check(rate[2] == [1] && rate[4] == reshape([1, 2], 2, 1) && rate[5] == Float32[0.5 1]', "decode_rate allocates")
    first_spike = decode_first_spike(Float64, train, mask, 1)
    check(first_spike[2:4] == ([1], [0.5], reshape([1, 0], 2, 1)), "decode_first_spike allocates", ": ", first_spike)
    vote = decode_population(train, mask, Int32[1, 0], [0.0, 3], :regression, 1)
    check(vote[2] == [0] && isapprox(vote[4], [1.0]), "decode_population allocates", ": ", vote)
    check(decode_membrane(reshape([1.0, 2, 4, 3], 2, 2, 1), mask, :max, 2)[1] == [2 1.5]', "decode_membrane allocates")
    check(decode_ensemble(reshape([1.0, 2, 3, 0], 2, 1, 2), [0.25, 0.75])[1:2] == ([2.5 0.5]', [0]), "decode_ensemble")
    throws(f) =
        try
            f()
            false
        catch error
            error isa Union{DimensionMismatch,ArgumentError}
        end
    check(throws(() -> csdp_negative(zeros(2, 3), zeros(UInt8, 3), zeros(UInt8, 2), 1)), "sizes that disagree throw")
    check(throws(() -> encode_rate_deterministic(x, 4, :softmax, 1, 0)), "an unknown normalization throws")
    check(throws(() -> loss_rate_grad(zeros(2, 3, 1), zeros(3), 0, 1)), "losses check sizes")
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

const MORE_HELD =
    (x = [0.0 1.0], spikes = zeros(UInt8, 2, 1, 1), times = zeros(Int32, 2), labels = Int32[0, 2], out = [0.0])

function c_targets_and_options()
    x, spikes, times, labels, out = MORE_HELD
    choice(i) = Parameter(Int64(i))  # or any integer
    latency(tau, t_min, t_max) = through_c(
        "encode_latency",
        [array(x, 1, 2)],
        [choice(1), choice(0), Parameter(1.0), Parameter(0.0), choice(1), tau, t_min, t_max, choice(1)],
        [array(spikes, 1, 1, 2), array(times, 1, 2)],
    )
    none, zero, one = Parameter(0, 0), Parameter(0.0), Parameter(1.0)
    check(latency(none, zero, none) == 0 && spikes[:] == [1, 1] && times == [0, 0], "optional parameters through C")
    check(latency(zero, zero, none) == 5 + 256 * 6, "an optional parameter has its domain")
    check(latency(none, one, zero) == 5 + 256 * 8, "a parameter below another through C")
    check(latency(none, none, none) == -3, "a parameter that is not optional through C")
    layer(array_of_labels, theta) = through_c(
        "csdp_layer_goodness",
        [array(x, 2, 1), array_of_labels],
        [theta],
        fill(array(out, 0), 4),
    )
    check(layer(array(labels, 2), zero) == 8 + 256, "bad_target through C")
    check(layer(array(times, 1), zero) == 3 + 256, "shape before targets through C")
    rate(dtype) = through_c(
        "decode_rate",
        [array(spikes, 1, 1, 2), array(spikes, 1, 1)],
        [zero, Parameter(false), choice(dtype)],
        fill(array(out, 0), 5),
    )
    check(rate(7) == 5 + 256 * 2, "temperature before an unknown dtype")
end

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
    c_targets_and_options()
    odd = ArrayRef(3, dtype_code(Float64), 1, ntuple(i -> Int64(0), 8))
    check(through_c("goodness", [odd], Parameter[], [array(sum)]) == 0 && sum == [0], "empty array at any address")
end

function run()
    section(philox, "philox")
    section(exponential, "exponential")
    section(two_phases, "two phases")
    section(runs, "runs")
    section(products, "products")
    section(gradients, "gradients")
    section(allocating, "allocating")
    section(json, "json")
    section(base64, "base64")
    section(c_interface, "C interface")
end

end
