"""Rules that fixtures keep beyond their schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from spikemirror.catalogue import CATALOGUE, faults
from spikemirror.catalogue.kernel import Kernel
from spikemirror.golden.fixture import CaseRecord, record_array
from spikemirror.golden.load import Golden, GoldenError

FEWEST_VALID = 12


def lint(golden: Golden) -> list[str]:
    """What is wrong, line by line; empty if all is well."""
    problems = golden.verify()
    if problems:
        return problems
    for name in CATALOGUE:
        if name not in golden.kernels:
            problems.append(f"{name}: the kernel has no fixture file")
    problems += [
        f"{file}: no kernel has this name" for file in golden.files if file.removesuffix(".json") not in CATALOGUE
    ]
    for name in golden.kernels:
        try:
            problems += [f"{name}: {problem}" for problem in _fixture(CATALOGUE[name], golden.cases(name))]
        except GoldenError as error:
            problems.append(str(error))
    return problems


def _fixture(kernel: Kernel, cases: list[CaseRecord]) -> Iterator[str]:
    twice = [i for i, count in Counter(c.id for c in cases).items() if count > 1]
    if twice:
        yield f"ids used more than once: {', '.join(twice)}"
    valid = [c for c in cases if any(e.outputs is not None for e in c.expected.values())]
    if len(valid) < FEWEST_VALID:
        yield f"{len(valid)} valid cases; at least {FEWEST_VALID} are due"
    for case in cases:
        yield from (f"{case.id}: {problem}" for problem in _case(kernel, case))


def _case(kernel: Kernel, case: CaseRecord) -> Iterator[str]:
    if not case.why.strip() or "\n" in case.why:
        yield "`why` must be one line"
    if not case.catches and case.found is None:
        yield "`catches` names no fault"
    yield from (f"`catches` names no known fault: {fault}" for fault in case.catches if fault not in faults.load())
    arrays = {**case.inputs}
    for dtype, expected in case.expected.items():
        arrays |= {f"{dtype} {name}": record for name, record in (expected.outputs or {}).items()}
    for name, record in arrays.items():
        if record_array(record.array())["values"] != record.values:
            yield f"{name}: `values` are not those of `bits`"
