# What the generated table says of a kernel.

"A parameter's name, its kind (:real, :integer, :word, :flag or :choice) and the names of a choice."
struct ParameterName
    name::String
    kind::Symbol
    options::Vector{String}
end

"""
    Kernel(name, call, inputs, parameters, outputs)

A kernel's names, in signature order, and its checked call on `Vector{ArrayRef}`, `Vector{Parameter}` and
`Vector{ArrayRef}`, which writes the outputs or throws a `Rejection`.
"""
struct Kernel
    name::String
    call::Function
    inputs::Vector{String}
    parameters::Vector{ParameterName}
    outputs::Vector{String}
end
