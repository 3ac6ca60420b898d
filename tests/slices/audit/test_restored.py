"""The chain after `genkan restore`: as good as it was, and it goes on, on either engine."""

from pathlib import Path

import pytest

from genkan.audit.batches import Sealer
from genkan.audit.direct import reader, seal_everything
from genkan.audit.verification import Head, verify
from genkan.db.place import Place, PostgresPlace, SqlitePlace
from genkan.keys.ring import open_vault
from tests.backup.conftest import back_up, restore
from tests.slices.audit.chain import happen, kept_head, sealed, three_batches
from tests.support.engines import ENGINES, SQLITE, new_postgres_database
from tests.support.store import KEK, Store


@pytest.mark.parametrize("to", ENGINES)
def test_a_restored_chain_is_good_and_goes_on(store: Store, tmp_path: Path, to: str) -> None:
    three_batches(store)
    happen(store, 2)
    head = kept_head(store)
    back_up(store.data, tmp_path / "file")
    place: Place = (
        SqlitePlace(tmp_path / "place" / "genkan.sqlite")
        if to == SQLITE
        else PostgresPlace(new_postgres_database(migrated=False))
    )
    restore(tmp_path / "file", place)
    database = place.direct()
    sealer = Sealer(database.read(lambda rows: open_vault(rows, KEK)))
    report = verify(reader(database), sealer, head)
    assert report.problems == []
    assert (report.batches, report.records, report.unsealed) == (3, 12, 2)
    assert seal_everything(database, sealer) == (1, 2)
    assert verify(reader(database), sealer, head).problems == []
    database.close()


def test_a_backup_from_before_the_kept_head_is_known_by_it(store: Store, tmp_path: Path) -> None:
    three_batches(store)
    back_up(store.data, tmp_path / "file")
    happen(store, 1)
    with_later = _head_after_sealing(store)
    place = SqlitePlace(tmp_path / "place" / "genkan.sqlite")
    restore(tmp_path / "file", place)
    database = place.direct()
    sealer = Sealer(database.read(lambda rows: open_vault(rows, KEK)))
    assert verify(reader(database), sealer).problems == []
    assert verify(reader(database), sealer, with_later).problems == [
        "batch 4 of the kept head is missing: the chain ends with batch 3"
    ]
    database.close()


def _head_after_sealing(store: Store) -> Head:
    assert sealed(store) == (1, 1)
    return kept_head(store)
