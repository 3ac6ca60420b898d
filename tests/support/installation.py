"""A real `genkan serve` on PostgreSQL with the sample organization, and its seed to go back to.

The installation is made once for the session by `genkan init`, as a template database that also
holds the seed: a copy of every table in a schema of its own. Each server has a copy of that.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

import genkan.sandbox
from genkan.db.place import Place, PostgresPlace
from tests.support.engines import POSTGRES, new_postgres_database, server_dsn
from tests.support.postgresql import postgres_url
from tests.support.server import Server, free_port

TEMPLATE = "genkan_installed"
_SAMPLE = Path(genkan.sandbox.__file__).parent / "sample.yaml"
_ELSEWHERE = "http://localhost:1"
_INIT_SECONDS = 120
_TABLES = (
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = 'seed' ORDER BY table_name"
)
#: What is in a reset's way is rolled back and run again, and so is the reset.
_CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


def settings_file(
    folder: Path, *, port: int, dsn: str, key: bytes, base_url: str | None = None
) -> Path:
    """Write settings, and the key that they name."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "key"
    key_file.write_bytes(key)
    key_file.chmod(0o600)
    values = {
        "base_url": base_url or f"http://localhost:{port}",
        "listen": f"127.0.0.1:{port}",
        "database": postgres_url(dsn),
        "key_file": str(key_file),
        "log_format": "text",
        "log_level": "warning",
    }
    path = folder / "genkan.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return path


# --- the template ---------------------------------------------------------------------------------


@cache
def installed() -> tuple[bytes, dict[str, Any]]:
    """The key of the session's installation and its facts. Whoever needs it first makes it."""
    with psycopg.connect(f"{server_dsn()} dbname=postgres", autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(2)")
        admin.execute("CREATE TABLE IF NOT EXISTS installed (key bytea, facts text)")
        row = admin.execute("SELECT key, facts FROM installed").fetchone()
        if row is None:
            row = _install(admin)
            admin.execute("INSERT INTO installed VALUES (%s, %s)", row)
        key, facts = row
    return bytes(key), json.loads(facts)


def _install(admin: psycopg.Connection[Any]) -> tuple[bytes, str]:
    partial = f"{TEMPLATE}_partial"
    admin.execute(f"DROP DATABASE IF EXISTS {partial}")
    admin.execute(f"CREATE DATABASE {partial} TEMPLATE template0")
    dsn = f"{server_dsn()} dbname={partial}"
    key = base64.b64encode(os.urandom(32))
    with tempfile.TemporaryDirectory() as folder:
        facts = _init(Path(folder), dsn, key)
    with contextlib.closing(psycopg.connect(dsn)) as raw, raw:
        raw.execute(
            """
            -- What `init` recorded waits to be sealed; in a test nothing is to come by itself.
            DELETE FROM public.jobs;
            CREATE SCHEMA seed;
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT table_name FROM information_schema.tables
                    WHERE table_schema = 'public'
                LOOP
                    EXECUTE format('CREATE TABLE seed.%I AS TABLE public.%I', name, name);
                END LOOP;
            END $$;
            """
        )
    admin.execute(f"ALTER DATABASE {partial} RENAME TO {TEMPLATE}")
    return key, facts


def _init(folder: Path, dsn: str, key: bytes) -> str:
    settings = settings_file(folder, port=free_port(), dsn=dsn, key=key, base_url=_ELSEWHERE)
    output = folder / "facts.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "genkan.cli", "init", "--settings", str(settings)),
            *("--seed", str(_SAMPLE), "--output", str(output)),
        ],
        capture_output=True,
        text=True,
        timeout=_INIT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"genkan init failed:\n{done.stderr[-4000:]}")
    return output.read_text()


class Installed:
    """A database of its own with the session's installation, which can be put back to its seed."""

    def __init__(self) -> None:
        self.key, self._facts = installed()
        self.dsn = new_postgres_database(template=TEMPLATE)
        self._raw = psycopg.connect(self.dsn, autocommit=True)
        names = [name for (name,) in self._raw.execute(_TABLES).fetchall()]
        # Without references being checked: any order will do. `jobs` first, so that a job that
        # runs meanwhile is stopped by its fence, or its transaction by this one.
        names.sort(key=lambda name: name != "jobs")
        self._reset = (
            "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL session_replication_role = replica;"
            + "".join(f'DELETE FROM public."{name}";' for name in names)
            + "".join(
                f'INSERT INTO public."{name}" SELECT * FROM seed."{name}";'
                for name in names
                if name != "jobs"
            )
            + "COMMIT"
        ).encode()

    def facts(self, url: str) -> dict[str, Any]:
        """What `genkan init` told, of an installation at this address."""
        told: dict[str, Any] = json.loads(json.dumps(self._facts).replace(_ELSEWHERE, url))
        return told

    def reset(self) -> None:
        """Replace everything by the seed, under any server that runs on it."""
        while True:
            try:
                self._raw.execute(self._reset)
            except _CONFLICTS:
                self._raw.execute("ROLLBACK")
            else:
                return

    def files(self) -> list[Path]:
        """The files of this database with everything written to them, and the server's log."""
        self._raw.execute("CHECKPOINT")
        row = self._raw.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
        assert row is not None
        data = Path(row[0])
        return [*sorted((data / "base" / str(row[1])).iterdir()), data.parent / "log"]


class PostgresServer(Server):
    """`genkan serve` on a database of its own. `data_dir` holds its settings and its key."""

    engine = POSTGRES

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        command: tuple[str, ...] = ("-m", "genkan.cli"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data_dir, port=port, command=command, environment=environment)
        self._installed = Installed()
        self.settings = settings_file(
            data_dir, port=self.port, dsn=self._installed.dsn, key=self._installed.key
        )
        self._command = [sys.executable, *command, "serve", "--settings", str(self.settings)]

    @property
    def place(self) -> Place:
        """Where its data is."""
        return PostgresPlace(postgres_url(self._installed.dsn))

    def files(self) -> list[Path]:
        """Settings and key, the database's own files, and what PostgreSQL has logged."""
        return [*super().files(), *self._installed.files()]

    @property
    def cookie_suffix(self) -> str:
        """Nothing: an installation has a host of its own."""
        return ""

    def read_facts(self) -> dict[str, Any]:
        """What `genkan init` told."""
        return self._installed.facts(self.url)

    def reset(self) -> None:
        """Put the organization back to its seed."""
        self._installed.reset()
