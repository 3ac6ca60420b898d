"""Putting the store back to its seed: same ids, same keys, one write.

The seed is a copy of the database made once, right after seeding, and attached to the writer's
connection. A reset replaces every row of every table by the copy's, in one transaction.
"""

import os
import sqlite3
from pathlib import Path

from genkan.core.call import Operation, System
from genkan.db.database import Tx
from genkan.sandbox import facts

SEED_FILE = "seed.sqlite"
_KEPT = ("schema_migrations", "schema_floors", "data_keys")
"""The copy has no keys: what is sealed in it is sealed anew whenever the store's keys change."""
_NOT_PUT_BACK = "jobs"
"""The copy may hold the lease of a job that was just about to be finished."""


def snapshot(raw: sqlite3.Connection, path: Path) -> None:
    """Copy the database to `path`, whole or not at all. Outside any transaction."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    raw.execute("VACUUM INTO ?", (str(partial),))
    _take_keys_out(partial)
    with partial.open("rb+") as file:
        os.fsync(file.fileno())  # SQLite leaves that to us for a copy
    partial.replace(path)


def _take_keys_out(path: Path) -> None:
    copy = sqlite3.connect(path, isolation_level=None)
    copy.execute("PRAGMA secure_delete = ON")
    copy.execute("DELETE FROM data_keys")
    copy.close()


def attach(raw: sqlite3.Connection, path: Path) -> None:
    """Make the copy readable to `reset`. Outside any transaction."""
    raw.execute("ATTACH DATABASE ? AS seed", (str(path),))


def reset(tx: Tx) -> int:
    """Replace everything by the seed; the number of tables replaced."""
    tx.run("PRAGMA defer_foreign_keys = ON")
    names = [
        row[0]
        for row in tx.all(
            "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' AND name NOT IN (?, ?, ?)",
            *_KEPT,
        )
    ]
    # All goes before anything comes: deleting a parent would cascade to rows just put back.
    for name in names:
        tx.run(f'DELETE FROM main."{name}"')  # noqa: S608 - names out of our own schema
    for name in names:
        if name == _NOT_PUT_BACK:
            continue
        tx.run(f'INSERT INTO main."{name}" SELECT * FROM seed."{name}"')  # noqa: S608
    facts.mark_ready(tx)
    return len(names)


RESET = Operation(name="ResetSandbox", run=reset, access=System(), recorded=False)
