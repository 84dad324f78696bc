"""Why a kernel refuses an input: one code for every language, an integer across a binary interface."""

comptime OK = Int32(0)
"""The call did what it should."""

comptime BAD_DTYPE = Int32(1)
"""An array has a dtype that the kernel does not take, or not the one of the others."""
comptime BAD_RANK = Int32(2)
"""An array has the wrong number of axes."""
comptime BAD_SHAPE = Int32(3)
"""Axes of one name differ in length, or one is too short or not as long as the parameters ask for."""
comptime BAD_CHOICE = Int32(4)
"""A name is not among the options."""
comptime BAD_PARAMETER = Int32(5)
"""A parameter is outside its domain, NaN or infinite."""
comptime NON_FINITE = Int32(6)
"""A real array holds NaN or an infinity."""
comptime BAD_SPIKES = Int32(7)
"""A spike array holds something other than 0 and 1."""
comptime BAD_TARGET = Int32(8)
"""A class index is outside its range."""

comptime BAD_OUTPUT = Int32(-1)
"""An output array has the wrong dtype or number of elements."""
comptime OUT_OF_MEMORY = Int32(-2)
"""There was not enough memory for intermediate results."""
comptime FAULT = Int32(-3)
"""A parameter that must be present is not: a mistake of the caller, not of its user."""


def rejection(code: Int32, argument: Int) -> Int32:
    """Packs a rejection into the status that a call returns.

    Args:
        code: Why.
        argument: Place of the argument at fault among inputs and parameters.

    Returns:
        The status.
    """
    return code + 256 * Int32(argument)


def status(result: NoneType) -> Int32:
    """The status after a kernel that cannot fail.

    Args:
        result: What the kernel returned.

    Returns:
        The status.
    """
    return OK


def status(result: Bool) -> Int32:
    """The status after a kernel that needs scratch memory.

    Args:
        result: What the kernel returned: whether it had its memory.

    Returns:
        The status.
    """
    return OK if result else OUT_OF_MEMORY
