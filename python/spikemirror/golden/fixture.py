"""What a fixture file holds, and its arrays as bits."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from spikemirror.catalogue.cases.case import Found
from spikemirror.catalogue.kernel import Array, DType, Kernel, Value
from spikemirror.files import project_folder

FORMAT = 1
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class ArrayRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An array: `bits` are the truth, `values` are for readers."""

    dtype: str
    shape: list[int]
    bits: str
    values: list[float | int | str]

    def array(self) -> Array:
        """The array itself."""
        dtype = np.dtype(self.dtype)
        raw = bytes.fromhex(self.bits)
        return np.frombuffer(raw, dtype.newbyteorder(">")).astype(dtype).reshape(self.shape)


class OutputRecord(ArrayRecord, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """An expected output with its policy; `budget` is each element's allowed error."""

    policy: str
    budget: list[float] = []

    def budgets(self) -> Array:
        """The budgets in the output's shape."""
        return np.array(self.budget, np.float64).reshape(self.shape)


class RejectionRecord(msgspec.Struct, forbid_unknown_fields=True):
    """An expected rejection."""

    code: str
    argument: str


class ExpectedRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a case gives in one dtype: outputs or a rejection."""

    outputs: dict[str, OutputRecord] | None = None
    rejection: RejectionRecord | None = None


class CaseRecord(msgspec.Struct, forbid_unknown_fields=True):
    """One case."""

    id: str
    why: str
    catches: list[str]
    verbatim: bool
    parameters: dict[str, float | int | bool | str | None]
    inputs: dict[str, ArrayRecord]
    expected: dict[str, ExpectedRecord]
    found: Found | None = None

    def arguments(self, kernel: Kernel, dtype: str) -> tuple[list[Array], list[Value]]:
        """Inputs and parameters of the call in one dtype, in signature order; a parameter `dtype` is that dtype."""
        inputs = []
        for declared in kernel.inputs:
            array = self.inputs[declared.name].array()
            inputs.append(array if self.verbatim or declared.holds != "real" else array.astype(dtype))
        given = dict(self.parameters)
        if given.get("dtype") in DType.__members__:
            given["dtype"] = dtype
        return inputs, [decode_value(given[p.name]) for p in kernel.parameters]


class FixtureRecord(msgspec.Struct, forbid_unknown_fields=True):
    """One file: a kernel and its cases."""

    format: int
    kernel: str
    family: str
    citation: str
    emitter: str
    cases: list[CaseRecord]


def folder() -> Path:
    """Where the fixtures are: SPIKEMIRROR_GOLDEN, or `golden` of the project."""
    given = os.environ.get("SPIKEMIRROR_GOLDEN")
    return Path(given) if given else project_folder() / "golden"


def decode_value(value: Value) -> Value:
    """A parameter as it is passed: the names of non-finite numbers become the numbers."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value


def encode_value(value: Value) -> Value:
    """A parameter as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def record_array(array: Array) -> dict[str, Any]:
    """An array as bits, with shortest decimals beside them."""
    digits = array.dtype.itemsize * 2
    raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder(">")).tobytes().hex()
    return {
        "dtype": array.dtype.name,
        "shape": list(array.shape),
        "bits": " ".join(raw[i : i + digits] for i in range(0, len(raw), digits)),
        "values": [_readable(element) for element in array.flat],
    }


def _readable(element: Any) -> float | int | str:
    if isinstance(element, np.complexfloating):
        return str(element)
    if isinstance(element, np.floating):
        value = encode_value(float(element))
        return float(str(element)) if isinstance(value, float) else str(value)
    return int(element)


def to_json(document: Mapping[str, Any]) -> str:
    """The one way in which fixtures are written: keys as given, a flat record on one line."""
    return _lines(document, "") + "\n"


def _lines(value: Any, indent: str) -> str:
    inner = indent + " "
    if isinstance(value, Mapping) and any(isinstance(v, Mapping) or _is_records(v) for v in value.values()):
        items = (f"{inner}{json.dumps(k)}: {_lines(v, inner)}" for k, v in value.items())
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    if _is_records(value):
        return "[\n" + ",\n".join(inner + _lines(v, inner) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
