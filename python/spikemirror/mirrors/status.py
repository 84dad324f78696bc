"""The integer that a binary interface returns: 0, a rejection and its argument, or a failure."""

from __future__ import annotations

from collections.abc import Sequence

from spikemirror.catalogue.check import claimed
from spikemirror.catalogue.kernel import Array, Choice, Kernel, Value
from spikemirror.catalogue.rejection import Code
from spikemirror.mirrors.mirror import MirrorFault

FAILURES = {
    -1: "an output has the wrong dtype or number of elements",
    -2: "out of memory",
    -3: "an error inside the kernel",
}


def raise_for_status(status: int, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> None:
    """Raise what a status other than 0 stands for: code + 256 * place of the argument, or a negative failure."""
    if status == 0:
        return
    if status < 0:
        raise MirrorFault(f"{kernel.name}: {FAILURES.get(status, f'unknown status {status}')}")
    place, code = divmod(status, 256)
    try:
        reason, argument = Code(code), kernel.arguments[place]
    except (ValueError, IndexError):
        raise MirrorFault(f"{kernel.name}: unknown status {status}") from None
    raise claimed(kernel, reason, argument, inputs, parameters)


def choice_index(choice: Choice, value: Value) -> int:
    """The place of a name among a choice's options, -1 for an unknown one."""
    return choice.options.index(str(value)) if value in choice.options else -1
