# A long-lived process that serves the kernels over JSON lines, protocol version 1.
#
#   julia --startup-file=no worker.jl [IN_FD OUT_FD]
#
# One request per line, one reply per line: hello, call, time; bye or the end of input ends the process. Arrays come and
# go inline as base64, or by reference to a file that is memory-mapped. Whatever goes wrong with a request is a reply;
# the process lives on. Without descriptors of its own it speaks over stdin and stdout.

include(joinpath(@__DIR__, "src", "SpikeMirror.jl"))

module Worker

using Mmap
using ..SpikeMirror: SpikeMirror, ArrayRef, Kernel, Parameter, ParameterName, Rejection
using ..SpikeMirror: base64_decode, base64_encode, read_json, write_json

const VERSION_SPOKEN = 1
const MOST_REPEATS = 10_000_000

"dtypes that have a code across a binary interface, and their sizes"
const DTYPES = Dict{String,Tuple{Int32,Int}}(
    "float32" => (SpikeMirror.FLOAT32, 4),
    "float64" => (SpikeMirror.FLOAT64, 8),
    "uint8" => (SpikeMirror.UINT8, 1),
    "int32" => (SpikeMirror.INT32, 4),
    "uint32" => (SpikeMirror.UINT32, 4),
)

"dtypes that no kernel takes: they are only passed on, to be rejected, and their bytes are not read"
const OTHER_DTYPES = Set{String}([
    "bool",
    "int8",
    "int16",
    "int64",
    "uint16",
    "uint64",
    "float16",
    "bfloat16",
    "longdouble",
    "float128",
    "complex64",
    "complex128",
    "clongdouble",
    "complex256",
    "object",
])

"A request that cannot be served; its text goes into the reply."
struct BadRequest <: Exception
    message::String
end

Base.showerror(io::IO, bad::BadRequest) = print(io, bad.message)

@noinline refuse(parts...) = throw(BadRequest(string(parts...)))

const Object = Dict{String,Any}

function member(object::Object, key::String, ::Type{T}, what) where {T}
    haskey(object, key) || refuse(what, " has no ", repr(key))
    value = object[key]
    value isa T || refuse(repr(key), " of ", what, " has the wrong type")
    return value::T
end

"The members of `object` must be exactly `names`."
function require_names(object::Object, names::Vector{String}, what)
    for name in names
        haskey(object, name) || refuse(what, " has no ", repr(name))
    end
    length(object) == length(names) && return
    for key in keys(object)
        key in names || refuse(what, " has an unknown ", repr(key))
    end
end

# Files

struct Mapped
    inode::UInt64
    size::Int64
    writable::Bool
    bytes::Vector{UInt8}
end

"Mapped files by path: a harness uses the same few for all its calls."
const MAPPED = Dict{String,Mapped}()
const MOST_MAPPED = 64

function mapped(path::String, writable::Bool)
    now = stat(path)
    isfile(now) || refuse("no file ", repr(path))
    if haskey(MAPPED, path)
        known = MAPPED[path]
        known.inode == now.inode && known.size == now.size && known.writable >= writable && return known.bytes
    end
    length(MAPPED) < MOST_MAPPED || empty!(MAPPED)
    bytes = if now.size == 0
        UInt8[]
    else
        open(file -> Mmap.mmap(file, Vector{UInt8}, Int(now.size); grow = false), path, writable ? "r+" : "r")
    end
    MAPPED[path] = Mapped(now.inode, now.size, writable, bytes)
    return bytes
end

function bytes_in_file(object::Object, needed::Int, itemsize::Int, writable::Bool, what)
    bytes = mapped(member(object, "file", String, what), writable)
    offset = member(object, "offset", Int64, what)
    0 <= offset <= length(bytes) - needed ||
        refuse(what, ": bytes ", offset, " to ", Int128(offset) + needed, " of a file of ", length(bytes))
    # Julia reads arrays only where their elements are aligned; a map itself begins on a page.
    offset % itemsize == 0 || refuse(what, ": offset ", offset, " is no multiple of ", itemsize)
    return bytes, offset
end

# Arrays

"Lengths of the axes, and the number of bytes of all elements."
function lengths(object::Object, itemsize::Int, what)
    shape = member(object, "shape", Vector{Any}, what)
    all(length -> length isa Int64 && length >= 0, shape) || refuse(what, ": a shape is a list of lengths")
    total = Int128(itemsize)
    for length in shape
        total > 0 && (total = min(total * (length::Int64), Int128(typemax(Int64)) + 1))
    end
    total <= typemax(Int64) || refuse(what, " is too large")
    return shape, Int(total)
