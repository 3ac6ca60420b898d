"""`genkan up` that speaks https."""

import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography import x509

from tests.support.server import ANSWER_SECONDS, START_SECONDS, Server, free_port

_WAIT_SECONDS = 120


class TlsServer(Server):
    """`genkan up` with options that make it speak https."""

    def __init__(
        self, data_dir: Path, *options: str | Path, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data_dir, environment=environment)
        self._command += map(str, options)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        """A client that trusts the authority that sandbox.json names."""
        return ssl.create_default_context(cafile=self.facts["ca_file"])

    def connect(
        self, trust: ssl.SSLContext | None = None, host: str = "localhost"
    ) -> http.client.HTTPSConnection:
        """A connection that is kept alive."""
        return http.client.HTTPSConnection(
            host, self.port, context=trust or self.trust, timeout=ANSWER_SECONDS
        )

    def certificate(self) -> x509.Certificate:
        """What it shows to a new connection."""
        anybody = ssl.create_default_context()
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS) as plain,
            anybody.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown)


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again until it holds."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def refused_start(
    data_dir: Path, *options: str | Path, environment: Mapping[str, str] | None = None
) -> str:
    """A start that must fail; what it says."""
    done = subprocess.run(
        [
            sys.executable, "-m", "genkan.cli", "up", "--port", str(free_port()),
            "--data-dir", str(data_dir), *map(str, options),
        ],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr
