"""What a data directory holds: its files, and the rows of its databases."""

import stat
from collections.abc import Mapping
from pathlib import Path

from genkan.sandbox.facts import READY
from tests.perform.dump import Dump, dump

LOCK = "lock.sqlite"
LEFT_BY_READING = ("-shm", "-wal")
JOBS = "jobs"
KEYS = "data_keys"


def files_of(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of every file, but those that looking at a database leaves."""
    return {
        str(path.relative_to(directory)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file()
        and not path.name.startswith(LOCK)
        and not (path.name.endswith(LEFT_BY_READING) and not _log_of(path))
    }


def _log_of(path: Path) -> bytes:
    return path.read_bytes() if path.name.endswith("-wal") else b""


def rows_of(database: Path) -> Dump:
    """Every row but jobs, keys, and the mark that is sealed anew whenever the seed is complete."""
    found = dict(dump(database))
    found.pop(JOBS)
    found.pop(KEYS)
    found["sandbox_facts"] = frozenset(row for row in found["sandbox_facts"] if row[0] != READY)
    return found


def counts_of(database: Path) -> Mapping[str, int]:
    """How many rows each table has."""
    return {table: len(rows) for table, rows in rows_of(database).items()}
