"""Whether cases notice the faults that they name in `catches`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from spikemirror.catalogue import faults
from spikemirror.golden.load import Golden
from spikemirror.mutants.record import Claim, Verdict


def unproved(golden: Golden, kernels: Sequence[str], verdicts: Sequence[Verdict]) -> Iterator[Claim]:
    """The claims of these kernels that the verdicts do not bear out.

    A case that names a fault must notice at least one of its edits in every language that has it for the kernel, and
    some language must. Languages that did not run have no say.
    """
    seeded = {(kernel, fault.id) for fault in faults.load().values() for e in fault.edits for kernel in e.kernels}
    kills: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for verdict in verdicts:
        if verdict.kernel is not None:
            kills[verdict.kernel, verdict.fault][verdict.language] |= {kill.by for kill in verdict.kills}
    for kernel in kernels:
        for case in golden.cases(kernel):
            for fault in case.catches:
                languages = kills.get((kernel, fault), {})
                if (kernel, fault) not in seeded:
                    yield Claim(kernel, case.id, fault, "no edit seeds it in this kernel")
                    continue
                blind = [language for language, cases in languages.items() if case.id not in cases]
                if blind:
                    yield Claim(kernel, case.id, fault, f"not noticed in {', '.join(blind)}")
