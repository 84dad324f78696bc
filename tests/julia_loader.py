"""Loads Julia into this process over libjulia: the stand-in for juliacall's loading, where PythonCall cannot run.

Only loading differs from juliacall: `JuliaInProcess` gets addresses from either and calls them alike. The process must
have been started with Julia's own LD_LIBRARY_PATH, if it has one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from pathlib import Path

PATHS = """
using Libdl
println(Sys.BINDIR)
println(unsafe_string(Base.JLOptions().image_file))
println(first(filter(path -> startswith(basename(path), "libjulia.so"), Libdl.dllist())))
"""


class JuliaLoader:
    """One runtime for the process, on the thread that makes it."""

    def __init__(self, executable: str) -> None:
        command = [executable, "--startup-file=no", "-O0", "-e", PATHS]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        folder, image, julia = done.stdout.splitlines()
        self._library = ctypes.PyDLL(os.path.realpath(julia), mode=os.RTLD_NOW | os.RTLD_GLOBAL)
        for name in ("jl_eval_string", "jl_exception_occurred", "jl_unbox_voidpointer", "jl_string_ptr"):
            getattr(self._library, name).restype = ctypes.c_void_p
        words = (ctypes.c_char_p * 4)(b"julia", b"--startup-file=no", b"--handle-signals=no", None)
        line = ctypes.pointer(ctypes.cast(words, ctypes.POINTER(ctypes.c_char_p)))
        self._library.jl_parse_opts(ctypes.byref(ctypes.c_int(3)), line)
        mask, handler = signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGINT)
        old = hasattr(self._library, "jl_init_with_image__threading")
        start = self._library.jl_init_with_image__threading if old else self._library.jl_init_with_image
        start(folder.encode(), image.encode())
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)

    def _evaluate(self, code: str) -> ctypes.c_void_p:
        value = self._library.jl_eval_string(code.encode())
        if self._library.jl_exception_occurred():
            text = self._library.jl_eval_string(b"sprint(showerror, ccall(:jl_exception_occurred, Any, ()))")
            raise RuntimeError(ctypes.string_at(self._library.jl_string_ptr(ctypes.c_void_p(text))).decode())
        return ctypes.c_void_p(value)

    def include(self, path: Path) -> None:
        """See Loader."""
        self._evaluate(f'include(raw"{path}")')

    def address(self, expression: str) -> int:
        """See Loader."""
        return int(self._library.jl_unbox_voidpointer(self._evaluate(f"Ptr{{Cvoid}}({expression})")) or 0)
