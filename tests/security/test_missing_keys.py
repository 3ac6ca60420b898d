"""Turn a missing key or setting into an open door.

Whatever is missing, damaged or nonsense: the server does not start, says why, listens nowhere, and
leaves the store as it was, so that putting things right is enough.
"""

import hashlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genkan.settings import SettingsRefused, sandbox_settings
from tests.security.attacker import person
from tests.support.server import Server, free_port


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that a server has left in order."""
    server = Server(tmp_path_factory.mktemp("keys") / "data").start()
    server.stop()
    return server.data_dir


@pytest.fixture
def data_dir(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    copied = tmp_path / "data"
    shutil.copytree(stopped, copied)
    return copied


def refused(data_dir: Path, *options: str, **environment: str) -> str:
    """What is said by a server that does not start."""
    port = free_port()
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "genkan.cli", "up", "--port", str(port)),
            *("--data-dir", str(data_dir), *options),
        ],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port)):
        pass
    return ended.stdout + ended.stderr


def store_of(data_dir: Path) -> str:
    """A digest of what the database holds."""
    return hashlib.sha256((data_dir / "genkan.sqlite").read_bytes()).hexdigest()


def starts(data_dir: Path) -> None:
    """The directory is as good as before: the same people sign in."""
    server = Server(data_dir).start()
    try:
        person(server, "ken")
    finally:
        server.stop()


def without(data_dir: Path) -> None:
    (data_dir / "key").unlink()


def empty(data_dir: Path) -> None:
    (data_dir / "key").write_bytes(b"")


def short(data_dir: Path) -> None:
    (data_dir / "key").write_bytes((data_dir / "key").read_bytes()[:16])


def another(data_dir: Path) -> None:
    (data_dir / "key").write_bytes(bytes(32))


@pytest.mark.parametrize("damage", [without, empty, short, another])
def test_without_its_key_the_server_does_not_start_and_changes_nothing(
    data_dir: Path, damage: Callable[[Path], None]
) -> None:
    key, before = (data_dir / "key").read_bytes(), store_of(data_dir)
    damage(data_dir)
    damaged = (data_dir / "key").read_bytes() if (data_dir / "key").exists() else None
    said = refused(data_dir)
    assert "Access portal" not in said
    assert damaged is not None or not (data_dir / "key").exists()
    assert store_of(data_dir) == before
    (data_dir / "key").write_bytes(key)
    if damage is another:  # The one that the server has tried to work with.
        starts(data_dir)


def test_a_damaged_store_is_not_replaced_by_a_new_one(data_dir: Path) -> None:
    (data_dir / "genkan.sqlite").write_bytes(b"not a database" * 100)
    said = refused(data_dir)
    assert "--fresh" in said
    assert (data_dir / "genkan.sqlite").read_bytes() == b"not a database" * 100


def test_a_second_server_on_the_same_directory_is_refused(data_dir: Path) -> None:
    server = Server(data_dir).start()
    try:
        assert "another process uses" in refused(data_dir)
        assert "another process uses" in refused(data_dir, "--fresh")
        person(server, "ken")
    finally:
        server.stop()


def test_new_keys_and_passwords_are_made_for_each_organization(
    tmp_path: Path, stopped: Path
) -> None:
    made = Server(tmp_path / "data").start()
    made.stop()
    old_facts = json.loads((stopped / "sandbox.json").read_text())
    assert (made.data_dir / "key").read_bytes() != (stopped / "key").read_bytes()
    assert stat.S_IMODE((made.data_dir / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(made.data_dir.stat().st_mode) == 0o700
    for name in ("administrator", "users", "reset_url", "instance_arn"):
        assert made.facts[name] != old_facts[name]
    passwords = [user["password"] for facts in (made.facts, old_facts) for user in facts["users"]]
    assert len(set(passwords)) == len(passwords)


@pytest.mark.parametrize(
    "bind", ["0.0.0.0", "::", "", "*", "192.0.2.1", "localhost.evil.example", "127.0.0.1.nip.io"]
)
def test_listening_to_others_must_be_asked_for(bind: str) -> None:
    """The sandbox prints its passwords: it does not listen to a network by mistake."""
    with pytest.raises(SettingsRefused, match="listen-anywhere"):
        sandbox_settings(environment={"GENKAN_BIND": bind})
    if bind:
        with pytest.raises(SettingsRefused, match="listen-anywhere"):
            sandbox_settings(bind=bind, environment={})


def test_without_settings_it_listens_on_loopback_only(stopped: Path) -> None:
    assert sandbox_settings(environment={}).bind == "127.0.0.1"
    server = Server(stopped).start()
    try:
        tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        rows = [line.split() for line in tables.splitlines()]
        local = [row[1].split(":") for row in rows if row[3] == "0A"]  # 0A: LISTEN
        listening = {address for address, port in local if int(port, 16) == server.port}
        assert listening <= {"0100007F", "00000000000000000000000001000000"}
        assert listening
    finally:
        server.stop()


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8420",
        "http:///",
        "http://",
        "https://",
        "HTTPS://sso.example.org",
        "//sso.example.org",
        "javascript:alert(1)",
        "ftp://sso.example.org",
        "https://user@sso.example.org",
        "https://sso.example.org/path",
        "https://sso.example.org?x",
        "https://sso.example.org#x",
        "https://sso.example.org:",
        "https://sso.example.org:port",
        "https://*",
        "https://sso.example.org,evil.example",
        "https://sso example.org",
        "https://ｓｓｏ.example.org",
    ],
)
def test_a_base_url_that_is_no_origin_is_refused(base_url: str) -> None:
    """Cookies' flags, the names that are answered and every link follow from it."""
    with pytest.raises(SettingsRefused, match="GENKAN_BASE_URL"):
        sandbox_settings(environment={"GENKAN_BASE_URL": base_url})


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://sso.example.org", "sso.example.org"),
        ("https://sso.example.org:8443/", "sso.example.org:8443"),
        ("http://[::1]:8420", "[::1]:8420"),
    ],
)
def test_a_base_url_adds_its_own_name_and_no_other(base_url: str, host: str) -> None:
    found = sandbox_settings(port=9, environment={"GENKAN_BASE_URL": base_url}).allowed_hosts
    assert found == {host, "localhost:9", "127.0.0.1:9", "[::1]:9"}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"GENKAN_LOG_LEVEL": "chatty"}, "GENKAN_LOG_LEVEL"),
        ({"GENKAN_BIND": "0.0.0.0"}, "--listen-anywhere"),
        ({"GENKAN_BASE_URL": "sso.example.org"}, "GENKAN_BASE_URL"),
    ],
)
def test_a_bad_setting_stops_the_start_in_one_line(
    data_dir: Path, environment: dict[str, str], said: str
) -> None:
    answer = refused(data_dir, **environment)
    assert said in answer
    assert "Traceback" not in answer


@pytest.mark.parametrize("port", ["0", "-1", "65536", "x", "1e4", "８４２０x"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SettingsRefused):
        sandbox_settings(environment={"GENKAN_PORT": port})
