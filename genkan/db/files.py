"""Files on this machine: opened so that reading changes nothing, named so that the name lasts."""

import contextlib
import os
import sqlite3
from pathlib import Path


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing: neither the file, to the byte, nor its log.

    A log that lies there without its index (`-shm`) is given one, as by whoever reads it. A server
    may be running on the file; no transaction is begun by itself. sqlite3.Error when it cannot be
    opened.
    """
    real = Path(os.path.realpath(path))  # a log lies beside the file itself, not beside a link
    # Without a write-ahead log it is open nowhere, and opening it as usual would leave one behind.
    mode = "ro" if Path(f"{real}-wal").exists() else "ro&immutable=1"
    return sqlite3.connect(f"{real.as_uri()}?mode={mode}", uri=True, isolation_level=None)


def make_durable(directory: Path) -> None:
    """Have a name that was just given in it outlive the machine."""
    # Windows cannot open a directory, and does not need to.
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
