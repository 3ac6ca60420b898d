"""The real AWS CLI v2, as a person's shell would run it against a server under test.

Owns: a home folder of its own, the environment, running commands, catching the page that the CLI
opens in the person's browser. Leaves to others: installing it (`scripts/install_aws_cli.py`), and
being that browser (`tests/clients/browser.py`).
Invariant: no setting, credential or cache of the machine reaches the CLI, nor the other way round.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.install_aws_cli import Slot, executable
from tests.clients.terminal import Terminal

#: AWS CLI's names for the services Genkan speaks for: `AWS_ENDPOINT_URL_<NAME>` (reference §0.2).
SERVICES = (
    "SSO",
    "SSO_OIDC",
    "SSO_ADMIN",
    "IDENTITYSTORE",
    "STS",
    "IAM",
    "ORGANIZATIONS",
    "CLOUDTRAIL",
)

_BROWSER = """#!/bin/sh
printf '%s\\n' "$1" >> "$HOME/opened"
"""


def _opened_address(
    opened: Path, timeout: float, process: subprocess.Popen[bytes] | None = None
) -> str | None:
    """The last address given to the browser; `None` when time is up or `process` has ended."""
    deadline = time.monotonic() + timeout
    while True:
        # Before the look, not after: what a process does last must not be missed.
        over = time.monotonic() > deadline or (process is not None and process.poll() is not None)
        if opened.exists() and (text := opened.read_text()).endswith("\n"):
            return text.splitlines()[-1]
        if over:
            return None
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


class Login:
    """A command that has opened (or shown) a page and waits for the person."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, opened: Path) -> None:
        self._process = process
        self._folder = folder
        self._opened = opened

    def page(self, timeout: float = 60.0) -> str:
        """The address that the CLI opens in the person's browser, as soon as it does so."""
        address = _opened_address(self._opened, timeout, self._process)
        if address is None:
            raise AssertionError(f"AWS CLI opened no page: {self._output()}")
        return address

    def finish(self, timeout: float = 120.0) -> Finished:
        """Wait for the command's end."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"AWS CLI still waits: {self._output()}") from None
        return self._output()

    def _output(self) -> Finished:
        status = self._process.returncode
        return Finished(
            exit_code=-1 if status is None else status,
            stdout=(self._folder / "stdout").read_text(),
            stderr=(self._folder / "stderr").read_text(),
        )


class AwsCli:
    """One release of AWS CLI v2 (`new` has the start-URL rule, `old` has not) in one home folder.

    `endpoint` is the server under test, to which every service of `SERVICES` is pointed; `None`
    leaves that to the configuration. `environment` adds to what the CLI sees.
    """

    def __init__(
        self,
        slot: Slot,
        home: Path,
        endpoint: str | None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        command = executable(slot)
        if not command.exists():
            raise FileNotFoundError(f"{command} is missing: run `make test`, which installs it")
        self._command = str(command)
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        browser = home / "browser"
        browser.write_text(_BROWSER)
        browser.chmod(0o755)
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "BROWSER": str(browser),
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            **(environment or {}),
        }
        if endpoint is not None:
            self.environment |= {f"AWS_ENDPOINT_URL_{name}": endpoint for name in SERVICES}

    @property
    def config(self) -> Path:
        """`~/.aws/config` of this home."""
        return self.home / ".aws" / "config"

    def configure(self, text: str) -> None:
        """Replace `~/.aws/config`."""
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text)

    def cached(self) -> list[Path]:
        """The files of `~/.aws/sso/cache`: tokens and client registrations."""
        return sorted((self.home / ".aws" / "sso" / "cache").glob("*.json"))

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        timeout: float = 120.0,
    ) -> Finished:
        """Run a command that asks nothing, to its end."""
        done = subprocess.run(
            [self._command, *arguments],
            env={**self.environment, **(environment or {})},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def login(self, *arguments: str) -> Iterator[Login]:
        """Start a command that opens a page, such as `sso login`; it is killed if it never ends."""
        opened = self._forget_opened()
        with (self.home / "stdout").open("wb") as out, (self.home / "stderr").open("wb") as err:
            process = subprocess.Popen(
                [self._command, *arguments],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        try:
            yield Login(process, self.home, opened)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def terminal(self, *arguments: str) -> Terminal:
        """Start a command that asks, such as `configure sso`, on a terminal of its own."""
        self._forget_opened()
        return Terminal(
            [self._command, *arguments], environment=self.environment, directory=self.home
        )

    def opened_page(self, timeout: float = 60.0) -> str:
        """The address that a command on a terminal opens in the person's browser."""
        address = _opened_address(self.home / "opened", timeout)
        if address is None:
            raise AssertionError("AWS CLI opened no page")
        return address

    def _forget_opened(self) -> Path:
        opened = self.home / "opened"
        opened.unlink(missing_ok=True)
        return opened
