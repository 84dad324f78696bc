"""Calling a kernel from Python, on the backend of one's choice."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from spikemirror import memory, mirrors
from spikemirror.arguments import bind
from spikemirror.catalogue import kernel as kernel_named
from spikemirror.catalogue.check import rejection
from spikemirror.catalogue.kernel import Array, Kernel
from spikemirror.catalogue.rejection import Rejection
from spikemirror.mirrors import Mirror

_default = "python"
_local: ContextVar[str | None] = ContextVar("spikemirror_backend", default=None)
_opened: dict[str, Mirror] = {}
_opening = threading.Lock()


def call(
    kernel: str, /, *, backend: str | None = None, out: Mapping[str, Array] | None = None, **arguments: Any
) -> dict[str, Array]:
    """Compute a kernel and return its outputs by name.

    `arguments` are the kernel's inputs and parameters by their names in docs/kernels.md; parameters have defaults.
    Inputs may have any strides and byte order; lists, float16, bfloat16 and bool are converted, and so are spikes given
    as the numbers 0 and 1 of any dtype. Nothing is mutated. `out` gives arrays to write outputs into, by name.

    Raises LookupError for an unknown kernel, TypeError for unknown or missing arguments, Rejection (a ValueError with
    a `code`) for arguments that the kernel refuses, MirrorAbsent if the backend is not to be had, MirrorFault if it
    fails.
    """
    declared = kernel_named(kernel)
    given, inputs, parameters = bind(declared, arguments)
    mirror = _mirror(backend or get_backend())
    try:
        outputs = declared.allocate(inputs, parameters)
        memory.require(sum(output.nbytes for output in outputs), "outputs")
    except (MemoryError, ValueError) as error:
        raise MemoryError(f"{kernel}: its outputs do not fit into memory: {error}") from None
    if out is not None:
        outputs = _into(declared, out, outputs, inputs)
    try:
        mirror.call(declared, inputs, parameters, outputs)
    except Rejection as refused:
        raise rejection(declared, refused.reason, refused.argument, given, parameters) from None
    return {o.name: array for o, array in zip(declared.outputs, outputs, strict=True)}


def _into(kernel: Kernel, out: Mapping[str, Array], outputs: list[Array], inputs: list[Array]) -> list[Array]:
    names = [o.name for o in kernel.outputs]
    if unknown := set(out) - set(names):
        raise TypeError(f"{kernel.name} has no output {', '.join(sorted(unknown))}; it has {', '.join(names)}")
    chosen: list[Array] = []
    for name, own in zip(names, outputs, strict=True):
        array = out.get(name, own)
        if not isinstance(array, np.ndarray):
            raise ValueError(f"out {name} is {type(array).__name__}; it must be a NumPy array")
        if array.dtype != own.dtype or array.shape != own.shape:
            raise ValueError(f"out {name} is {array.dtype}{array.shape}; it must be {own.dtype}{own.shape}")
        if not array.flags.carray:
            raise ValueError(f"out {name} must be C-contiguous, aligned and writeable")
        if any(np.may_share_memory(array, other) for other in (*inputs, *chosen)):
            raise ValueError(f"out {name} shares memory with an input or another output; kernels do not work in place")
        chosen.append(array)
    return chosen


def set_backend(name: str) -> None:
    """Make a backend the default of this process: python, rust, julia or mojo."""
    global _default  # noqa: PLW0603
    _default = _checked(name)


def get_backend() -> str:
    """The backend in force: that of the innermost `use_backend`, else the default."""
    return _local.get() or _default


@contextlib.contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Make a backend the default within a `with` block, for this thread or task alone."""
    token = _local.set(_checked(name))
    try:
        yield
    finally:
        _local.reset(token)


def _checked(name: str) -> str:
    if name not in mirrors.NAMES:
        raise ValueError(f"no backend {name!r}; there are {', '.join(mirrors.NAMES)}")
    return name


def _mirror(name: str) -> Mirror:
    mirror = _opened.get(name)
    if mirror is None:
        with _opening:
            mirror = _opened.get(name)
            if mirror is None:
                mirror = _opened[name] = mirrors.open_mirror(_checked(name))
    return mirror


def _unlock() -> None:
    """In a forked child: whichever thread was opening a mirror is not there."""
    global _opening  # noqa: PLW0603
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_unlock)
