"""A real PostgreSQL server for tests: a throw-away cluster, never the machine's own.

`Cluster` is one server that a test may restart or kill. `shared_server()` is one for a whole test
session, however many processes it has: whoever comes first starts a keeper process; the keeper
stops the server when nobody holds the lock `users` any more, however the holders ended.
The superuser `genkan` needs no password on the socket and has a random one on the loopback.
"""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from scripts.install_postgresql import programs
from tests.support.server import END_SECONDS, START_SECONDS, free_port

USER = "genkan"
_QUIET = {
    # Nothing a test looks at, and it would share the test's processors.
    "autovacuum_naptime": "10min",
    "jit": "off",
    "log_min_messages": "warning",
    "logging_collector": "off",
    # A node has up to eighteen, and each process of the session several nodes.
    "max_connections": "500",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
}
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}


def _bin(name: str) -> str:
    folder = programs()
    if folder is None:
        raise RuntimeError("no PostgreSQL server here; run: python -m scripts.install_postgresql")
    return str(folder / name)


def _unprivileged() -> dict[str, Any]:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError("root needs a user `postgres` or `nobody` to run PostgreSQL as")


def public_folder() -> Path:
    """A folder for temporary files that an unprivileged user can reach, too."""
    for candidate in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(candidate).resolve()
        if path.is_dir() and all(part.stat().st_mode & 1 for part in (path, *path.parents)):
            return path
    raise RuntimeError("no temporary folder that everybody may enter")


class Cluster:
    """One server in `directory`, which must not exist. `fsync`: survive a crash of the machine."""

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        self.directory = directory
        self._who = _unprivileged()
        self._port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._settings = {**_QUIET, **({} if fsync else _FAST)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.directory / "log").read_text(errors="replace")

    def dsn(self, database: str = "postgres") -> str:
        """A connection string over the socket."""
        return f"host={self.directory} port={self._port} user={USER} dbname={database}"

    def url(self, database: str = "postgres", **parameters: str) -> str:
        """A connection URI over the loopback, with its password."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        where = f"127.0.0.1:{self._port}/{quote(database)}"
        return f"postgresql://{USER}:{self._password}@{where}{query}"

    def make(self) -> "Cluster":
        """Make the cluster's files."""
        self.directory.mkdir(mode=0o700)
        if self._who:
            os.chown(self.directory, self._who["user"], self._who["group"])
        password_file = self.directory / "password"
        password_file.write_text(self._password)
        password_file.chmod(0o644)
        self._run(
            _bin("initdb"),
            *("-D", str(self.data), "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync"),
            *("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password_file}"),
        )
        password_file.unlink()
        return self

    def start(self) -> "Cluster":
        """Start and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _bin("postgres"),
                    *("-D", str(self.data), "-k", str(self.directory), "-p", str(self._port)),
                    *("-clisten_addresses=127.0.0.1", *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
                **self._who,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log[-4000:]}")
            time.sleep(0.01)
        return self

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def stop(self, *, crash: bool = False) -> None:
        """End the server and every connection: in order, or as it would go down in a crash."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
            self._process.wait(timeout=END_SECONDS)

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start; every connection is lost."""
        self.stop(crash=crash)
        self.start()

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self.directory, capture_output=True, text=True, check=False, **self._who
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr}")


def postgres_url(dsn: str) -> str:
    """A connection string (`host=… dbname=…`) as settings name it."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    return f"postgresql:///{quote(parts.pop('dbname'))}?{urlencode(parts)}"


@contextmanager
def own_server(*, fsync: bool = False) -> Iterator[Cluster]:
    """A server for one test or module, that it may treat as it likes."""
    cluster = Cluster(public_folder() / f"genkan-pg-{secrets.token_hex(4)}", fsync=fsync)
    try:
        yield cluster.make().start()
    finally:
        cluster.remove()


# --- one server for a session of several processes ------------------------------------------------


@contextmanager
def shared_server(session: str) -> Iterator[str]:
    """The connection string of the session's server, without a database; held until the exit.

    `session` is the same in all processes that share the server.
    """
    room = public_folder() / f"genkan-tests-{os.geteuid()}-{session[:12]}"
    while True:
        room.mkdir(exist_ok=True)
        with (room / "users").open("a") as users, locked(room / "door") as door:
            if not _is_same(door, room / "door"):
                continue  # The last user has just left, and the room is gone.
            fcntl.flock(users, fcntl.LOCK_SH)
            facts = _facts(room) or _start_keeper(room)
            fcntl.flock(door, fcntl.LOCK_UN)
            yield facts["dsn"]
            return


@contextmanager
def locked(path: Path) -> Iterator[IO[str]]:
    """Alone among the processes that lock this file."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _is_same(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _facts(room: Path) -> dict[str, str] | None:
    try:
        facts: dict[str, str] = json.loads((room / "facts").read_text())
    except FileNotFoundError:
        return None
    return facts


def _start_keeper(room: Path) -> dict[str, str]:
    with (room / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.postgresql", str(room)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while (facts := _facts(room)) is None:
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no PostgreSQL:\n{(room / 'keeper.log').read_text()}")
        time.sleep(0.01)
    return facts


def keep(room: Path) -> None:
    """Run the server until nobody uses it, then remove everything."""
    room.chmod(0o711)
    facts = room / "facts"
    cluster = Cluster(room / f"server{os.getpid()}")
    try:
        cluster.make().start()
        partial = room / "facts.partial"
        partial.write_text(json.dumps({"dsn": cluster.dsn("").rpartition(" ")[0]}))
        partial.rename(facts)
        while not _if_all_left(room, facts.unlink):
            time.sleep(0.2)
    finally:
        cluster.remove()
        _if_all_left(room, lambda: shutil.rmtree(room))


def _if_all_left(room: Path, act: Callable[[], None]) -> bool:
    """Act if nobody uses the room, before anybody new may; whether that was so."""
    with (room / "users").open("a") as users, locked(room / "door"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        act()
        return True


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
