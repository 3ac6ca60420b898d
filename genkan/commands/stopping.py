"""Being told to stop, once to end well and twice to end at once.

A `threading.Event` does not do: its `set` takes a lock that the `wait` it interrupts may hold, and
a signal's handler runs in the thread that it interrupts, so that it would wait for itself for ever.
"""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether this process was told to stop."""

    def __init__(self, waker: int) -> None:
        self._waker = waker
        self.asked = False

    def wait(self, seconds: float) -> bool:
        """So long at most, and no longer than until it is told to; whether it was."""
        if not self.asked:
            # A pipe, because one told between the line above and this one must not sleep.
            select.select([self._waker], [], [], seconds)
        return self.asked


@contextmanager
def told_to_stop() -> Iterator[Stopping]:
    """Told by the first SIGTERM or SIGINT; a second one does what it did before."""
    waker, wake = os.pipe()
    stopping = Stopping(waker)

    def stop(number: int, frame: Any) -> None:
        stopping.asked = True
        for each, handler in before.items():
            signal.signal(each, handler)
        os.write(wake, b"\0")

    before = {each: signal.getsignal(each) for each in _SIGNALS}
    for each in _SIGNALS:
        signal.signal(each, stop)
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        os.close(waker)
        os.close(wake)
