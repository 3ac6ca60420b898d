"""Looks for tests that pass by luck: `make test-all ARGS="-p tests.support.unsteady"`, on Linux.

Modules come in an order by chance (GENKAN_TEST_SEED), so that a test that needs what another left
behind, or must not meet it, fails. And all the time some process of the session stands still for a
while: a node, a worker of pytest, a backend of PostgreSQL, a browser, as on a machine that is busy.
"""

import contextlib
import os
import random
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

_PAUSE_SECONDS = 0.05
_LENGTHS = ((0.7, 0.02, 0.3), (0.25, 0.3, 1.2), (0.05, 1.2, 3.0))
"""How often a process stands still for how many seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put modules into an order that is the same in all processes of the session."""
    modules: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        modules[item.nodeid.partition("::")[0]].append(item)
    names = list(modules)
    random.Random(os.environ["GENKAN_TEST_SEED"]).shuffle(names)
    items[:] = [item for name in names for item in modules[name]]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to stop processes, if it is this one that started all others."""
    if hasattr(session.config, "workerinput"):
        return
    freezer = Freezer(os.getpid())
    freezer.start()
    session.config.add_cleanup(freezer.end)


class Freezer(threading.Thread):
    """Lets descendants of a process stand still, one after the other, until `end`."""

    def __init__(self, ancestor: int) -> None:
        super().__init__(daemon=True, name="freezer")
        self._ancestor = ancestor
        self._ended = threading.Event()
        self._chance = random.Random(os.environ["GENKAN_TEST_SEED"])

    def run(self) -> None:
        while not self._ended.wait(self._chance.uniform(0, _PAUSE_SECONDS)):
            found = descendants(self._ancestor)
            if found:
                self._freeze(self._chance.choice(found))

    def end(self) -> None:
        """Return when everything goes on."""
        self._ended.set()
        self.join()

    def _freeze(self, process: int) -> None:
        weights = [often for often, _, _ in _LENGTHS]
        _, least, most = self._chance.choices(_LENGTHS, weights)[0]
        with frozen(process):
            self._ended.wait(self._chance.uniform(least, most))


@contextlib.contextmanager
def frozen(process: int) -> Iterator[None]:
    """A process stands still; nothing happens to one that is gone, or that is somebody else's."""
    try:
        _send(process, signal.SIGSTOP)
        yield
    finally:
        _send(process, signal.SIGCONT)


def descendants(ancestor: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # It is over.
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
            children[int(fields[1])].append(int(status.parent.name))
    found, parents = [], [ancestor]
    while parents:
        new = children[parents.pop()]
        found += new
        parents += new
    return found


def _send(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
