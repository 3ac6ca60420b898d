"""Whatever is wrong with a file is said in one sentence, and nothing is changed by it."""

import hashlib
import itertools
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genkan.backup import envelope
from genkan.backup.contents import PURPOSE, Header, Step
from genkan.backup.reading import opened as opened_backup
from genkan.backup.refusal import BackupRefused
from genkan.backup.restoring import restore_backup
from genkan.core.vault import Cipher, Vault, new_key
from genkan.db.place import Place, PostgresPlace, SqlitePlace
from genkan.keys.kek import KeyEncryptionKey
from genkan.keys.ring import unwrapped
from tests.backup.conftest import back_up, contents, restore
from tests.backup.rows import everything, fill_every_table
from tests.support.engines import POSTGRES, SQLITE, SqliteData, new_postgres_database
from tests.support.store import KEK, NOW, open_store

OTHER = KeyEncryptionKey("GENKAN_KEY", bytes(range(100, 132)))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup with rows in every table."""
    folder = tmp_path_factory.mktemp("good")
    store = open_store(folder)
    fill_every_table(store.data, count=4)
    back_up(store.data, folder / "file")
    store.close()
    return folder / "file"


@pytest.fixture
def place(tmp_path: Path) -> SqlitePlace:
    """Where nothing is yet, not even a directory."""
    return SqlitePlace(tmp_path / "there" / "genkan.sqlite")


def refusal(path: Path, place: Place, kek: KeyEncryptionKey = KEK) -> str:
    """The sentence; nothing may be there afterwards."""
    with pytest.raises(BackupRefused) as refused:
        restore_backup(path, kek, place, now=NOW)
    if isinstance(place, SqlitePlace):
        assert not place.path.parent.exists()
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def changed(good: Path, tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "changed"
    path.write_bytes(data)
    assert data != good.read_bytes()
    return path


# --- files that are none --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (b"", "is empty"),
        (b"\n", "is no backup that genkan has written"),
        (b"accounts:\n  - name: a text file\n", "is no backup that genkan has written"),
        (b"SQLite format 3\0" + b"\0" * 500, "is no backup that genkan has written"),
        (b"\x1f\x8b\x08" + b"\0" * 500, "is no backup that genkan has written"),
        (b"genkan", "is damaged: it is cut off, or was changed"),
        (b"genkan backup\n", "is damaged: it is cut off, or was changed"),
        (b"genkan backup\n" + b"\xff" * 900, "is damaged: its header was changed"),
    ],
)
def test_another_kind_of_file_is_told_from_a_backup(
    tmp_path: Path, place: SqlitePlace, held: bytes, sentence: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(held)
    assert refusal(path, place) == f"{path} {sentence}"


def test_a_directory_is_refused(tmp_path: Path, place: SqlitePlace) -> None:
    assert refusal(tmp_path, place) == f"{tmp_path} cannot be read: Is a directory"


def test_a_missing_file_is_refused(tmp_path: Path, place: SqlitePlace) -> None:
    path = tmp_path / "nowhere"
    assert refusal(path, place) == f"{path} cannot be read: No such file or directory"


def test_what_is_no_regular_file_is_refused(place: SqlitePlace) -> None:
    assert refusal(Path("/dev/null"), place) == "/dev/null is no regular file"


# --- damaged files --------------------------------------------------------------------------------


def boundaries(good: Path) -> list[int]:
    """Where header and pieces begin, and the end."""
    data = good.read_bytes()
    _, length = struct.unpack_from(">HI", data, len(envelope.MAGIC))
    at = len(envelope.MAGIC) + 6 + length + 32
    found = [0, len(envelope.MAGIC), len(envelope.MAGIC) + 6, at - 32, at]
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        at += 5 + size
        found.append(at)
    assert found[-1] == len(data)
    assert len(found) > 40
    return found


def test_a_file_that_is_cut_off_anywhere_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    data = good.read_bytes()
    near = {at + by for at in boundaries(good) for by in (-1, 0, 1)}
    offsets = sorted((near | set(range(0, len(data), 997))) & set(range(len(data))))
    assert len(offsets) > 150
    for offset in offsets:
        sentence = refusal(changed(good, tmp_path, data[:offset]), place)
        assert "is cut off" in sentence or (offset == 0 and "is empty" in sentence), offset


def test_a_file_with_any_byte_changed_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    data = good.read_bytes()
    near = {at + by for at in boundaries(good) for by in range(7)}
    offsets = sorted((near | set(range(0, len(data), 499))) & set(range(len(data))))
    assert len(offsets) > 300
    for offset, bits in zip(offsets, itertools.cycle((0x01, 0x80, 0xFF)), strict=False):
        flipped = bytearray(data)
        flipped[offset] ^= bits
        sentence = refusal(changed(good, tmp_path, bytes(flipped)), place)
        # The very first bytes say what kind of file it is.
        assert "damaged" in sentence or (offset < 14 and "is no backup" in sentence), offset


def test_something_behind_the_end_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    data = good.read_bytes()
    for more in (b"\0", b"\n", data[boundaries(good)[-2] :], data):
        path = changed(good, tmp_path, data + more)
        assert refusal(path, place) == f"{path} is damaged: something follows its end"


def test_pieces_left_out_or_in_another_order_are_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    data, at = good.read_bytes(), boundaries(good)[4:]
    head, cut = data[: at[0]], [data[a:b] for a, b in itertools.pairwise(at)]
    for arranged in (
        cut[1:],
        cut[:3] + cut[4:],
        [cut[1], cut[0], *cut[2:]],
        [*cut[:-1], cut[-2], cut[-1]],
        [cut[-1]],
        [*cut[:-2], cut[-1]],
    ):
        assert "is damaged" in refusal(changed(good, tmp_path, head + b"".join(arranged)), place)


def test_pieces_of_another_backup_of_the_same_installation_are_refused(
    tmp_path: Path, place: SqlitePlace
) -> None:
    store = open_store(tmp_path)
    fill_every_table(store.data, count=2)
    back_up(store.data, tmp_path / "one")
    store.raw.execute("UPDATE instances SET created_at = 7")
    back_up(store.data, tmp_path / "two", now=NOW + 1)
    store.close()
    one, two = tmp_path / "one", tmp_path / "two"
    mixed = tmp_path / "mixed"
    mixed.write_bytes(
        one.read_bytes()[: boundaries(one)[4]] + two.read_bytes()[boundaries(two)[4] :]
    )
    assert "is damaged or was changed, in piece 1 " in refusal(mixed, place)


@pytest.mark.parametrize("engine", [SQLITE, POSTGRES])
def test_a_file_that_changes_between_verifying_and_filling_changes_nothing(
    good: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    new_place: Callable[[str], Place],
    engine: str,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(good.read_bytes())
    place = new_place(engine)
    from genkan.backup.reading import BackupFile

    verify = BackupFile.verify

    def verify_and_change(self: BackupFile) -> Any:
        counts = verify(self)
        with path.open("r+b") as file:
            file.seek(boundaries(good)[-2] + 9)
            file.write(b"changed")
        return counts

    monkeypatch.setattr(BackupFile, "verify", verify_and_change)
    with pytest.raises(BackupRefused, match="is damaged or was changed"):
        restore(path, place)
    monkeypatch.undo()
    if isinstance(place, SqlitePlace):
        assert {entry.name for entry in place.path.parent.iterdir()} <= {"lock.sqlite"}
    restore(good, place)


# --- foreign files --------------------------------------------------------------------------------


def test_a_backup_under_another_key_names_both(good: Path, place: SqlitePlace) -> None:
    assert refusal(good, place, OTHER) == (
        f"{good} was made under the key-encryption key {KEK.name}, and GENKAN_KEY is {OTHER.name}"
    )


def rewritten(
    good: Path,
    path: Path,
    *,
    header: Callable[[Header], Header] = lambda header: header,
    payloads: Callable[[list[bytes]], list[bytes]] = lambda payloads: payloads,
    number: int = envelope.FORMAT,
    cipher: Cipher | None = None,
) -> Path:
    """The same backup with changes by somebody who has the keys."""
    with opened_backup(good) as read:
        read.unlock(KEK)
        root = Vault(unwrapped(read.header.root.key(), KEK))
        found = [payload for payload, _ in _pieces(read)]
        changed = header(read.header)
    with path.open("wb") as file:
        raw = msgspec.json.encode(changed)
        prelude = envelope.MAGIC + struct.pack(">HI", number, len(raw)) + raw
        digest = hashlib.sha256(prelude).digest()
        file.write(prelude + digest)
        writer = envelope.PieceWriter(file, digest, cipher or root.cipher(PURPOSE))
        changed_payloads = payloads(found)
        for index, payload in enumerate(changed_payloads):
            writer.add(payload, last=index == len(changed_payloads) - 1)
    return path


def _pieces(read: Any) -> Iterator[tuple[bytes, bool]]:
    envelope.position_after_header(read._file, read._raw)
    yield from envelope.pieces(read._file, read._digest, read._cipher, read.path)


def test_rewriting_without_a_change_is_a_good_backup(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    """Otherwise the tests below would prove nothing."""
    assert restore(rewritten(good, tmp_path / "file"), place).counts["store"]["users"] == 4


def test_a_backup_sealed_without_the_root_secret_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    """Somebody who has a backup, but no key, cannot make another."""
    path = rewritten(good, tmp_path / "file", cipher=Vault(new_key()).cipher(PURPOSE))
    assert refusal(path, place) == f"{path} is damaged or was changed, in piece 1 of its contents"


def test_a_root_secret_that_was_wrapped_by_somebody_else_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    def forged(header: Header) -> Header:
        root = msgspec.structs.replace(header.root, wrapped=OTHER.cipher.seal(new_key(), "x"))
        return msgspec.structs.replace(header, root=root)

    path = rewritten(good, tmp_path / "file", header=forged)
    assert refusal(path, place) == f"{path} is damaged: its key cannot be opened"


def test_a_newer_format_is_left_to_the_release_that_wrote_it(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    path = rewritten(good, tmp_path / "file", number=envelope.FORMAT + 1)
    assert "has the format 2, which this release cannot read" in refusal(path, place)


def test_a_backup_of_a_newer_release_is_left_to_that_release(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    def newer(header: Header) -> Header:
        steps = (*header.steps, Step(9000, "passkeys", "0" * 64, NOW))
        return msgspec.structs.replace(header, release="9.1.0", steps=steps)

    path = rewritten(good, tmp_path / "file", header=newer)
    assert refusal(path, place) == (
        f"{path} is of a newer release, 9.1.0, whose step 9000 (passkeys) is not known here:"
        " restore it with that release"
    )


def test_a_backup_of_another_branch_is_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    def other(header: Header) -> Header:
        first = msgspec.structs.replace(header.steps[0], digest="0" * 64)
        return msgspec.structs.replace(header, steps=(first, *header.steps[1:]))

    path = rewritten(good, tmp_path / "file", header=other)
    assert "whose step 1 (jobs) is not the one that is known here" in refusal(path, place)


def refused_after_filling(path: Path, tmp_path: Path) -> set[str]:
    """What is said on each engine where the schema has to be made first; both stay empty."""
    said = set()
    dsn = new_postgres_database(migrated=False)
    for place in (SqlitePlace(tmp_path / "d" / "genkan.sqlite"), PostgresPlace(dsn)):
        with pytest.raises(BackupRefused) as refused:
            restore(path, place)
        said.add(str(refused.value))
    assert {entry.name for entry in (tmp_path / "d").iterdir()} == {"lock.sqlite"}
    with closing(contents(PostgresPlace(dsn))) as data:
        assert data.tables() == []
    return said


def test_a_table_that_nobody_knows_is_refused(good: Path, tmp_path: Path) -> None:
    def more(header: Header) -> Header:
        (part,) = header.parts
        odd = msgspec.structs.replace(part.tables[0], name="strangers")
        part = msgspec.structs.replace(part, tables=(*part.tables, odd))
        return msgspec.structs.replace(header, parts=(part,))

    def counted(payloads: list[bytes]) -> list[bytes]:
        counts = msgspec.msgpack.decode(payloads[-1])
        counts["store"]["strangers"] = 0
        return [*payloads[:-1], msgspec.msgpack.encode(counts)]

    path = rewritten(good, tmp_path / "file", header=more, payloads=counted)
    assert refused_after_filling(path, tmp_path) == {
        f"{path} has other tables than the release that it names: strangers"
    }


@pytest.mark.parametrize(
    "column", [("id", "bytes", True), ("id", "text", False), ("colour", "text", True)]
)
def test_a_column_that_is_declared_otherwise_is_refused(
    good: Path, tmp_path: Path, column: tuple[str, str, bool]
) -> None:
    def otherwise(header: Header) -> Header:
        (part,) = header.parts
        tables = tuple(
            msgspec.structs.replace(table, columns=(column, *table.columns[1:]))
            if table.name == "jobs"
            else table
            for table in part.tables
        )
        return msgspec.structs.replace(
            header, parts=(msgspec.structs.replace(part, tables=tables),)
        )

    def without_jobs(payloads: list[bytes]) -> list[bytes]:
        counts = msgspec.msgpack.decode(payloads[-1])
        counts["store"]["jobs"] = 0
        kept = [payload for payload in payloads[:-1] if b"\xa4jobs" not in payload[:16]]
        assert len(kept) == len(payloads) - 2
        return [*kept, msgspec.msgpack.encode(counts)]

    path = rewritten(good, tmp_path / "file", header=otherwise, payloads=without_jobs)
    assert refused_after_filling(path, tmp_path) == {
        f"{path} has other tables than the release that it names: jobs"
    }


@pytest.mark.parametrize(
    "rows",
    [
        ["store", "passwords", [["u", "hash", "state", "version"]]],
        ["store", "passwords", [["u", "hash", "state", "version", "1"]]],
        ["store", "passwords", [["u", "hash", "state", "version", 2**63]]],
        ["store", "passwords", [["u", "hash", "state", "version", True]]],
        ["store", "passwords", [["u", "hash", "state", None, 1]]],
        ["store", "passwords", [["u", b"hash", "state", "version", 1]]],
        ["store", "passwords", [["u", "hash", "state", "version", 1, 1]]],
        ["store", "passwords; DROP TABLE users", []],
        ["copy", "passwords", []],
        ["store", "sqlite_master", []],
        ["store", "schema_migrations", [[9000, "x", "x", 1]]],
        {"store": "passwords"},
        [],
    ],
)
def test_rows_that_were_not_declared_are_refused(
    good: Path, tmp_path: Path, place: SqlitePlace, rows: object
) -> None:
    def odd(payloads: list[bytes]) -> list[bytes]:
        return [*payloads[:-1], msgspec.msgpack.encode(rows), payloads[-1]]

    path = rewritten(good, tmp_path / "file", payloads=odd)
    assert refusal(path, place) == "the backup holds rows that it does not declare"


def test_rows_that_are_not_counted_are_refused(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    for index in (0, 5):

        def without(found: list[bytes], index: int = index) -> list[bytes]:
            return found[:index] + found[index + 1 :]

        path = rewritten(good, tmp_path / "file", payloads=without)
        assert refusal(path, place) == "the backup does not hold the rows that it says it has"
    path = rewritten(good, tmp_path / "file", payloads=lambda found: found[:-1])
    assert refusal(path, place) == "the backup does not hold the rows that it says it has"


def test_rows_that_break_a_rule_of_the_schema_are_undone(good: Path, tmp_path: Path) -> None:
    from genkan.db.failures import Unsuitable

    def orphaned(payloads: list[bytes]) -> list[bytes]:
        counts = msgspec.msgpack.decode(payloads[-1])
        counts["store"]["users"] = 0
        kept = [payload for payload in payloads[:-1] if b"\xa5users" not in payload[:16]]
        return [*kept, msgspec.msgpack.encode(counts)]

    path = rewritten(good, tmp_path / "file", payloads=orphaned)
    dsn = new_postgres_database(migrated=False)
    for place in (SqlitePlace(tmp_path / "d" / "genkan.sqlite"), PostgresPlace(dsn)):
        with pytest.raises(Unsuitable, match="its rows do not fit together"):
            restore(path, place)
    assert {entry.name for entry in (tmp_path / "d").iterdir()} == {"lock.sqlite"}
    with closing(contents(PostgresPlace(dsn))) as data:
        assert data.tables() == []


def test_a_refused_file_leaves_an_organization_as_it_is(
    good: Path, tmp_path: Path, place: SqlitePlace
) -> None:
    restore(good, place)
    before = {entry.name: entry.read_bytes() for entry in place.path.parent.iterdir()}
    flipped = bytearray(good.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    for path, kek in ((changed(good, tmp_path, bytes(flipped)), KEK), (good, OTHER)):
        with pytest.raises(Exception, match=r"damaged|holds an organization|was made under"):
            restore_backup(path, kek, place, now=NOW)
    assert {entry.name: entry.read_bytes() for entry in place.path.parent.iterdir()} == before
    with closing(SqliteData(place.path)) as data:
        assert len(everything(data)["users"]) == 4
