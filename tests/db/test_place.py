"""A place that holds another program's tables is refused, and stays as it is."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from genkan.db.direct import require_this_release
from genkan.db.failures import Unsuitable
from genkan.db.filling import filling_of
from genkan.db.place import Place, PostgresPlace, SqlitePlace, place_of
from tests.support.engines import SQLITE, new_postgres_database

NOW = 1_700_000_000_000
BOOKMARKS = ["CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('a')"]
# Other programs name their ledger as we do (Rails, for one).
RAILS = [*BOOKMARKS, "CREATE TABLE schema_migrations (version TEXT PRIMARY KEY)"]


class Elsewhere:
    """An empty place, written to by another program."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.place: Place
        self._folder = folder
        if engine == SQLITE:
            self.place = SqlitePlace(folder / "other.sqlite")
        else:
            self.place = PostgresPlace(new_postgres_database(migrated=False))

    def write(self, statements: list[str]) -> None:
        with closing(self._connected()) as raw:
            for statement in statements:
                raw.execute(statement)
            raw.commit()

    def contents(self) -> object:
        """All files, or all tables."""
        if isinstance(self.place, SqlitePlace):
            return {path.name: path.read_bytes() for path in self._folder.iterdir()}
        with closing(self._connected()) as raw:
            return raw.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' ORDER BY 1, 2"
            ).fetchall()

    def _connected(self) -> "sqlite3.Connection | psycopg.Connection[tuple[str, ...]]":
        if isinstance(self.place, SqlitePlace):
            return sqlite3.connect(self.place.path)
        return psycopg.connect(self.place.dsn)


@pytest.fixture
def elsewhere(engine: str, tmp_path: Path) -> Elsewhere:
    (tmp_path / "other").mkdir()
    return Elsewhere(engine, tmp_path / "other")


@pytest.mark.parametrize("tables", [BOOKMARKS, RAILS], ids=["no ledger", "another ledger"])
def test_another_programs_database_is_not_migrated_and_stays(
    elsewhere: Elsewhere, tables: list[str]
) -> None:
    elsewhere.write(tables)
    before = elsewhere.contents()
    with pytest.raises(Unsuitable, match=r"is another program's database$"):
        elsewhere.place.migrate(NOW)
    assert elsewhere.contents() == before


@pytest.mark.parametrize("tables", [BOOKMARKS, RAILS], ids=["no ledger", "another ledger"])
def test_another_programs_database_is_not_worked_on(
    elsewhere: Elsewhere, tables: list[str]
) -> None:
    elsewhere.write(tables)
    with (
        closing(elsewhere.place.direct()) as database,
        pytest.raises(Unsuitable, match="another program's"),
    ):
        database.read(require_this_release)


def test_an_empty_database_is_migrated_and_again(elsewhere: Elsewhere) -> None:
    elsewhere.write([])
    assert elsewhere.place.migrate(NOW)
    assert elsewhere.place.migrate(NOW) == []


def test_tables_that_came_to_ours_are_left_alone(elsewhere: Elsewhere) -> None:
    elsewhere.place.migrate(NOW)
    elsewhere.write(BOOKMARKS)
    assert elsewhere.place.migrate(NOW) == []
    if isinstance(elsewhere.place, PostgresPlace):
        elsewhere.place.forget()
        with closing(elsewhere.place.direct()) as database:
            rows = database.read(lambda rows: rows.all("SELECT url FROM bookmarks", ()))
        assert rows == [("a",)]


def test_a_link_to_another_programs_database_is_seen_through(tmp_path: Path) -> None:
    for name in ("made", "theirs", "ours"):
        (tmp_path / name).mkdir()
    with closing(sqlite3.connect(tmp_path / "made" / "other.sqlite")) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
        for path in (tmp_path / "made").iterdir():  # as a crash leaves it: all of it in the log
            shutil.copy(path, tmp_path / "theirs")
    link = tmp_path / "ours" / "genkan.sqlite"
    link.symlink_to(tmp_path / "theirs" / "other.sqlite")

    def left() -> dict[str, bytes]:
        """But for the log's index, which every reader writes into."""
        paths = (tmp_path / "theirs").iterdir()
        return {path.name: path.read_bytes() for path in paths if path.suffix != ".sqlite-shm"}

    before = left()
    assert set(before) == {"other.sqlite", "other.sqlite-wal"}
    for place in (SqlitePlace(link), place_of(f"sqlite:{link}")):
        with pytest.raises(Unsuitable, match=r"is another program's database$"):
            place.migrate(NOW)
        assert left() == before
    with pytest.raises(Unsuitable, match=r"is another program's database$"):
        filling_of(SqlitePlace(link)).require_free()


def test_a_link_is_the_place_that_it_leads_to(tmp_path: Path) -> None:
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    file, link = tmp_path / "there" / "genkan.sqlite", tmp_path / "here" / "genkan.sqlite"
    link.symlink_to(file)
    linked = place_of(f"sqlite:{link}")
    assert linked == place_of(f"sqlite:{file}")
    with (
        place_of(f"sqlite:{file}").hold(),
        pytest.raises(Unsuitable, match="another process serves"),
    ):
        linked.hold()


def test_tables_that_this_user_may_not_touch_are_seen() -> None:
    """`information_schema` hides them."""
    dsn = new_postgres_database(migrated=False)
    with closing(psycopg.connect(dsn, autocommit=True)) as raw:
        guest = f"guest_{raw.info.dbname}"
        raw.execute(f"CREATE ROLE {guest} LOGIN")
        raw.execute(f"GRANT CREATE ON SCHEMA public TO {guest}")
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(Unsuitable, match=r"is another program's database$"):
        PostgresPlace(make_conninfo(dsn, user=guest)).migrate(NOW)
