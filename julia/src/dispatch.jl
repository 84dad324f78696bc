# Generated from tools/templates/dispatch.jl.jinja by tools/generate; do not edit.

# philox_words

function call_philox_words(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    return call_philox_words(UInt32, inputs, parameters, outputs)
end

function call_philox_words(::Type{T}, inputs, parameters, outputs) where {T}
    seed = word_parameter(parameters, 1)
    stream = word_parameter(parameters, 2)
    offset = word_parameter(parameters, 3)
    n = integer_parameter(parameters, 4, 4, 0.0, false, Inf, false)
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
    n = integer_parameter(parameters, 4, 4, 0.0, false, Inf, false)
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_infonce(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_infonce(Float64, inputs, parameters, outputs)
    return
end

function call_infonce(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_F = extent(inputs, 1, 2, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
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

# infonce_grad

function call_infonce_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_infonce_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_infonce_grad(Float64, inputs, parameters, outputs)
    return
end

function call_infonce_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_F = extent(inputs, 1, 2, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
    symmetric = flag_parameter(parameters, 2)
    input_view_a = wrap(T, inputs[1], (axis_F, axis_B))
    check_finite(input_view_a, 1)
    input_view_b = wrap(T, inputs[2], (axis_F, axis_B))
    check_finite(input_view_b, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, (axis_F, axis_B))
    check_output(T, outputs, 3, (axis_F, axis_B))
    infonce_grad!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], (axis_F, axis_B)),
        wrap(T, outputs[3], (axis_F, axis_B)),
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
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
    lr = real_parameter(T, parameters, 1, 4, 0.0, false, Inf, false)
    decay = real_parameter(T, parameters, 2, 5, 0.0, false, Inf, false)
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
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
    lr = real_parameter(T, parameters, 1, 4, 0.0, false, Inf, false)
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
    check_dtype(inputs, 4, UINT8)
    check_dtype(inputs, 5, UINT8)
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
    lr = real_parameter(T, parameters, 1, 6, 0.0, false, Inf, false)
    decay = real_parameter(T, parameters, 2, 7, 0.0, false, Inf, false)
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
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

# csdp_layer_goodness

function call_csdp_layer_goodness(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, INT32)
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 1, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_csdp_layer_goodness(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_csdp_layer_goodness(Float64, inputs, parameters, outputs)
    return
end

function call_csdp_layer_goodness(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, false)
    theta = real_parameter(T, parameters, 1, 3, -Inf, false, Inf, false)
    input_activations = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_activations, 1)
    input_labels = wrap(Int32, inputs[2], (axis_B,))
    check_targets(input_labels, 2, 2)
    check_output(T, outputs, 1, (axis_B,))
    check_output(T, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, ())
    check_output(T, outputs, 4, (axis_B,))
    csdp_layer_goodness!(
        wrap(T, outputs[1], (axis_B,)),
        wrap(T, outputs[2], (axis_B,)),
        wrap(T, outputs[3], ()),
        wrap(T, outputs[4], (axis_B,)),
        input_activations,
        input_labels,
        theta,
    )
    return
end

# hebbian

function call_hebbian(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 3, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_rank(inputs, 3, 2, 2)
    check_at_least(inputs, 2, 1, false, 1)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 2, 1, false)
    check_at_least(inputs, 3, 1, false, 1)
    check_same(inputs, 3, 2, false, 1, 1, false)
    dtype == FLOAT32 && return call_hebbian(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_hebbian(Float64, inputs, parameters, outputs)
    return
end

function call_hebbian(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    axis_B = extent(inputs, 2, 1, false)
    eta = real_parameter(T, parameters, 1, 4, -Inf, false, Inf, false)
    c0 = real_parameter(T, parameters, 2, 5, -Inf, false, Inf, false)
    c1_pre = real_parameter(T, parameters, 3, 6, -Inf, false, Inf, false)
    c1_post = real_parameter(T, parameters, 4, 7, -Inf, false, Inf, false)
    c2_corr = real_parameter(T, parameters, 5, 8, -Inf, false, Inf, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_pre = wrap(T, inputs[2], (axis_pre, axis_B))
    check_finite(input_pre, 2)
    input_post = wrap(T, inputs[3], (axis_post, axis_B))
    check_finite(input_post, 3)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    hebbian!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        input_weights,
        input_pre,
        input_post,
        eta,
        c0,
        c1_pre,
        c1_post,
        c2_corr,
    )
    return
end

# stdp_trace

function call_stdp_trace(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_rank(inputs, 1, 0, 7)
    check_rank(inputs, 2, 0, 7)
    check_same(inputs, 2, 1, true, 1, 1, true)
    dtype == FLOAT32 && return call_stdp_trace(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_stdp_trace(Float64, inputs, parameters, outputs)
    return
end

function call_stdp_trace(::Type{T}, inputs, parameters, outputs) where {T}
    axis_N = extent(inputs, 1, 1, true)
    tau_inv = real_parameter(T, parameters, 1, 3, 0.0, false, Inf, false)
    a = real_parameter(T, parameters, 2, 4, -Inf, false, Inf, false)
    dt = real_parameter(T, parameters, 3, 5, 0.0, true, Inf, false)
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
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
    check_dtype(inputs, 4, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 5, dtype, (FLOAT32, FLOAT64))
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
    a_pre = real_parameter(T, parameters, 1, 6, -Inf, false, Inf, false)
    a_post = real_parameter(T, parameters, 2, 7, -Inf, false, Inf, false)
    tau_pre_inv = real_parameter(T, parameters, 3, 8, 0.0, false, Inf, false)
    tau_post_inv = real_parameter(T, parameters, 4, 9, 0.0, false, Inf, false)
    w_min = real_parameter(T, parameters, 5, 10, -Inf, false, Inf, false)
    w_max = real_parameter(T, parameters, 6, 11, -Inf, false, Inf, false)
    check_above(w_max, w_min, 11)
    eta_plus = real_parameter(T, parameters, 7, 12, 0.0, false, Inf, false)
    eta_minus = real_parameter(T, parameters, 8, 13, 0.0, false, Inf, false)
    stdp_algorithm = choice_parameter(parameters, 9, 14, (:additive, :additive_step, :multiplicative_pow, :multiplicative_relu))
    mu = real_parameter(T, parameters, 10, 15, 0.0, false, 1.0, false)
    hardbound = flag_parameter(parameters, 11)
    dt = real_parameter(T, parameters, 12, 17, 0.0, true, Inf, false)
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

# stdp_linear_run

function call_stdp_linear_run(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
    check_dtype(inputs, 4, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 5, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 3, 3)
    check_rank(inputs, 3, 3, 3)
    check_rank(inputs, 4, 2, 2)
    check_rank(inputs, 5, 2, 2)
    check_same(inputs, 2, 3, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 2, 1, false)
    check_same(inputs, 3, 2, false, 2, 2, false)
    check_same(inputs, 3, 3, false, 1, 1, false)
    check_same(inputs, 4, 1, false, 2, 1, false)
    check_same(inputs, 4, 2, false, 1, 2, false)
    check_same(inputs, 5, 1, false, 2, 1, false)
    check_same(inputs, 5, 2, false, 1, 1, false)
    dtype == FLOAT32 && return call_stdp_linear_run(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_stdp_linear_run(Float64, inputs, parameters, outputs)
    return
end

function call_stdp_linear_run(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    axis_B = extent(inputs, 2, 1, false)
    axis_T = extent(inputs, 2, 2, false)
    a_pre = real_parameter(T, parameters, 1, 6, -Inf, false, Inf, false)
    a_post = real_parameter(T, parameters, 2, 7, -Inf, false, Inf, false)
    tau_pre_inv = real_parameter(T, parameters, 3, 8, 0.0, false, Inf, false)
    tau_post_inv = real_parameter(T, parameters, 4, 9, 0.0, false, Inf, false)
    w_min = real_parameter(T, parameters, 5, 10, -Inf, false, Inf, false)
    w_max = real_parameter(T, parameters, 6, 11, -Inf, false, Inf, false)
    check_above(w_max, w_min, 11)
    eta_plus = real_parameter(T, parameters, 7, 12, 0.0, false, Inf, false)
    eta_minus = real_parameter(T, parameters, 8, 13, 0.0, false, Inf, false)
    stdp_algorithm = choice_parameter(parameters, 9, 14, (:additive, :additive_step, :multiplicative_pow, :multiplicative_relu))
    mu = real_parameter(T, parameters, 10, 15, 0.0, false, 1.0, false)
    hardbound = flag_parameter(parameters, 11)
    dt = real_parameter(T, parameters, 12, 17, 0.0, true, Inf, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_z_pre = wrap(UInt8, inputs[2], (axis_pre, axis_T, axis_B))
    check_spikes(input_z_pre, 2)
    input_z_post = wrap(UInt8, inputs[3], (axis_post, axis_T, axis_B))
    check_spikes(input_z_post, 3)
    input_t_pre = wrap(T, inputs[4], (axis_pre, axis_B))
    check_finite(input_t_pre, 4)
    input_t_post = wrap(T, inputs[5], (axis_post, axis_B))
    check_finite(input_t_post, 5)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    check_output(T, outputs, 2, (axis_pre, axis_B))
    check_output(T, outputs, 3, (axis_post, axis_B))
    stdp_linear_run!(
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

# stdp_conv2d

function call_stdp_conv2d(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
    check_dtype(inputs, 4, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 5, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 4, 4)
    check_rank(inputs, 2, 4, 4)
    check_rank(inputs, 3, 4, 4)
    check_rank(inputs, 4, 4, 4)
    check_rank(inputs, 5, 4, 4)
    check_at_least(inputs, 1, 3, false, 1)
    check_at_least(inputs, 1, 4, false, 1)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 2, 1, false)
    check_same(inputs, 3, 2, false, 1, 1, false)
    check_same(inputs, 4, 1, false, 2, 1, false)
    check_same(inputs, 4, 2, false, 1, 2, false)
    check_same(inputs, 4, 3, false, 2, 3, false)
    check_same(inputs, 4, 4, false, 2, 4, false)
    check_same(inputs, 5, 1, false, 2, 1, false)
    check_same(inputs, 5, 2, false, 1, 1, false)
    dtype == FLOAT32 && return call_stdp_conv2d(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_stdp_conv2d(Float64, inputs, parameters, outputs)
    return
end

function call_stdp_conv2d(::Type{T}, inputs, parameters, outputs) where {T}
    axis_out = extent(inputs, 1, 1, false)
    axis_in = extent(inputs, 1, 2, false)
    axis_kh = extent(inputs, 1, 3, false)
    axis_kw = extent(inputs, 1, 4, false)
    axis_B = extent(inputs, 2, 1, false)
    axis_H = extent(inputs, 2, 3, false)
    axis_W = extent(inputs, 2, 4, false)
    axis_Ho = extent(inputs, 3, 3, false)
    axis_Wo = extent(inputs, 3, 4, false)
    a_pre = real_parameter(T, parameters, 1, 6, -Inf, false, Inf, false)
    a_post = real_parameter(T, parameters, 2, 7, -Inf, false, Inf, false)
    tau_pre_inv = real_parameter(T, parameters, 3, 8, 0.0, false, Inf, false)
    tau_post_inv = real_parameter(T, parameters, 4, 9, 0.0, false, Inf, false)
    w_min = real_parameter(T, parameters, 5, 10, -Inf, false, Inf, false)
    w_max = real_parameter(T, parameters, 6, 11, -Inf, false, Inf, false)
    check_above(w_max, w_min, 11)
    eta_plus = real_parameter(T, parameters, 7, 12, 0.0, false, Inf, false)
    eta_minus = real_parameter(T, parameters, 8, 13, 0.0, false, Inf, false)
    stdp_algorithm = choice_parameter(parameters, 9, 14, (:additive, :additive_step, :multiplicative_pow, :multiplicative_relu))
    mu = real_parameter(T, parameters, 10, 15, 0.0, false, 1.0, false)
    hardbound = flag_parameter(parameters, 11)
    dt = real_parameter(T, parameters, 12, 17, 0.0, true, Inf, false)
    stride = integer_parameter(parameters, 13, 18, 1.0, false, Inf, false)
    padding = integer_parameter(parameters, 14, 19, 0.0, false, Inf, false)
    dilation = integer_parameter(parameters, 15, 20, 1.0, false, Inf, false)
    convolved_Ho = convolved_length(axis_H, axis_kh, stride, padding, dilation)
    convolved_Wo = convolved_length(axis_W, axis_kw, stride, padding, dilation)
    check_length(inputs, 3, 3, convolved_Ho)
    check_length(inputs, 3, 4, convolved_Wo)
    check_length(inputs, 5, 3, convolved_Ho)
    check_length(inputs, 5, 4, convolved_Wo)
    input_weights = wrap(T, inputs[1], (axis_kw, axis_kh, axis_in, axis_out))
    check_finite(input_weights, 1)
    input_z_pre = wrap(UInt8, inputs[2], (axis_W, axis_H, axis_in, axis_B))
    check_spikes(input_z_pre, 2)
    input_z_post = wrap(UInt8, inputs[3], (axis_Wo, axis_Ho, axis_out, axis_B))
    check_spikes(input_z_post, 3)
    input_t_pre = wrap(T, inputs[4], (axis_W, axis_H, axis_in, axis_B))
    check_finite(input_t_pre, 4)
    input_t_post = wrap(T, inputs[5], (axis_Wo, axis_Ho, axis_out, axis_B))
    check_finite(input_t_post, 5)
    check_output(T, outputs, 1, (axis_kw, axis_kh, axis_in, axis_out))
    check_output(T, outputs, 2, (axis_W, axis_H, axis_in, axis_B))
    check_output(T, outputs, 3, (axis_Wo, axis_Ho, axis_out, axis_B))
    stdp_conv2d!(
        wrap(T, outputs[1], (axis_kw, axis_kh, axis_in, axis_out)),
        wrap(T, outputs[2], (axis_W, axis_H, axis_in, axis_B)),
        wrap(T, outputs[3], (axis_Wo, axis_Ho, axis_out, axis_B)),
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
        stride,
        padding,
        dilation,
    )
    return
end

# lpl

function call_lpl(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 1, false, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_at_least(inputs, 2, 1, false, 2)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_lpl(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_lpl(Float64, inputs, parameters, outputs)
    return
end

function call_lpl(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_D = extent(inputs, 1, 2, false)
    pull_coeff = real_parameter(T, parameters, 1, 3, -Inf, false, Inf, false)
    push_coeff = real_parameter(T, parameters, 2, 4, -Inf, false, Inf, false)
    decorr_coeff = real_parameter(T, parameters, 3, 5, -Inf, false, Inf, false)
    eps = real_parameter(T, parameters, 4, 6, 0.0, true, Inf, false)
    input_z1 = wrap(T, inputs[1], (axis_D, axis_B))
    check_finite(input_z1, 1)
    input_z2 = wrap(T, inputs[2], (axis_D, axis_B))
    check_finite(input_z2, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    check_output(T, outputs, 3, ())
    check_output(T, outputs, 4, ())
    lpl!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        wrap(T, outputs[3], ()),
        wrap(T, outputs[4], ()),
        input_z1,
        input_z2,
        pull_coeff,
        push_coeff,
        decorr_coeff,
        eps,
    )
    return
end

# lpl_grad

function call_lpl_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 1, false, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_at_least(inputs, 2, 1, false, 2)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_lpl_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_lpl_grad(Float64, inputs, parameters, outputs)
    return
end

function call_lpl_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_D = extent(inputs, 1, 2, false)
    pull_coeff = real_parameter(T, parameters, 1, 3, -Inf, false, Inf, false)
    push_coeff = real_parameter(T, parameters, 2, 4, -Inf, false, Inf, false)
    decorr_coeff = real_parameter(T, parameters, 3, 5, -Inf, false, Inf, false)
    eps = real_parameter(T, parameters, 4, 6, 0.0, true, Inf, false)
    stop_gradient = flag_parameter(parameters, 5)
    input_z1 = wrap(T, inputs[1], (axis_D, axis_B))
    check_finite(input_z1, 1)
    input_z2 = wrap(T, inputs[2], (axis_D, axis_B))
    check_finite(input_z2, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    check_output(T, outputs, 3, ())
    check_output(T, outputs, 4, ())
    check_output(T, outputs, 5, (axis_D, axis_B))
    check_output(T, outputs, 6, (axis_D, axis_B))
    lpl_grad!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        wrap(T, outputs[3], ()),
        wrap(T, outputs[4], ()),
        wrap(T, outputs[5], (axis_D, axis_B)),
        wrap(T, outputs[6], (axis_D, axis_B)),
        input_z1,
        input_z2,
        pull_coeff,
        push_coeff,
        decorr_coeff,
        eps,
        stop_gradient,
    )
    return
end

# lpl_negative

function call_lpl_negative(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 1, false, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_at_least(inputs, 2, 1, false, 2)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_lpl_negative(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_lpl_negative(Float64, inputs, parameters, outputs)
    return
end

function call_lpl_negative(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_D = extent(inputs, 1, 2, false)
    input_z1 = wrap(T, inputs[1], (axis_D, axis_B))
    check_finite(input_z1, 1)
    input_z2 = wrap(T, inputs[2], (axis_D, axis_B))
    check_finite(input_z2, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    lpl_negative!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        input_z1,
        input_z2,
    )
    return
end

# lpl_spiking_step

function call_lpl_spiking_step(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, UINT8)
    check_dtype(inputs, 4, UINT8)
    check_dtype(inputs, 5, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 6, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 7, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 8, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 9, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 10, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 11, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 12, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 13, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 14, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 2)
    check_rank(inputs, 2, 1, 1)
    check_rank(inputs, 3, 1, 1)
    check_rank(inputs, 4, 1, 1)
    check_rank(inputs, 5, 1, 1)
    check_rank(inputs, 6, 1, 1)
    check_rank(inputs, 7, 1, 1)
    check_rank(inputs, 8, 1, 1)
    check_rank(inputs, 9, 1, 1)
    check_rank(inputs, 10, 1, 1)
    check_rank(inputs, 11, 1, 1)
    check_rank(inputs, 12, 2, 2)
    check_rank(inputs, 13, 2, 2)
    check_rank(inputs, 14, 2, 2)
    check_same(inputs, 2, 1, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 1, 1, false)
    check_same(inputs, 4, 1, false, 1, 1, false)
    check_same(inputs, 5, 1, false, 1, 1, false)
    check_same(inputs, 6, 1, false, 1, 1, false)
    check_same(inputs, 7, 1, false, 1, 1, false)
    check_same(inputs, 8, 1, false, 1, 2, false)
    check_same(inputs, 9, 1, false, 1, 2, false)
    check_same(inputs, 10, 1, false, 1, 1, false)
    check_same(inputs, 11, 1, false, 1, 1, false)
    check_same(inputs, 12, 1, false, 1, 1, false)
    check_same(inputs, 12, 2, false, 1, 2, false)
    check_same(inputs, 13, 1, false, 1, 1, false)
    check_same(inputs, 13, 2, false, 1, 2, false)
    check_same(inputs, 14, 1, false, 1, 1, false)
    check_same(inputs, 14, 2, false, 1, 2, false)
    dtype == FLOAT32 && return call_lpl_spiking_step(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_lpl_spiking_step(Float64, inputs, parameters, outputs)
    return
end

function call_lpl_spiking_step(::Type{T}, inputs, parameters, outputs) where {T}
    axis_post = extent(inputs, 1, 1, false)
    axis_pre = extent(inputs, 1, 2, false)
    step = integer_parameter(parameters, 1, 15, 0.0, false, Inf, false)
    dt = real_parameter(T, parameters, 2, 16, 0.0, true, Inf, false)
    tau_syn = real_parameter(T, parameters, 3, 17, 0.0, true, Inf, false)
    tau_mem = real_parameter(T, parameters, 4, 18, 0.0, true, Inf, false)
    tau_rise = real_parameter(T, parameters, 5, 19, 0.0, true, Inf, false)
    tau_fall = real_parameter(T, parameters, 6, 20, 0.0, true, Inf, false)
    tau_mean = real_parameter(T, parameters, 7, 21, 0.0, true, Inf, false)
    tau_var = real_parameter(T, parameters, 8, 22, 0.0, true, Inf, false)
    lambda_ = real_parameter(T, parameters, 9, 23, -Inf, false, Inf, false)
    phi = real_parameter(T, parameters, 10, 24, -Inf, false, Inf, false)
    delta = real_parameter(T, parameters, 11, 25, -Inf, false, Inf, false)
    xi = real_parameter(T, parameters, 12, 26, 0.0, true, Inf, false)
    beta = real_parameter(T, parameters, 13, 27, 0.0, false, Inf, false)
    threshold = real_parameter(T, parameters, 14, 28, -Inf, false, Inf, false)
    cutoff = real_parameter(T, parameters, 15, 29, -Inf, false, Inf, false)
    eta = real_parameter(T, parameters, 16, 30, 0.0, false, Inf, false)
    every = integer_parameter(parameters, 17, 31, 1.0, false, Inf, false)
    w_max = real_parameter(T, parameters, 18, 32, 0.0, true, Inf, false)
    input_weights = wrap(T, inputs[1], (axis_pre, axis_post))
    check_finite(input_weights, 1)
    input_z_pre = wrap(UInt8, inputs[2], (axis_pre,))
    check_spikes(input_z_pre, 2)
    input_z_post = wrap(UInt8, inputs[3], (axis_post,))
    check_spikes(input_z_post, 3)
    input_z_post_delayed = wrap(UInt8, inputs[4], (axis_post,))
    check_spikes(input_z_post_delayed, 4)
    input_membrane = wrap(T, inputs[5], (axis_post,))
    check_finite(input_membrane, 5)
    input_mean = wrap(T, inputs[6], (axis_post,))
    check_finite(input_mean, 6)
    input_variance = wrap(T, inputs[7], (axis_post,))
    check_finite(input_variance, 7)
    input_psp_syn = wrap(T, inputs[8], (axis_pre,))
    check_finite(input_psp_syn, 8)
    input_psp = wrap(T, inputs[9], (axis_pre,))
    check_finite(input_psp, 9)
    input_error_rise = wrap(T, inputs[10], (axis_post,))
    check_finite(input_error_rise, 10)
    input_error = wrap(T, inputs[11], (axis_post,))
    check_finite(input_error, 11)
    input_eligibility = wrap(T, inputs[12], (axis_pre, axis_post))
    check_finite(input_eligibility, 12)
    input_eligibility_filtered = wrap(T, inputs[13], (axis_pre, axis_post))
    check_finite(input_eligibility_filtered, 13)
    input_gradient = wrap(T, inputs[14], (axis_pre, axis_post))
    check_finite(input_gradient, 14)
    check_output(T, outputs, 1, (axis_pre, axis_post))
    check_output(T, outputs, 2, (axis_post,))
    check_output(T, outputs, 3, (axis_post,))
    check_output(T, outputs, 4, (axis_pre,))
    check_output(T, outputs, 5, (axis_pre,))
    check_output(T, outputs, 6, (axis_post,))
    check_output(T, outputs, 7, (axis_post,))
    check_output(T, outputs, 8, (axis_pre, axis_post))
    check_output(T, outputs, 9, (axis_pre, axis_post))
    check_output(T, outputs, 10, (axis_pre, axis_post))
    lpl_spiking_step!(
        wrap(T, outputs[1], (axis_pre, axis_post)),
        wrap(T, outputs[2], (axis_post,)),
        wrap(T, outputs[3], (axis_post,)),
        wrap(T, outputs[4], (axis_pre,)),
        wrap(T, outputs[5], (axis_pre,)),
        wrap(T, outputs[6], (axis_post,)),
        wrap(T, outputs[7], (axis_post,)),
        wrap(T, outputs[8], (axis_pre, axis_post)),
        wrap(T, outputs[9], (axis_pre, axis_post)),
        wrap(T, outputs[10], (axis_pre, axis_post)),
        input_weights,
        input_z_pre,
        input_z_post,
        input_z_post_delayed,
        input_membrane,
        input_mean,
        input_variance,
        input_psp_syn,
        input_psp,
        input_error_rise,
        input_error,
        input_eligibility,
        input_eligibility_filtered,
        input_gradient,
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
    )
    return
end

# encode_rate_bernoulli

function call_encode_rate_bernoulli(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_rate_bernoulli(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_rate_bernoulli(Float64, inputs, parameters, outputs)
    return
end

function call_encode_rate_bernoulli(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 4, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 5, -Inf, false, Inf, false)
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

# encode_rate_poisson

function call_encode_rate_poisson(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_rate_poisson(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_rate_poisson(Float64, inputs, parameters, outputs)
    return
end

function call_encode_rate_poisson(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 4, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 5, -Inf, false, Inf, false)
    seed = word_parameter(parameters, 5)
    stream = word_parameter(parameters, 6)
    rate_dt = real_parameter(T, parameters, 7, 8, 0.0, false, Inf, false)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    check_output(UInt8, outputs, 1, (axis_N, axis_num_steps, axis_B))
    encode_rate_poisson!(
        wrap(UInt8, outputs[1], (axis_N, axis_num_steps, axis_B)),
        input_x,
        normalization,
        gain,
        bias,
        seed,
        stream,
        rate_dt,
    )
    return
end

# encode_rate_deterministic

function call_encode_rate_deterministic(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_rate_deterministic(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_rate_deterministic(Float64, inputs, parameters, outputs)
    return
end

function call_encode_rate_deterministic(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 4, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 5, -Inf, false, Inf, false)
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

# encode_latency

function call_encode_latency(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_latency(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_latency(Float64, inputs, parameters, outputs)
    return
end

function call_encode_latency(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 4, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 5, -Inf, false, Inf, false)
    mapping = choice_parameter(parameters, 5, 6, (:linear, :exponential, :log))
    tau = optional_parameter(T, parameters, 6, 7, 0.0, true, Inf, false)
    t_min = real_parameter(T, parameters, 7, 8, 0.0, false, Inf, false)
    t_max = optional_parameter(T, parameters, 8, 9, 0.0, false, Inf, false)
    check_not_below(t_max, t_min, 9)
    burst = integer_parameter(parameters, 9, 10, 1.0, false, Inf, false)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    check_output(UInt8, outputs, 1, (axis_N, axis_num_steps, axis_B))
    check_output(Int32, outputs, 2, (axis_N, axis_B))
    encode_latency!(
        wrap(UInt8, outputs[1], (axis_N, axis_num_steps, axis_B)),
        wrap(Int32, outputs[2], (axis_N, axis_B)),
        input_x,
        normalization,
        gain,
        bias,
        mapping,
        tau,
        t_min,
        t_max,
        burst,
    )
    return
end

# encode_ttfs

function call_encode_ttfs(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    dtype == FLOAT32 && return call_encode_ttfs(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_ttfs(Float64, inputs, parameters, outputs)
    return
end

function call_encode_ttfs(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    num_steps = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 3, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 4, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 5, -Inf, false, Inf, false)
    seed = word_parameter(parameters, 5)
    stream = word_parameter(parameters, 6)
    mapping = choice_parameter(parameters, 7, 8, (:linear, :exponential, :log))
    tau = optional_parameter(T, parameters, 8, 9, 0.0, true, Inf, false)
    t_min = real_parameter(T, parameters, 9, 10, 0.0, false, Inf, false)
    t_max = optional_parameter(T, parameters, 10, 11, 0.0, false, Inf, false)
    check_not_below(t_max, t_min, 11)
    allow_no_spike = flag_parameter(parameters, 11)
    silence_below = real_parameter(T, parameters, 12, 13, 0.0, false, 1.0, false)
    jitter = real_parameter(T, parameters, 13, 14, 0.0, false, Inf, false)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    check_output(UInt8, outputs, 1, (axis_N, axis_num_steps, axis_B))
    check_output(Int32, outputs, 2, (axis_N, axis_B))
    encode_ttfs!(
        wrap(UInt8, outputs[1], (axis_N, axis_num_steps, axis_B)),
        wrap(Int32, outputs[2], (axis_N, axis_B)),
        input_x,
        normalization,
        gain,
        bias,
        seed,
        stream,
        mapping,
        tau,
        t_min,
        t_max,
        allow_no_spike,
        silence_below,
        jitter,
    )
    return
end

# encode_population

function call_encode_population(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 2, 7)
    check_rank(inputs, 2, 1, 1)
    dtype == FLOAT32 && return call_encode_population(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_population(Float64, inputs, parameters, outputs)
    return
end

function call_encode_population(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_N = extent(inputs, 1, 2, true)
    axis_population_size = extent(inputs, 2, 1, false)
    num_steps = integer_parameter(parameters, 1, 3, 1.0, false, Inf, false)
    axis_num_steps = max(num_steps, 0)
    normalization = choice_parameter(parameters, 2, 4, (:none, :clamp, :sigmoid, :minmax))
    gain = real_parameter(T, parameters, 3, 5, -Inf, false, Inf, false)
    bias = real_parameter(T, parameters, 4, 6, -Inf, false, Inf, false)
    seed = word_parameter(parameters, 5)
    stream = word_parameter(parameters, 6)
    population_size = integer_parameter(parameters, 7, 9, 1.0, false, Inf, false)
    sigma = real_parameter(T, parameters, 8, 10, 0.0, true, Inf, false)
    mode = choice_parameter(parameters, 9, 11, (:bernoulli, :deterministic))
    check_length(inputs, 2, 1, population_size)
    input_x = wrap(T, inputs[1], (axis_N, axis_B))
    check_finite(input_x, 1)
    input_centers = wrap(T, inputs[2], (axis_population_size,))
    check_finite(input_centers, 2)
    check_output(UInt8, outputs, 1, (axis_N * axis_population_size, axis_num_steps, axis_B))
    check_output(T, outputs, 2, (axis_N * axis_population_size, axis_B))
    encode_population!(
        wrap(UInt8, outputs[1], (axis_N * axis_population_size, axis_num_steps, axis_B)),
        wrap(T, outputs[2], (axis_N * axis_population_size, axis_B)),
        input_x,
        input_centers,
        normalization,
        gain,
        bias,
        seed,
        stream,
        sigma,
        mode,
    )
    return
end

# encode_delta

function call_encode_delta(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 2, 2)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 3, false)
    dtype == FLOAT32 && return call_encode_delta(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_encode_delta(Float64, inputs, parameters, outputs)
    return
end

function call_encode_delta(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    theta_on = real_parameter(T, parameters, 1, 3, 0.0, false, Inf, false)
    theta_off = optional_parameter(T, parameters, 2, 4, 0.0, false, Inf, false)
    input_x = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_x, 1)
    input_previous = wrap(T, inputs[2], (axis_N, axis_B))
    check_finite(input_previous, 2)
    check_output(UInt8, outputs, 1, (2 * axis_N, axis_T, axis_B))
    check_output(T, outputs, 2, (axis_N, axis_B))
    encode_delta!(
        wrap(UInt8, outputs[1], (2 * axis_N, axis_T, axis_B)),
        wrap(T, outputs[2], (axis_N, axis_B)),
        input_x,
        input_previous,
        theta_on,
        theta_off,
    )
    return
end

# decode_rate

function call_decode_rate(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = dtype_parameter(parameters, 3, (FLOAT32, FLOAT64))
    check_dtype(inputs, 1, UINT8)
    check_dtype(inputs, 2, UINT8)
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    dtype == FLOAT32 && return call_decode_rate(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_decode_rate(Float64, inputs, parameters, outputs)
    return
end

function call_decode_rate(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
    normalize_by_time = flag_parameter(parameters, 2)
    dtype = choice_parameter(parameters, 3, 5, (:float32, :float64))
    input_spikes = wrap(UInt8, inputs[1], (axis_N, axis_T, axis_B))
    check_spikes(input_spikes, 1)
    input_mask = wrap(UInt8, inputs[2], (axis_T, axis_B))
    check_spikes(input_mask, 2)
    check_output(T, outputs, 1, (axis_N, axis_B))
    check_output(Int32, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, (axis_B,))
    check_output(Int32, outputs, 4, (axis_N, axis_B))
    check_output(T, outputs, 5, (axis_N, axis_B))
    decode_rate!(
        wrap(T, outputs[1], (axis_N, axis_B)),
        wrap(Int32, outputs[2], (axis_B,)),
        wrap(T, outputs[3], (axis_B,)),
        wrap(Int32, outputs[4], (axis_N, axis_B)),
        wrap(T, outputs[5], (axis_N, axis_B)),
        input_spikes,
        input_mask,
        temperature,
        normalize_by_time,
    )
    return
end

# decode_first_spike

function call_decode_first_spike(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = dtype_parameter(parameters, 2, (FLOAT32, FLOAT64))
    check_dtype(inputs, 1, UINT8)
    check_dtype(inputs, 2, UINT8)
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 2, false, 1)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_at_least(inputs, 2, 2, false, 1)
    dtype == FLOAT32 && return call_decode_first_spike(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_decode_first_spike(Float64, inputs, parameters, outputs)
    return
end

function call_decode_first_spike(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
    dtype = choice_parameter(parameters, 2, 4, (:float32, :float64))
    input_spikes = wrap(UInt8, inputs[1], (axis_N, axis_T, axis_B))
    check_spikes(input_spikes, 1)
    input_mask = wrap(UInt8, inputs[2], (axis_T, axis_B))
    check_spikes(input_mask, 2)
    check_output(T, outputs, 1, (axis_N, axis_B))
    check_output(Int32, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, (axis_B,))
    check_output(Int32, outputs, 4, (axis_N, axis_B))
    decode_first_spike!(
        wrap(T, outputs[1], (axis_N, axis_B)),
        wrap(Int32, outputs[2], (axis_B,)),
        wrap(T, outputs[3], (axis_B,)),
        wrap(Int32, outputs[4], (axis_N, axis_B)),
        input_spikes,
        input_mask,
        temperature,
    )
    return
end

# decode_population

function call_decode_population(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[4].dtype
    check_dtype(inputs, 1, UINT8)
    check_dtype(inputs, 2, UINT8)
    check_dtype(inputs, 3, INT32)
    check_dtype(inputs, 4, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 2, 2)
    check_rank(inputs, 3, 1, 1)
    check_rank(inputs, 4, 1, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    check_same(inputs, 3, 1, false, 1, 3, false)
    dtype == FLOAT32 && return call_decode_population(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_decode_population(Float64, inputs, parameters, outputs)
    return
end

function call_decode_population(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    axis_n_groups = extent(inputs, 4, 1, false)
    n_groups = integer_parameter(parameters, 1, 5, 1.0, false, Inf, false)
    mode = choice_parameter(parameters, 2, 6, (:classification, :regression))
    temperature = real_parameter(T, parameters, 3, 7, 0.0, true, Inf, false)
    check_length(inputs, 4, 1, n_groups)
    input_spikes = wrap(UInt8, inputs[1], (axis_N, axis_T, axis_B))
    check_spikes(input_spikes, 1)
    input_mask = wrap(UInt8, inputs[2], (axis_T, axis_B))
    check_spikes(input_mask, 2)
    input_group_of = wrap(Int32, inputs[3], (axis_N,))
    check_targets(input_group_of, 3, n_groups)
    input_centers = wrap(T, inputs[4], (axis_n_groups,))
    check_finite(input_centers, 4)
    check_output(T, outputs, 1, (axis_n_groups, axis_B))
    check_output(Int32, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, (axis_B,))
    check_output(T, outputs, 4, (axis_B,))
    decode_population!(
        wrap(T, outputs[1], (axis_n_groups, axis_B)),
        wrap(Int32, outputs[2], (axis_B,)),
        wrap(T, outputs[3], (axis_B,)),
        wrap(T, outputs[4], (axis_B,)),
        input_spikes,
        input_mask,
        input_group_of,
        input_centers,
        mode,
        temperature,
    )
    return
end

# decode_membrane

function call_decode_membrane(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, UINT8)
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 2, 2)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_same(inputs, 2, 2, false, 1, 2, false)
    dtype == FLOAT32 && return call_decode_membrane(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_decode_membrane(Float64, inputs, parameters, outputs)
    return
end

function call_decode_membrane(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    mode = choice_parameter(parameters, 1, 3, (:final, :max))
    temperature = real_parameter(T, parameters, 2, 4, 0.0, true, Inf, false)
    input_membrane = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_membrane, 1)
    input_mask = wrap(UInt8, inputs[2], (axis_T, axis_B))
    check_spikes(input_mask, 2)
    check_output(T, outputs, 1, (axis_N, axis_B))
    check_output(Int32, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, (axis_B,))
    decode_membrane!(
        wrap(T, outputs[1], (axis_N, axis_B)),
        wrap(Int32, outputs[2], (axis_B,)),
        wrap(T, outputs[3], (axis_B,)),
        input_membrane,
        input_mask,
        mode,
        temperature,
    )
    return
end

# decode_ensemble

function call_decode_ensemble(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 1, 1)
    check_at_least(inputs, 1, 1, false, 1)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    check_at_least(inputs, 2, 1, false, 1)
    dtype == FLOAT32 && return call_decode_ensemble(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_decode_ensemble(Float64, inputs, parameters, outputs)
    return
end

function call_decode_ensemble(::Type{T}, inputs, parameters, outputs) where {T}
    axis_K = extent(inputs, 1, 1, false)
    axis_B = extent(inputs, 1, 2, false)
    axis_C = extent(inputs, 1, 3, false)
    input_logits = wrap(T, inputs[1], (axis_C, axis_B, axis_K))
    check_finite(input_logits, 1)
    input_weights = wrap(T, inputs[2], (axis_K,))
    check_finite(input_weights, 2)
    check_sums_to_one(input_weights, 2)
    check_output(T, outputs, 1, (axis_C, axis_B))
    check_output(Int32, outputs, 2, (axis_B,))
    check_output(T, outputs, 3, (axis_B,))
    decode_ensemble!(
        wrap(T, outputs[1], (axis_C, axis_B)),
        wrap(Int32, outputs[2], (axis_B,)),
        wrap(T, outputs[3], (axis_B,)),
        input_logits,
        input_weights,
    )
    return
end

# loss_probspikes

function call_loss_probspikes(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, INT32)
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 1, 1)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_loss_probspikes(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_probspikes(Float64, inputs, parameters, outputs)
    return
end

function call_loss_probspikes(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
    normalize_by_time = flag_parameter(parameters, 2)
    mode = choice_parameter(parameters, 3, 5, (:softmax, :normalize))
    eps = real_parameter(T, parameters, 4, 6, 0.0, true, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    input_targets = wrap(Int32, inputs[2], (axis_B,))
    check_targets(input_targets, 2, axis_N)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    loss_probspikes!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        input_spikes,
        input_targets,
        temperature,
        normalize_by_time,
        mode,
        eps,
    )
    return
end

# loss_probspikes_grad

function call_loss_probspikes_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, INT32)
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 1, 1)
    check_at_least(inputs, 1, 3, false, 1)
    check_same(inputs, 2, 1, false, 1, 1, false)
    dtype == FLOAT32 && return call_loss_probspikes_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_probspikes_grad(Float64, inputs, parameters, outputs)
    return
end

function call_loss_probspikes_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    temperature = real_parameter(T, parameters, 1, 3, 0.0, true, Inf, false)
    normalize_by_time = flag_parameter(parameters, 2)
    mode = choice_parameter(parameters, 3, 5, (:softmax, :normalize))
    eps = real_parameter(T, parameters, 4, 6, 0.0, true, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    input_targets = wrap(Int32, inputs[2], (axis_B,))
    check_targets(input_targets, 2, axis_N)
    check_output(T, outputs, 1, (axis_N, axis_T, axis_B))
    loss_probspikes_grad!(
        wrap(T, outputs[1], (axis_N, axis_T, axis_B)),
        input_spikes,
        input_targets,
        temperature,
        normalize_by_time,
        mode,
        eps,
    )
    return
end

# loss_rate

function call_loss_rate(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 1, 1)
    check_same(inputs, 2, 1, false, 1, 3, false)
    dtype == FLOAT32 && return call_loss_rate(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_rate(Float64, inputs, parameters, outputs)
    return
end

function call_loss_rate(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    rate_min = real_parameter(T, parameters, 1, 3, 0.0, false, Inf, false)
    rate_max = real_parameter(T, parameters, 2, 4, 0.0, false, Inf, false)
    check_not_below(rate_max, rate_min, 4)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    input_target_rate = wrap(T, inputs[2], (axis_N,))
    check_finite(input_target_rate, 2)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    check_output(T, outputs, 3, ())
    loss_rate!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        wrap(T, outputs[3], ()),
        input_spikes,
        input_target_rate,
        rate_min,
        rate_max,
    )
    return
end

# loss_rate_grad

function call_loss_rate_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_dtype(inputs, 2, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    check_rank(inputs, 2, 1, 1)
    check_same(inputs, 2, 1, false, 1, 3, false)
    dtype == FLOAT32 && return call_loss_rate_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_rate_grad(Float64, inputs, parameters, outputs)
    return
end

function call_loss_rate_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    rate_min = real_parameter(T, parameters, 1, 3, 0.0, false, Inf, false)
    rate_max = real_parameter(T, parameters, 2, 4, 0.0, false, Inf, false)
    check_not_below(rate_max, rate_min, 4)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    input_target_rate = wrap(T, inputs[2], (axis_N,))
    check_finite(input_target_rate, 2)
    check_output(T, outputs, 1, (axis_N, axis_T, axis_B))
    loss_rate_grad!(
        wrap(T, outputs[1], (axis_N, axis_T, axis_B)),
        input_spikes,
        input_target_rate,
        rate_min,
        rate_max,
    )
    return
end

# loss_temporal

function call_loss_temporal(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_temporal(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_temporal(Float64, inputs, parameters, outputs)
    return
end

function call_loss_temporal(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    penalty = choice_parameter(parameters, 1, 2, (:l1, :l2, :variance))
    window = integer_parameter(parameters, 2, 3, 1.0, false, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    check_output(T, outputs, 1, ())
    loss_temporal!(
        wrap(T, outputs[1], ()),
        input_spikes,
        penalty,
        window,
    )
    return
end

# loss_temporal_grad

function call_loss_temporal_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_temporal_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_temporal_grad(Float64, inputs, parameters, outputs)
    return
end

function call_loss_temporal_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    penalty = choice_parameter(parameters, 1, 2, (:l1, :l2, :variance))
    window = integer_parameter(parameters, 2, 3, 1.0, false, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    check_output(T, outputs, 1, (axis_N, axis_T, axis_B))
    loss_temporal_grad!(
        wrap(T, outputs[1], (axis_N, axis_T, axis_B)),
        input_spikes,
        penalty,
        window,
    )
    return
end

# loss_isi

function call_loss_isi(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_isi(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_isi(Float64, inputs, parameters, outputs)
    return
end

function call_loss_isi(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    window = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    tau = optional_parameter(T, parameters, 2, 3, 0.0, true, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    check_output(T, outputs, 1, ())
    loss_isi!(
        wrap(T, outputs[1], ()),
        input_spikes,
        window,
        tau,
    )
    return
end

# loss_isi_grad

function call_loss_isi_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_isi_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_isi_grad(Float64, inputs, parameters, outputs)
    return
end

function call_loss_isi_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    window = integer_parameter(parameters, 1, 2, 1.0, false, Inf, false)
    tau = optional_parameter(T, parameters, 2, 3, 0.0, true, Inf, false)
    input_spikes = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_spikes, 1)
    check_output(T, outputs, 1, (axis_N, axis_T, axis_B))
    loss_isi_grad!(
        wrap(T, outputs[1], (axis_N, axis_T, axis_B)),
        input_spikes,
        window,
        tau,
    )
    return
end

# loss_membrane

function call_loss_membrane(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_membrane(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_membrane(Float64, inputs, parameters, outputs)
    return
end

function call_loss_membrane(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    max_membrane = real_parameter(T, parameters, 1, 2, 0.0, false, Inf, false)
    input_membrane = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_membrane, 1)
    check_output(T, outputs, 1, ())
    check_output(T, outputs, 2, ())
    loss_membrane!(
        wrap(T, outputs[1], ()),
        wrap(T, outputs[2], ()),
        input_membrane,
        max_membrane,
    )
    return
end

# loss_membrane_grad

function call_loss_membrane_grad(inputs::Vector{ArrayRef}, parameters::Vector{Parameter}, outputs::Vector{ArrayRef})
    dtype = inputs[1].dtype
    check_dtype(inputs, 1, dtype, (FLOAT32, FLOAT64))
    check_rank(inputs, 1, 3, 3)
    dtype == FLOAT32 && return call_loss_membrane_grad(Float32, inputs, parameters, outputs)
    dtype == FLOAT64 && return call_loss_membrane_grad(Float64, inputs, parameters, outputs)
    return
end

function call_loss_membrane_grad(::Type{T}, inputs, parameters, outputs) where {T}
    axis_B = extent(inputs, 1, 1, false)
    axis_T = extent(inputs, 1, 2, false)
    axis_N = extent(inputs, 1, 3, false)
    max_membrane = real_parameter(T, parameters, 1, 2, 0.0, false, Inf, false)
    input_membrane = wrap(T, inputs[1], (axis_N, axis_T, axis_B))
    check_finite(input_membrane, 1)
    check_output(T, outputs, 1, (axis_N, axis_T, axis_B))
    loss_membrane_grad!(
        wrap(T, outputs[1], (axis_N, axis_T, axis_B)),
        input_membrane,
        max_membrane,
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
        "infonce_grad",
        call_infonce_grad,
        String["view_a", "view_b"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("symmetric", :flag, String[]),
        ],
        String["loss", "grad_a", "grad_b"],
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
        "csdp_layer_goodness",
        call_csdp_layer_goodness,
        String["activations", "labels"],
        ParameterName[
            ParameterName("theta", :real, String[]),
        ],
        String["goodness", "probability", "loss", "modulator"],
    ),
    Kernel(
        "hebbian",
        call_hebbian,
        String["weights", "pre", "post"],
        ParameterName[
            ParameterName("eta", :real, String[]),
            ParameterName("c0", :real, String[]),
            ParameterName("c1_pre", :real, String[]),
            ParameterName("c1_post", :real, String[]),
            ParameterName("c2_corr", :real, String[]),
        ],
        String["weights"],
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
        "stdp_linear_run",
        call_stdp_linear_run,
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
        "stdp_conv2d",
        call_stdp_conv2d,
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
            ParameterName("stride", :integer, String[]),
            ParameterName("padding", :integer, String[]),
            ParameterName("dilation", :integer, String[]),
        ],
        String["weights", "t_pre", "t_post"],
    ),
    Kernel(
        "lpl",
        call_lpl,
        String["z1", "z2"],
        ParameterName[
            ParameterName("pull_coeff", :real, String[]),
            ParameterName("push_coeff", :real, String[]),
            ParameterName("decorr_coeff", :real, String[]),
            ParameterName("eps", :real, String[]),
        ],
        String["pull", "push", "decorr", "total"],
    ),
    Kernel(
        "lpl_grad",
        call_lpl_grad,
        String["z1", "z2"],
        ParameterName[
            ParameterName("pull_coeff", :real, String[]),
            ParameterName("push_coeff", :real, String[]),
            ParameterName("decorr_coeff", :real, String[]),
            ParameterName("eps", :real, String[]),
            ParameterName("stop_gradient", :flag, String[]),
        ],
        String["pull", "push", "decorr", "total", "grad_z1", "grad_z2"],
    ),
    Kernel(
        "lpl_negative",
        call_lpl_negative,
        String["z1", "z2"],
        ParameterName[
        ],
        String["pull", "push"],
    ),
    Kernel(
        "lpl_spiking_step",
        call_lpl_spiking_step,
        String["weights", "z_pre", "z_post", "z_post_delayed", "membrane", "mean", "variance", "psp_syn", "psp", "error_rise", "error", "eligibility", "eligibility_filtered", "gradient"],
        ParameterName[
            ParameterName("step", :integer, String[]),
            ParameterName("dt", :real, String[]),
            ParameterName("tau_syn", :real, String[]),
            ParameterName("tau_mem", :real, String[]),
            ParameterName("tau_rise", :real, String[]),
            ParameterName("tau_fall", :real, String[]),
            ParameterName("tau_mean", :real, String[]),
            ParameterName("tau_var", :real, String[]),
            ParameterName("lambda_", :real, String[]),
            ParameterName("phi", :real, String[]),
            ParameterName("delta", :real, String[]),
            ParameterName("xi", :real, String[]),
            ParameterName("beta", :real, String[]),
            ParameterName("threshold", :real, String[]),
            ParameterName("cutoff", :real, String[]),
            ParameterName("eta", :real, String[]),
            ParameterName("every", :integer, String[]),
            ParameterName("w_max", :real, String[]),
        ],
        String["weights", "mean", "variance", "psp_syn", "psp", "error_rise", "error", "eligibility", "eligibility_filtered", "gradient"],
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
        "encode_rate_poisson",
        call_encode_rate_poisson,
        String["x"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
            ParameterName("rate_dt", :real, String[]),
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
    Kernel(
        "encode_latency",
        call_encode_latency,
        String["x"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
            ParameterName("mapping", :choice, String["linear", "exponential", "log"]),
            ParameterName("tau", :real, String[]),
            ParameterName("t_min", :real, String[]),
            ParameterName("t_max", :real, String[]),
            ParameterName("burst", :integer, String[]),
        ],
        String["spikes", "spike_times"],
    ),
    Kernel(
        "encode_ttfs",
        call_encode_ttfs,
        String["x"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
            ParameterName("mapping", :choice, String["linear", "exponential", "log"]),
            ParameterName("tau", :real, String[]),
            ParameterName("t_min", :real, String[]),
            ParameterName("t_max", :real, String[]),
            ParameterName("allow_no_spike", :flag, String[]),
            ParameterName("silence_below", :real, String[]),
            ParameterName("jitter", :real, String[]),
        ],
        String["spikes", "spike_times"],
    ),
    Kernel(
        "encode_population",
        call_encode_population,
        String["x", "centers"],
        ParameterName[
            ParameterName("num_steps", :integer, String[]),
            ParameterName("normalization", :choice, String["none", "clamp", "sigmoid", "minmax"]),
            ParameterName("gain", :real, String[]),
            ParameterName("bias", :real, String[]),
            ParameterName("seed", :word, String[]),
            ParameterName("stream", :word, String[]),
            ParameterName("population_size", :integer, String[]),
            ParameterName("sigma", :real, String[]),
            ParameterName("mode", :choice, String["bernoulli", "deterministic"]),
        ],
        String["spikes", "activations"],
    ),
    Kernel(
        "encode_delta",
        call_encode_delta,
        String["x", "previous"],
        ParameterName[
            ParameterName("theta_on", :real, String[]),
            ParameterName("theta_off", :real, String[]),
        ],
        String["spikes", "previous"],
    ),
    Kernel(
        "decode_rate",
        call_decode_rate,
        String["spikes", "mask"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("normalize_by_time", :flag, String[]),
            ParameterName("dtype", :choice, String["float32", "float64"]),
        ],
        String["logits", "prediction", "confidence", "counts", "rates"],
    ),
    Kernel(
        "decode_first_spike",
        call_decode_first_spike,
        String["spikes", "mask"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("dtype", :choice, String["float32", "float64"]),
        ],
        String["logits", "prediction", "confidence", "first_spike_times"],
    ),
    Kernel(
        "decode_population",
        call_decode_population,
        String["spikes", "mask", "group_of", "centers"],
        ParameterName[
            ParameterName("n_groups", :integer, String[]),
            ParameterName("mode", :choice, String["classification", "regression"]),
            ParameterName("temperature", :real, String[]),
        ],
        String["logits", "prediction", "confidence", "value"],
    ),
    Kernel(
        "decode_membrane",
        call_decode_membrane,
        String["membrane", "mask"],
        ParameterName[
            ParameterName("mode", :choice, String["final", "max"]),
            ParameterName("temperature", :real, String[]),
        ],
        String["logits", "prediction", "confidence"],
    ),
    Kernel(
        "decode_ensemble",
        call_decode_ensemble,
        String["logits", "weights"],
        ParameterName[
        ],
        String["logits", "prediction", "confidence"],
    ),
    Kernel(
        "loss_probspikes",
        call_loss_probspikes,
        String["spikes", "targets"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("normalize_by_time", :flag, String[]),
            ParameterName("mode", :choice, String["softmax", "normalize"]),
            ParameterName("eps", :real, String[]),
        ],
        String["loss", "accuracy"],
    ),
    Kernel(
        "loss_probspikes_grad",
        call_loss_probspikes_grad,
        String["spikes", "targets"],
        ParameterName[
            ParameterName("temperature", :real, String[]),
            ParameterName("normalize_by_time", :flag, String[]),
            ParameterName("mode", :choice, String["softmax", "normalize"]),
            ParameterName("eps", :real, String[]),
        ],
        String["grad"],
    ),
    Kernel(
        "loss_rate",
        call_loss_rate,
        String["spikes", "target_rate"],
        ParameterName[
            ParameterName("rate_min", :real, String[]),
            ParameterName("rate_max", :real, String[]),
        ],
        String["loss", "dead_fraction", "saturated_fraction"],
    ),
    Kernel(
        "loss_rate_grad",
        call_loss_rate_grad,
        String["spikes", "target_rate"],
        ParameterName[
            ParameterName("rate_min", :real, String[]),
            ParameterName("rate_max", :real, String[]),
        ],
        String["grad"],
    ),
    Kernel(
        "loss_temporal",
        call_loss_temporal,
        String["spikes"],
        ParameterName[
            ParameterName("penalty", :choice, String["l1", "l2", "variance"]),
            ParameterName("window", :integer, String[]),
        ],
        String["loss"],
    ),
    Kernel(
        "loss_temporal_grad",
        call_loss_temporal_grad,
        String["spikes"],
        ParameterName[
            ParameterName("penalty", :choice, String["l1", "l2", "variance"]),
            ParameterName("window", :integer, String[]),
        ],
        String["grad"],
    ),
    Kernel(
        "loss_isi",
        call_loss_isi,
        String["spikes"],
        ParameterName[
            ParameterName("window", :integer, String[]),
            ParameterName("tau", :real, String[]),
        ],
        String["loss"],
    ),
    Kernel(
        "loss_isi_grad",
        call_loss_isi_grad,
        String["spikes"],
        ParameterName[
            ParameterName("window", :integer, String[]),
            ParameterName("tau", :real, String[]),
        ],
        String["grad"],
    ),
    Kernel(
        "loss_membrane",
        call_loss_membrane,
        String["membrane"],
        ParameterName[
            ParameterName("max_membrane", :real, String[]),
        ],
        String["loss", "exceeding_fraction"],
    ),
    Kernel(
        "loss_membrane_grad",
        call_loss_membrane_grad,
        String["membrane"],
        ParameterName[
            ParameterName("max_membrane", :real, String[]),
        ],
        String["grad"],
    ),
]

const KERNEL_OF = Dict{String,Kernel}(kernel.name => kernel for kernel in KERNELS)

c_philox_words(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(1, inputs, parameters, outputs, nanoseconds, repeats)
c_philox_uniform(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(2, inputs, parameters, outputs, nanoseconds, repeats)
c_infonce(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(3, inputs, parameters, outputs, nanoseconds, repeats)
c_infonce_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(4, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_positive(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(5, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_negative(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(6, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_step(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(7, inputs, parameters, outputs, nanoseconds, repeats)
c_goodness(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(8, inputs, parameters, outputs, nanoseconds, repeats)
c_csdp_layer_goodness(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(9, inputs, parameters, outputs, nanoseconds, repeats)
c_hebbian(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(10, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_trace(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(11, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_linear(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(12, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_linear_run(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(13, inputs, parameters, outputs, nanoseconds, repeats)
c_stdp_conv2d(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(14, inputs, parameters, outputs, nanoseconds, repeats)
c_lpl(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(15, inputs, parameters, outputs, nanoseconds, repeats)
c_lpl_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(16, inputs, parameters, outputs, nanoseconds, repeats)
c_lpl_negative(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(17, inputs, parameters, outputs, nanoseconds, repeats)
c_lpl_spiking_step(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(18, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_rate_bernoulli(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(19, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_rate_poisson(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(20, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_rate_deterministic(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(21, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_latency(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(22, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_ttfs(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(23, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_population(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(24, inputs, parameters, outputs, nanoseconds, repeats)
c_encode_delta(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(25, inputs, parameters, outputs, nanoseconds, repeats)
c_decode_rate(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(26, inputs, parameters, outputs, nanoseconds, repeats)
c_decode_first_spike(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(27, inputs, parameters, outputs, nanoseconds, repeats)
c_decode_population(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(28, inputs, parameters, outputs, nanoseconds, repeats)
c_decode_membrane(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(29, inputs, parameters, outputs, nanoseconds, repeats)
c_decode_ensemble(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(30, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_probspikes(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(31, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_probspikes_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(32, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_rate(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(33, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_rate_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(34, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_temporal(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(35, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_temporal_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(36, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_isi(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(37, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_isi_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(38, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_membrane(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(39, inputs, parameters, outputs, nanoseconds, repeats)
c_loss_membrane_grad(inputs, parameters, outputs, nanoseconds, repeats) =
    entry(40, inputs, parameters, outputs, nanoseconds, repeats)

"Fill in the addresses of all entry points."
function register!(exports::Dict{String,Ptr{Cvoid}})
    exports["last_error"] = @cfunction(last_error, Ptr{UInt8}, ())
    exports["philox_words"] = @cfunction(c_philox_words, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["philox_uniform"] = @cfunction(c_philox_uniform, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["infonce"] = @cfunction(c_infonce, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["infonce_grad"] = @cfunction(c_infonce_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_positive"] = @cfunction(c_csdp_positive, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_negative"] = @cfunction(c_csdp_negative, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_step"] = @cfunction(c_csdp_step, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["goodness"] = @cfunction(c_goodness, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["csdp_layer_goodness"] = @cfunction(c_csdp_layer_goodness, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["hebbian"] = @cfunction(c_hebbian, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_trace"] = @cfunction(c_stdp_trace, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_linear"] = @cfunction(c_stdp_linear, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_linear_run"] = @cfunction(c_stdp_linear_run, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["stdp_conv2d"] = @cfunction(c_stdp_conv2d, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["lpl"] = @cfunction(c_lpl, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["lpl_grad"] = @cfunction(c_lpl_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["lpl_negative"] = @cfunction(c_lpl_negative, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["lpl_spiking_step"] = @cfunction(c_lpl_spiking_step, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_rate_bernoulli"] = @cfunction(c_encode_rate_bernoulli, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_rate_poisson"] = @cfunction(c_encode_rate_poisson, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_rate_deterministic"] = @cfunction(c_encode_rate_deterministic, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_latency"] = @cfunction(c_encode_latency, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_ttfs"] = @cfunction(c_encode_ttfs, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_population"] = @cfunction(c_encode_population, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["encode_delta"] = @cfunction(c_encode_delta, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["decode_rate"] = @cfunction(c_decode_rate, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["decode_first_spike"] = @cfunction(c_decode_first_spike, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["decode_population"] = @cfunction(c_decode_population, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["decode_membrane"] = @cfunction(c_decode_membrane, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["decode_ensemble"] = @cfunction(c_decode_ensemble, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_probspikes"] = @cfunction(c_loss_probspikes, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_probspikes_grad"] = @cfunction(c_loss_probspikes_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_rate"] = @cfunction(c_loss_rate, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_rate_grad"] = @cfunction(c_loss_rate_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_temporal"] = @cfunction(c_loss_temporal, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_temporal_grad"] = @cfunction(c_loss_temporal_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_isi"] = @cfunction(c_loss_isi, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_isi_grad"] = @cfunction(c_loss_isi_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_membrane"] = @cfunction(c_loss_membrane, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    exports["loss_membrane_grad"] = @cfunction(c_loss_membrane_grad, Int32, (Ptr{ArrayRef}, Ptr{Parameter}, Ptr{ArrayRef}, Ptr{Int64}, Int64))
    return exports
end
