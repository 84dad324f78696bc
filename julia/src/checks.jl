# What every call is checked for before it computes. The generated calls of dispatch.jl say what to check, in the order
# that all mirrors keep: dtype, rank, shape; then choices and parameters; then contents; each in signature order.

# The layouts of ArrayRef and Parameter are those of the C interface.

"""
    ArrayRef(data, dtype, rank, shape)

An array as it comes: the address of its bytes in C order, the code of its dtype (0 for one that no kernel takes), its
number of axes and their lengths (the first eight), first axis slowest.
"""
struct ArrayRef
    data::UInt64
    dtype::Int32
    rank::Int32
    shape::NTuple{8,Int64}
end

"A parameter as it comes: the bits of a float64, an integer, a word, a flag (0 or 1) or the place of a choice from 0."
struct Parameter
    bits::UInt64
    present::Int64
end
Parameter(value::Float64) = Parameter(reinterpret(UInt64, value), 1)
Parameter(value::Int64) = Parameter(reinterpret(UInt64, value), 1)
Parameter(value::UInt64) = Parameter(value, 1)
Parameter(value::Bool) = Parameter(UInt64(value), 1)

const FLOAT32 = Int32(1)
const FLOAT64 = Int32(2)
const UINT8 = Int32(3)
const INT32 = Int32(4)
const UINT32 = Int32(5)

dtype_code(::Type{Float32}) = FLOAT32
dtype_code(::Type{Float64}) = FLOAT64
dtype_code(::Type{UInt8}) = UINT8
dtype_code(::Type{Int32}) = INT32
dtype_code(::Type{UInt32}) = UINT32

@inline reject(code::Code, argument::Int) = throw(Rejection(code, argument))

# dtype, rank and shape; `k` is the place of the input.

@inline function check_dtype(inputs::Vector{ArrayRef}, k::Int, call_dtype::Int32, allowed)
    dtype = inputs[k].dtype
    dtype == call_dtype && dtype in allowed || reject(bad_dtype, k)
end

@inline check_dtype(inputs::Vector{ArrayRef}, k::Int, dtype::Int32) = inputs[k].dtype == dtype || reject(bad_dtype, k)

@inline check_rank(inputs::Vector{ArrayRef}, k::Int, fewest::Int, most::Int) =
    fewest <= inputs[k].rank <= most || reject(bad_rank, k)

"The axes that a name stands for: one, or the last ones from `axis` where the name is open-ended."
@inline axes_named(array::ArrayRef, axis::Int, open_ended::Bool) = axis:(open_ended ? Int(array.rank) : axis)

"The length of a named axis as the kernel sees it."
@inline function extent(inputs::Vector{ArrayRef}, k::Int, axis::Int, open_ended::Bool)
    length = 1
    for i in axes_named(inputs[k], axis, open_ended)
        length *= inputs[k].shape[i]
    end
    return Int(length)
end

"The name is that of an earlier axis (of input `first`): all the lengths it stands for must be equal."
function check_same(
    inputs::Vector{ArrayRef},
    k::Int,
    axis::Int,
    open_ended::Bool,
    first::Int,
    first_axis::Int,
    first_open::Bool,
)
    here = axes_named(inputs[k], axis, open_ended)
    there = axes_named(inputs[first], first_axis, first_open)
    length(here) == length(there) || reject(bad_shape, k)
    for (i, j) in zip(here, there)
        inputs[k].shape[i] == inputs[first].shape[j] || reject(bad_shape, k)
    end
end

check_at_least(inputs::Vector{ArrayRef}, k::Int, axis::Int, open_ended::Bool, least::Int) =
    extent(inputs, k, axis, open_ended) >= least || reject(bad_shape, k)

# Parameters; `k` is the place among parameters, `place` that among all arguments.

@inline function bits_of(parameters::Vector{Parameter}, k::Int)
    given = parameters[k]
    given.present == 0 && throw(ArgumentError("parameter $k is missing"))
    return given.bits
end

"Whether a number is finite and in the interval; an open end excludes its bound."
function check_domain(value::Real, place::Int, low::Float64, low_open::Bool, high::Float64, high_open::Bool)
    inside = isfinite(value) && (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high)
    inside || reject(bad_parameter, place)
    return
end

# One call each in the generated code, and not inlined: with hundreds of parameters that is what compiles fast.

@noinline function real_parameter(
    ::Type{T},
    parameters::Vector{Parameter},
    k::Int,
    place::Int,
    low::Float64,
    low_open::Bool,
    high::Float64,
    high_open::Bool,
) where {T}
    value = T(reinterpret(Float64, bits_of(parameters, k)))
    check_domain(Float64(value), place, low, low_open, high, high_open)
    return value
end

