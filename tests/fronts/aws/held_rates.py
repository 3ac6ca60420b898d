"""`genkan up` or `genkan serve` with rates whose time a test can hold and put forward.

A program of the tests: `python -m tests.fronts.aws.held_rates up …`. The directory in
GENKAN_TEST_RATES holds `forward`, seconds that were added, and, while no time passes, `held`.
"""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from genkan.cli import main
from genkan.core.token_bucket import SECOND, Monotonic
from genkan.fronts.aws.throttling import Throttle

VARIABLE = "GENKAN_TEST_RATES"


class Time:
    """The time of a server's rates, held at first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._held = directory / "held"
        self._forward = directory / "forward"
        self._added = 0
        self.hold()
        self.add(0)

    @property
    def environment(self) -> Mapping[str, str]:
        """For the process of the server."""
        return {VARIABLE: str(self.directory)}

    def hold(self) -> None:
        """Have no time pass."""
        self._held.touch()

    def release(self) -> None:
        """Have time pass as it does."""
        self._held.unlink(missing_ok=True)

    def add(self, seconds: int) -> None:
        """Have so much time pass at once."""
        self._added += seconds
        # In one step: the server reads it at any time.
        partial = self.directory / ".forward"
        partial.write_text(str(self._added))
        partial.replace(self._forward)


def held(directory: Path) -> Monotonic:
    """The clock of the server."""
    lock = threading.Lock()
    passed, looked = 0, time.monotonic_ns()

    def clock() -> int:
        nonlocal passed, looked
        with lock:
            now = time.monotonic_ns()
            if not (directory / "held").exists():
                passed += now - looked
            looked = now
            return passed + int((directory / "forward").read_text()) * SECOND

    return clock


if __name__ == "__main__":
    defaults = Throttle.__init__.__kwdefaults__
    assert defaults is not None
    defaults["clock"] = held(Path(os.environ[VARIABLE]))
    main()
