"""
    SpikeMirror

The kernels of spikemirror in Julia: learning rules, losses and codecs of spiking networks.

A kernel `f!(outputs..., inputs..., parameters...)` writes into its first arguments; `f(inputs..., parameters...)`
allocates them. Arrays are NumPy's C order seen reversed: an array (rows, features) there is a matrix
(features, rows) here, with the same bytes. Kernels check only that sizes agree; what a mirror must refuse is checked
once, by the generated calls of `dispatch.jl`, which serve both the C interface (`EXPORTS`) and the worker process.
"""
module SpikeMirror

include("elementwise.jl")
include("products.jl")
include("philox.jl")
include("contrastive.jl")
include("plasticity.jl")
include("lpl.jl")
include("encoders.jl")
include("decoders.jl")
include("losses.jl")

include("rejection.jl")
include("checks.jl")
include("kernel.jl")
include("cabi.jl")
include("dispatch.jl")
include("json.jl")
include("base64.jl")

__init__() = register!(EXPORTS)

end
