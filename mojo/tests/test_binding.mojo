"""The C interface: timing, wrong outputs, absent parameters, and arrays that no kernel takes."""

from std.memory import bitcast
from std.testing import TestSuite, assert_equal, assert_false, assert_true
from std.utils import StaticTuple

from binding import (
    call_by_name,
    spikemirror_goodness,
    spikemirror_philox_words,
)
from spikemirror.abi import (
    Arrays,
    FLOAT32,
    FLOAT64,
    INT32,
    NDArray,
    Nanoseconds,
    Parameter,
    Parameters,
    UINT32,
    UINT8,
)
from spikemirror.checks import all_targets, convolved, sums_to_one
from spikemirror.memory import Target
from spikemirror.rejection import (
    BAD_CHOICE,
    BAD_DTYPE,
    BAD_OUTPUT,
    BAD_PARAMETER,
    BAD_RANK,
    FAULT,
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


@fieldwise_init
struct Arguments(Movable):
    """The structs of one call, word by word."""

    var arrays: Target[DType.uint64]
    var parameters: Target[DType.uint64]

    def __init__(out self):
        self.arrays = memory[DType.uint64](100)
        self.parameters = memory[DType.uint64](20)

    def set_array(self, index: Int, dtype: Int32, *lengths: Int):
        """An array with memory of its own, filled with zeros."""
        var count = 1
        var words = self.arrays.skip(10 * index)
        for i in range(len(lengths)):
            words[2 + i] = UInt64(lengths[i])
            count *= lengths[i]
        var data = memory[DType.uint64](count)
        for i in range(count):
            data[i] = 0
        words[0] = data.address()
        words[1] = UInt64(dtype) | (UInt64(len(lengths)) << 32)

    def set_parameter(self, index: Int, word: UInt64, present: Bool = True):
        self.parameters[2 * index] = word
        self.parameters[2 * index + 1] = 1 if present else 0

    def real(self, index: Int, value: Float64):
        self.set_parameter(index, bitcast[DType.uint64](value))

    def call(self, kernel: String, inputs: Int) raises -> Int32:
        return call_by_name(
            kernel,
            Arrays(
                Pointer[NDArray, ImmUntrackedOrigin](
                    unsafe_from_address=Int(self.arrays.address())
                )
            ),
            Parameters(
                Pointer[Parameter, ImmUntrackedOrigin](
                    unsafe_from_address=Int(self.parameters.address())
                )
            ),
            Arrays(
                Pointer[NDArray, ImmUntrackedOrigin](
                    unsafe_from_address=Int(
                        self.arrays.skip(10 * inputs).address()
                    )
                )
            ),
            None,
            0,
        )


def test_optional_parameters() raises:
    var given = Arguments()
    given.set_array(0, FLOAT64, 2, 5, 3)
    given.set_array(1, FLOAT64)
    given.set_parameter(0, 3)
    given.set_parameter(1, 0, present=False)
    assert_equal(given.call("loss_isi", 1), 0)
    given.real(1, 2.5)
    assert_equal(given.call("loss_isi", 1), 0)
    given.real(1, 0)
    assert_equal(given.call("loss_isi", 1), rejection(BAD_PARAMETER, 2))
    given.set_parameter(0, 3, present=False)
    assert_equal(given.call("loss_isi", 1), FAULT)


def test_optional_parameter_not_below_another() raises:
    var given = Arguments()
    given.set_array(0, FLOAT32, 2, 3)
    given.set_array(1, UINT8, 2, 25, 3)
    given.set_array(2, INT32, 2, 3)
    given.set_parameter(0, 25)
    given.set_parameter(1, 3)
    given.real(2, 1)
    given.real(3, 0)
    given.set_parameter(4, 0)
    given.set_parameter(5, 0, present=False)
    given.real(6, 7)
    given.set_parameter(7, 0, present=False)
    given.set_parameter(8, 1)
    assert_equal(given.call("encode_latency", 1), 0)
    given.real(7, 7)
    assert_equal(given.call("encode_latency", 1), 0)
    given.real(7, 6.9)
    assert_equal(given.call("encode_latency", 1), rejection(BAD_PARAMETER, 8))
    # A required parameter that is absent is found in its turn.
    given.set_parameter(8, 1, present=False)
    assert_equal(given.call("encode_latency", 1), rejection(BAD_PARAMETER, 8))
    given.real(7, 7)
    assert_equal(given.call("encode_latency", 1), FAULT)


def test_dtype_is_a_parameter() raises:
    comptime unknown = ~UInt64(0)
    comptime kernel = "decode_rate"
    for dtype in range(2):
        var given = Arguments()
        var T = FLOAT32 if dtype == 0 else FLOAT64
        given.set_array(0, UINT8, 2, 5, 3)
        given.set_array(1, UINT8, 2, 5)
        given.set_array(2, T, 2, 3)
        given.set_array(3, INT32, 2)
        given.set_array(4, T, 2)
        given.set_array(5, INT32, 2, 3)
        given.set_array(6, T, 2, 3)
        given.real(0, 1)
        given.set_parameter(1, 0)
        given.set_parameter(2, UInt64(dtype))
        assert_equal(given.call(kernel, 2), 0)
        given.set_parameter(2, UInt64(1 - dtype))
        assert_equal(given.call(kernel, 2), BAD_OUTPUT)
        given.set_parameter(2, unknown)
        assert_equal(given.call(kernel, 2), rejection(BAD_CHOICE, 4))
        # It is float64 for what comes before it, if it is unknown.
        given.real(0, 1e300)
        assert_equal(given.call(kernel, 2), rejection(BAD_CHOICE, 4))
        given.set_parameter(2, 0)
        assert_equal(given.call(kernel, 2), rejection(BAD_PARAMETER, 2))


def test_convolved() raises:
    assert_true(convolved(6, 8, 3, 1, 0, 1))
    assert_false(convolved(7, 8, 3, 1, 0, 1))
    assert_false(convolved(0, 8, 3, 1, 0, 1))
    assert_true(convolved(4, 7, 3, 2, 1, 1))
    assert_true(convolved(0, 2, 3, 1, 0, 1))
    assert_true(convolved(1, 3, 3, 5, 0, 1))
    assert_true(convolved(0, 3, 3, 5, 0, 2))
    # No overflow: the true length is 2^63 + 1 or far below 0.
    assert_false(convolved(1, 1, 1, 1, Int(1) << 62, 1))
    assert_true(convolved(0, 9, 5, 1, 0, Int(1) << 62))
    assert_true(convolved(3, 5, 1, Int(1) << 62, Int(1) << 62, 1))


def test_sums_to_one() raises:
    var x = memory[DType.float64](3)
    x[0] = 1e17
    x[1] = 1
    x[2] = -1e17
    assert_true(sums_to_one[DType.float64](array(x.address(), FLOAT64, 3)))
    assert_false(sums_to_one[DType.float64](array(x.address(), FLOAT64, 2)))
    assert_false(sums_to_one[DType.float64](array(0, FLOAT64, 0)))
    x[0] = 1.00009
    assert_true(sums_to_one[DType.float64](array(x.address(), FLOAT64, 1)))
    x[0] = 1.00011
    assert_false(sums_to_one[DType.float64](array(x.address(), FLOAT64, 1)))


def test_all_targets() raises:
    var x = memory[DType.int32](2)
    x[0] = 0
    x[1] = 4
    assert_true(all_targets(array(x.address(), INT32, 2), 5))
    assert_false(all_targets(array(x.address(), INT32, 2), 4))
    x[0] = -1
    assert_false(all_targets(array(x.address(), INT32, 2), 5))
    assert_true(all_targets(array(0, INT32, 0), 0))


def main() raises:
    TestSuite.discover_tests[__functions_in_module()]().run()
