"""AWS's published Signature Version 4 vectors: each verifies, and nothing near it does."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from genkan.protocols.aws import sigv4
from genkan.protocols.aws.wire import Request

from .signer import replaced, with_header

VECTORS = Path(__file__).with_name("sigv4_vectors")
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = 1_440_938_160_000  # 2015-08-30T12:36:00Z
REFUSED_BY_DESIGN = {"post-sts-header-after"}
CASES = sorted(path.stem for path in VECTORS.glob("*.sreq"))
VALID = [case for case in CASES if case not in REFUSED_BY_DESIGN]


def read(case: str) -> Request:
    """The request as a server receives it; a folded header keeps its line breaks."""
    head, _, body = (VECTORS / f"{case}.sreq").read_bytes().partition(b"\n\n")
    request_line, *lines = head.split(b"\n")
    method, _, rest = request_line.partition(b" ")
    path, _, query = rest.rpartition(b" ")[0].partition(b"?")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line.startswith(b" "):
            name, value = headers.pop()
            headers.append((name, value + b"\n" + line))
        else:
            name, _, value = line.partition(b":")
            headers.append((name.lower(), value))
    request = Request(method=method.decode(), path=path, query=query, headers=headers, body=body)
    return with_header(request, b"authorization", (VECTORS / f"{case}.authz").read_bytes())


def check(request: Request, secret: str = SECRET, now: int = NOW) -> None:
    claimed = sigv4.parse_authorization(request)
    sigv4.verify(claimed, secret, request, now, allowed_services=("service",))


def test_all_published_vectors_are_here():
    assert len(CASES) == 34


@pytest.mark.parametrize("case", CASES)
def test_canonical_request_of_the_vector_is_the_published_one(case):
    request = read(case)
    claimed = sigv4.parse_authorization(request)
    body_hash = sha256(request.body).hexdigest()
    published = (VECTORS / f"{case}.creq").read_bytes()
    assert sigv4.canonical_request(claimed, request, body_hash) == published


@pytest.mark.parametrize("case", VALID)
def test_published_vector_verifies(case):
    check(read(case))


def test_session_token_added_after_signing_is_refused():
    with pytest.raises(sigv4.SignatureRefusal, match="x-amz-security-token"):
        check(read("post-sts-header-after"))


def edit_authorization(request: Request, old: bytes, new: bytes) -> Request:
    value = request.header(b"authorization")
    assert value is not None
    assert old in value
    return with_header(request, b"authorization", value.replace(old, new))


def flip_signature(request: Request, index: int) -> Request:
    value = request.header(b"authorization")
    assert value is not None
    at = len(value) - 64 + index
    digit = b"0" if value[at : at + 1] != b"0" else b"1"
    return with_header(request, b"authorization", value[:at] + digit + value[at + 1 :])


MUTATIONS: dict[str, Callable[[Request], Request]] = {
    "method": lambda r: replaced(r, method="PUT"),
    "path": lambda r: replaced(r, path=r.path + b"x"),
    "query": lambda r: replaced(r, query=(r.query + b"&a=b").lstrip(b"&")),
    "body": lambda r: replaced(r, body=r.body + b"x"),
    "host": lambda r: with_header(r, b"host", b"evil.example"),
    "host gone": lambda r: with_header(r, b"host", None),
    "second host": lambda r: replaced(r, headers=[*r.headers, (b"host", b"example.amazonaws.com")]),
    "time": lambda r: with_header(r, b"x-amz-date", b"20150830T123601Z"),
    "time gone": lambda r: with_header(r, b"x-amz-date", None),
    "day": lambda r: edit_authorization(r, b"/20150830/", b"/20150831/"),
    "region": lambda r: edit_authorization(r, b"/us-east-1/", b"/us-east-2/"),
    "service": lambda r: edit_authorization(r, b"/service/", b"/sts/"),
    "terminator": lambda r: edit_authorization(r, b"aws4_request", b"aws3_request"),
    "algorithm": lambda r: edit_authorization(r, b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA1"),
    "signed headers": lambda r: edit_authorization(r, b"SignedHeaders=", b"SignedHeaders=accept;"),
    "host not signed": lambda r: edit_authorization(r, b"host;", b""),
    "unsigned amz header": lambda r: with_header(r, b"x-amz-target", b"X.Y"),
    "unsigned content hash": lambda r: with_header(r, b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
    "second authorization": lambda r: replaced(
        r, headers=[*r.headers, (b"authorization", r.header(b"authorization") or b"")]
    ),
    "query claim besides": lambda r: replaced(r, query=b"X-Amz-Signature=00"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("case", VALID)
def test_vector_changed_in_one_part_is_refused(case, mutation):
    with pytest.raises(sigv4.SignatureRefusal):
        check(MUTATIONS[mutation](read(case)))


@pytest.mark.parametrize("index", range(64))
def test_any_other_digit_in_the_signature_is_refused(index):
    with pytest.raises(sigv4.SignatureRefusal):
        check(flip_signature(read("get-vanilla"), index))


@pytest.mark.parametrize("case", VALID)
def test_vector_under_another_secret_is_refused(case):
    with pytest.raises(sigv4.SignatureRefusal) as refusal:
        check(read(case), secret=SECRET[:-1])
    assert refusal.value.kind is sigv4.SignatureFault.MISMATCH


@pytest.mark.parametrize("case", VALID)
def test_each_signed_header_of_a_vector_is_bound(case):
    request = read(case)
    claimed = sigv4.parse_authorization(request)
    for name in claimed.signed_headers:
        changed = with_header(request, name.encode(), b"20150830T123559Z")
        with pytest.raises(sigv4.SignatureRefusal):
            check(changed)
