"""What botocore signs verifies here, whatever it signs, in headers and in the query string."""

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.protocols.aws import sigv4
from genkan.protocols.aws.wire import Request

from .client import received
from .signer import NOW, SECRET_KEY, replaced

WHEN = datetime.fromtimestamp(NOW // 1000, UTC)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
PATHS = st.lists(st.sampled_from(["a", "..", ".", "", "a b", "é", "a%2Fb", "~x", "$"]), max_size=6)
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@pytest.fixture(autouse=True, scope="module")
def _signing_time():
    """botocore signs at the time of the vectors."""
    with mock.patch.object(auth, "get_current_datetime", return_value=WHEN):
        yield


def check(request: Request, secret: str = SECRET_KEY) -> None:
    claimed = sigv4.parse_authorization(request)
    sigv4.verify(claimed, secret, request, NOW, allowed_services=("sts",))


def credentials(token: str | None) -> Credentials:
    return Credentials("AKIAIOSFODNN7EXAMPLE", SECRET_KEY, token)


def url(path: list[str], query: list[tuple[str, str]]) -> str:
    encoded = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query
    )
    whole = "http://localhost:8080/" + "/".join(quote(part, safe="~%$") for part in path)
    return f"{whole}?{encoded}" if encoded else whole


@settings(deadline=None)
@given(
    path=PATHS,
    query=st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4, unique_by=lambda pair: pair[0]),
    headers=st.dictionaries(
        st.sampled_from(["X-Amz-Target", "Accept", "X-Custom"]), HEADER_VALUES.filter(str.strip)
    ),
    body=st.binary(max_size=64),
    token=st.one_of(st.none(), st.just("IQoJb3JpZ2luX2VjE+/=")),
)
def test_whatever_botocore_signs_in_headers_verifies(path, query, headers, body, token):
    request = AWSRequest("POST", url(path, query), headers=dict(headers), data=body)
    auth.SigV4Auth(credentials(token), "sts", "eu-west-1").add_auth(request)
    arrived = received(request)
    check(arrived)
    with pytest.raises(sigv4.SignatureRefusal):
        check(replaced(arrived, body=arrived.body + b"."))


@settings(deadline=None)
@given(
    query=st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=4, unique_by=lambda pair: pair[0]),
    token=st.one_of(st.none(), st.just("IQoJb3JpZ2luX2VjE+/=")),
    expires=st.integers(1, 604800),
)
def test_whatever_botocore_presigns_verifies(query, token, expires):
    request = AWSRequest("GET", url([], query))
    signer = auth.SigV4QueryAuth(credentials(token), "sts", "eu-west-1", expires=expires)
    signer.add_auth(request)
    arrived = received(request)
    claimed = sigv4.parse_authorization(arrived)
    assert (claimed.presigned, claimed.expires, claimed.session_token) == (True, expires, token)
    check(arrived)
    with pytest.raises(sigv4.SignatureRefusal):
        check(replaced(arrived, query=arrived.query + b"&Injected=1"))


@settings(deadline=None)
@given(raw=st.binary(max_size=200))
def test_arbitrary_authorization_bytes_are_refused_and_nothing_else(raw):
    for value in (raw, b"AWS4-HMAC-SHA256 " + raw):
        request = Request(
            method="POST",
            path=b"/",
            query=raw,
            headers=[(b"host", b"h"), (b"authorization", value), (b"x-amz-date", raw)],
            body=b"",
        )
        with pytest.raises(sigv4.SignatureRefusal):
            check(request)
