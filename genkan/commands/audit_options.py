"""What the commands of `genkan audit` have in common: times, and a chain that is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from genkan.commands.installation import Installation

if TYPE_CHECKING:
    from genkan.audit.batches import Sealer
    from genkan.db.direct import DirectDatabase


class Time(click.ParamType[int]):
    """A time of ISO 8601; without an offset it is UTC. Epoch milliseconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: one looks like 2026-11-22T08:30:00Z", param, ctx)
        if given.tzinfo is None:
            given = given.replace(tzinfo=UTC)
        return int(given.timestamp() * 1000)


TIME = Time()


@contextmanager
def opened(installation: Installation) -> "Iterator[tuple[DirectDatabase, Sealer]]":
    """The database, and what signs its batches."""
    from genkan.audit.batches import Sealer
    from genkan.keys.ring import open_vault

    kek = installation.kek()
    with installation.database() as database:
        yield database, Sealer(database.read(lambda rows: open_vault(rows, kek)))
