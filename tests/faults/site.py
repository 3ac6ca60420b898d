"""Installations whose processes are forks of the cradle: made once, copied for each test."""

import mmap
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from tests.faults.dying_server import KNOBS
from tests.faults.lives import Born, Cradle, Step
from tests.support.nodes import Nodes, new_database
from tests.support.postgresql import Cluster, postgres_url

LEASE_MS = 2_000
"""Instead of half a minute, which nobody wants to wait for after every kill."""
_TEMPLATE = "installation"


class Knobs:
    """What of a living process can be turned: its clock, and the pages that its file may have."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(KNOBS.pack(0, 0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), KNOBS.size)
        self._wrong_by, self._pages = 0, 0

    def clock(self, wrong_by_ms: int) -> None:
        """The clock is so much ahead, or behind."""
        self._wrong_by = wrong_by_ms
        self._turn()

    def pages(self, limit: int) -> None:
        """The file gets no more pages than these; 0 takes the limit away."""
        self._pages = limit
        self._turn()

    def _turn(self) -> None:
        self._shared[:] = KNOBS.pack(self._wrong_by, self._pages)


def knobs_of(log: Path) -> Path:
    """The knobs of the processes that write this log, where there are any."""
    return log.with_suffix(".knobs")


class Midwife:
    """Begins processes from the cradle, all with the same order but for their arguments."""

    def __init__(self, cradle: Cradle, **order: Any) -> None:
        self._cradle = cradle
        self._order = order

    def __call__(self, arguments: Sequence[str], log: Path) -> Born:
        knobs = knobs_of(log)
        return self._cradle.bear(
            {
                "arguments": list(arguments),
                "environment": {},
                "log": str(log),
                "lease_ms": LEASE_MS,
                "knobs": str(knobs) if knobs.exists() else None,
                **self._order,
            }
        )

    def dying(self, step: Step, by: Signals = SIGKILL) -> "Midwife":
        """Processes that send themselves a signal at a step."""
        return Midwife(self._cradle, **{**self._order, "die_at": step, "by": by})

    def counting(self, steps: Path) -> "Midwife":
        """Processes that write down their steps: no lease is so short that one comes twice."""
        return Midwife(self._cradle, **{**self._order, "steps": str(steps), "lease_ms": None})


class Site:
    """The sample organization on both engines, ready to be copied."""

    def __init__(self, cradle: Cradle, cluster: Cluster, folder: Path) -> None:
        self.cradle = cradle
        self.cluster = cluster
        self._folder = folder
        with psycopg.connect(cluster.dsn(), autocommit=True) as raw:
            raw.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0".encode())
        database = postgres_url(make_conninfo(cluster.dsn(), dbname=_TEMPLATE))
        self._postgres = Nodes(folder / "postgres", database).make()
        file = folder / "sqlite" / "genkan.sqlite"
        self._sqlite = Nodes(file.parent, f"sqlite:{file}").make()

    @contextmanager
    def postgres(self, folder: Path, **options: Any) -> Iterator[Nodes]:
        """Nodes on a database of their own, not started; killed at the end."""
        with new_database(self.cluster.dsn(), _TEMPLATE) as database:
            begin = options.pop("begin", None) or Midwife(self.cradle)
            nodes = Nodes(folder, database, begin=begin, **options)
            try:
                yield nodes.take(self._postgres.folder / "handed.json", self._postgres.key_file)
            finally:
                nodes.stop(kill=True)

    @contextmanager
    def sqlite(self, folder: Path, **order: Any) -> Iterator[Nodes]:
        """One node on a file of its own, not started; killed at the end. `order`: of the node."""
        file = folder / "data" / "genkan.sqlite"
        file.parent.mkdir(parents=True)
        with sqlite3.connect(f"file:{self._sqlite.folder}/genkan.sqlite?mode=ro", uri=True) as raw:
            raw.execute("PRAGMA wal_checkpoint")
        shutil.copy(self._sqlite.folder / "genkan.sqlite", file)
        begin = Midwife(self.cradle, **order)
        nodes = Nodes(folder, f"sqlite:{file}", begin=begin)
        try:
            yield nodes.take(self._sqlite.folder / "handed.json", self._sqlite.key_file)
        finally:
            nodes.stop(kill=True)
