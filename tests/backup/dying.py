"""`genkan backup` and `genkan restore` in a process that kills itself at a given moment.

`python -m tests.backup.dying MOMENT NUMBER backup|restore …`: by SIGKILL, before MOMENT happens
for the NUMBERth time. `statement`: one is run in the place that is filled; `durable`: a file is
made durable; `rename`: a file takes its name; `commit`: PostgreSQL is told to commit.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from genkan.commands.backup import backup, restore
from genkan.db.postgres_connection import PostgresConnection
from genkan.db.sqlite import SqliteConnection

_MOMENTS: dict[str, list[tuple[Any, str]]] = {
    "statement": [(SqliteConnection, "run"), (PostgresConnection, "run")],
    "durable": [(os, "fsync")],
    "rename": [(Path, "replace")],
    "commit": [(PostgresConnection, "commit")],
}


def die_before(moment: str, number: int) -> None:
    """Arrange for it."""
    left = itertools.count(number, -1)
    for owner, name in _MOMENTS[moment]:
        setattr(owner, name, _dying(getattr(owner, name), left))


def _dying(real: Callable[..., Any], left: Iterator[int]) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        if next(left) <= 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    return dying


if __name__ == "__main__":
    die_before(sys.argv[1], int(sys.argv[2]))
    click.Group(commands=[backup, restore]).main(sys.argv[3:])
