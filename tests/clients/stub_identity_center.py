"""Just enough of an Identity Center to see AWS CLI come and go.

Owns: answers of RegisterClient, CreateToken, ListAccounts, ListAccountRoles and Logout, invented
ones, for the tests of the clients' own support code. Tests of Genkan use Genkan.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_FAR = 4_102_444_800  # seconds: the year 2100

_ANSWERS: dict[str, dict[str, Any]] = {
    "/client/register": {
        "clientId": "client",
        "clientSecret": "secret",
        "clientIdIssuedAt": 1,
        "clientSecretExpiresAt": _FAR,
    },
    "/token": {
        "accessToken": "token",
        "tokenType": "Bearer",
        "expiresIn": 3600,
        "refreshToken": "refresh",
    },
    "/assignment/accounts": {
        "accountList": [
            {
                "accountId": "111122223333",
                "accountName": "Payments",
                "emailAddress": "payments@example.com",
            }
        ]
    },
    "/assignment/roles": {"roleList": [{"accountId": "111122223333", "roleName": "ReadOnly"}]},
    "/logout": {},
}


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = json.dumps(_ANSWERS[urlsplit(self.path).path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = _answer
    do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests look at what the client shows."""


@contextlib.contextmanager
def stub_identity_center() -> Iterator[str]:
    """Serve on a free port of the loopback interface; yields the endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
