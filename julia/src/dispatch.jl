# Generated from tools/templates/dispatch.jl.jinja by tools/generate; do not edit.

# philox_words

function call_philox_words(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    return call_philox_words(UInt32, inputs, parameters, outputs)
end

function call_philox_words(::Type{T}, inputs, parameters, outputs) where {T}
    seed = word_parameter(parameters, 1)
    stream = word_parameter(parameters, 2)
    offset = word_parameter(parameters, 3)
    n = integer_parameter(parameters, 4)
    check_domain(n, 4, 0, false, nothing, false)
    axis_n = max(n, 0)
    check_output(UInt32, outputs, 1, (axis_n,))
    philox_words!(
        wrap(UInt32, outputs[1], (axis_n,)),
        seed,
        stream,
        offset,
    )
    return
end

# philox_uniform

function call_philox_uniform(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    return call_philox_uniform(Float64, inputs, parameters, outputs)
end

function call_philox_uniform(::Type{T}, inputs, parameters, outputs) where {T}
    seed = word_parameter(parameters, 1)
    stream = word_parameter(parameters, 2)
    offset = word_parameter(parameters, 3)
    n = integer_parameter(parameters, 4)
    check_domain(n, 4, 0, false, nothing, false)
    axis_n = max(n, 0)
    check_output(Float64, outputs, 1, (axis_n,))
    philox_uniform!(
        wrap(Float64, outputs[1], (axis_n,)),
        seed,
        stream,
        offset,
    )
    return
end

# infonce

function call_infonce(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_real(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_positive(inputs, 1, 2, false)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_positive(inputs, 2, 2, false)
    dtype == FLOAT32 && return call_infonce(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_infonce(Float64, inputs, parameters, outputs)
    return
end

function call_infonce(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_F = extent(inputs, 1, 2, false)
    temperature = real_parameter(T, parameters, 1)
    check_domain(temperature, 3, 0, true, nothing, false)
    symmetric = flag_parameter(parameters, 2)
    input_view_a = wrap(T, inputs[1], (axis_F, axis_B))
    check_finite(input_view_a, 1)
    input_view_b = wrap(T, inputs[2], (axis_F, axis_B))
    check_finite(input_view_b, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, (axis_B,))
    infonce!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], (axis_B,)),
        input_view_a,
        input_view_b,
        temperature,
        symmetric,
    )
    return
end

# csdp_positive

function call_csdp_positive(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_spikes_dtype(inputs, 2)
    check_spikes_dtype(inputs, 3)
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 1, 1)
    check_rank(inputs, 3, 1, 1)
    check_same(inputs, 2, 1, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_csdp_positive(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_csdp_positive(Float64, inputs, parameters, outputs)
    return
end

function call_csdp_positive(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    lr = real_parameter(T, parameters, 1)
    check_domain(lr, 4, 0, false, nothing, false)
    decay = real_parameter(T, parameters, 2)
    check_domain(decay, 5, 0, false, nothing, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_pre_spikes = wrap(UInt8, inputs[2], (axis_pre,))
    check_spikes(input_pre_spikes, 2)
    input_post_spikes = wrap(UInt8, inputs[3], (axis_post,))
    check_spikes(input_post_spikes, 3)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    csdp_positive!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        input_weights,
        input_pre_spikes,
        input_post_spikes,
        lr,
        decay,
    )
    return
end

# csdp_negative

function call_csdp_negative(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_spikes_dtype(inputs, 2)
    check_spikes_dtype(inputs, 3)
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 1, 1)
    check_rank(inputs, 3, 1, 1)
    check_same(inputs, 2, 1, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_csdp_negative(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_csdp_negative(Float64, inputs, parameters, outputs)
    return
end

function call_csdp_negative(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    lr = real_parameter(T, parameters, 1)
    check_domain(lr, 4, 0, false, nothing, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_pre_spikes = wrap(UInt8, inputs[2], (axis_pre,))
    check_spikes(input_pre_spikes, 2)
    input_post_spikes = wrap(UInt8, inputs[3], (axis_post,))
    check_spikes(input_post_spikes, 3)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    csdp_negative!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        input_weights,
        input_pre_spikes,
        input_post_spikes,
        lr,
    )
    return
end

# csdp_step

function call_csdp_step(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_spikes_dtype(inputs, 2)
    check_spikes_dtype(inputs, 3)
    check_spikes_dtype(inputs, 4)
    check_spikes_dtype(inputs, 5)
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 1, 1)
    check_rank(inputs, 3, 1, 1)
    check_rank(inputs, 4, 1, 1)
    check_rank(inputs, 5, 1, 1)
    check_same(inputs, 2, 1, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 1, 1, false)
    check_same(inputs, 4, 1, false, 1, 2, false)
    check_same(inputs, 5, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_csdp_step(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_csdp_step(Float64, inputs, parameters, outputs)
    return
end

function call_csdp_step(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    lr = real_parameter(T, parameters, 1)
    check_domain(lr, 6, 0, false, nothing, false)
    decay = real_parameter(T, parameters, 2)
    check_domain(decay, 7, 0, false, nothing, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_pos_pre = wrap(UInt8, inputs[2], (axis_pre,))
    check_spikes(input_pos_pre, 2)
    input_pos_post = wrap(UInt8, inputs[3], (axis_post,))
    check_spikes(input_pos_post, 3)
    input_neg_pre = wrap(UInt8, inputs[4], (axis_pre,))
    check_spikes(input_neg_pre, 4)
    input_neg_post = wrap(UInt8, inputs[5], (axis_post,))
    check_spikes(input_neg_post, 5)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    csdp_step!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        input_weights,
        input_pos_pre,
        input_pos_post,
        input_neg_pre,
        input_neg_post,
        lr,
        decay,
    )
    return
end

# goodness

function call_goodness(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 0, 7)
    dtype == FLOAT32 && return call_goodness(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_goodness(Float64, inputs, parameters, outputs)
    return
end

function call_goodness(::Type{T}, inputs, parameters, outputs) where {T}
    axis_N = extent(inputs, 1, 1, true)
    input_activations = wrap(T, inputs[1], (axis_N,))
    check_finite(input_activations, 1)
    check_output(T, outputs, 1, ())
    goodness!(
        wrap(T, outputs[1], ()),
        input_activations,
    )
    return
end

# stdp_trace

function call_stdp_trace(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_spikes_dtype(inputs, 2)
    check_rank(inputs, 1, 0, 7)
    check_rank(inputs, 2, 0, 7)
    check_same(inputs, 2, 1, true, 1, 1, true)
    dtype == FLOAT32 && return call_stdp_trace(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_stdp_trace(Float64, inputs, parameters, outputs)
    return
end

function call_stdp_trace(::Type{T}, inputs, parameters, outputs) where {T}
    axis_N = extent(inputs, 1, 1, true)
    tau_inv = real_parameter(T, parameters, 1)
    check_domain(tau_inv, 3, 0, false, nothing, false)
    a = real_parameter(T, parameters, 2)
    check_domain(a, 4, nothing, false, nothing, false)
    dt = real_parameter(T, parameters, 3)
    check_domain(dt, 5, 0, true, nothing, false)
    input_trace = wrap(T, inputs[1], (axis_N,))
    check_finite(input_trace, 1)
    input_spikes = wrap(UInt8, inputs[2], (axis_N,))
    check_spikes(input_spikes, 2)
    check_output(T, outputs, 1, (axis_N,))
    stdp_trace!(
        wrap(T, outputs[1], (axis_N,)),
        input_trace,
        input_spikes,
        tau_inv,
        a,
        dt,
    )
    return
end

# stdp_linear

function call_stdp_linear(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_spikes_dtype(inputs, 2)
    check_spikes_dtype(inputs, 3)
    check_real(inputs, 4, dtype, (FLOAT32, FLOAT64))
    check_real(inputs, 5, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_rank(inputs, 3, 2, 2)
    check_rank(inputs, 4, 2, 2)
    check_rank(inputs, 5, 2, 2)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 2, 1, false)
    check_same(inputs, 3, 2, false, 1, 1, false)
    check_same(inputs, 4, 1, false, 2, 1, false)
    check_same(inputs, 4, 2, false, 1, 2, false)
    check_same(inputs, 5, 1, false, 2, 1, false)
    check_same(inputs, 5, 2, false, 1, 1, false)
    dtype == FLOAT32 && return call_stdp_linear(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_stdp_linear(Float64, inputs, parameters, outputs)
    return
end

function call_stdp_linear(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    axis_B = extent(inputs, 2, 1, false)
    a_pre = real_parameter(T, parameters, 1)
    check_domain(a_pre, 6, nothing, false, nothing, false)
    a_post = real_parameter(T, parameters, 2)
    check_domain(a_post, 7, nothing, false, nothing, false)
    tau_pre_inv = real_parameter(T, parameters, 3)
    check_domain(tau_pre_inv, 8, 0, false, nothing, false)
    tau_post_inv = real_parameter(T, parameters, 4)
    check_domain(tau_post_inv, 9, 0, false, nothing, false)
    w_min = real_parameter(T, parameters, 5)
    check_domain(w_min, 10, nothing, false, nothing, false)
    w_max = real_parameter(T, parameters, 6)
    check_domain(w_max, 11, nothing, false, nothing, false)
    check_above(w_max, w_min, 11)
    eta_plus = real_parameter(T, parameters, 7)
    check_domain(eta_plus, 12, 0, false, nothing, false)
    eta_minus = real_parameter(T, parameters, 8)
    check_domain(eta_minus, 13, 0, false, nothing, false)
    stdp_algorithm = choice_parameter(parameters, 9, 14, (:additive, :additive_step, :multiplicative_pow, :multiplicative_relu))
    mu = real_parameter(T, parameters, 10)
    check_domain(mu, 15, 0, false, 1, false)
    hardbound = flag_parameter(parameters, 11)
    dt = real_parameter(T, parameters, 12)
    check_domain(dt, 17, 0, true, nothing, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_z_pre = wrap(UInt8, inputs[2], (axis_pre, axis_B))
    check_spikes(input_z_pre, 2)
    input_z_post = wrap(UInt8, inputs[3], (axis_post, axis_B))
    check_spikes(input_z_post, 3)
    input_t_pre = wrap(T, inputs[4], (axis_pre, axis_B))
    check_finite(input_t_pre, 4)
    input_t_post = wrap(T, inputs[5], (axis_post, axis_B))
    check_finite(input_t_post, 5)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    check_output(T, outputs, 2, (axis_pre, axis_B))
    check_output(T, outputs, 3, (axis_post, axis_B))
    stdp_linear!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        wrap(T, outputs[2], (axis_pre, axis_B)),
        wrap(T, outputs[3], (axis_post, axis_B)),
        input_weights,
        input_z_pre,
        input_z_post,
        input_t_pre,
        input_t_post,
        a_pre,
        a_post,
        tau_pre_inv,
        tau_post_inv,
        w_min,
        w_max,
        eta_plus,
        eta_minus,
        stdp_algorithm,
        mu,
        hardbound,
        dt,
    )
    return
end

# encode_rate_bernoulli

function call_encode_rate_bernoulli(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_rate_bernoulli(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_rate_bernoulli(Float64, inputs, parameters, outputs)
    return
end

function call_encode_rate_bernoulli(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1)
    check_domain(num_steps, 2, 1, false, nothing, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3)
    check_domain(gain, 4, nothing, false, nothing, false)
    bias = real_parameter(T, parameters, 4)
    check_domain(bias, 5, nothing, false, nothing, false)
    seed = word_parameter(parameters, 5)
    stream = word_parameter(parameters, 6)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    check_output(UInt8, outputs, 1, (axis_N, axis_num_steps, axis_B))
    encode_rate_bernoulli!(
        wrap(UInt8, outputs[1], (axis_N, axis_num_steps, axis_B)),
        input_x,
        normalization,
        gain,
        bias,
        seed,
        stream,
    )
    return
end

# encode_rate_deterministic

function call_encode_rate_deterministic(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_real(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_rate_deterministic(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_rate_deterministic(Float64, inputs, parameters, outputs)
    return
end

function call_encode_rate_deterministic(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1)
    check_domain(num_steps, 2, 1, false, nothing, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3)
    check_domain(gain, 4, nothing, false, nothing, false)
    bias = real_parameter(T, parameters, 4)
    check_domain(bias, 5, nothing, false, nothing, false)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    check_output(UInt8, outputs, 1, (axis_N, axis_num_steps, axis_B))
    encode_rate_deterministic!(
        wrap(UInt8, outputs[1], (axis_N, axis_num_steps, axis_B)),
        input_x,
        normalization,
        gain,
        bias,
    )
    return
end

const KERNELS = Kernel[
    Kernel(
        "philox_words",
        call_philox_words,
        String[],
        ParameterName[
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
            ParameterName("offset", :word, String[]),
            ParameterName("n", :integer, String[]),
        ],
        String["words"],
    ),
    Kernel(
        "philox_uniform",
        call_philox_uniform,
        String[],
        ParameterName[
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
            ParameterName("offset", :word, String[]),
            ParameterName("n", :integer, String[]),
        ],
        String["u"],
    ),
    Kernel(
        "infonce",
        call_infonce,
        String["view_a", "view_b"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("symmetric", :flag, String[]),
        ],
        String["loss", "per_row"],
    ),
    Kernel(
        "csdp_positive",
        call_csdp_positive,
        String["weights", "pre_spikes", "post_spikes"],
        ParameterName[
            ParameterName("lr", :real, String[]),
            ParameterName("decay", :real, String[]),
        ],
        String["weights"],
    ),
    Kernel(
        "csdp_negative",
        call_csdp_negative,
        String["weights", "pre_spikes", "post_spikes"],
        ParameterName[
            ParameterName("lr", :real, String[]),
        ],
        String["weights"],
    ),
    Kernel(
        "csdp_step",
        call_csdp_step,
        String["weights", "pos_pre", "pos_post", "neg_pre", "neg_post"],
        ParameterName[
            ParameterName("lr", :real, String[]),
            ParameterName("decay", :real, String[]),
        ],
        String["weights"],
    ),
    Kernel(
        "goodness",
        call_goodness,
        String["activations"],
        ParameterName[
        ],
        String["goodness"],
    ),
    Kernel(
        "stdp_trace",
        call_stdp_trace,
        String["trace", "spikes"],
        ParameterName[
            ParameterName("tau_inv", :real, String[]),
            ParameterName("a", :real, String[]),
            ParameterName("dt", :real, String[]),
        ],
        String["trace"],
    ),
    Kernel(
        "stdp_linear",
        call_stdp_linear,
        String["weights", "z_pre", "z_post", "t_pre", "t_post"],
        ParameterName[
            ParameterName("a_pre", :real, String[]),
            ParameterName("a_post", :real, String[]),
            ParameterName("tau_pre_inv", :real, String[]),
            ParameterName("tau_post_inv", :real, String[]),
            ParameterName("w_min", :real, String[]),
            ParameterName("w_max", :real, String[]),
            ParameterName("eta_plus", :real, String[]),
            ParameterName("eta_minus", :real, String[]),
            ParameterName("stdp_algorithm", :choice, String["additive", "additive_step", "multiplicative_pow", "multiplicative_relu"]),
            ParameterName("mu", :real, String[]),
            ParameterName("hardbound", :flag, String[]),
            ParameterName("dt", :real, String[]),
        ],
        String["weights", "t_pre", "t_post"],
    ),
    Kernel(
        "encode_rate_bernoulli",
        call_encode_rate_bernoulli,
        String["x"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
        ],
        String["spikes"],
    ),
    Kernel(
        "encode_rate_deterministic",
        call_encode_rate_deterministic,
        String["x"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
        ],
        String["spikes"],
    ),
]

const KERNEL_OF = Dict{String,Kernel}(kernel.name => kernel for kernel in KERNELS)

c_philox_words(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(1, inputs, parameters, outputs, nanoseconds, repeats)
c_philox_uniform(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(2, inputs, parameters, outputs, nanoseconds, repeats)
c_infonce(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(3, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_positive(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(4, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_negative(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(5, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_step(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(6, inputs, parameters, outputs, nanoseconds, repeats)
c_goodness(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(7, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_trace(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(8, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_linear(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(9, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_rate_bernoulli(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(10, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_rate_deterministic(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(11, inputs, parameters, outputs, nanoseconds, repeats)

"Fill in the addresses of all entry points."
function register!(exports::Dict{String,Ptr{Cvoid}})
    exports["last_error"] = @cfunction(last_error, Ptr{UInt8}, ())
    exports["philox_words"] = @cfunction(c_philox_words, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["philox_uniform"] = @cfunction(c_philox_uniform, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["infonce"] = @cfunction(c_infonce, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_positive"] = @cfunction(c_csdp_positive, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_negative"] = @cfunction(c_csdp_negative, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_step"] = @cfunction(c_csdp_step, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["goodness"] = @cfunction(c_goodness, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_trace"] = @cfunction(c_stdp_trace, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_linear"] = @cfunction(c_stdp_linear, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_rate_bernoulli"] = @cfunction(c_encode_rate_bernoulli, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_rate_deterministic"] = @cfunction(c_encode_rate_deterministic, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    return exports
end
