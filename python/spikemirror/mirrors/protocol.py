"""The messages between the harness and a mirror in another process: JSON lines, version 1.

The harness asks, one line a request; the program answers each with one line and the same id. Arrays travel inline as
base64 of their little-endian C-order bytes, or by reference to a raw file that both sides map. An output's slot with a
file is written in place and echoed; without one the output comes back inline. docs/implementers.md is the guide.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
import numpy as np

from spikemirror.catalogue.kernel import Array

VERSION = 1
REAL_DTYPES = ("float32", "float64")
"""What a program may have of the dtypes of real arrays; the others come with their kernels."""
OPAQUE = "object"
"""Stands for every dtype that has no plain bytes; such an array is only refused, so it travels without data."""
MAX_LINE = 1 << 28
"""The longest line that either side sends or reads: larger arrays go by reference."""
MAX_REPEATS = 10_000_000
"""The most repetitions that one request times."""

Line = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=200)]
"""A few words for reports."""
Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Repeats = Annotated[int, msgspec.Meta(ge=1, le=MAX_REPEATS)]


class WireArray(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An array (with data, or with file and offset), or an empty slot for an output."""

    dtype: str
    shape: list[int]
    data: str | None = None
    file: str | None = None
    offset: int | None = None


class Hello(msgspec.Struct, tag="hello", forbid_unknown_fields=True):
    """The first message, either way; the program adds what it is."""

    version: int


class Call(msgspec.Struct, tag="call", forbid_unknown_fields=True):
    """Compute a kernel once."""

    id: int
    kernel: str
    parameters: dict[str, float | int | bool | str | None]
    inputs: dict[str, WireArray]
    outputs: dict[str, WireArray]


class Time(msgspec.Struct, tag="time", forbid_unknown_fields=True):
    """Compute a kernel `repeats` times and tell the nanoseconds of each."""

    id: int
    kernel: str
    parameters: dict[str, float | int | bool | str | None]
    inputs: dict[str, WireArray]
    outputs: dict[str, WireArray]
    repeats: Repeats


class Bye(msgspec.Struct, tag="bye", forbid_unknown_fields=True):
    """Exit with status 0."""


class Introduction(msgspec.Struct, tag="hello", forbid_unknown_fields=True):
    """What the program is: its name, the versions behind it, the kernels and dtypes that it has."""

    version: int
    name: Line
    versions: dict[Line, Line]
    kernels: list[str]
    dtypes: list[str]
    partial: dict[str, list[str]] = {}
    """Kernels of which it computes only these outputs; what it leaves in the slots of the others is not looked at."""


class Result(msgspec.Struct, tag="result", forbid_unknown_fields=True):
    """The outputs of a call."""

    id: int
    outputs: dict[str, WireArray]


class Times(msgspec.Struct, tag="times", forbid_unknown_fields=True):
    """Durations, and the outputs of the last repetition."""

    id: int
    nanoseconds: list[Nanoseconds]
    outputs: dict[str, WireArray]


class Rejected(msgspec.Struct, tag="rejection", forbid_unknown_fields=True):
    """The input is refused; without an `argument`, which not every program tracks, the code alone is compared."""

    id: int
    code: str
    argument: str | None = None


class NotSupported(msgspec.Struct, tag="unsupported", forbid_unknown_fields=True):
    """The program has no way to express the call: an option or an input that it does not know."""

    id: int
    reason: str


class Failed(msgspec.Struct, tag="error", forbid_unknown_fields=True):
    """The program could not do it, and lives on; `id` is null if the request could not be read."""

    id: int | None
    message: str


Request = Hello | Call | Time | Bye
Reply = Introduction | Result | Times | Rejected | NotSupported | Failed

Message = TypeVar("Message")
_REQUEST: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_REPLY: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


class _AnyVersion(msgspec.Struct, tag="hello"):
    """What a greeting has in every version of the protocol."""

    version: int


_GREETING = msgspec.json.Decoder(_AnyVersion)


def read_request(line: bytes) -> Request:
    """One line of the harness; a ValueError says what is wrong with it."""
    return _read(_REQUEST, line)


def read_reply(line: bytes) -> Reply:
    """One line of a program; a ValueError says what is wrong with it."""
    return _read(_REPLY, line)


def version_of(line: bytes) -> int | None:
    """The version that a greeting speaks, whatever else that version puts into it; None for any other line."""
    try:
        return _read(_GREETING, line).version
    except ValueError:
        return None


def _read(decoder: msgspec.json.Decoder[Message], line: bytes) -> Message:
    try:
        return decoder.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def is_opaque(array: Array) -> bool:
    """Whether its elements are neither numbers nor bool, or have their bytes swapped: then they are only refused."""
    return not (array.dtype.isnative and _has_plain_bytes(array.dtype))


def _has_plain_bytes(dtype: np.dtype[np.generic]) -> bool:
    return dtype.kind in "biufc" or dtype.name == "bfloat16"


def dtype_named(name: str) -> np.dtype[np.generic]:
    """A dtype by its full name; NumPy's own reading of strings knows records, texts and byte orders too."""
    try:
        dtype = np.dtype(name) if name.isalnum() else None
    except TypeError:
        dtype = None
    if dtype is None or dtype.name != name or not _has_plain_bytes(dtype):
        raise ValueError(f"unknown dtype {name!r}, or one without plain bytes")
    return dtype


def byte_count(shape: Sequence[int], dtype: np.dtype[np.generic]) -> int:
    """The size of an array; ValueError for a shape that no array has."""
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or size >= 2**63:
        raise ValueError(f"no array has the shape {tuple(shape)}")
    return size


def to_base64(array: Array) -> str:
    """The little-endian C-order bytes of an array."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode()


def from_base64(wire: WireArray) -> Array:
    """An inline array; a ValueError says what is wrong with it."""
    opaque = wire.dtype == OPAQUE and wire.data is None
    dtype = np.dtype(object) if opaque else dtype_named(wire.dtype)
    expected = byte_count(wire.shape, dtype)
    if expected > MAX_LINE:
        raise ValueError(f"shape {tuple(wire.shape)} of {wire.dtype} is too large for a line")
    if opaque:
        return np.empty(wire.shape, dtype)
    try:
        raw = base64.b64decode(wire.data or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"data is not base64: {error}") from None
    if len(raw) != expected:
        raise ValueError(f"{len(raw)} bytes of data for shape {tuple(wire.shape)} of {wire.dtype}")
    little = dtype.newbyteorder("<")
    return np.frombuffer(raw, little).astype(dtype).reshape(wire.shape)
