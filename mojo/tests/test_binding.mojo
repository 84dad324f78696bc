"""The C interface: timing, wrong outputs, and arrays that no kernel takes."""

from std.testing import TestSuite, assert_equal, assert_true
from std.utils import StaticTuple

from binding import spikemirror_goodness, spikemirror_philox_words
from spikemirror.abi import (
    Arrays,
    FLOAT32,
    FLOAT64,
    NDArray,
    Nanoseconds,
    Parameter,
    Parameters,
    UINT32,
)
from spikemirror.rejection import (
    BAD_DTYPE,
    BAD_OUTPUT,
    BAD_PARAMETER,
    BAD_RANK,
    NON_FINITE,
    rejection,
)
from support import memory


def array(address: UInt64, dtype: Int32, *lengths: Int64) -> NDArray:
    var shape = StaticTuple[Int64, 8](fill=0)
    for i in range(len(lengths)):
        shape[i] = lengths[i]
    return NDArray(address, dtype, Int32(len(lengths)), shape)


def goodness(
    activations: NDArray,
    result: NDArray,
    nanoseconds: Nanoseconds = None,
    repeats: Int64 = 0,
) -> Int32:
    var inputs = activations
    var outputs = result
    var status = spikemirror_goodness(
        Arrays(
            Pointer[NDArray, ImmUntrackedOrigin](
                unsafe_from_address=Int(Pointer(to=inputs))
            )
        ),
        Parameters(None),
        Arrays(
            Pointer[NDArray, ImmUntrackedOrigin](
                unsafe_from_address=Int(Pointer(to=outputs))
            )
        ),
        nanoseconds,
        repeats,
    )
    _ = inputs
    _ = outputs
    return status


def test_goodness() raises:
    var x = memory[DType.float64](4)
    x[0] = 3
    x[1] = 4
    x[3] = 0
    var at = x.address()
    var result = array(at + 16, FLOAT64)
    assert_equal(goodness(array(at, FLOAT64, 2), result), 0)
    assert_equal(x[2], 25)
    assert_equal(goodness(array(0, FLOAT64, 0), result), 0)
    assert_equal(x[2], 0)
    assert_equal(goodness(array(at, FLOAT64, 1, 2, 1), result), 0)
    assert_equal(x[2], 25)


def test_rejections() raises:
    var x = memory[DType.float64](2)
    x[0] = 1
    x[1] = 7
    var at = x.address()
    var result = array(at + 8, FLOAT64)
    assert_equal(goodness(array(at, 0, 1), result), rejection(BAD_DTYPE, 0))
    assert_equal(
        goodness(array(at, FLOAT64, 1, 1, 1, 1, 1, 1, 1, 1), result),
        rejection(BAD_RANK, 0),
    )
    assert_equal(
        goodness(array(at, FLOAT64, 1), array(at + 8, FLOAT32)), BAD_OUTPUT
    )
    assert_equal(
        goodness(array(at, FLOAT64, 1), array(at + 8, FLOAT64, 2)), BAD_OUTPUT
    )
    x[0] = x[0] / 0
    assert_equal(
        goodness(array(at, FLOAT64, 1), result), rejection(NON_FINITE, 0)
    )
    assert_equal(x[1], 7)


def test_timing() raises:
    var x = memory[DType.float64](2)
    var times = memory[DType.int64](4)
    var at = x.address()
    x[0] = 2
    for i in range(4):
        times[i] = -1
    var nanoseconds = Nanoseconds(
        Pointer[Int64, MutUntrackedOrigin](
            unsafe_from_address=Int(times.address())
        )
    )
    assert_equal(
        goodness(array(at, FLOAT64, 1), array(at + 8, FLOAT64), nanoseconds, 3),
        0,
    )
    for i in range(3):
        assert_true(times[i] >= 0)
    assert_equal(times[3], -1)
    assert_equal(
        goodness(array(at, 0, 1), array(at + 8, FLOAT64), nanoseconds, 3),
        rejection(BAD_DTYPE, 0),
    )


def test_no_inputs() raises:
    var words = memory[DType.uint32](8)
    var values = memory[DType.uint64](8)
    for i in range(4):
        values[2 * i] = 0
        values[2 * i + 1] = 1
    values[6] = 4
    var outputs = array(words.address(), UINT32, 4)

    def call() {imm} -> Int32:
        return spikemirror_philox_words(
            Arrays(None),
            Parameters(
                Pointer[Parameter, ImmUntrackedOrigin](
                    unsafe_from_address=Int(values.address())
                )
            ),
            Arrays(
                Pointer[NDArray, ImmUntrackedOrigin](
                    unsafe_from_address=Int(Pointer(to=outputs))
                )
            ),
            None,
            0,
        )

    assert_equal(call(), 0)
    assert_equal(words[0], 0x6627E8D5)
    assert_equal(words[3], 0x9B00DBD8)
    values[6] = ~UInt64(0)
    assert_equal(call(), rejection(BAD_PARAMETER, 3))


def main() raises:
    TestSuite.discover_tests[__functions_in_module()]().run()
