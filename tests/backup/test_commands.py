"""`genkan backup` and `genkan restore` as a person types them."""

import re
import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest

from genkan.core.vault import new_key
from genkan.keys.kek import write_key_file
from tests.backup.command import settings_for, url_of
from tests.backup.conftest import back_up
from tests.backup.rows import everything, fill_every_table
from tests.keys.command import genkan, refusal
from tests.support.engines import PostgresData, SqliteData, new_postgres_database
from tests.support.store import KEK, open_store


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data directory that has rows in every table, and its backup."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "from").mkdir()
    store = open_store(folder / "from")
    fill_every_table(store.data, count=2)
    back_up(store.data, folder / "file")
    store.close()
    write_key_file(folder / "from" / "key", KEK.key)
    return folder


@pytest.fixture
def directory(made: Path, tmp_path: Path) -> Path:
    """The directory, for one test."""
    return Path(shutil.copytree(made / "from", tmp_path / "from"))


@pytest.fixture
def file(made: Path, tmp_path: Path) -> Path:
    """The backup, for one test."""
    return Path(shutil.copyfile(made / "file", tmp_path / "file"))


def empty(directory: Path, key: bytes = KEK.key) -> Path:
    """A directory with nothing but the key."""
    directory.mkdir()
    write_key_file(directory / "key", key)
    return directory


def held(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def rows(directory: Path) -> object:
    with closing(SqliteData(directory / "genkan.sqlite")) as data:
        return everything(data)


def test_both_commands_say_what_they_did(directory: Path, tmp_path: Path) -> None:
    file, there = tmp_path / "file", empty(tmp_path / "there")
    said = genkan("backup", "--data-dir", directory, file)
    size = f"{file.stat().st_size:,}"
    assert re.fullmatch(
        rf"\d+ rows of \d+ tables are in {re.escape(str(file))} \({size} bytes\)\.\n"
        rf"Restoring it needs the key-encryption key {KEK.name}\.\n",
        said,
    )
    said = genkan("restore", "--data-dir", there, file)
    assert re.fullmatch(
        r"\d+ rows of \d+ tables are restored, as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.\n", said
    )
    assert rows(there) == rows(directory)


def test_a_backup_is_checked_without_a_place_to_restore_it(
    directory: Path, file: Path, tmp_path: Path
) -> None:
    before = rows(directory)
    said = genkan("restore", "--check", "--data-dir", directory, file)
    assert re.fullmatch(rf"{re.escape(str(file))} is whole: \d+ rows of \d+ tables, \S+Z\.\n", said)
    assert rows(directory) == before
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert "is damaged" in refusal("restore", "--check", "--data-dir", directory, file)
    there = empty(tmp_path / "there", new_key())
    file.write_bytes(bytes(data[:-1]) + bytes([data[-1] ^ 1]))
    assert "was made under" in refusal("restore", "--check", "--data-dir", there, file)
    assert list(held(there)) == ["key"]


def test_a_directory_that_does_not_exist_is_made(
    directory: Path, file: Path, tmp_path: Path
) -> None:
    there = tmp_path / "a" / "there"
    environment = {"GENKAN_KEY_FILE": str(directory / "key")}
    genkan("restore", "--data-dir", there, file, environment=environment)
    assert rows(there) == rows(directory)
    assert stat.S_IMODE(there.stat().st_mode) == 0o700


def test_a_missing_key_is_asked_for(directory: Path, file: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert refusal("restore", "--data-dir", there, file) == (
        f"the key-encryption key of the backup is needed: as {there}/key, or in GENKAN_KEY_FILE"
    )
    assert not there.exists()


def test_another_installations_key_is_refused(directory: Path, file: Path, tmp_path: Path) -> None:
    there = empty(tmp_path / "there", new_key())
    before = held(there)
    said = refusal("restore", "--data-dir", there, file)
    assert said.startswith(f"{file} was made under the key-encryption key {KEK.name}, and {there}")
    assert held(there) == before


def test_an_organization_is_not_overwritten(directory: Path, file: Path, tmp_path: Path) -> None:
    before = held(directory)
    assert "holds an organization already" in refusal("restore", "--data-dir", directory, file)
    assert held(directory) == before


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "empty", "directory", "missing"])
def test_a_bad_file_is_one_line_and_changes_nothing(
    directory: Path, file: Path, tmp_path: Path, damage: str
) -> None:
    there = empty(tmp_path / "there")
    data = bytearray(file.read_bytes())
    file.unlink()
    if damage == "directory":
        file.mkdir()
    elif damage != "missing":
        data[len(data) // 2] ^= 1 if damage == "flip" else 0
        made = {"cut": data[:-100], "flip": data, "text": b"users: []\n", "empty": b""}
        file.write_bytes(bytes(made[damage]))
    before = held(there)
    said = refusal("restore", "--data-dir", there, file)
    assert said.startswith(str(file))
    assert held(there) == before


def test_a_backup_is_replaced_by_force_only(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    genkan("backup", "--data-dir", directory, file)
    before = file.read_bytes()
    said = refusal("backup", "--data-dir", directory, file)
    assert said == f"{file} exists already: choose another name, or say --force"
    assert file.read_bytes() == before
    genkan("backup", "--force", "--data-dir", directory, file)
    assert file.read_bytes() != before


def test_where_there_is_nothing_there_is_no_backup(tmp_path: Path) -> None:
    said = refusal("backup", "--data-dir", empty(tmp_path / "empty"), tmp_path / "file")
    assert said == f"{tmp_path}/empty holds no organization"
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_folder_that_does_not_exist_is_told(directory: Path, tmp_path: Path) -> None:
    said = refusal("backup", "--data-dir", directory, tmp_path / "nowhere" / "file")
    assert "No such file or directory" in said
    assert "nowhere" in said


def test_an_installation_moves_to_postgresql_and_back(directory: Path, tmp_path: Path) -> None:
    dsn = new_postgres_database(migrated=False)
    settings = settings_for(url_of(dsn), tmp_path / "genkan.toml", KEK.key)
    genkan("backup", "--data-dir", directory, tmp_path / "one")
    genkan("restore", "--settings", settings, tmp_path / "one")
    with closing(PostgresData(dsn)) as data:
        assert everything(data) == rows(directory)
    said = refusal("restore", "--settings", settings, tmp_path / "one")
    assert said == "the database holds an organization already: restore into an empty place"
    genkan("backup", "--settings", settings, tmp_path / "two")
    there = tmp_path / "there" / "genkan.sqlite"
    settings = settings_for(f"sqlite:{there}", tmp_path / "second.toml", KEK.key)
    genkan("restore", "--settings", settings, tmp_path / "two")
    assert rows(there.parent) == rows(directory)
    assert {path.name for path in there.parent.iterdir()} >= {"genkan.sqlite"}
    assert not (there.parent / "seed.sqlite").exists()


def test_two_backups_at_once_do_not_get_in_each_others_way(directory: Path, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = open_store(directory)

    def force(number: int) -> None:
        data = store.data.another()
        back_up(data, tmp_path / "file", replace=True)
        data.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(force, range(12)))
    store.close()
    assert {path.name for path in tmp_path.iterdir()} == {"from", "file"}
    genkan("restore", "--data-dir", empty(tmp_path / "there"), tmp_path / "file")
    assert rows(tmp_path / "there") == rows(directory)
