"""Rules that fixtures keep beyond their schema."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from spikemirror.catalogue import CATALOGUE, faults
from spikemirror.catalogue.kernel import Kernel, Policy
from spikemirror.catalogue.rejection import Code
from spikemirror.golden.fixture import ArrayRecord, CaseRecord, record_array
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
    if not case.catches:
        yield "`catches` names no fault"
    yield from (f"`catches` names no known fault: {fault}" for fault in case.catches if fault not in faults.load())
    if set(case.parameters) != {p.name for p in kernel.parameters}:
        yield f"parameters are {', '.join(case.parameters)}; they must be those of the catalogue"
    if set(case.inputs) != {i.name for i in kernel.inputs}:
        yield f"inputs are {', '.join(case.inputs)}; they must be those of the catalogue"
        return
    for name, record in case.inputs.items():
        yield from (f"{name}: {problem}" for problem in _array(record))
    if not case.expected:
        yield "expects nothing"
    for dtype, expected in case.expected.items():
        if dtype not in (d.name for d in kernel.dtypes):
            yield f"{dtype} is not a dtype of the kernel"
        if (expected.outputs is None) == (expected.rejection is None):
            yield f"{dtype}: expects both or neither of outputs and a rejection"
        if expected.rejection and (
            expected.rejection.code not in Code.__members__ or expected.rejection.argument not in kernel.arguments
        ):
            yield f"{dtype}: no such rejection: {expected.rejection.code} of {expected.rejection.argument}"
        if expected.outputs is None:
            continue
        if list(expected.outputs) != [o.name for o in kernel.outputs]:
            yield f"{dtype}: outputs are {', '.join(expected.outputs)}; they must be those of the catalogue"
            continue
        for declared in kernel.outputs:
            record = expected.outputs[declared.name]
            yield from (f"{dtype} {declared.name}: {problem}" for problem in _array(record))
            if record.policy != declared.policy:
                yield f"{dtype} {declared.name}: policy {record.policy}; the catalogue says {declared.policy}"
            budget = np.array(record.budget)
            if declared.policy is Policy.BUDGET and (
                len(budget) != math.prod(record.shape) or not np.all(np.isfinite(budget) & (budget >= 0))
            ):
                yield f"{dtype} {declared.name}: one finite budget per element is due"


def _array(record: ArrayRecord) -> Iterator[str]:
    try:
        array = record.array()
    except (TypeError, ValueError) as error:
        yield f"`bits`, dtype and shape do not fit together: {error}"
        return
    if record_array(array)["values"] != record.values:
        yield "`values` are not those of `bits`"
