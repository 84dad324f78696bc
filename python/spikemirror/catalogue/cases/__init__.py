"""The fixtures' cases: chosen inputs with the reason for each, and rejections that follow from the declarations."""

from __future__ import annotations

from spikemirror.catalogue.cases import contrastive, encoders, philox, plasticity
from spikemirror.catalogue.cases.case import Case
from spikemirror.catalogue.cases.rejections import rejections
from spikemirror.catalogue.kernel import Kernel

VALID: dict[str, tuple[Case, ...]] = {
    name: cases for family in (philox, contrastive, plasticity, encoders) for name, cases in family.CASES.items()
}


def cases(kernel: Kernel) -> list[Case]:
    """All cases of a kernel, valid ones first."""
    return [*VALID[kernel.name], *rejections(kernel)]
