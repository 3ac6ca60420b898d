"""Files on this machine: opened so that reading changes nothing, named so that the name lasts."""

import contextlib
import os
import sqlite3
from pathlib import Path


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing: neither the file, to the byte, nor what lies beside it.

    A server may be running on it; no transaction is begun by itself. sqlite3.Error when it cannot
    be opened.
    """
    # Without a write-ahead log it is open nowhere, and opening it as usual would leave one behind.
    mode = "ro" if Path(f"{path}-wal").exists() else "ro&immutable=1"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
    )


def make_durable(directory: Path) -> None:
    """Have a name that was just given in it outlive the machine."""
    # Windows cannot open a directory, and does not need to.
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
