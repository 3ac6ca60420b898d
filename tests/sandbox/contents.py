"""What a data directory holds: its files, and the rows of its databases."""

import stat
from collections.abc import Mapping
from pathlib import Path

from tests.perform.dump import Dump, dump

LOCK = "lock.sqlite"
LEFT_BY_READING = ("-shm", "-wal")
NEVER_THE_SAME = "jobs"


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
    """Every row but jobs; of sandbox facts the names, since sealing again gives other bytes."""
    found = dict(dump(database))
    found.pop(NEVER_THE_SAME)
    found["sandbox_facts"] = frozenset((name,) for name, _ in found["sandbox_facts"])
    return found


def counts_of(database: Path) -> Mapping[str, int]:
    """How many rows each table has."""
    return {table: len(rows) for table, rows in rows_of(database).items()}
