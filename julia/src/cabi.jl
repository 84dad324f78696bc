# The C interface: one entry point per kernel, whose address a host fetches from EXPORTS once and then calls without
# any help from Julia's side. All take
#
#   (const spikemirror_array *inputs, const spikemirror_parameter *parameters, const spikemirror_array *outputs,
#    int64_t *nanoseconds, int64_t repeats) -> int32_t
#
# and return 0; or code + 256 * argument, argument from 0; or one of the negative numbers below. repeats > 0 runs the
# whole checked call that many times and writes the duration of each. An exception that left an entry point would end
# the host's process: all are caught, and the text of the last one is kept for `last_error`.

const WRONG_OUTPUT = Int32(-1)
const OUT_OF_MEMORY = Int32(-2)
const OTHER_ERROR = Int32(-3)

"Name of a kernel, or `last_error`, to the address of its entry point; filled when the module is loaded."
const EXPORTS = Dict{String,Ptr{Cvoid}}()

"The text of the last error, ending in 0; rooted here so that C may read it until the next call."
const LAST_ERROR = UInt8[0x00]

function keep_error(error)
    text = try
        sprint(showerror, error)
    catch
        "an error that cannot be shown"
    end
    resize!(LAST_ERROR, 0)
    append!(LAST_ERROR, codeunits(text))
    push!(LAST_ERROR, 0x00)
end

"    const char *last_error(void): the text of the last call that did not return 0"
last_error() = pointer(LAST_ERROR)

status(refused::Rejection) = Int32(Int(refused.code) + 256 * (refused.argument - 1))
status(::BadOutput) = WRONG_OUTPUT
status(::OutOfMemoryError) = OUT_OF_MEMORY
status(_) = OTHER_ERROR

borrowed(first::Ptr{T}, n::Int) where {T} = n == 0 ? T[] : unsafe_wrap(Array, first, n)

"""
    entry(k, inputs, parameters, outputs, nanoseconds, repeats)

Run kernel `k` for C. Its call is looked up and not known to the compiler here, so that making the addresses of all
entry points does not compile all kernels.
"""
function entry(
    k::Int,
    inputs::Ptr{ArrayRef},
    parameters::Ptr{Parameter},
    outputs::Ptr{ArrayRef},
    nanoseconds::Ptr{Int64},
    repeats::Int64,
)
    try
        kernel = KERNELS[k]
        given = borrowed(inputs, length(kernel.inputs))
        values = borrowed(parameters, length(kernel.parameters))
        results = borrowed(outputs, length(kernel.outputs))
        if repeats <= 0
            kernel.call(given, values, results)
        else
            for i in 1:repeats
                start = time_ns()
                kernel.call(given, values, results)
                unsafe_store!(nanoseconds, (time_ns() - start) % Int64, i)
            end
        end
        return Int32(0)
    catch error
        keep_error(error)
        return status(error)
    end
end
