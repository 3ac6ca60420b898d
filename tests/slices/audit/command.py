"""`genkan audit` on a store of either engine: in this process, or in one that may kill itself."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from genkan.commands.audit import audit
from genkan.keys.kek import write_key_file
from tests.backup.command import settings_for, url_of
from tests.support.engines import PostgresData
from tests.support.store import KEK, Store

_DYING = "tests.slices.audit.dying"
_OURS = ("GENKAN_KEY", "GENKAN_KEY_FILE", "GENKAN_SETTINGS")


@dataclass(frozen=True, slots=True)
class Command:
    """Commands on one store."""

    where: tuple[str, ...]

    def begin(self, *words: str | Path, die_at: int = 0) -> subprocess.Popen[str]:
        """Start `genkan audit …` in a process of its own; see `dying` for `die_at`."""
        name, *rest = map(str, words)
        environment = {key: value for key, value in os.environ.items() if key not in _OURS}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                _DYING,
                str(die_at),
                name,
                *self.where,
                *rest,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        """Its exit status, and what it said on both streams."""
        name, *rest = map(str, words)
        runner = CliRunner(env=dict.fromkeys(_OURS))
        done = runner.invoke(audit, [name, *self.where, *rest], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    def said(self, *words: str | Path) -> str:
        """What a command that must end well said."""
        status, said, complained = self.run(*words)
        assert status == 0, said + complained
        return said


def command_on(store: Store, folder: Path) -> Command:
    """Commands on a store; `folder` is where a file of SQLite is."""
    if isinstance(store.data, PostgresData):
        settings = settings_for(url_of(store.data.dsn), folder / "genkan.toml", KEK.key)
        return Command(("--settings", str(settings)))
    write_key_file(folder / "key", KEK.key)
    return Command(("--data-dir", str(folder)))
