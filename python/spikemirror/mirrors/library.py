"""Any shared library, or loaded code, with the project's C interface.

    int32_t spikemirror_KERNEL(const spikemirror_array *inputs, const spikemirror_parameter *parameters,
                               const spikemirror_array *outputs, int64_t *nanoseconds, int64_t repeats);

An array is {uint64 address, int32 dtype, int32 rank, int64 shape[8]}, a parameter {8 bytes of value, int64 present}.
The status is that of `spikemirror.mirrors.status`. For authors there is a header, `starters/c/spikemirror.h`.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import MAX_RANK, Array, Choice, DType, Kernel, Parameter, Real, Value, Word
from spikemirror.mirrors.mirror import MirrorAbsent, MirrorFault
from spikemirror.mirrors.status import choice_index, raise_for_status

VERSION = 1
"""Of the C interface: the next one when a struct, a code or the order of a kernel's arguments changes."""
PREFIX = "spikemirror_"
ARGUMENTS = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
DTYPES = {d.numpy: d.value for d in DType}
ARRAY = struct.Struct(f"=Qii{MAX_RANK}q")
PADDING = [(0,) * (MAX_RANK - rank) for rank in range(MAX_RANK + 1)]
REAL, WORD, INTEGER = struct.Struct("=dq"), struct.Struct("=Qq"), struct.Struct("=qq")

EntryPoint = Callable[[int | bytes | None, bytes | None, bytes | None, int | None, int], int]


class LibraryMirror:
    """Kernels behind C entry points, given by name. Inputs and outputs are passed by address, never copied."""

    partial: Mapping[str, frozenset[str]] = {}

    def __init__(self, name: str, entry_points: Mapping[str, EntryPoint]) -> None:
        self.name = name
        self._entry_points = entry_points
        self.kernels = frozenset(entry_points)

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror."""
        self._run(kernel, inputs, parameters, outputs, None, 0)

    def time(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        """See Mirror."""
        nanoseconds = (ctypes.c_int64 * repeats)()
        self._run(kernel, inputs, parameters, outputs, ctypes.addressof(nanoseconds), repeats)
        return list(nanoseconds)

    def _run(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        nanoseconds: int | None,
        repeats: int,
    ) -> None:
        status = self._entry_points[kernel.name](
            b"".join(map(_array, inputs)),
            b"".join(map(_parameter, kernel.parameters, parameters)),
            b"".join(map(_output, outputs)),
            nanoseconds,
            repeats,
        )
        raise_for_status(status, kernel, inputs, parameters)

    def close(self) -> None:
        """The library stays loaded: nothing unloads safely."""


def open_library(path: Path) -> LibraryMirror:
    """Somebody's shared library; MirrorAbsent says why it cannot be used."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise MirrorAbsent(f"{path} cannot be loaded: {error}") from None
    version = getattr(library, f"{PREFIX}version", None)
    if version is None or (spoken := version()) != VERSION:
        found = f"exports no {PREFIX}version" if version is None else f"has the C interface {spoken}"
        raise MirrorAbsent(f"{path} {found}; build it with the header of this spikemirror, which has {VERSION}")
    return LibraryMirror(path.stem, entry_points(library, list(CATALOGUE)))


def entry_points(library: ctypes.CDLL, names: Sequence[str]) -> dict[str, EntryPoint]:
    """Those of the named kernels that a library has."""
    found = {}
    for name in names:
        function = getattr(library, PREFIX + name, None)
        if function is not None:
            function.argtypes, function.restype = ARGUMENTS, ctypes.c_int32
            found[name] = function
    return found


def _array(array: Array) -> bytes:
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise MirrorFault("arrays must be C-contiguous and aligned")
    shape = array.shape[:MAX_RANK]
    address = array.__array_interface__["data"][0]  # array.ctypes.data takes three times as long
    return ARRAY.pack(address, DTYPES.get(array.dtype, 0), array.ndim, *shape, *PADDING[len(shape)])


def _output(array: Array) -> bytes:
    if not array.flags.writeable:
        raise MirrorFault("outputs must be writeable")
    return _array(array)


def _parameter(declared: Parameter, value: Value) -> bytes:
    if value is None:
        return INTEGER.pack(0, 0)
    match declared:
        case Real():
            return REAL.pack(value, 1)
        case Word():
            return WORD.pack(value, 1)
        case Choice():
            return INTEGER.pack(choice_index(declared, value), 1)
        case _:
            return INTEGER.pack(int(value), 1)
