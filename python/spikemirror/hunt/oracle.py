"""What a call must give: the record that its fixture would be, so that a hunt judges as a parity run does."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from spikemirror.catalogue.cases.case import Case
from spikemirror.catalogue.check import faults
from spikemirror.catalogue.kernel import Kernel
from spikemirror.exact.balls import Undecided
from spikemirror.golden.emit import EmissionError, case_document
from spikemirror.golden.fixture import CaseRecord, encode_value, record_array
from spikemirror.hunt.call import Call

WHY = "found by spikemirror hunt"


def expected(kernel: Kernel, call: Call) -> CaseRecord:
    """The outputs or the rejection that are due.

    Undecided is raised where nobody can say, or where an output is no finite number; EmissionError where the reference
    contradicts its own evaluation in balls.
    """
    inputs = [call.inputs[i.name] for i in kernel.inputs]
    parameters = [call.parameters[p.name] for p in kernel.parameters]
    case = Case(
        id=identify(call),
        why=WHY,
        catches=(),
        inputs=call.inputs,
        parameters=call.parameters,
        dtypes=(call.dtype,),
        rejects=next(faults(kernel, inputs, parameters), None),
        verbatim=True,
    )
    try:
        record = msgspec.convert(case_document(kernel, case), CaseRecord)
    except EmissionError as error:
        if isinstance(error.__cause__, Undecided):
            raise error.__cause__ from None
        raise
    for output in (record.expected[call.dtype].outputs or {}).values():
        if any(isinstance(value, str) for value in output.values):
            raise Undecided(f"{kernel.name}: an output is not finite")
    return record


def unjudged(call: Call) -> CaseRecord:
    """The record of a call that the reference cannot be asked about."""
    document: dict[str, Any] = {"id": identify(call), "why": WHY, "catches": [], "verbatim": True, "expected": {}}
    return msgspec.convert(document | _arguments(call), CaseRecord)


def identify(call: Call) -> str:
    """An id that follows from the arguments."""
    return f"found-{hashlib.sha256(msgspec.json.encode([call.dtype, _arguments(call)])).hexdigest()[:10]}"


def _arguments(call: Call) -> dict[str, Any]:
    return {
        "parameters": {name: encode_value(value) for name, value in call.parameters.items()},
        "inputs": {name: record_array(array) for name, array in call.inputs.items()},
    }
