"""Cases of the random numbers."""

from __future__ import annotations

from spikemirror.catalogue.cases.case import Case

CASES = {
    name: (
        Case(id="zeros", why="Random123's first known answer: key and counter 0", catches=("round-count", "lane-order", "scale-31-bits"), parameters={"n": 8}),
        Case(id="empty", why="no words", catches=("empty-nan",), parameters={"n": 0}),
        Case(id="one", why="one word: a quarter of a block", catches=("dropped-last",), parameters={"seed": 1, "n": 1}),
        Case(id="two", why="two words: half a block", catches=("dropped-last",), parameters={"seed": 2, "n": 2}),
        Case(id="odd", why="a block and three lanes", catches=("dropped-last", "lane-order"), parameters={"seed": 3, "n": 7}),
        Case(id="past-simd", why="one word past 16 lanes of 4", catches=("dropped-last",), parameters={"seed": 4, "n": 65}),
        Case(id="past-tile", why="one word past 256", catches=("dropped-last",), parameters={"seed": 5, "n": 257}),
        Case(id="seed-high", why="a seed whose low half is 0", catches=("seed-high-ignored", "key-schedule"), parameters={"seed": 0xDEADBEEF00000000, "n": 8}),
        Case(id="seed-full", why="all bits of the key set: the Weyl sequence wraps at once", catches=("key-schedule",), parameters={"seed": 2**64 - 1, "n": 8}),
        Case(id="stream", why="another stream under the same seed", catches=("stream-ignored",), parameters={"seed": 7, "stream": 1, "n": 8}),
        Case(id="stream-high", why="a stream whose low half is 0", catches=("stream-ignored",), parameters={"seed": 7, "stream": 1 << 32, "n": 8}),
        Case(id="stream-full", why="all bits of the stream set", catches=("stream-ignored",), parameters={"seed": 7, "stream": 2**64 - 1, "n": 8}),
        Case(id="offset-inside", why="starts in lane 3 of a block", catches=("offset-unaligned",), parameters={"seed": 8, "offset": 3, "n": 6}),
        Case(id="offset-block", why="starts on a block", catches=("offset-unaligned",), parameters={"seed": 8, "offset": 4, "n": 5}),
        Case(id="carry", why="the block crosses 2^32: its high word counts", catches=("counter-carry",), parameters={"seed": 9, "offset": 2**34 - 2, "n": 8}),
        Case(id="far", why="a block far above 2^32", catches=("counter-carry",), parameters={"seed": 9, "offset": 0x0123456789ABCDEF, "n": 9}),
        Case(id="wrap", why="indices wrap at 2^64", catches=("index-wrap", "counter-carry"), parameters={"seed": 10, "offset": 2**64 - 3, "n": 8}),
        Case(id="pi", why="digits of pi as key and stream", catches=("round-count", "key-schedule"), parameters={"seed": 0x299F31D0A4093822, "stream": 0x0370734413198A2E, "offset": 0x243F6A88, "n": 12}),
    )
    for name in ("philox_words", "philox_uniform")
}  # fmt: skip
