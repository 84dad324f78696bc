"""Every kernel declared once: signature, shapes, domains, policies, cost, sizes and sources, as data."""

from __future__ import annotations

from spikemirror.catalogue import contrastive, decoders, encoders, losses, lpl, philox, plasticity
from spikemirror.catalogue.kernel import Kernel

FAMILIES = (philox, contrastive, plasticity, lpl, encoders, decoders, losses)

CATALOGUE: dict[str, Kernel] = {kernel.name: kernel for family in FAMILIES for kernel in family.KERNELS}


def kernel(name: str) -> Kernel:
    """The kernel of that name; a LookupError lists the names there are."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise LookupError(f"no kernel {name!r}; there are {', '.join(CATALOGUE)}") from None