"A real parameter that may be left out: then nothing."
@noinline function optional_parameter(
    ::Type{T},
    parameters::Vector{Parameter},
    k::Int,
    place::Int,
    low::Float64,
    low_open::Bool,
    high::Float64,
    high_open::Bool,
) where {T}
    parameters[k].present == 0 && return nothing
    return real_parameter(T, parameters, k, place, low, low_open, high, high_open)
end

@noinline function integer_parameter(
    parameters::Vector{Parameter},
    k::Int,
    place::Int,
    low::Float64,
    low_open::Bool,
    high::Float64,
    high_open::Bool,
)
    value = reinterpret(Int64, bits_of(parameters, k))
    check_domain(value, place, low, low_open, high, high_open)
    return value
end

@inline word_parameter(parameters::Vector{Parameter}, k::Int) = bits_of(parameters, k)
@inline flag_parameter(parameters::Vector{Parameter}, k::Int) = bits_of(parameters, k) != 0

@inline function choice_parameter(parameters::Vector{Parameter}, k::Int, place::Int, options)
    at = reinterpret(Int64, bits_of(parameters, k))
    0 <= at < length(options) || reject(bad_choice, place)
    return options[at+1]
end

"The call's dtype where a choice tells it; float64 for an unknown one, which is rejected in its turn."
@inline function dtype_parameter(parameters::Vector{Parameter}, k::Int, codes)
    at = reinterpret(Int64, bits_of(parameters, k))
    return 0 <= at < length(codes) ? codes[at+1] : FLOAT64
end

@inline check_above(value, other, place::Int) = value > other || reject(bad_parameter, place)

@inline check_not_below(value, other, place::Int) =
    value === nothing || other === nothing || value >= other || reject(bad_parameter, place)

# Lengths that follow from parameters.

"floor((source + 2 padding - dilation (window - 1) - 1) / stride) + 1, and not below 0"
function convolved_length(source::Int, window::Int, stride::Int, padding::Int, dilation::Int)
    reach = Int128(source) + 2 * Int128(padding) - Int128(dilation) * (window - 1) - 1
    return max(fld(reach, Int128(stride)) + 1, Int128(0))
end

@inline check_length(inputs::Vector{ArrayRef}, k::Int, axis::Int, length::Integer) =
    inputs[k].shape[axis] == length || reject(bad_shape, k)

# Contents.

"""
    wrap(T, array, dims)

The bytes of `array` as a Julia array, first axis fastest. Empty arrays may come with any address, which is not used.
"""
@inline function wrap(::Type{T}, array::ArrayRef, dims::NTuple{N,Int}) where {T,N}
    prod(dims) == 0 && return Array{T,N}(undef, dims)
    return unsafe_wrap(Array, Ptr{T}(array.data % UInt), dims)
end

exponent_bits(::Type{Float64}) = 0x7ff0000000000000
exponent_bits(::Type{Float32}) = 0x7f800000

function check_finite(array::Array{T}, k::Int) where {T<:Union{Float32,Float64}}
    mask = exponent_bits(T)
    found = false
    # On bits and without a way out of the loop, so that it vectorizes.
    @inbounds @simd for i in eachindex(array)
        found |= reinterpret(typeof(mask), array[i]) & mask == mask
    end
    found && reject(non_finite, k)
end

function check_spikes(array::Array{UInt8}, k::Int)
    seen = 0x00
    @inbounds @simd for i in eachindex(array)
        seen |= array[i]
    end
    seen > 1 && reject(bad_spikes, k)
end

function check_targets(array::Array{Int32}, k::Int, below::Int)
    least, greatest = Int32(0), Int32(-1)
    @inbounds @simd for i in eachindex(array)
        least = min(least, array[i])
        greatest = max(greatest, array[i])
    end
    least >= 0 && greatest < below || reject(bad_target, k)
end

const SUM_TOLERANCE = 1e-4

"The elements sum to 1, within a tolerance; what each addition loses is summed apart, so that only the sum matters."
function check_sums_to_one(array::Array, k::Int)
    total = lost = 0.0
    for element in array
        x = Float64(element)
        sum = total + x
        lost += abs(total) >= abs(x) ? (total - sum) + x : (x - sum) + total
        total = sum
    end
    abs((total + lost) - 1) <= SUM_TOLERANCE || reject(bad_parameter, k)
end

# Outputs, last of all.

"The number of elements of an array: from all its axes, where there are no more than the interface holds."
@inline function number_of_elements(array::ArrayRef)
    n = Int128(1)
    for i in 1:min(array.rank, 8)
        n *= array.shape[i]
    end
    return n
end

@inline function check_output(::Type{T}, outputs::Vector{ArrayRef}, k::Int, dims::NTuple{N,Int}) where {T,N}
    n = Int128(1)
    for length in dims
        n *= length
    end
    outputs[k].dtype == dtype_code(T) && outputs[k].rank <= 8 && number_of_elements(outputs[k]) == n ||
        throw(BadOutput(k))
end
