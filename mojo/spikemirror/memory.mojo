"""Unchecked views of contiguous memory, and scratch memory from the C library.

`Span` and `List` check their bounds and abort, which would bind the library to
Mojo's runtime; the binding has checked every length before a kernel runs.
"""

from std.ffi import external_call
from std.sys import size_of


struct Source[T: DType](TrivialRegisterPassable):
    """Elements to read.

    Parameters:
        T: Dtype of the elements.
    """

    var _data: Pointer[Scalar[Self.T], ImmUntrackedOrigin]

    def __init__(out self, address: UInt64):
        """Views the memory at an address.

        Args:
            address: Where the first element is; anything if there is none.
        """
        self._data = {unsafe_from_address = Int(address)}

    @always_inline
    def __getitem__(self, index: Int) -> Scalar[Self.T]:
        """Reads one element.

        Args:
            index: Its index.

        Returns:
            The element.
        """
        return self._data[unsafe_offset=index]

    @always_inline
    def load[width: Int](self, index: Int) -> SIMD[Self.T, width]:
        """Reads neighbouring elements.

        Parameters:
            width: How many.

        Args:
            index: Index of the first one.

        Returns:
            The elements.
        """
        return self._data.unsafe_load[width=width](index)

    @always_inline
    def skip(self, count: Int) -> Self:
        """Views what follows.

        Args:
            count: How many elements to leave out.

        Returns:
            The rest.
        """
        return Self(self._data.unsafe_offset(count))

    @always_inline
    def __init__(out self, data: Pointer[Scalar[Self.T], ImmUntrackedOrigin]):
        """Views the memory behind a pointer.

        Args:
            data: The first element.
        """
        self._data = data


struct Target[T: DType](TrivialRegisterPassable):
    """Elements to write, and to read back.

    Parameters:
        T: Dtype of the elements.
    """

    var _data: Pointer[Scalar[Self.T], MutUntrackedOrigin]

    def __init__(out self, address: UInt64):
        """Views the memory at an address.

        Args:
            address: Where the first element is; anything if there is none.
        """
        self._data = {unsafe_from_address = Int(address)}

    @always_inline
    def __init__(out self, data: Pointer[Scalar[Self.T], MutUntrackedOrigin]):
        """Views the memory behind a pointer.

        Args:
            data: The first element.
        """
        self._data = data

    @always_inline
    def __getitem__(self, index: Int) -> Scalar[Self.T]:
        """Reads one element back.

        Args:
            index: Its index.

        Returns:
            The element.
        """
        return self._data[unsafe_offset=index]

    @always_inline
    def load[width: Int](self, index: Int) -> SIMD[Self.T, width]:
        """Reads neighbouring elements back.

        Parameters:
            width: How many.

        Args:
            index: Index of the first one.

        Returns:
            The elements.
        """
        return self._data.unsafe_load[width=width](index)

    @always_inline
    def __setitem__(self, index: Int, value: Scalar[Self.T]):
        """Writes one element.

        Args:
            index: Its index.
            value: What to write.
        """
        self._data.unsafe_store(index, value)

    @always_inline
    def store[
        width: SIMDLength, //
    ](self, index: Int, values: SIMD[Self.T, width]):
        """Writes neighbouring elements.

        Parameters:
            width: How many.

        Args:
            index: Index of the first one.
            values: What to write.
        """
        self._data.unsafe_store(index, values)

    @always_inline
    def skip(self, count: Int) -> Self:
        """Views what follows.

        Args:
            count: How many elements to leave out.

        Returns:
            The rest.
        """
        return Self(self._data.unsafe_offset(count))

    def address(self) -> UInt64:
        """Tells where the elements are.

        Returns:
            Address of the first one.
        """
        return UInt64(Int(self._data))

    @always_inline
    def source(self) -> Source[Self.T]:
        """Views the same elements for reading.

        Returns:
            The view.
        """
        return Source[Self.T](self._data.as_imm())


struct Scratch[T: DType](not Deinitable, Movable):
    """Memory for intermediate results; the compiler insists on its release.

    Parameters:
        T: Dtype of the elements.
    """

    var _address: UInt64

    def __init__(out self, count: Int):
        """Asks the C library for memory.

        Args:
            count: How many elements.
        """
        self._address = external_call["malloc", UInt64](
            max(count, 1) * size_of[Self.T]()
        )

    def granted(self) -> Bool:
        """Tells whether there was enough memory.

        Returns:
            False if there is nothing to use.
        """
        return self._address != 0

    def target(self) -> Target[Self.T]:
        """Views the memory, until its release.

        Returns:
            The view.
        """
        return Target[Self.T](self._address)

    def release(deinit self):
        """Gives the memory back."""
        external_call["free", NoneType](self._address)
