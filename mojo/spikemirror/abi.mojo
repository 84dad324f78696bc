"""What crosses the C interface: arrays and parameters as plain structs, and the loop that times a call."""

from std.memory import bitcast
from std.time import perf_counter_ns
from std.utils import StaticTuple

from .memory import Source, Target
from .rejection import OK

comptime FLOAT32 = Int32(1)
"""Code of the dtype float32."""
comptime FLOAT64 = Int32(2)
"""Code of the dtype float64."""
comptime UINT8 = Int32(3)
"""Code of the dtype uint8."""
comptime INT32 = Int32(4)
"""Code of the dtype int32."""
comptime UINT32 = Int32(5)
"""Code of the dtype uint32."""

comptime MAX_RANK = 8
"""The most axes that a kernel's array may have."""


def code_of[T: DType]() -> Int32:
    """The code of the dtype of a call.

    Parameters:
        T: Dtype of the call.

    Returns:
        Its code.
    """
    comptime if T == DType.float32:
        return FLOAT32
    elif T == DType.float64:
        return FLOAT64
    else:
        comptime assert T == DType.uint32
        return UINT32


comptime Arrays = Optional[Pointer[NDArray, ImmUntrackedOrigin]]
"""C `const spikemirror_array *`; NULL only where a kernel takes none."""
comptime Parameters = Optional[Pointer[Parameter, ImmUntrackedOrigin]]
"""C `const spikemirror_parameter *`; NULL only where a kernel takes none."""
comptime Nanoseconds = Optional[Pointer[Int64, MutUntrackedOrigin]]
"""C `int64_t *`; NULL only where nothing is timed."""


@fieldwise_init
struct NDArray(TrivialRegisterPassable):
    """A C-contiguous array of the caller's: C `spikemirror_array`."""

    var data: UInt64
    """Address of the first element; anything if the array is empty."""
    var dtype: Int32
    """Code of the dtype; 0 is any dtype that no kernel takes."""
    var rank: Int32
    """Number of axes, which may exceed those of `shape`."""
    var shape: StaticTuple[Int64, MAX_RANK]
    """Lengths of the first axes."""

    @always_inline
    def length(self, axis: Int) -> Int:
        """The length of one axis.

        Args:
            axis: Which one.

        Returns:
            Its length.
        """
        return Int(self.shape[axis])

    @always_inline
    def source[T: DType](self) -> Source[T]:
        """Views the elements for reading.

        Parameters:
            T: Their dtype, which the checks have confirmed.

        Returns:
            The view.
        """
        return Source[T](self.data)

    @always_inline
    def target[T: DType](self) -> Target[T]:
        """Views the elements for writing.

        Parameters:
            T: Their dtype, which the checks have confirmed.

        Returns:
            The view.
        """
        return Target[T](self.data)


struct Parameter(TrivialRegisterPassable):
    """A parameter: C `spikemirror_parameter`."""

    var word: UInt64
    """A union of double, int64_t and uint64_t."""
    var present: Int64
    """0 for None."""

    @always_inline
    def missing(self) -> Bool:
        """Tells whether the parameter is None.

        Returns:
            Whether there is no value.
        """
        return self.present == 0

    @always_inline
    def optional[T: DType](self) -> Optional[Scalar[T]]:
        """The parameter as a real number, if there is one.

        Parameters:
            T: Dtype to which it is rounded.

        Returns:
            The number or None.
        """
        if self.missing():
            return None
        return self.real[T]()

    @always_inline
    def real[T: DType](self) -> Scalar[T]:
        """The parameter as a real number.

        Parameters:
            T: Dtype to which it is rounded.

        Returns:
            The number.
        """
        return bitcast[DType.float64](self.word).cast[T]()

    @always_inline
    def integer(self) -> Int:
        """The parameter as an integer, or a choice's place among its options.

        Returns:
            The integer.
        """
        return Int(self.word)

    @always_inline
    def flag(self) -> Bool:
        """The parameter as a switch.

        Returns:
            Whether it is on.
        """
        return self.word != 0


@fieldwise_init
struct Call(Movable):
    """The arguments of one call, each in the catalogue's order."""

    var _inputs: Arrays
    var _parameters: Parameters
    var _outputs: Arrays

    @always_inline
    def input(self, index: Int) -> NDArray:
        """One of the inputs.

        Args:
            index: Which one.

        Returns:
            The array.
        """
        return self._inputs.unsafe_value()[unsafe_offset=index]

    @always_inline
    def parameter(self, index: Int) -> Parameter:
        """One of the parameters.

        Args:
            index: Which one.

        Returns:
            The parameter.
        """
        return self._parameters.unsafe_value()[unsafe_offset=index]

    @always_inline
    def output(self, index: Int) -> NDArray:
        """One of the outputs.

        Args:
            index: Which one.

        Returns:
            The array.
        """
        return self._outputs.unsafe_value()[unsafe_offset=index]


@always_inline
def run[
    checked: def(Call) thin -> Int32
](call: Call, nanoseconds: Nanoseconds, repeats: Int64) -> Int32:
    """Runs a checked call once, or as often as it is to be timed.

    Parameters:
        checked: Checks the arguments, then computes.

    Args:
        call: The arguments.
        nanoseconds: Receives the duration of each repetition.
        repeats: How many; 0 runs the call once, untimed.

    Returns:
        The status: 0, a rejection, or a negative number.
    """
    if repeats <= 0:
        return checked(call)
    for i in range(Int(repeats)):
        var start = perf_counter_ns()
        var status = checked(call)
        var stop = perf_counter_ns()
        nanoseconds.unsafe_value()[unsafe_offset=i] = Int64(stop - start)
        if status != OK:
            return status
    return OK
