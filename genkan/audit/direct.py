"""The chain as commands use it, beside running nodes: short transactions of their own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from genkan.audit.batches import Sealer
from genkan.audit.pruning import prune_batch
from genkan.audit.sealing import FAR_FUTURE, draft_batch, seal
from genkan.audit.store import Rows
from genkan.core.clock import system_clock
from genkan.db.database import Connection, Row
from genkan.db.direct import DirectDatabase


class _Plain:
    """A connection as this slice reads and writes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, *parameters: Any) -> int:
        return self._connection.run(sql, parameters)

    def one(self, sql: str, *parameters: Any) -> Row | None:
        return self._connection.one(sql, parameters)

    def all(self, sql: str, *parameters: Any) -> list[Row]:
        return self._connection.all(sql, parameters)


def reader(database: DirectDatabase) -> Callable[[Callable[[Rows], Any]], Any]:
    """Runs a function in one snapshot of the database."""
    return lambda work: database.read(lambda connection: work(_Plain(connection)))


def seal_everything(
    database: DirectDatabase,
    sealer: Sealer,
    *,
    until: int = FAR_FUTURE,
    late: bool = False,
    now: Callable[[], int] = system_clock,
) -> tuple[int, int]:
    """Seal what is in no batch; how many batches and records. Options as `draft_batch` has them."""
    batches = records = 0
    read = reader(database)
    while True:
        draft = read(partial(draft_batch, until=until, late=late))
        if draft is None:
            return batches, records
        made = database.write(
            lambda connection, draft=draft: seal(_Plain(connection), sealer, draft, now())  # type: ignore[misc]
        )
        if made is not None:
            batches, records = batches + 1, records + made.records


def prune_everything(
    database: DirectDatabase,
    sealer: Sealer,
    *,
    before: int,
    now: Callable[[], int] = system_clock,
) -> tuple[int, int]:
    """Remove the batches older than `before`, epoch milliseconds; how many, and their records."""
    batches = records = 0
    while True:
        gone = database.write(
            lambda connection: prune_batch(_Plain(connection), sealer, before=before, now=now())
        )
        if gone is None:
            return batches, records
        batches, records = batches + 1, records + gone
