"""The fixtures' cases: chosen inputs with the reason for each, and rejections that follow from the declarations."""

from __future__ import annotations

import importlib

from spikemirror.catalogue.cases.case import Case
from spikemirror.catalogue.cases.rejections import rejections
from spikemirror.catalogue.kernel import Kernel


def cases(kernel: Kernel) -> list[Case]:
    """All cases of a kernel: the valid ones in the file of its family, then the rejections."""
    family = importlib.import_module(f"spikemirror.catalogue.cases.{kernel.family}")
    return [*family.CASES[kernel.name], *rejections(kernel)]
