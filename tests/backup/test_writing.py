"""A backup is one snapshot, in one file, whole or not at all, with bounded memory."""

import os
import stat
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from genkan.backup import writing
from genkan.backup.envelope import PieceWriter
from genkan.backup.refusal import BackupRefused
from genkan.backup.writing import write_backup
from genkan.credentials import operations as credentials
from genkan.db.direct import DirectSqlite
from genkan.db.place import SqlitePlace
from genkan.keys import rotation
from genkan.keys.kek import KeyEncryptionKey, KeyRefused
from genkan.sandbox.reset import snapshot
from tests.backup.conftest import back_up, contents, opened, restore
from tests.backup.rows import everything, fill_every_table
from tests.support.engines import SqliteData
from tests.support.store import KEK, MANAGEMENT, NOW, Store, open_store

OTHER = KeyEncryptionKey("GENKAN_KEY", bytes(range(100, 132)))


def test_only_the_owner_may_read_the_file(store: Store, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        written = back_up(store.data, tmp_path / "file")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert (tmp_path / "file").stat().st_size == written.size


def test_nothing_is_replaced_unless_asked(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "file"
    back_up(store.data, path)
    before = path.read_bytes()
    with pytest.raises(BackupRefused) as refused:
        back_up(store.data, path)
    assert str(refused.value) == f"{path} exists already: choose another name, or say --force"
    assert path.read_bytes() == before
    back_up(store.data, path, replace=True)
    assert path.read_bytes() != before


def test_only_a_backup_is_replaced(tmp_path: Path) -> None:
    """A slip of the hand must not cost the database itself."""
    store = open_store(tmp_path)
    path = tmp_path / "genkan.sqlite"
    before = path.read_bytes()
    with pytest.raises(BackupRefused, match="is no backup, and only a backup is replaced"):
        back_up(store.data, path, replace=True)
    assert path.read_bytes() == before
    with pytest.raises(BackupRefused, match="is a directory"):
        back_up(store.data, tmp_path, replace=True)
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(store.data, tmp_path / "link")
    store.close()


def test_a_backup_that_fails_leaves_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "to").mkdir()
    path = tmp_path / "to" / "file"
    back_up(store.data, path)
    before = path.read_bytes()

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PieceWriter, "add", full)
    with pytest.raises(OSError, match="No space left"):
        back_up(store.data, path, replace=True)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    assert path.read_bytes() == before


