"""Laws of the random numbers, on every backend."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemirror import call
from spikemirror.mirrors import NAMES
from spikemirror.reference import philox

BACKENDS = pytest.mark.parametrize("backend", NAMES)
words64 = st.integers(0, 2**64 - 1)
offsets = words64 | st.integers(2**34 - 20, 2**34 + 20) | st.integers(2**64 - 20, 2**64 - 1)
MASK = 0xFFFFFFFF

KNOWN_ANSWERS = [  # counter, key, words: the published answers of Random123 for philox4x32-10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def block(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox4x32-10 in Python integers, written from the paper: independent of the code under test."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        high = (0xCD9E8D57 * c, 0xD2511F53 * a)
        a, b, c, d = (high[0] >> 32) ^ b ^ k0, high[0] & MASK, (high[1] >> 32) ^ d ^ k1, high[1] & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return a, b, c, d


def words(backend: str, seed: int, stream: int, offset: int, n: int) -> npt.NDArray[np.uint32]:
    return call("philox_words", backend=backend, seed=seed, stream=stream, offset=offset, n=n)["words"].astype(
        np.uint32
    )


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]) -> None:
    assert block(counter, key) == answer
    seed, low, stream = key[0] | key[1] << 32, counter[0] | counter[1] << 32, counter[2] | counter[3] << 32
    lanes = philox._rounds(seed, stream, np.array([low], np.uint64))
    assert tuple(int(w) for w in lanes[0]) == answer


@BACKENDS
def test_first_known_answer(backend: str) -> None:
    assert tuple(words(backend, 0, 0, 0, 4)) == KNOWN_ANSWERS[0][2]


@BACKENDS
@given(seed=words64, stream=words64, offset=offsets)
def test_every_word_is_a_lane_of_its_block(backend: str, seed: int, stream: int, offset: int) -> None:
    drawn = words(backend, seed, stream, offset, 6)
    for i, word in enumerate(drawn):
        index = (offset + i) % 2**64
        counter = (index // 4 & MASK, index // 4 >> 32, stream & MASK, stream >> 32)
        assert int(word) == block(counter, (seed & MASK, seed >> 32))[index % 4]


@BACKENDS
@given(seed=words64, stream=words64, offset=offsets, n=st.integers(0, 300), data=st.data())
def test_any_slice_is_the_slice_of_the_whole(
    backend: str, seed: int, stream: int, offset: int, n: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, n))
    length = data.draw(st.integers(0, n - start))
    whole = words(backend, seed, stream, offset, n)
    part = words(backend, seed, stream, (offset + start) % 2**64, length)
    assert np.array_equal(whole[start : start + length], part)


@BACKENDS
@given(seed=words64, stream=words64, offset=offsets, n=st.integers(0, 100))
def test_uniforms_are_words_over_2_to_the_32(backend: str, seed: int, stream: int, offset: int, n: int) -> None:
    u = call("philox_uniform", backend=backend, seed=seed, stream=stream, offset=offset, n=n)["u"]
    assert np.array_equal(u, words(backend, seed, stream, offset, n) * 2.0**-32)
    assert ((u.astype(np.float64) >= 0) & (u.astype(np.float64) < 1)).all()


@BACKENDS
def test_seeds_and_streams_are_independent(backend: str) -> None:
    drawn = [words(backend, seed, stream, 0, 64) for seed in (0, 1, 1 << 32) for stream in (0, 1, 1 << 32)]
    assert len({w.tobytes() for w in drawn}) == 9


@BACKENDS
def test_bits_are_balanced(backend: str) -> None:
    ones = np.unpackbits(words(backend, 5, 6, 7, 4096).view(np.uint8)).mean()
    assert abs(ones - 0.5) < 0.01
