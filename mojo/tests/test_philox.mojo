"""Known answers of Random123, and that any part of a sequence can be drawn alone."""

from std.testing import TestSuite, assert_equal

from spikemirror.philox import philox4x32, philox_uniform, philox_words
from support import memory


def check_block(
    key: UInt64,
    block: UInt64,
    stream: UInt64,
    expected: SIMD[DType.uint32, 4],
) raises:
    assert_equal(philox4x32[1](key, stream, block), expected)
    # The same block in any lane.
    var blocks = SIMD[DType.uint64, 4](7, block, 9, block)
    var words = philox4x32[4](key, stream, blocks)
    assert_equal(words.slice[4, offset=4](), expected)
    assert_equal(words.slice[4, offset=12](), expected)


def test_zeros() raises:
    check_block(
        0,
        0,
        0,
        SIMD[DType.uint32, 4](0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    )


def test_ones() raises:
    check_block(
        ~UInt64(0),
        ~UInt64(0),
        ~UInt64(0),
        SIMD[DType.uint32, 4](0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    )


def test_digits_of_pi() raises:
    check_block(
        0x299F31D0A4093822,
        0x85A308D3243F6A88,
        0x0370734413198A2E,
        SIMD[DType.uint32, 4](0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    )


def test_parts_make_the_whole() raises:
    comptime n = 203
    var whole = memory[DType.uint32](n)
    var part = memory[DType.uint32](n)
    # Indices wrap in the middle.
    var offset = ~UInt64(0) - 90
    philox_words(3, 5, offset, n, whole)
    for first in range(0, n, 29):
        for length in range(1, n - first, 41):
            philox_words(3, 5, offset + UInt64(first), length, part)
            for i in range(length):
                assert_equal(part[i], whole[first + i])
    for i in range(n - 91):
        philox_words(3, 5, UInt64(i), 1, part)
        assert_equal(part[0], whole[91 + i])


def test_uniform_is_exact() raises:
    comptime n = 2100
    var words = memory[DType.uint32](n)
    var u = memory[DType.float64](n)
    philox_words(1, 2, 3, n, words)
    philox_uniform(1, 2, 3, n, u)
    for i in range(n):
        assert_equal(
            u[i] * 4294967296.0,
            words[i].cast[DType.float64](),
        )


def main() raises:
    TestSuite.discover_tests[__functions_in_module()]().run()