end

function reference(address::UInt, code::Int32, shape::Vector{Any})
    axes = ntuple(i -> i <= length(shape) ? shape[i]::Int64 : Int64(0), Val(8))
    return ArrayRef(address % UInt64, code, Int32(length(shape)), axes)
end

"An input array; its bytes are put into `held`, which must outlive the call."
function input_array(object::Object, what, held::Vector{Vector{UInt8}})
    dtype = member(object, "dtype", String, what)
    if dtype in OTHER_DTYPES
        shape, _ = lengths(object, 1, what)
        return reference(UInt(0), Int32(0), shape)
    end
    haskey(DTYPES, dtype) || refuse(what, ": unknown dtype ", repr(dtype))
    code, itemsize = DTYPES[dtype]
    shape, needed = lengths(object, itemsize, what)
    if haskey(object, "file")
        bytes, offset = bytes_in_file(object, needed, itemsize, false, what)
    else
        bytes, offset = base64_decode(member(object, "data", String, what)), 0
        length(bytes) == needed || refuse(what, ": ", length(bytes), " bytes of data, not ", needed)
    end
    push!(held, bytes)
    return reference(UInt(pointer(bytes)) + offset % UInt, code, shape)
end

"An output array and its bytes, nothing where they are in a file."
function output_array(object::Object, what, held::Vector{Vector{UInt8}})
    dtype = member(object, "dtype", String, what)
    haskey(DTYPES, dtype) || refuse(what, ": unknown dtype ", repr(dtype))
    code, itemsize = DTYPES[dtype]
    shape, needed = lengths(object, itemsize, what)
    in_file = haskey(object, "file")
    bytes, offset = in_file ? bytes_in_file(object, needed, itemsize, true, what) : (Vector{UInt8}(undef, needed), 0)
    push!(held, bytes)
    return reference(UInt(pointer(bytes)) + offset % UInt, code, shape), in_file ? nothing : bytes
end

# Parameters

const NON_FINITE = Dict{String,Float64}("NaN" => NaN, "Infinity" => Inf, "-Infinity" => -Inf)

function parameter(name::ParameterName, value)
    value === nothing && return Parameter(UInt64(0), 0)
    if name.kind === :real
        value isa Float64 && return Parameter(value)
        value isa Int64 && return Parameter(Float64(value))
        value isa Union{UInt64,BigInt} && return Parameter(parse(Float64, string(value)))
        value isa String && haskey(NON_FINITE, value) && return Parameter(NON_FINITE[value])
    elseif name.kind === :integer
        value isa Int64 && return Parameter(value)
    elseif name.kind === :word
        value isa Int64 && value >= 0 && return Parameter(UInt64(value))
        value isa UInt64 && return Parameter(value)
    elseif name.kind === :flag
        value isa Bool && return Parameter(value)
    elseif name.kind === :choice
        value isa String && return Parameter(something(findfirst(==(value), name.options), 0) - 1)
    end
    refuse("parameter ", name.name, " is no ", name.kind, ": ", value)
end

# Requests

function write_outputs(reply::IO, kernel::Kernel, slots::Object, inline)
    write(reply, ",\"outputs\":{")
    for (k, name) in enumerate(kernel.outputs)
        k > 1 && write(reply, ',')
        write_json(reply, name)
        write(reply, ':')
        slot = slots[name]::Object
        bytes = inline[k]
        if bytes === nothing
            write_json(reply, slot)
        else
            write(reply, "{\"dtype\":")
            write_json(reply, slot["dtype"])
            write(reply, ",\"shape\":")
            write_json(reply, slot["shape"])
            write(reply, ",\"data\":\"", base64_encode(bytes), "\"}")
        end
    end
    write(reply, '}')
end

"Run the kernel once, or `repeats` times; the durations, or the rejection."
function run(kernel::Kernel, inputs, parameters, outputs, repeats::Int)
    nanoseconds = Vector{Int64}(undef, repeats)
    try
        repeats == 0 && kernel.call(inputs, parameters, outputs)
        for i in 1:repeats
            start = time_ns()
            kernel.call(inputs, parameters, outputs)
            nanoseconds[i] = (time_ns() - start) % Int64
        end
    catch error
        error isa Rejection || rethrow()
        return error
    end
    return nanoseconds
end

