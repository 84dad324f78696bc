"""Cases of the random numbers."""

from __future__ import annotations

from spikemirror.catalogue.cases.case import Case

OF_UNIFORMS = {"scale-31-bits", "closed-interval", "buffer-origin"}
"""Faults that words cannot have."""


def _draws(name: str, why: str, catches: tuple[str, ...], n: int, **given: int) -> tuple[Case, ...]:
    """The same words, as they are and as uniforms."""
    return tuple(
        Case(id=name, why=why, catches=tuple(c for c in catches if c not in other), parameters={**given, "n": n})
        for other in (OF_UNIFORMS, set[str]())
    )


DRAWS = (
    _draws("zeros", "Random123's first known answer: key and counter 0", ("round-count", "multipliers-swapped", "lane-order", "scale-31-bits", "closed-interval"), 8),
    _draws("empty", "no words", ("empty-nan",), 0),
    _draws("one", "one word: a quarter of a block", ("dropped-last",), 1, seed=1),
    _draws("two", "two words: half a block", ("dropped-last",), 2, seed=2),
    _draws("odd", "a block and three lanes", ("dropped-last", "lane-order"), 7, seed=3),
    _draws("past-simd", "one word past 16 blocks", ("dropped-last", "block-step"), 65, seed=4),
    _draws("past-tile", "one word past 256", ("dropped-last", "block-step"), 257, seed=5),
    _draws("past-buffer", "three words past a buffer of 1024", ("buffer-origin", "block-step"), 1027, seed=11),
    _draws("seed-high", "a seed whose low half is 0", ("seed-high-ignored", "key-schedule"), 8, seed=0xDEADBEEF00000000),
    _draws("seed-full", "all bits of the key set: the Weyl sequence wraps at once", ("key-schedule",), 8, seed=2**64 - 1),
    _draws("stream", "another stream under the same seed", ("stream-ignored", "halves-swapped"), 8, seed=7, stream=1),
    _draws("stream-high", "a stream whose low half is 0", ("stream-ignored", "halves-swapped"), 8, seed=7, stream=1 << 32),
    _draws("stream-full", "all bits of the stream set", ("stream-ignored",), 8, seed=7, stream=2**64 - 1),
    _draws("offset-inside", "starts in lane 3 of a block", ("offset-unaligned", "parameter-ignored"), 6, seed=8, offset=3),
    _draws("offset-block", "starts on a block", ("parameter-ignored",), 5, seed=8, offset=4),
    _draws("carry", "the block crosses 2^32: its high word counts", ("counter-carry",), 8, seed=9, offset=2**34 - 2),
    _draws("carry-inside", "blocks that are computed side by side cross 2^32", ("counter-carry",), 130, seed=9, offset=2**34 - 32),
    _draws("far", "a block far above 2^32", ("counter-carry",), 9, seed=9, offset=0x0123456789ABCDEF),
    _draws("wrap", "indices wrap at 2^64", ("counter-carry", "offset-unaligned"), 8, seed=10, offset=2**64 - 3),
    _draws("wrap-inside", "blocks that are computed side by side wrap at 2^64", ("index-wrap",), 130, seed=10, offset=2**64 - 32),
    _draws("pi", "digits of pi as key and stream", ("round-count", "key-schedule"), 12, seed=0x299F31D0A4093822, stream=0x0370734413198A2E, offset=0x243F6A88),
)  # fmt: skip

CASES = {
    "philox_words": tuple(words for words, _ in DRAWS),
    "philox_uniform": tuple(uniforms for _, uniforms in DRAWS),
}
