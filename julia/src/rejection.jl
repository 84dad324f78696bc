# Why a kernel refuses an input: one code for every language, an integer across a binary interface.

"The rejection codes, in the order in which they are checked (contents share the last place)."
@enum Code begin
    bad_dtype = 1
    bad_rank = 2
    bad_shape = 3
    bad_choice = 4
    bad_parameter = 5
    non_finite = 6
    bad_spikes = 7
    bad_target = 8
end

"""
    Rejection(code, argument)

An input that a kernel refuses; `argument` counts inputs, then parameters, from 1 in signature order.
"""
struct Rejection <: Exception
    code::Code
    argument::Int
end

Base.showerror(io::IO, refused::Rejection) = print(io, refused.code, ": argument ", refused.argument)

"An output that is not what the call would write: the caller's mistake, and no rejection."
struct BadOutput <: Exception
    output::Int
end

Base.showerror(io::IO, bad::BadOutput) =
    print(io, "output ", bad.output, " has the wrong dtype or number of elements")
