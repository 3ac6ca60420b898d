"""Whole HTTP/1.1 requests as bytes, signed (SigV4) where AWS clients sign. No server is needed."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON11 = "application/x-amz-json-1.1"
_COOKIE = re.compile(rb"\r\nset-cookie: ([^=]+)=([^;]*)", re.IGNORECASE)
_FIELD = re.compile(rb'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', re.IGNORECASE)


def request(host: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Signer:
    """Signs POST / for one service with one key, ten microseconds each (AWS SigV4)."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str
    host: str
    content_type: str = JSON11
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def _date(self) -> str:
        return self.moment.strftime("%Y%m%dT%H%M%SZ")

    @cached_property
    def _scope(self) -> str:
        return f"{self._date[:8]}/{self.region}/{self.service}/aws4_request"

    @cached_property
    def _key(self) -> bytes:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in self._scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key

    def signed(self, body: bytes, target: str = "") -> bytes:
        """A whole signed request; `target` is X-Amz-Target where the protocol has one."""
        headers = {"content-type": self.content_type, "host": self.host, "x-amz-date": self._date}
        if target:
            headers["x-amz-target"] = target
        names = ";".join(headers)
        canonical = "\n".join(
            (
                "POST",
                "/",
                "",
                *(f"{name}:{value}" for name, value in headers.items()),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                self._date,
                self._scope,
                hashlib.sha256(canonical.encode()).hexdigest(),
            )
        )
        signature = hmac.new(self._key, text.encode(), "sha256").hexdigest()
        headers.pop("host")
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key_id}/{self._scope},"
            f" SignedHeaders={names}, Signature={signature}"
        )
        return request(self.host, "POST", "/", headers, body)

    def json(self, target: str, members: Mapping[str, object]) -> bytes:
        """A signed request of the JSON protocol."""
        return self.signed(json.dumps(members).encode(), target)


class Browser:
    """What a browser keeps and fills in: cookies, and the hidden fields of the last form."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.cookies: dict[bytes, bytes] = {}

    def keep(self, head: bytes) -> None:
        """Take the cookies of an answer."""
        for name, value in _COOKIE.findall(head):
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    def get(self, path: str) -> bytes:
        """A GET."""
        return request(self._host, "GET", path, self._headers(), b"")

    def post(self, path: str, fields: Mapping[str, str]) -> bytes:
        """A POST of a form."""
        headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        return request(self._host, "POST", path, headers, urlencode(fields).encode())

    def _headers(self) -> dict[str, str]:
        pairs = (b"=".join(pair).decode() for pair in self.cookies.items())
        return {"Cookie": "; ".join(pairs)} if self.cookies else {}


def hidden_fields(page: bytes) -> dict[str, str]:
    """Names and values of every input of a page that has both, the last of each name."""
    return {name.decode(): value.decode() for name, value in _FIELD.findall(page)}
