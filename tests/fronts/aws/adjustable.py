"""`genkan up` or `genkan serve` with a clock to put forward and a worker that can be made to wait.

A program of the tests: `python -m tests.fronts.aws.adjustable up …`. The directory in
GENKAN_TEST_KNOBS holds `forward`, milliseconds that the clock is ahead, and, while the worker is to
wait before each job, `hold`.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from genkan.assembly import node, sandbox, wiring
from genkan.cli import main
from genkan.core import clock
from genkan.provisioning import jobs
from tests.support.server import Server

VARIABLE = "GENKAN_TEST_KNOBS"
_make_handlers = jobs.make_handlers
_system_clock = clock.system_clock


class Knobs:
    """What a test turns, from its own process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._forward = directory / "forward"
        self._hold = directory / "hold"
        self.reset()

    @property
    def environment(self) -> Mapping[str, str]:
        """For the process of the server."""
        return {VARIABLE: str(self.directory)}

    def reset(self) -> None:
        """The right time, and a worker that works."""
        self.forward(0)
        self.release()

    def forward(self, milliseconds: int) -> None:
        """Put the clock forward, as counted from the right time."""
        # In one step: the server reads it at any time.
        partial = self.directory / ".forward"
        partial.write_text(str(milliseconds))
        partial.replace(self._forward)

    def hold(self) -> None:
        """Have the worker wait before its next job."""
        self._hold.touch()

    def release(self) -> None:
        """Have the worker go on."""
        self._hold.unlink(missing_ok=True)


def held(kind: Callable[..., Server], folder: Path) -> Iterator[tuple[Server, Knobs]]:
    """A running server of this kind in the folder, with its knobs: the body of a fixture."""
    (folder / "knobs").mkdir()
    knobs = Knobs(folder / "knobs")
    server = kind(
        folder / "data",
        command=("-m", "tests.fronts.aws.adjustable"),
        environment=knobs.environment,
    ).start()
    yield server, knobs
    knobs.release()
    server.stop()


def adjust(directory: Path) -> None:
    """Put the knobs into this process."""

    def adjusted() -> int:
        return _system_clock() + int((directory / "forward").read_text())

    def make_handlers(context: Any) -> Any:
        handlers, give_up = _make_handlers(context)

        def waiting(handler: Any) -> Any:
            async def wait(app: Any, job: Any) -> None:
                while (directory / "hold").exists():  # noqa: ASYNC110 - a file wakes nobody
                    await asyncio.sleep(0.01)
                await handler(app, job)

            return wait

        return {kind: waiting(handler) for kind, handler in handlers.items()}, give_up

    clock.system_clock = adjusted
    # Where it is a default, it was taken when the class was made.
    sandbox.Sandbox.__init__.__defaults__ = (adjusted,)
    defaults = node.Node.__init__.__kwdefaults__
    assert defaults is not None
    defaults["clock"] = adjusted
    vars(wiring)["make_handlers"] = make_handlers


if __name__ == "__main__":
    adjust(Path(os.environ[VARIABLE]))
    main()
