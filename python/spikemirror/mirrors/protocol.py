"""The messages between the harness and a mirror in another process: JSON lines, version 1.

The harness asks, one line a request; the program answers each with one line and the same id. Arrays travel inline as
base64 of their little-endian C-order bytes, or by reference to a raw file that both sides map. An output's slot with a
file is written in place and echoed; without one the output comes back inline.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Annotated

import msgspec
import numpy as np

from spikemirror.catalogue.kernel import Array

VERSION = 1
OPAQUE = "object"
"""Stands for every dtype that has no plain bytes; such an array is only refused, so it travels without data."""
MAX_LINE = 1 << 28
"""The longest line that the harness reads: larger arrays go by reference."""


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
    repeats: Annotated[int, msgspec.Meta(ge=1)]


class Bye(msgspec.Struct, tag="bye", forbid_unknown_fields=True):
    """Exit with status 0."""


class Introduction(msgspec.Struct, tag="hello", forbid_unknown_fields=True):
    """What the program is: its name, the versions behind it, the kernels and dtypes that it has."""

    version: int
    name: str
    versions: dict[str, str]
    kernels: list[str]
    dtypes: list[str]


class Result(msgspec.Struct, tag="result", forbid_unknown_fields=True):
    """The outputs of a call."""

    id: int
    outputs: dict[str, WireArray]


class Times(msgspec.Struct, tag="times", forbid_unknown_fields=True):
    """Durations, and the outputs of the last repetition."""

    id: int
    nanoseconds: list[int]
    outputs: dict[str, WireArray]


class Rejected(msgspec.Struct, tag="rejection", forbid_unknown_fields=True):
    """The input is refused; `argument` may be left out by programs that do not track it."""

    id: int
    code: str
    argument: str | None = None


class Failed(msgspec.Struct, tag="error", forbid_unknown_fields=True):
    """The program could not do it, and lives on; `id` is null if the request could not be read."""

    id: int | None
    message: str


Request = Hello | Call | Time | Bye
Reply = Introduction | Result | Times | Rejected | Failed


def is_opaque(array: Array) -> bool:
    """Whether its elements are neither numbers nor bool."""
    return array.dtype.kind not in "biufc" and array.dtype.name != "bfloat16"


def to_base64(array: Array) -> str:
    """The little-endian C-order bytes of an array."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()).decode()


def from_base64(wire: WireArray) -> Array:
    """An inline array; a ValueError says what is wrong with it."""
    if wire.dtype == OPAQUE and wire.data is None:
        return np.empty(wire.shape, object)
    try:
        dtype = np.dtype(wire.dtype).newbyteorder("<")
    except TypeError:
        raise ValueError(f"unknown dtype {wire.dtype!r}") from None
    if dtype.hasobject:
        raise ValueError(f"dtype {wire.dtype!r} has no bytes")
    try:
        raw = base64.b64decode(wire.data or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"data is not base64: {error}") from None
    expected = math.prod(wire.shape) * dtype.itemsize
    if min(wire.shape, default=0) < 0 or len(raw) != expected:
        raise ValueError(f"{len(raw)} bytes of data for shape {tuple(wire.shape)} of {wire.dtype}")
    return np.frombuffer(raw, dtype).astype(dtype.newbyteorder("=")).reshape(wire.shape)