def test_a_file_that_comes_meanwhile_is_not_replaced(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "to" / "file"
    path.parent.mkdir()
    add = PieceWriter.add

    def adds_and_comes(self: PieceWriter, payload: bytes, *, last: bool = False) -> None:
        add(self, payload, last=last)
        path.write_bytes(b"somebody else's")

    monkeypatch.setattr(PieceWriter, "add", adds_and_comes)
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(store.data, path)
    assert path.read_bytes() == b"somebody else's"
    assert len(list(path.parent.iterdir())) == 1


def test_another_key_makes_no_backup(store: Store, tmp_path: Path) -> None:
    with closing(opened(store.data)) as database, pytest.raises(KeyRefused, match="is not the key"):
        write_backup(database, tmp_path / "file", OTHER, now=NOW)
    assert not (tmp_path / "file").exists()


def test_what_is_written_meanwhile_is_not_in_the_backup(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_place: Callable[[str], Any]
) -> None:
    """A row that refers to another is never without it, whenever either came."""
    fill_every_table(store.data, count=3)
    expected = everything(store.data)
    beside = store.data.another()
    add = PieceWriter.add
    written = 0

    def adds_beside(self: PieceWriter, payload: bytes, *, last: bool = False) -> None:
        nonlocal written
        written += 1
        # The first table that is read and the last: one of them would show it.
        beside.begin()
        beside.connection.run("INSERT INTO user_code_guesses VALUES (?, 1, 1)", (f"x{written}",))
        beside.connection.run(
            "INSERT INTO access_tokens VALUES (?, ?, 'g', 1)", (b"x%d" % written, f"x{written}")
        )
        beside.commit()
        add(self, payload, last=last)

    monkeypatch.setattr(PieceWriter, "add", adds_beside)
    back_up(store.data, tmp_path / "file")
    beside.close()
    assert written > 40
    place = new_place(store.data.engine)
    restore(tmp_path / "file", place)
    with closing(contents(place)) as data:
        assert everything(data) == expected


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    text = "0123456789" * 100
    store.raw.execute("BEGIN")
    store.raw.executemany(
        "INSERT INTO audit_events (event_id, event_time, account_id, event_name, event_source,"
        " user_name, access_key_id, read_only, record) VALUES (?, 1, '', '', '', '', '', 0, ?)",
        ((f"{number:06}", f"{number}{text}") for number in range(40_000)),
    )
    store.raw.execute("COMMIT")
    tracemalloc.start()
    try:
        back_up(store.data, tmp_path / "file")
        _, at_writing = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        restore(tmp_path / "file", SqlitePlace(tmp_path / "there" / "genkan.sqlite"))
        _, at_restoring = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    store.close()
    # The rows are forty million bytes.
    assert at_writing < 8_000_000
    assert at_restoring < 8_000_000


# --- the copy that a sandbox is reset to ----------------------------------------------------------


@pytest.fixture
def sandbox(tmp_path: Path) -> Store:
    """A store with sealed values and a copy `seed.sqlite`, which has one value less."""
    store = open_store(tmp_path)
    with store.write() as tx:
        credentials.create_access_key(tx, account_id=MANAGEMENT, user_name="one")
    snapshot(store.raw, tmp_path / "seed.sqlite")
    with store.write() as tx:
        credentials.create_access_key(tx, account_id=MANAGEMENT, user_name="two")
    return store


def names(path: Path) -> list[str]:
    with closing(SqliteData(path)) as data:
        return [name for (name,) in data.rows("SELECT user_name FROM access_keys ORDER BY 1")]


def test_the_copy_travels_beside_the_store(sandbox: Store, tmp_path: Path) -> None:
    with closing(DirectSqlite(tmp_path / "seed.sqlite")) as copy:
        written = back_up(sandbox.data, tmp_path / "file", copy=copy)
    assert written.counts["copy"]["access_keys"] == 1
    assert written.counts["copy"]["data_keys"] == 0
    there = tmp_path / "there"
    restored = restore(
        tmp_path / "file",
        SqlitePlace(there / "genkan.sqlite"),
        copy=SqlitePlace(there / "seed.sqlite"),
    )
    assert restored.copy
    assert names(there / "genkan.sqlite") == ["one", "two"]
    assert names(there / "seed.sqlite") == ["one"]


def test_a_rotation_between_the_two_snapshots_is_seen(
    sandbox: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the copy would be sealed with a key that the restored store does not have."""
    pauses: list[float] = []
    monkeypatch.setattr("genkan.backup.writing.time.sleep", pauses.append)
    # It would wait for the very snapshot that is held here.
    monkeypatch.setattr(DirectSqlite, "scrub", lambda self: None)
    with closing(DirectSqlite(tmp_path / "seed.sqlite")) as copy:
        read = copy.read

        def rotated_first(work: Any) -> Any:
            if not pauses:
                with (
                    closing(opened(sandbox.data)) as store,
                    closing(DirectSqlite(tmp_path / "seed.sqlite")) as seed,
                ):
                    rotation.rotate(store, KEK, now=NOW, copies=[seed], pause=lambda taken: None)
            return read(work)

        monkeypatch.setattr(copy, "read", rotated_first)
        back_up(sandbox.data, tmp_path / "file", copy=copy)
    assert len(pauses) == 1
    there = tmp_path / "there"
    restore(
        tmp_path / "file",
        SqlitePlace(there / "genkan.sqlite"),
        copy=SqlitePlace(there / "seed.sqlite"),
    )
    moved = Store(SqliteData(there / "genkan.sqlite"), sandbox.clock)
    with closing(SqliteData(there / "seed.sqlite")) as seed:
        ((key_id, sealed),) = seed.rows("SELECT access_key_id, secret_sealed FROM access_keys")
    with moved.write() as tx:
        assert tx.vault.open(sealed, f"access_keys.secret:{key_id}")
    moved.close()


def test_a_rotation_that_never_ends_is_told(
    sandbox: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genkan.backup.writing.time.sleep", lambda seconds: None)
    monkeypatch.setattr(writing, "_keys", lambda store, kek: set())
    with (
        closing(DirectSqlite(tmp_path / "seed.sqlite")) as copy,
        pytest.raises(BackupRefused, match="keys are being rotated: try again"),
    ):
        back_up(sandbox.data, tmp_path / "file", copy=copy)
    assert not (tmp_path / "file").exists()


def test_a_sandbox_without_a_copy_is_reset_to_what_was_restored(tmp_path: Path) -> None:
    """It came by way of PostgreSQL, which has no place for one."""
    store = open_store(tmp_path)
    fill_every_table(store.data, count=2)
    back_up(store.data, tmp_path / "file")
    there = tmp_path / "there"
    restored = restore(
        tmp_path / "file",
        SqlitePlace(there / "genkan.sqlite"),
        copy=SqlitePlace(there / "seed.sqlite"),
    )
    assert restored.copy
    expected = everything(store.data)
    with closing(SqliteData(there / "seed.sqlite")) as seed:
        found = everything(seed)
    assert found == {**expected, "data_keys": []}
    store.close()


def test_an_installation_that_is_no_sandbox_gets_no_copy(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    back_up(store.data, tmp_path / "file")
    store.close()
    there = tmp_path / "there"
    restored = restore(
        tmp_path / "file",
        SqlitePlace(there / "genkan.sqlite"),
        copy=SqlitePlace(there / "seed.sqlite"),
    )
    assert not restored.copy
    assert not (there / "seed.sqlite").exists()


def test_a_restore_that_fails_after_the_copy_takes_it_away_again(
    sandbox: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(DirectSqlite(tmp_path / "seed.sqlite")) as copy:
        back_up(sandbox.data, tmp_path / "file", copy=copy)
    there = tmp_path / "there"
    seen: list[bool] = []

    def refuses(connection: Any, kek: Any) -> None:
        seen.append((there / "seed.sqlite").exists())
        raise KeyRefused("for the test")

    monkeypatch.setattr("genkan.backup.restoring.open_vault", refuses)
    with pytest.raises(BackupRefused, match="cannot be used: for the test"):
        restore(
            tmp_path / "file",
            SqlitePlace(there / "genkan.sqlite"),
            copy=SqlitePlace(there / "seed.sqlite"),
        )
    assert seen == [True]
    assert {path.name for path in there.iterdir()} == {"lock.sqlite"}
