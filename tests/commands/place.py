"""A place for an installation on either engine, and commands run on it in processes."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from genkan.db.direct import DirectDatabase
from genkan.db.place import place_of
from genkan.sandbox.sample import SAMPLE_FILE
from tests.support import engines
from tests.support.postgresql import postgres_url
from tests.support.server import free_port

COMMAND_SECONDS = 60


@dataclass(slots=True)
class Place:
    """A settings file, its key, and an empty database."""

    folder: Path
    database: str
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def settings(self) -> Path:
        return self.folder / "genkan.toml"

    def write_settings(self, **more: Any) -> None:
        values = {
            "base_url": self.url,
            "listen": f"127.0.0.1:{self.port}",
            "database": self.database,
            "key_file": str(self.folder / "key"),
            "log_format": "text",
            **more,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        self.settings.write_text("\n".join(lines))

    def run(self, *words: str, script: str = "") -> "subprocess.CompletedProcess[str]":
        """A command to its end. `script` runs before it in the same process."""
        return subprocess.run(
            self.command(*words, script=script),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            env=bare_environment(),
        )

    def begin(self, *words: str, script: str = "") -> "subprocess.Popen[str]":
        """A command that goes on; what it says is in `log`."""
        with self.log.open("a") as log:
            return subprocess.Popen(
                self.command(*words, script=script),
                stdout=log,
                stderr=log,
                text=True,
                env=bare_environment(),
            )

    def command(self, *words: str, script: str = "") -> list[str]:
        program = f"{script}\nfrom genkan.cli import main\nmain()"
        first, *rest = words
        return [sys.executable, "-c", program, first, "--settings", str(self.settings), *rest]

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def init(self) -> dict[str, Any]:
        """Make the sample organization."""
        output = self.folder / "made.json"
        done = self.run("init", "--seed", str(SAMPLE_FILE), "--output", str(output))
        assert done.returncode == 0, done.stderr
        made: dict[str, Any] = json.loads(output.read_text())
        return made

    def refusal(self, *words: str) -> str:
        """The one line that a command which must fail says."""
        done = self.run(*words)
        assert done.returncode == 1, done.stderr
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        return line.removeprefix("Error: ")

    def direct(self) -> "closing[DirectDatabase]":
        """The database itself."""
        return closing(place_of(self.database).direct())


def bare_environment() -> dict[str, str]:
    """The environment without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GENKAN_")}


def new_place(engine: str, folder: Path) -> Place:
    """An empty place; its settings are written."""
    (folder / "key").write_bytes(base64.b64encode(os.urandom(32)))
    if engine == engines.SQLITE:
        database = f"sqlite:{folder / 'store' / 'genkan.sqlite'}"
    else:
        database = postgres_url(engines.new_postgres_database(migrated=False))
    place = Place(folder, database, free_port())
    place.write_settings()
    return place


def wait_until_answers(port: int, process: "subprocess.Popen[str]", *, host: str) -> None:
    """Until a node answers on its port."""
    deadline = time.monotonic() + COMMAND_SECONDS
    request = urllib.request.Request(f"http://127.0.0.1:{port}/robots.txt")
    request.add_header("Host", host)
    while True:
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            assert process.poll() is None, "the node ended"
            assert time.monotonic() < deadline, "the node did not answer"
            time.sleep(0.02)
        else:
            return


def client(place: Place, made: dict[str, Any], service: str) -> Any:
    """A boto3 client with the administrator's key."""
    key = made["administrator"]
    return boto3.client(
        service,
        endpoint_url=place.url,
        region_name=made["region"],
        aws_access_key_id=key["access_key_id"],
        aws_secret_access_key=key["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )
