# Every case of every fixture, through the generated calls, with poisoned outputs.

module Fixtures

# Of a test, compiling takes longer than running.
Base.Experimental.@optlevel 0

using ..SpikeMirror
using ..SpikeMirror: ArrayRef, Kernel, Parameter, Rejection, dtype_code, read_json
using ..Tally: check, section

const TYPES = Dict{String,DataType}(
    "float32" => Float32,
    "float64" => Float64,
    "uint8" => UInt8,
    "int32" => Int32,
    "uint32" => UInt32,
)
const SAME_SIZE = Dict(1 => UInt8, 4 => UInt32, 8 => UInt64)
const POISON = 0xa5
const GUARD = 64

# Arrays

"The elements of a stored array; their bits are the truth, in C order."
function elements(stored, ::Type{T}) where {T}
    W = SAME_SIZE[sizeof(T)]
    return T[reinterpret(T, parse(W, word; base = 16)) for word in split(stored["bits"])]
end

function reference(data::Vector, dtype::Int32, shape::Vector{Any})
    axes = ntuple(i -> i <= length(shape) ? Int64(shape[i]) : Int64(0), 8)
    return ArrayRef(UInt(pointer(data)), dtype, Int32(length(shape)), axes)
end

"An input as the case wants it passed: its data, which must outlive the call, and its reference."
function input(stored, dtype::String, verbatim::Bool)
    name = stored["dtype"]
    haskey(TYPES, name) || return UInt8[], reference(UInt8[], Int32(0), stored["shape"])
    data = elements(stored, TYPES[name])
    if !verbatim && eltype(data) <: AbstractFloat
        data = TYPES[dtype].(data)
    end
    return data, reference(data, dtype_code(eltype(data)), stored["shape"])
end

"A byte that no result consists of; of a real it makes NaN, for a small number would pass for a 0 with a budget."
poison(::Type{T}) where {T} = T <: AbstractFloat ? 0xff : POISON

"A poisoned output with room behind it, so that writing too far shows."
function output(expected)
    T = TYPES[expected["dtype"]]
    bytes = fill(poison(T), prod(Int.(expected["shape"])) * sizeof(T) + GUARD)
    return bytes, reference(bytes, dtype_code(T), expected["shape"])
end

# Parameters

const NON_FINITE = Dict("NaN" => NaN, "Infinity" => Inf, "-Infinity" => -Inf)

function parameter(name, value)
    value === nothing && return Parameter(UInt64(0), 0)
    name.kind === :real && return Parameter(value isa String ? NON_FINITE[value] : Float64(value))
    name.kind === :integer && return Parameter(Int64(value))
    name.kind === :word && return Parameter(UInt64(value))
    name.kind === :flag && return Parameter(value::Bool)
    return Parameter(something(findfirst(==(value), name.options), 0) - 1)
end

# Comparison

hex(x::T) where {T} = string("0x", string(reinterpret(SAME_SIZE[sizeof(T)], x), base = 16, pad = 2sizeof(T)))

"Share of its budget that an element uses; at most 1 is right."
function share(got::T, want::T, budget) where {T<:AbstractFloat}
    isequal(got, want) && return 0.0
    isfinite(got) && isfinite(want) || return Inf
    distance = abs(Float64(got) - Float64(want))
    return distance == 0 ? 0.0 : distance / budget
end

const MOST_LINES = 5

"What is wrong with an output, one line each."
function complaints(name, expected, bytes::Vector{UInt8})
    T = TYPES[expected["dtype"]]
    want = elements(expected, T)
    size = length(want) * sizeof(T)
    got = collect(reinterpret(T, bytes[1:size]))
    lines = String[]
    all(==(poison(T)), view(bytes, size+1:length(bytes))) || push!(lines, "$name wrote beyond its end")
    for i in eachindex(want)
        got[i] === want[i] && continue
        used = expected["policy"] == "bits" ? Inf : share(got[i], want[i], Float64(expected["budget"][i]))
        used <= 1 && continue
        push!(lines, "$name[$(i - 1)] got $(got[i]) ($(hex(got[i]))) want $(want[i]) ($(hex(want[i]))) share $used")
    end
    more = length(lines) - MOST_LINES
    return more <= 0 ? lines : push!(lines[1:MOST_LINES], "$name and $more more")
end

# Cases

function outcome(kernel::Kernel, inputs, parameters, outputs)
    try
        kernel.call(inputs, parameters, outputs)
        return nothing
    catch error
        error isa Rejection || rethrow()
        names = vcat(kernel.inputs, String[p.name for p in kernel.parameters])
        return "$(error.code) of $(names[error.argument])"
    end
end

"The value of a parameter; `dtype` follows the dtype that the case is run in, unless it is one that no kernel has."
value_of(name, stored, dtype::String) = name.name == "dtype" && stored in name.options ? dtype : stored

function run_case(kernel::Kernel, case, dtype::String, expected)
    name = "$(kernel.name)/$(case["id"]) $dtype"
    keys(case["parameters"]) == Set(p.name for p in kernel.parameters) ||
        return check(false, name, ": parameters are ", join(keys(case["parameters"]), ", "))
    parameters = Parameter[parameter(p, value_of(p, case["parameters"][p.name], dtype)) for p in kernel.parameters]
    given = [input(case["inputs"][i], dtype, case["verbatim"]) for i in kernel.inputs]
    inputs = ArrayRef[reference for (_, reference) in given]

    if haskey(expected, "rejection")
        want = "$(expected["rejection"]["code"]) of $(expected["rejection"]["argument"])"
        # Outputs are checked last, so that unfit ones must not hide a rejection.
        unfit = fill(ArrayRef(0, 0, 0, ntuple(_ -> Int64(0), 8)), length(kernel.outputs))
        got = GC.@preserve given outcome(kernel, inputs, parameters, unfit)
        return check(got == want, name, " got ", something(got, "a result"), " want ", want)
    end

    slots = [output(expected["outputs"][o]) for o in kernel.outputs]
    outputs = ArrayRef[reference for (_, reference) in slots]
    rejected = GC.@preserve given slots outcome(kernel, inputs, parameters, outputs)
    rejected === nothing || return check(false, name, " got ", rejected, " want a result")
    lines = String[]
    for (o, (bytes, _)) in zip(kernel.outputs, slots)
        append!(lines, complaints("$name $o", expected["outputs"][o], bytes))
    end
    return check(isempty(lines), join(lines, "\nFAIL "))
end

function run_fixture(kernel::Kernel, path)
    fixture = read_json(read(path, String))
    check(fixture["format"] == 1 && fixture["kernel"] == kernel.name, "$(kernel.name): format or kernel of $path")
    check(!isempty(fixture["cases"]), "$(kernel.name): no cases")
    for case in fixture["cases"], dtype in sort!(collect(keys(case["expected"])))
        section("$(kernel.name)/$(case["id"]) $dtype") do
            run_case(kernel, case, dtype, case["expected"][dtype])
        end
    end
end

function run(folder)
    names = isdir(folder) ? filter(n -> endswith(n, ".json") && n != "MANIFEST.json", readdir(folder)) : String[]
    check(!isempty(names), "no fixtures in $folder")
    for name in names
        check(haskey(SpikeMirror.KERNEL_OF, name[1:end-5]), "fixture $name is of no kernel")
    end
    for kernel in SpikeMirror.KERNELS
        path = joinpath(folder, "$(kernel.name).json")
        check(isfile(path), "$(kernel.name) has no fixture") || continue
        section(() -> run_fixture(kernel, path), kernel.name)
    end
end

end
