"""One node on an SQLite file under load: killed, its disk full, its clock set."""

import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.chaos import KILLS, SEED, Fault, Run, schedule
from tests.faults.site import Knobs, Site
from tests.support.nodes import Nodes

_FAILURES = 8
_SOME_PAGES, _SOME_BYTES = 3, 20_000
_DEADLINE_SECONDS = 120
_STEP_MS = 50_000
"""The clock is at most so wrong: two minutes' grace for lost answers must cover any jump."""


@pytest.mark.timeout(1800)
def test_nothing_is_lost_or_half_on_sqlite_whatever_happens_to_the_process_disk_and_clock(
    site: Site, tmp_path: Path
) -> None:
    knobs = Knobs(tmp_path / "knobs")
    with site.sqlite(tmp_path, knobs=str(knobs.file)) as nodes:
        nodes.start()
        faults = Faults(nodes, knobs)
        run = Run(nodes, tmp_path, SEED, faults.by_name)
        faults.run = run
        some = max(1, KILLS // 20)
        others = {"no pages left": some, "killed and started without pages": some}
        others["clock set"] = 2 * some
        if sys.platform == "linux":
            others["no bytes left"] = some
        wrong = run.under([*schedule(SEED, KILLS // 2, others, ["kill"]), "clock right"])
        assert not wrong, "\n".join(wrong)


class Faults:
    """What may be done to the node."""

    def __init__(self, nodes: Nodes, knobs: Knobs) -> None:
        self.nodes = nodes
        self.knobs = knobs
        self.run: Run | None = None
        self.by_name: dict[str, Fault] = {
            "kill": self.kill,
            "no pages left": self.no_pages,
            "killed and started without pages": self.no_pages_for_the_next,
            "no bytes left": self.no_bytes,
            "clock set": lambda dice: knobs.clock(dice.randint(-_STEP_MS, _STEP_MS)),
            "clock right": lambda dice: knobs.clock(0),
        }

    def kill(self, dice: random.Random) -> None:
        """SIGKILL, sometimes with a pause before the next life."""
        self.nodes.kill(0)
        time.sleep(dice.choice((0, dice.random() / 3)))
        self.nodes.restart(0)

    def no_pages(self, dice: random.Random) -> None:
        """The database must not grow: SQLite says that the disk is full."""
        self._take_the_pages(dice)
        self._until_it_hurts()
        self.knobs.pages(0)

    def no_pages_for_the_next(self, dice: random.Random) -> None:
        """The same, and the process dies of it: the next one serves what can be read."""
        self._take_the_pages(dice)
        self._until_it_hurts()
        self.kill(dice)
        self._until_it_hurts()
        self.knobs.pages(0)

    def _take_the_pages(self, dice: random.Random) -> None:
        size = Path(self.nodes.database.removeprefix("sqlite:")).stat().st_size
        self.knobs.pages(size // 4096 + dice.randint(0, _SOME_PAGES))

    def no_bytes(self, dice: random.Random) -> None:
        """No file of the process may grow: writing fails in the middle of the log."""
        process = self.nodes.serving[0].process
        assert process is not None
        index = Path(self.nodes.database.removeprefix("sqlite:") + "-shm")
        limit = end_of_log(index) + dice.randint(0, _SOME_BYTES)
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, hard))
        self._until_it_hurts()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def _until_it_hurts(self) -> None:
        """Return once some writes were answered by a 5xx; reads go on."""
        assert self.run is not None
        acts = self.run.journal.acts
        begin = len(acts)
        self._wait(lambda: sum(act.told.startswith("5") for act in acts[begin:]) >= _FAILURES)
        read = self.nodes.client("identitystore").list_users(
            IdentityStoreId=self.nodes.facts["identity_store_id"], MaxResults=1
        )
        assert len(read["Users"]) == 1

    def _wait(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not what():
            assert time.monotonic() < deadline, "the disk is full and nobody was told"
            time.sleep(0.01)


def end_of_log(index: Path) -> int:
    """Where the next frame of the log goes, by its index (SQLite, "WAL-mode File Format", §2.1).

    Not the log's size: what all was copied from into the database is written over, and a log that
    has the size at which that is done never grows again.
    """
    with index.open("rb") as opened:
        header = opened.read(100)
    last, copied = (int.from_bytes(header[at : at + 4], sys.byteorder) for at in (16, 96))
    return 32 + (last if copied < last else 0) * (4096 + 24)
