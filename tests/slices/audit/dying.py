"""`genkan audit` in a process that may kill itself.

`python -m tests.slices.audit.dying NUMBER verify …`: by SIGKILL before the NUMBERth statement that
changes something; 0 for never.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import genkan.commands.audit
from genkan.db.postgres_connection import PostgresConnection
from genkan.db.sqlite import SqliteConnection


def _die_before(number: int) -> None:
    left = itertools.count(number, -1)
    for owner in (SqliteConnection, PostgresConnection):
        real = owner.run
        setattr(owner, "run", _dying(real, left))  # noqa: B010


def _dying(real: Any, left: Iterator[int]) -> Any:
    def dying(*arguments: Any) -> Any:
        if next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    return dying


if __name__ == "__main__":
    _die_before(int(sys.argv[1]))
    genkan.commands.audit.audit.main(sys.argv[2:], prog_name="genkan audit")
