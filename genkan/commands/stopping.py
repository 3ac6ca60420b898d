"""Being told to stop, once to end well and twice to end at once.

A `threading.Event` does not do: its `set` takes a lock that the `wait` it interrupts may hold, and
a signal's handler runs in the thread that it interrupts, so that it would wait for itself for ever.
"""

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether this process was told to stop."""

    def __init__(self, waker: socket.socket) -> None:
        self._waker = waker
        self.asked = False

    def wait(self, seconds: float) -> bool:
        """So long at most, and no longer than until it is told to; whether it was."""
        if not self.asked:
            # A socket, because one told between the line above and this one must not sleep, and
            # because Windows selects nothing else.
            select.select([self._waker], [], [], seconds)
        return self.asked


@contextmanager
def told_to_stop() -> Iterator[Stopping]:
    """Told by the first SIGTERM or SIGINT; a second one does what it did before."""
    waker, wake = socket.socketpair()
    stopping = Stopping(waker)

    def stop(number: int, frame: Any) -> None:
        stopping.asked = True
        for each, handler in before.items():
            signal.signal(each, handler)
        wake.send(b"\0")

    before = {each: signal.getsignal(each) for each in _SIGNALS}
    for each in _SIGNALS:
        signal.signal(each, stop)
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        waker.close()
        wake.close()
