"""Requests as bytes: boto's own serializers and signer, with every byte in the test's hand.

botocore builds and signs what a client would send; a test changes it in one place and sends it over
a plain connection, so that nothing repairs the request or hides the answer.
"""

import contextlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import urlsplit
from xml.etree import ElementTree

import botocore.session
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.credentials import Credentials
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from tests.support.server import Server

Keys = Mapping[str, str]
TARGETS = {
    "sso-admin": "SWBExternalService",
    "identitystore": "AWSIdentityStore",
    "organizations": "AWSOrganizationsV20161128",
    "cloudtrail": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
}
PROTOCOLS = {
    **dict.fromkeys(TARGETS, "json"),
    "iam": "query",
    "sts": "query",
    "sso": "rest-json",
    "sso-oidc": "rest-json",
}


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service."""
    model: ServiceModel = botocore.session.get_session().get_service_model(service)
    return model


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: `target` is path and query, header names are as they go out."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_header(self, name: str, value: str | None) -> "Sent":
        """That header replaced or added; taken away for None."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def and_header(self, name: str, value: str) -> "Sent":
        """One more header, whatever is there."""
        return replace(self, headers=(*self.headers, (name, value)))

    def header(self, name: str) -> str:
        """The value of a header that is there."""
        return next(value for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back. `code` and `message` read an error in whichever protocol it is written."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    _xml: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.status} {self.error_type} {self.body[:500]!r}>"

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        """The header that every answer carries."""
        return self.headers["x-amzn-requestid"]

    @property
    def error_type(self) -> str | None:
        """The header x-amzn-ErrorType."""
        return self.headers.get("x-amzn-errortype")

    @property
    def code(self) -> str:
        """The error's code."""
        if self.body.startswith(b"<"):
            return self._element("Code")
        assert self.error_type is not None, self
        named = self.json.get("__type", self.error_type)
        assert named == self.error_type
        return self.error_type

    @property
    def message(self) -> str | None:
        """The error's message."""
        if self.body.startswith(b"<"):
            return self._element("Message")
        body = self.json
        found: str | None = body.get("Message", body.get("message"))
        return found

    def _element(self, name: str) -> str:
        if not self._xml:
            for element in ElementTree.fromstring(self.body).iter():
                self._xml[element.tag.rpartition("}")[2]] = element.text or ""
            assert self._xml["RequestId"] == self.request_id
        return self._xml[name]


class Wire:
    """One keep-alive connection to a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.host = f"localhost:{server.port}"
        self._connection = http.client.HTTPConnection("localhost", server.port, timeout=30)

    def request(self, service: str, operation: str, params: Mapping[str, Any]) -> Sent:
        """What botocore would send for an operation, unsigned."""
        model = service_model(service)
        serializer = create_serializer(model.metadata["protocol"], include_validation=False)
        prepared = serializer.serialize_to_request(dict(params), model.operation_model(operation))
        prepare_request_dict(prepared, self.server.url)
        made = AWSRequest(
            method=prepared["method"],
            url=prepared["url"],
            data=prepared["body"],
            headers=prepared["headers"],
        ).prepare()
        parts = urlsplit(made.url)
        body = made.body or b""
        return Sent(
            method=made.method,
            target=parts.path + (f"?{parts.query}" if parts.query else ""),
            headers=tuple(
                (name, value.decode() if isinstance(value, bytes) else value)
                for name, value in made.headers.items()
                if name.lower() != "content-length"
            ),
            body=body if isinstance(body, bytes) else body.encode(),
        )

    def sign(
        self,
        sent: Sent,
        keys: Keys,
        scope: str,
        *,
        region: str = "us-east-1",
        at: timedelta = timedelta(),
        presign: int | None = None,
        host: str | None = None,
    ) -> Sent:
        """Signed by botocore at now + `at`; with `presign`, in the query for so many seconds."""
        credentials = Credentials(
            keys["access_key_id"], keys["secret_access_key"], keys.get("session_token")
        )
        made = AWSRequest(
            method=sent.method,
            url=f"http://{host or self.host}{sent.target}",
            data=sent.body,
            headers=dict(sent.headers),
        )
        signer = (
            SigV4Auth(credentials, scope, region)
            if presign is None
            else SigV4QueryAuth(credentials, scope, region, expires=presign)
        )
        with _clock(at):
            signer.add_auth(made)
        parts = urlsplit(made.url)
        return replace(
            sent,
            target=parts.path + (f"?{parts.query}" if parts.query else ""),
            headers=tuple((name, str(value)) for name, value in made.headers.items()),
        )

    def send(self, sent: Sent, *, host: str | None = None) -> Answer:
        """The answer to exactly these bytes (Host and Content-Length are added)."""
        connection = self._connection
        connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self.host if host is None else host)
        for name, value in sent.headers:
            connection.putheader(name, value)
        if sent.body or sent.method == "POST":
            connection.putheader("Content-Length", str(len(sent.body)))
        connection.endheaders(sent.body or None)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        keys: Keys | None = None,
        *,
        at: timedelta = timedelta(),
    ) -> Answer:
        """A good request of the administrator, or of another key, and its answer."""
        sent = self.request(service, operation, params)
        return self.send(self.sign(sent, keys or self.administrator, scope_of(service), at=at))

    def signed(self, service: str, sent: Sent) -> Answer:
        """The answer to a request as it is, signed by the administrator."""
        return self.send(self.sign(sent, self.administrator, scope_of(service)))

    @property
    def administrator(self) -> Keys:
        """The key of the management account's administrator."""
        found: Keys = self.server.facts["administrator"]
        return found


def scope_of(service: str) -> str:
    """The service that a credential scope must name."""
    name: str = service_model(service).signing_name
    return name


@contextlib.contextmanager
def _clock(at: timedelta) -> Iterator[None]:
    moment = datetime.now(UTC) + at
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        yield


def is_request_id(text: str) -> bool:
    """Whether a text is a UUID, as request ids are."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None
