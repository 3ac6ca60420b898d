"""The commands themselves, in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from genkan.keys.kek import write_key_file

_OURS = ("GENKAN_KEY", "GENKAN_KEY_FILE", "GENKAN_SETTINGS", "GENKAN_DATA_DIR")


def _run(
    arguments: tuple[str | Path, ...], environment: Mapping[str, str] | None
) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    return subprocess.run(
        [sys.executable, "-m", "genkan.commands.backup", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**inherited, **(environment or {})},
    )


def genkan(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """What `genkan …` prints; it must end well."""
    done = _run(arguments, environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def refusal(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """The one line that `genkan …` ends with; it must fail."""
    done = _run(arguments, environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("Error: ").strip()


def settings_for(database: str, path: Path, key: bytes) -> Path:
    """A settings file of an installation; `database` as a settings file says it."""
    path.parent.mkdir(exist_ok=True)
    key_file = path.with_suffix(".key")
    path.write_text(
        f'base_url = "https://sso.example.com"\ndatabase = "{database}"\nkey_file = "{key_file}"\n'
    )
    path.chmod(0o600)
    write_key_file(key_file, key)
    return path


def url_of(dsn: str) -> str:
    """A connection string as a settings file says it."""
    parts = conninfo_to_dict(dsn)
    return (
        f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    )
