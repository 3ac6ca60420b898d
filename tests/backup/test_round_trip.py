"""What was backed up on one engine is on the other, row for row, and back again."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.credentials import operations as credentials
from genkan.db import jobs
from genkan.db.place import Place, SqlitePlace
from tests.backup.conftest import back_up, contents, restore
from tests.backup.rows import everything, fill_every_table, shapes
from tests.support.engines import POSTGRES, SQLITE, SqliteData
from tests.support.store import MANAGEMENT, SettableClock, Store, open_store

NewPlace = Callable[[str], Place]


def test_every_table_has_rows_to_carry(full: Store) -> None:
    """An empty table would prove nothing."""
    found = everything(full.data)
    assert len(found) > 40
    assert [table for table, rows in found.items() if not rows] == []


@pytest.mark.parametrize(
    "engines", [(SQLITE,), (POSTGRES,), (POSTGRES, SQLITE), (SQLITE, POSTGRES)]
)
def test_every_table_is_equal_row_for_row_after_moving(
    full: Store, new_place: NewPlace, tmp_path: Path, engines: tuple[str, ...]
) -> None:
    expected = everything(full.data)
    data = full.data
    for number, engine in enumerate(engines):
        written = back_up(data, tmp_path / f"{number}.backup")
        place = new_place(engine)
        restored = restore(tmp_path / f"{number}.backup", place)
        assert restored.counts == written.counts
        assert restored.steps == ()
        data = contents(place)
        assert everything(data) == expected
    data.close()


def test_the_same_store_gives_the_same_rows_from_either_engine(
    full: Store, new_place: NewPlace, tmp_path: Path
) -> None:
    first = back_up(full.data, tmp_path / "first")
    place = new_place(POSTGRES if full.data.engine == SQLITE else SQLITE)
    restore(tmp_path / "first", place)
    with closing(contents(place)) as moved:
        assert back_up(moved, tmp_path / "second").counts == first.counts
    assert first.counts["store"].keys() == shapes().keys() - {"schema_migrations", "schema_floors"}


def test_sealed_values_open_where_they_were_restored(
    store: Store, new_place: NewPlace, tmp_path: Path
) -> None:
    with store.write() as tx:
        made = credentials.create_access_key(tx, account_id=MANAGEMENT, user_name="robot")
    back_up(store.data, tmp_path / "file")
    for engine in (SQLITE, POSTGRES):
        place = new_place(engine)
        restore(tmp_path / "file", place)
        moved = Store(contents(place), store.clock)
        with moved.write() as tx:
            found = credentials.find_access_key(tx, made.access_key_id)
        assert found is not None
        assert found.secret_access_key == made.secret_access_key
        moved.close()


def test_a_job_that_was_leased_is_claimed_again_where_it_was_restored(
    store: Store, new_place: NewPlace, tmp_path: Path
) -> None:
    with store.write() as tx:
        jobs.enqueue(tx, "Work", {"id": "x"})
        (held,) = jobs.claim(tx, 1)
    back_up(store.data, tmp_path / "file")
    for engine in (SQLITE, POSTGRES):
        place = new_place(engine)
        restore(tmp_path / "file", place)
        moved = Store(contents(place), SettableClock(store.clock.now + jobs.LEASE_MS + 1))
        with moved.write() as tx:
            (again,) = jobs.claim(tx, 1)
        assert again.id == held.id
        assert again.fence > held.fence
        moved.close()


VALUES = st.tuples(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=40),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(VALUES, min_size=1, max_size=30, unique_by=lambda row: row[0]))
def test_any_value_that_a_column_takes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("values")
    store = open_store(folder)
    with store.write() as tx:
        for text, number, data in rows:
            tx.run(
                "INSERT INTO access_keys VALUES (?, ?, ?, ?, ?, ?)",
                text,
                text,
                text,
                data,
                text,
                number,
            )
    back_up(store.data, folder / "file")
    restore(folder / "file", SqlitePlace(folder / "there" / "genkan.sqlite"))
    with closing(SqliteData(folder / "there" / "genkan.sqlite")) as there:
        assert everything(there) == everything(store.data)
    store.close()


def test_tables_longer_than_a_page_and_a_piece_come_whole(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fill_every_table(store.data, count=3)
    with store.write() as tx:
        for number in range(2_345):
            tx.run(
                "INSERT INTO audit_events (event_id, event_time, account_id, event_name,"
                " event_source, user_name, access_key_id, read_only, record)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                f"{number * 7919 % 2_345:05}",
                number,
                "",
                "",
                "",
                "",
                "",
                0,
                "x" * (number % 900),
            )
    written = back_up(store.data, tmp_path / "file")
    assert written.counts["store"]["audit_events"] == 2_348
    restore(tmp_path / "file", SqlitePlace(tmp_path / "there" / "genkan.sqlite"))
    with closing(SqliteData(tmp_path / "there" / "genkan.sqlite")) as there:
        assert everything(there) == everything(store.data)
    store.close()