function answer_call(reply::IO, request::Object, timed::Bool)
    id = member(request, "id", Int64, "the request")
    name = member(request, "kernel", String, "the request")
    haskey(SpikeMirror.KERNEL_OF, name) || refuse("no kernel ", repr(name))
    kernel = SpikeMirror.KERNEL_OF[name]
    repeats = timed ? member(request, "repeats", Int64, "the request") : 0
    timed && !(1 <= repeats <= MOST_REPEATS) && refuse("repeats must be in [1, ", MOST_REPEATS, "]")

    given = member(request, "parameters", Object, "the request")
    arrays = member(request, "inputs", Object, "the request")
    slots = member(request, "outputs", Object, "the request")
    require_names(given, String[p.name for p in kernel.parameters], "\"parameters\"")
    require_names(arrays, kernel.inputs, "\"inputs\"")
    require_names(slots, kernel.outputs, "\"outputs\"")

    held = Vector{UInt8}[]
    inline = Union{Nothing,Vector{UInt8}}[]
    parameters = Parameter[parameter(p, given[p.name]) for p in kernel.parameters]
    inputs = ArrayRef[input_array(member(arrays, name, Object, "\"inputs\""), name, held) for name in kernel.inputs]
    outputs = ArrayRef[]
    for name in kernel.outputs
        array, bytes = output_array(member(slots, name, Object, "\"outputs\""), name, held)
        push!(outputs, array)
        push!(inline, bytes)
    end

    done = GC.@preserve held run(kernel, inputs, parameters, outputs, repeats)
    if done isa Rejection
        at = done.argument
        n = length(kernel.inputs)
        argument = at <= n ? kernel.inputs[at] : kernel.parameters[at-n].name
        write_json(reply, (type = "rejection", id = id, code = string(done.code), argument = argument))
        return
    end
    write(reply, timed ? "{\"type\":\"times\",\"id\":" : "{\"type\":\"result\",\"id\":")
    write_json(reply, id)
    if timed
        write(reply, ",\"nanoseconds\":")
        write_json(reply, done)
    end
    write_outputs(reply, kernel, slots, inline)
    write(reply, '}')
    return
end

function answer_hello(reply::IO, request::Object)
    version = member(request, "version", Int64, "the request")
    version == VERSION_SPOKEN || refuse("protocol version ", version, " is not spoken here, only ", VERSION_SPOKEN)
    write_json(
        reply,
        (
            type = "hello",
            version = VERSION_SPOKEN,
            name = "julia",
            versions = (julia = string(VERSION),),
            kernels = String[kernel.name for kernel in SpikeMirror.KERNELS],
            dtypes = ["float32", "float64"],
        ),
    )
end

"Write the reply to one line; false if it was the last."
function answer!(reply::IO, line::String)
    id = nothing
    try
        request = read_json(line)
        request isa Object || refuse("a request is an object")
        found = get(request, "id", nothing)
        found isa Int64 && (id = found)
        type = member(request, "type", String, "the request")
        if type == "call"
            answer_call(reply, request, false)
        elseif type == "time"
            answer_call(reply, request, true)
        elseif type == "hello"
            answer_hello(reply, request)
        elseif type == "bye"
            return false
        else
            refuse("unknown type ", repr(type))
        end
    catch error
        error isa InterruptException && rethrow()
        truncate(reply, 0)
        seekstart(reply)
        text = try
            sprint(showerror, error)
        catch
            "an error that cannot be shown"
        end
        write_json(reply, (type = "error", id = id, message = text))
    end
    return true
end

function serve(input::IO, output::IO)
    reply = IOBuffer()
    while !eof(input)
        answer!(reply, readline(input)) || return
        write(reply, '\n')
        write(output, take!(reply))
        flush(output)
    end
end

# Descriptors

"A blocking stream of our own for stdin (0) or stdout (1), whose own descriptor may then go elsewhere."
function take_over(fd::Int)
    own = ccall(:dup, Cint, (Cint,), fd)
    own >= 0 || systemerror("dup")
    # Julia's event loop has made the pipe non-blocking, for everyone who shares it.
    flags = ccall(:fcntl, Cint, (Cint, Cint), own, F_GETFL)
    ccall(:fcntl, Cint, (Cint, Cint, Cint...), own, F_SETFL, flags & ~O_NONBLOCK)
    return fdio(own, true)
end

const F_GETFL = Cint(3)
const F_SETFL = Cint(4)
const O_NONBLOCK = Sys.islinux() ? Cint(0x800) : Cint(0x4)

function main(arguments::Vector{String})
    if length(arguments) >= 2
        serve(fdio(parse(Int, arguments[1]), true), fdio(parse(Int, arguments[2]), true))
    else
        input, output = take_over(0), take_over(1)
        # Whatever prints from now on cannot get between the replies.
        redirect_stdout(stderr)
        serve(input, output)
    end
end

end

Worker.main(ARGS)
