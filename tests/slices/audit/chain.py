"""A trail with records in it, sealed and looked at as commands do it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from genkan.audit.batches import Sealer
from genkan.audit.direct import reader, seal_everything
from genkan.audit.recorder import Home, Recorder
from genkan.audit.verification import Head, Report, head_of, verify
from genkan.core.call import Call, Operation, Origin, Public
from genkan.core.ids import request_id
from genkan.db.direct import DirectDatabase, DirectSqlite
from genkan.db.direct_postgres import DirectPostgres
from genkan.keys.ring import open_vault
from tests.support.engines import PostgresData, SqliteData
from tests.support.store import ADMINISTRATOR, KEK, MANAGEMENT, Store

HOME = Home(
    account_id=MANAGEMENT,
    identity_store_arn=f"arn:aws:identitystore::{MANAGEMENT}:identitystore/d-1234567890",
)
RECORDER = Recorder(home=lambda tx: HOME)


def a_call(name: str = "MakeThing") -> Call:
    return Call(
        operation=Operation(name=name, run=lambda tx, thing: None, access=Public(reason="test")),
        params={"thing": name},
        caller=ADMINISTRATOR,
        origin=Origin(request_id=request_id()),
        event_source="sso.amazonaws.com",
    )


def happen(store: Store, count: int, *, seconds: float = 1.0) -> None:
    """So many acts, one after the other."""
    for number in range(count):
        store.clock.advance(seconds=seconds)
        with store.write() as tx:
            RECORDER.record(tx, a_call(f"Act{number}"), None)


def many(store: Store, count: int) -> None:
    """So many acts in one transaction."""
    with store.write() as tx:
        for number in range(count):
            RECORDER.record(tx, replace(a_call(), event_name=f"Act{number}"), None)


def opened(store: Store) -> DirectDatabase:
    """The store as a command opens it."""
    if isinstance(store.data, PostgresData):
        return DirectPostgres(store.data.dsn)
    assert isinstance(store.data, SqliteData)
    return DirectSqlite(store.data.path)


@contextmanager
def chain(store: Store) -> Iterator[tuple[DirectDatabase, Sealer]]:
    """The store as a command has it, and what seals it."""
    database = opened(store)
    try:
        yield database, Sealer(database.read(lambda rows: open_vault(rows, KEK)))
    finally:
        database.close()


def sealed(store: Store, *, late: bool = False) -> tuple[int, int]:
    """Seal what is not; how many batches and records."""
    with chain(store) as (database, sealer):
        return seal_everything(database, sealer, late=late, now=lambda: store.clock.now)


def verified(store: Store, head: Head | None = None) -> Report:
    """What `genkan audit verify` finds."""
    with chain(store) as (database, sealer):
        return verify(reader(database), sealer, head)


def kept_head(store: Store) -> Head:
    """What `genkan audit head` prints."""
    with chain(store) as (database, sealer):
        head: Head | None = reader(database)(partial(head_of, sealer=sealer))
    assert head is not None
    return head


def three_batches(store: Store) -> None:
    """Four records in each."""
    for _ in range(3):
        happen(store, 4)
        assert sealed(store) == (1, 4)


def in_order(store: Store) -> list[str]:
    """The ids of sealed records, as the chain has them."""
    rows = store.rows(
        "SELECT event_id FROM audit_events WHERE batch > 0 ORDER BY batch, event_time, event_id"
    )
    return [event_id for (event_id,) in rows]


def exported(text: str) -> list[str]:
    """The ids of the lines of an export, which must be whole."""
    return [json.loads(line)["eventID"] for line in text.splitlines()]


def ids(store: Store, batch: int) -> list[str]:
    """The records of a batch, in its order."""
    rows = store.rows(
        "SELECT event_id FROM audit_events WHERE batch = ? ORDER BY event_time, event_id", batch
    )
    return [event_id for (event_id,) in rows]
