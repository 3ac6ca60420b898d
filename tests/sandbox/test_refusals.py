"""What cannot be started says why in one line, exits with an error, and changes nothing."""

import base64
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.lives import Cradle, Life
from tests.sandbox.contents import files_of
from tests.support.server import free_port


def refusal(life: Life) -> str:
    """The one line that a start which must fail writes; the directory is as it was."""
    existed = life.data_dir.exists()
    before = files_of(life.data_dir) if existed else {}
    assert life.begin().end() in (1, 2)
    lines = life.log().splitlines()
    assert life.data_dir.exists() == existed
    assert (files_of(life.data_dir) if existed else {}) == before
    # A usage error of the option parser has its usage before the line that says what is wrong.
    assert len(lines) == 1 or lines[0].startswith("Usage: genkan up ")
    assert "Traceback" not in life.log()
    return lines[-1]


def garbage(path: Path) -> None:
    path.write_bytes(b"Not a database, not a key. " * 500)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def missing(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def another_key(path: Path) -> None:
    path.write_bytes(base64.b64encode(bytes(range(32))))


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE photographs (name TEXT)")
        raw.execute("INSERT INTO photographs VALUES ('grandmother')")
    raw.close()


def foreign_with_a_ledger(path: Path) -> None:
    foreign(path)
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE schema_migrations (version TEXT PRIMARY KEY)")
    raw.close()


def unmarked(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM sandbox_facts")
    raw.close()


def of_a_newer_release(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 1)")
    raw.close()


def of_another_release(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE schema_migrations SET digest = 'x' WHERE number = 1")
    raw.close()


ANEW = "--fresh makes a new organization"


@pytest.mark.parametrize(
    ("file", "spoil", "says"),
    [
        ("genkan.sqlite", garbage, rf"cannot be read: file is not a database; {ANEW}"),
        ("genkan.sqlite", truncated, rf"cannot be read: .* malformed; {ANEW}"),
        ("genkan.sqlite", folder, rf"cannot be read: .*; {ANEW}"),
        ("genkan.sqlite", foreign, r"is another program's database"),
        ("genkan.sqlite", foreign_with_a_ledger, r"is another program's database"),
        ("genkan.sqlite", unmarked, r"holds an organization that is no sandbox's"),
        ("genkan.sqlite", of_a_newer_release, r"is newer than this release \(step 9999\)"),
        ("genkan.sqlite", of_another_release, r"step 1 is not the one .* was made with"),
        ("key", missing, rf"key is missing: without it the store cannot be read; {ANEW}"),
        ("key", garbage, rf"key is malformed: 32 bytes in base64 are expected, .*; {ANEW}"),
        ("key", another_key, rf"key is not the key of this database; {ANEW}"),
        ("key", folder, rf"key cannot be read: Is a directory; {ANEW}"),
        ("seed.sqlite", missing, rf"seed.sqlite is missing: without it there is no reset; {ANEW}"),
        ("seed.sqlite", garbage, rf"seed.sqlite cannot be used: file is not a database; {ANEW}"),
        ("lock.sqlite", garbage, r"cannot use .*: file is not a database"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_data_directory_that_is_not_as_it_was_left_is_refused(
    cradle: Cradle, directory: Path, file: str, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(directory / file)
    line = refusal(Life(cradle, directory))
    assert re.fullmatch(rf"Error: .*{re.escape(file)}.*|Error: .*{says}", line)
    assert re.search(rf"{says}$", line)


@pytest.mark.parametrize("spoil", [foreign, unmarked])
def test_fresh_does_not_take_what_is_no_sandboxs(
    cradle: Cradle, directory: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(directory / "genkan.sqlite")
    refusal(Life(cradle, directory, fresh=True))


def test_fresh_leaves_a_strangers_key_where_there_is_no_store(
    cradle: Cradle, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    line = refusal(Life(cradle, tmp_path / "data", fresh=True))
    assert "key is malformed" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--port", "0"), "Error: --port 0 is not a port number"),
        (("--port", "65536"), "Error: --port 65536 is not a port number"),
        (("--port", "-1"), "Error: --port -1 is not a port number"),
        (("--port", "http"), "Error: Invalid value for '--port': 'http' is not a valid integer."),
        (
            ("--bind", "0.0.0.0"),
            "Error: the sandbox has sample passwords, so it listens on loopback only;"
            " to listen on 0.0.0.0 say --listen-anywhere",
        ),
        (
            ("--bind", "::"),
            "Error: the sandbox has sample passwords, so it listens on loopback only;"
            " to listen on :: say --listen-anywhere",
        ),
        (("--frehs",), "Error: No such option '--frehs'. Did you mean '--fresh'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_an_option_that_makes_no_sense_is_refused(
    cradle: Cradle, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    assert refusal(Life(cradle, tmp_path / "data", options=options)) == says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GENKAN_BIND", "0.0.0.0", "to listen on 0.0.0.0 say --listen-anywhere"),
        ("GENKAN_BASE_URL", "genkan.example", "is not of the form"),
        ("GENKAN_BASE_URL", "ftp://genkan.example", "is not of the form"),
        ("GENKAN_BASE_URL", "https://genkan.example/path", "is not of the form"),
        ("GENKAN_LOG_LEVEL", "loud", "is none of debug, info, warning, error"),
        ("GENKAN_REGION", "no where", "is not the name of a Region"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    cradle: Cradle, tmp_path: Path, name: str, value: str, says: str
) -> None:
    line = refusal(Life(cradle, tmp_path / "data", environment={name: value}))
    assert line.startswith("Error: ")
    assert says in line


@pytest.fixture(params=["127.0.0.1", "::1"])
def taken(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """A port that another program has, on one of the two loopback addresses."""
    port = free_port()
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as other:
        other.bind((request.param, port))
        other.listen()
        yield request.param, port


def test_a_taken_port_is_refused_on_either_loopback(
    cradle: Cradle, tmp_path: Path, taken: tuple[str, int]
) -> None:
    # `localhost` is both: what has the other one would be sent what people type for us.
    address, port = taken
    line = refusal(Life(cradle, tmp_path / "data", port=port))
    assert line == (
        f"Error: cannot listen on {address}:{port}: Address already in use;"
        " choose another with --port"
    )


def test_a_data_directory_that_is_a_file_is_refused(cradle: Cradle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    line = refusal(Life(cradle, tmp_path / "file"))
    assert line == f"Error: Invalid value for '--data-dir': Directory '{tmp_path}/file' is a file."
    inside = Life(cradle, tmp_path / "file" / "data")
    inside.begin().end()
    assert (tmp_path / "file").read_text() == "mine"


def test_the_command_itself_writes_the_line_to_stderr_and_fails(directory: Path) -> None:
    (directory / "key").unlink()
    ended = subprocess.run(
        [sys.executable, "-m", "genkan.cli", "up", "--data-dir", directory],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"GENKAN_PORT": str(free_port())},
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert re.fullmatch(r"Error: .*key is missing: [^\n]*\n", ended.stderr)
