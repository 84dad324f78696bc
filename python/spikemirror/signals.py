"""Ctrl-C and SIGTERM: what was started ends, what is half done is undone, and the exit code tells why."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from spikemirror import programs

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def obeyed() -> Iterator[None]:
    """In this block, the program itself, the first signal raises programs.Stopped, which ends in a line and 128 + n."""
    received: list[signal.Signals] = []

    def handle(number: int, _: FrameType | None) -> None:
        if not received:  # what the first one undoes is done whole
            received.append(signal.Signals(number))
            programs.stop()

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, handle)
    try:
        yield
    except programs.Stopped:
        (why,) = received
        print(f"spikemirror: stopped by {why.name}", file=sys.stderr)
        raise SystemExit(128 + why) from None
