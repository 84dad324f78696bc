"""Guard zones: what is written beside an array is noticed, with the array and its side; what is read there is NaN."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.load import Golden
from spikemirror.mirrors.arena import GUARD, Arena
from spikemirror.mirrors.mirror import MirrorFault
from spikemirror.mirrors.process import ProcessMirror

PROGRAM = Path(__file__).with_name("wrong_mirrors.py")
ARRAYS = [np.arange(3, dtype=np.uint8), np.arange(6.0).reshape(2, 3), np.empty((0, 4)), np.zeros((), np.int32)]


@pytest.fixture
def arena() -> Iterator[Arena]:
    made = Arena()
    yield made
    made.close()


def memory(arena: Arena) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    assert arena._map is not None
    return np.frombuffer(arena._map, np.uint8)


@pytest.mark.parametrize("place", range(len(ARRAYS)))
@pytest.mark.parametrize("distance", [1, 2, 8, GUARD])
@pytest.mark.parametrize("value", [0x00, 0x7F, 0xA5, 0xFF])
def test_every_byte_of_a_guard_counts(place: int, distance: int, value: int, arena: Arena) -> None:
    for end, side in ((False, "before the start of"), (True, "past the end of")):
        offset, view = arena.slots(ARRAYS)[place]
        assert arena.broken_guard() is None
        touched = offset + view.nbytes + distance - 1 if end else offset - distance
        memory(arena)[touched] = value if memory(arena)[touched] != value else value ^ 1
        assert arena.broken_guard() == (place, side)


def test_arrays_between_the_guards_are_nobodys_damage(arena: Arena) -> None:
    for _, view in arena.slots(ARRAYS):
        view[...] = 1
    assert arena.broken_guard() is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_float_read_from_a_guard_is_not_a_number(dtype: str, arena: Arena) -> None:
    size = np.dtype(dtype).itemsize
    arrays = [np.zeros(n, np.uint8) for n in (5, 6, 7)] + [np.zeros(3, dtype)]
    for offset, view in arena.slots(arrays):
        first = -(-(offset + view.nbytes) // size) * size
        beside = [first, first + size, offset - offset % size - size]
        assert all(np.isnan(np.frombuffer(memory(arena), dtype, 1, at)[0]) for at in beside)


def test_the_fault_names_the_array(golden: Golden) -> None:
    kernel = CATALOGUE["stdp_linear"]
    case = golden.case("stdp_linear", "plain-additive")
    inputs, parameters = case.arguments(kernel, "float64")
    told = {
        "past-the-end": "writes past the end of output weights",
        "before-the-start": "writes before the start of output weights",
        "before-the-input": "writes before the start of input weights",
        "changes-input": "writes to its input weights",
    }
    for fault, text in told.items():
        command = [sys.executable, str(PROGRAM), fault, "none"]
        mirror = ProcessMirror("wrong", command, own_descriptors=True)
        with pytest.raises(MirrorFault) as caught:
            mirror.call(kernel, inputs, parameters, kernel.allocate(inputs, parameters))
        mirror.close()
        assert str(caught.value) == text
