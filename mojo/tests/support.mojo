"""Memory for tests."""

from std.ffi import external_call
from std.sys import size_of

from spikemirror.memory import Target


def memory[T: DType](count: Int) -> Target[T]:
    """Memory for the rest of the process.

    Parameters:
        T: Dtype of the elements.

    Args:
        count: How many.

    Returns:
        A view of it.
    """
    return Target[T](
        external_call["malloc", UInt64](max(count, 1) * size_of[T]())
    )
