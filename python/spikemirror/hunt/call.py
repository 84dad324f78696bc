"""One call, before anybody has judged it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spikemirror.catalogue.kernel import Array, Value
from spikemirror.golden.fixture import CaseRecord, decode_value


@dataclass(frozen=True, slots=True)
class Call:
    """Inputs and parameters by name, and how the inputs lie in memory where a way to the mirror keeps that."""

    dtype: str
    inputs: Mapping[str, Array]
    parameters: Mapping[str, Value]
    layouts: Mapping[str, str] = field(default_factory=dict)


def of_case(case: CaseRecord, dtype: str) -> Call:
    """The call of a recorded case."""
    inputs = {name: record.array() for name, record in case.inputs.items()}
    return Call(dtype, inputs, {name: decode_value(value) for name, value in case.parameters.items()})
