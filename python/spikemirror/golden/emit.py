"""From the catalogue's cases to fixtures: nothing in here depends on the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from spikemirror import reference
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.cases import cases
from spikemirror.catalogue.cases.case import Case
from spikemirror.catalogue.check import check
from spikemirror.catalogue.kernel import Array, Holds, Kernel, Policy, Value
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden import found
from spikemirror.golden.fixture import FORMAT, encode_value, record_array, to_json
from spikemirror.version import __version__

MANIFEST = "MANIFEST.json"


class EmissionError(Exception):
    """A case that may not become a fixture."""


def fixture(kernel: Kernel, more: Sequence[Case] = ()) -> str:
    """The text of a kernel's fixture file: the catalogue's cases, those that the hunt found, and perhaps more."""
    try:
        listed = [*cases(kernel), *found.cases(kernel), *more]
    except found.FoundError as error:
        raise EmissionError(str(error)) from None
    document = {
        "format": FORMAT,
        "kernel": kernel.name,
        "family": kernel.family,
        "citation": kernel.source,
        "emitter": f"spikemirror {__version__}",
        "cases": [case_document(kernel, case) for case in listed],
    }
    return to_json(document)


def manifest(files: Mapping[str, str]) -> str:
    """sha256 of every file, and one digest over all of them."""
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())}
    return to_json({"format": FORMAT, "digest": digest(hashes), "files": hashes})


def digest(hashes: Mapping[str, str]) -> str:
    """One digest over all files, from that of each."""
    return hashlib.sha256("".join(f"{one}  {name}\n" for name, one in sorted(hashes.items())).encode()).hexdigest()


def emit(progress: Callable[[Iterable[Kernel]], Iterable[Kernel]] = iter) -> dict[str, str]:
    """All fixture files by name, the manifest among them."""
    files = {f"{kernel.name}.json": fixture(kernel) for kernel in progress(CATALOGUE.values())}
    return {**files, MANIFEST: manifest(files)}


def case_document(kernel: Kernel, case: Case) -> dict[str, Any]:
    """A case as its fixture has it, with what it must give; EmissionError if it may not become one."""
    dtypes = case.dtypes or tuple(d.name for d in kernel.dtypes)
    dtypes = tuple(d for d in dtypes if d in {k.name for k in kernel.dtypes}) or (kernel.dtypes[0].name,)
    given = {p.name: p.default for p in kernel.parameters} | dict(case.parameters)
    narrowest = min(dtypes, key=lambda d: np.dtype(d).itemsize)
    stored = {
        declared.name: _stored(kernel, case, declared.name, declared.holds, narrowest) for declared in kernel.inputs
    }
    unknown = (set(case.inputs) | set(given)) - set(kernel.arguments)
    if unknown:
        raise EmissionError(f"{kernel.name}/{case.id}: no such argument: {', '.join(sorted(unknown))}")
    expected = {}
    for dtype in dtypes:
        inputs = [
            a if case.verbatim or d.holds is not Holds.REAL else a.astype(dtype)
            for d, a in zip(kernel.inputs, stored.values(), strict=True)
        ]
        try:
            if kernel.dtype_parameter is not None and "dtype" not in case.parameters:
                given["dtype"] = dtype
            expected[dtype] = _expected(kernel, case, inputs, [given[p.name] for p in kernel.parameters])
        except Exception as error:
            raise EmissionError(f"{kernel.name}/{case.id} in {dtype}: {error}") from error
    return {
        "id": case.id,
        "why": case.why,
        "catches": list(case.catches),
        "verbatim": case.verbatim,
        "parameters": {name: encode_value(value) for name, value in given.items()},
        "inputs": {name: record_array(array) for name, array in stored.items()},
        "expected": expected,
        **({"found": msgspec.to_builtins(case.found)} if case.found else {}),
    }


def _stored(kernel: Kernel, case: Case, name: str, holds: Holds, dtype: str) -> Array:
    """The input in the narrowest dtype of the case, which must hold it exactly."""
    array = np.asarray(case.inputs[name])
    if case.verbatim or holds is not Holds.REAL:
        return array
    narrow = array.astype(dtype)
    if not np.array_equal(narrow.astype(np.float64), array, equal_nan=True):
        raise EmissionError(f"{kernel.name}/{case.id}: {name} is not representable in {dtype}")
    return narrow


def _expected(kernel: Kernel, case: Case, inputs: Sequence[Array], parameters: Sequence[Value]) -> dict[str, Any]:
    try:
        check(kernel, inputs, parameters)
    except Rejection as rejection:
        if case.rejects != (rejection.reason, rejection.argument):
            raise EmissionError(f"expected {case.rejects}, the reference says {rejection}") from rejection
        return {"rejection": {"code": rejection.code, "argument": rejection.argument}}
    if case.rejects is not None:
        raise EmissionError(f"expected {case.rejects}, the reference accepts it")
    return {"outputs": _outputs(kernel, inputs, parameters)}


def _outputs(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> dict[str, Any]:
    from spikemirror.exact.balls import Undecided
    from spikemirror.exact.evaluate import Expected, evaluate

    native = reference.compute(kernel, inputs, parameters)
    names = dict(zip((p.name for p in kernel.parameters), parameters, strict=True))
    exact: list[Expected] | None = None
    if any(o.policy is Policy.BUDGET for o in kernel.outputs) or kernel.transcendental(names):
        exact = evaluate(kernel, inputs, parameters)
    elif kernel.has_real:
        try:
            exact = evaluate(kernel, inputs, parameters)
        except Undecided:
            exact = None  # only + - * / lead to these decisions, so IEEE arithmetic decides them alike everywhere
    records = {}
    for place, declared in enumerate(kernel.outputs):
        value = native[place]
        if declared.policy is Policy.BUDGET:
            assert exact is not None
            record = record_array(exact[place].value) | {"policy": "budget"}
            record["budget"] = [float(b) for b in exact[place].budget.flat]
        else:
            if np.isnan(value).any():
                raise Undecided(f"{kernel.name}: {declared.name} overflows on the way and is no number")
            if exact is not None and not _inside(value, exact[place]):
                raise EmissionError(f"the bits of {declared.name} lie outside the ball of its value")
            record = record_array(value) | {"policy": "bits"}
        records[declared.name] = record
    return records


def _inside(value: Array, exact: Any) -> bool:
    """Whether pinned bits agree with the exact evaluation."""
    with np.errstate(invalid="ignore"):
        distance = np.abs(value.astype(np.float64) - exact.value.astype(np.float64))
    return bool(np.all((distance <= exact.budget) | (value == exact.value)))
