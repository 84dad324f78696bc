"""The kernels of spikemirror in Mojo, one module per family.

Kernels are generic over float32 and float64, see memory through the unchecked
views of `memory`, and use no heap of Mojo's runtime, no bounds-checked
container, no print and no abort, so that a shared library made of them needs
the C library only.

Build with floating-point contraction off: an operation is then fused where the
text says `fma` and nowhere else. Outputs whose bits are pinned do not depend on
that flag.
"""
