"""The rules of verification beyond the vectors: time, scope, headers, body, presigned requests."""

import pytest

from genkan.protocols.aws import sigv4
from genkan.protocols.aws.sigv4 import SignatureFault, SignatureRefusal, keys
from genkan.protocols.aws.wire import Request

from .signer import NOW, SECRET_KEY, presigned, replaced, signed, with_header

MINUTE = 60_000
SERVICES = ("identitystore", "sts")


def check(request: Request, *, now: int = NOW, secret: str = SECRET_KEY, **rules: object) -> None:
    claimed = sigv4.parse_authorization(request)
    sigv4.verify(claimed, secret, request, now, **{"allowed_services": SERVICES, **rules})


def refusal(request: Request, **rules: object) -> SignatureRefusal:
    with pytest.raises(SignatureRefusal) as caught:
        check(request, **rules)
    return caught.value


def kind(request: Request, **rules: object) -> SignatureFault:
    return refusal(request, **rules).kind


# --- the claim ---


def test_claim_is_read_from_the_authorization_header():
    claimed = sigv4.parse_authorization(signed(token="session"))
    assert claimed.access_key_id == "AKIAIOSFODNN7EXAMPLE"
    assert claimed.scope == ("20150830", "us-east-1", "identitystore")
    assert claimed.signed_headers == ("host", "x-amz-date", "x-amz-security-token")
    assert (claimed.presigned, claimed.expires, claimed.instant) == (False, None, NOW)
    assert claimed.session_token == "session"


def test_claim_is_read_from_the_query_string():
    claimed = sigv4.parse_authorization(presigned(query=b"Action=A", token="s/+=", expires=60))
    assert (claimed.presigned, claimed.expires, claimed.session_token) == (True, 60, "s/+=")


def test_claim_does_not_show_its_session_token():
    assert "s3cret" not in repr(sigv4.parse_authorization(signed(token="s3cret")))


def test_request_without_any_claim_is_missing_its_token():
    request = with_header(signed(), b"authorization", None)
    assert kind(request) is SignatureFault.MISSING


@pytest.mark.parametrize("scheme", [b"Bearer abc", b"Basic YTpi", b"", b"AWS AKIA:sig"])
def test_another_authorization_scheme_is_no_claim(scheme):
    assert kind(with_header(signed(), b"authorization", scheme)) is SignatureFault.MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"AWS4-HMAC-SHA256", "requires 'Credential' parameter"),
        (b"AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request", "requires 'Signature' parameter"),
        (b"AWS4-HMAC-SHA256 x", "key=value"),
        (b"AWS4-HMAC-SHA256 Credential=a, Credential=b", "key=value"),
        (b"AWS4-ECDSA-P256-SHA256 Credential=a", "Unsupported AWS 'algorithm'"),
        (b"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "exactly 5"),
        (
            b"AWS4-HMAC-SHA256 Credential=a'--/1/r/s/aws4_request, SignedHeaders=h, Signature=0",
            "exactly 5",
        ),
        (
            b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, SignedHeaders=Host, Signature=0",
            "lower case",
        ),
        (
            b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, SignedHeaders=b;a, Signature=0",
            "sorted",
        ),
        (
            b"AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, SignedHeaders=a;a, Signature=0",
            "sorted",
        ),
        (b"AWS4-HMAC-SHA256 " + b"x" * 9000, "too long"),
    ],
)
def test_malformed_authorization_is_incomplete(value, text):
    caught = refusal(with_header(signed(), b"authorization", value))
    assert caught.kind is SignatureFault.INCOMPLETE
    assert text in caught.message


def test_separators_without_blanks_are_read():
    request = signed()
    value = request.header(b"authorization")
    assert value is not None
    check(with_header(request, b"authorization", value.replace(b", ", b",")))


def test_wrong_terminator_is_a_mismatch():
    request = signed()
    value = (request.header(b"authorization") or b"").replace(b"aws4_request", b"aws4")
    assert kind(with_header(request, b"authorization", value)) is SignatureFault.MISMATCH


@pytest.mark.parametrize("stamp", [b"20150830", b"2015-08-30T12:36:00Z", b"20151330T123600Z", b""])
def test_timestamp_of_another_form_is_incomplete(stamp):
    assert kind(with_header(signed(), b"x-amz-date", stamp)) is SignatureFault.INCOMPLETE


# --- time ---


@pytest.mark.parametrize("offset", [-15 * MINUTE, 0, 15 * MINUTE])
def test_timestamp_within_fifteen_minutes_verifies(offset):
    check(signed(), now=NOW + offset)


def test_timestamp_over_fifteen_minutes_old_is_expired():
    caught = refusal(signed(), now=NOW + 15 * MINUTE + 1)
    assert caught.kind is SignatureFault.EXPIRED
    assert caught.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123600Z "
        "(20150830T125100Z - 15 min.)"
    )


def test_timestamp_over_fifteen_minutes_ahead_is_not_yet_current():
    caught = refusal(signed(), now=NOW - 16 * MINUTE)
    assert caught.kind is SignatureFault.NOT_YET_CURRENT
    assert caught.message == (
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z "
        "(20150830T122000Z + 15 min.)"
    )


def test_scope_of_another_day_is_a_mismatch():
    assert "does not match YYYYMMDD" in refusal(signed(date="20150829")).message


# --- scope ---


def test_scope_of_another_service_is_a_mismatch():
    caught = refusal(signed(service="sso"), allowed_services=("sso-oauth",))
    assert caught.kind is SignatureFault.MISMATCH
    assert "correct service: 'sso-oauth'" in caught.message


def test_scope_of_a_region_not_served_is_a_mismatch():
    check(signed(), regions={"us-east-1"})
    assert "valid region" in refusal(signed(), regions={"eu-west-1"}).message


@pytest.mark.parametrize("region", ["", "US-EAST-1", "us east", "-", "us--east", "us_east_1"])
def test_malformed_region_is_a_mismatch(region):
    assert kind(signed(region=region)) is SignatureFault.MISMATCH


def test_empty_secret_never_verifies():
    with pytest.raises(ValueError, match="secret"):
        check(signed(secret_key=""), secret="")


@pytest.mark.parametrize("rules", [{"allowed_services": "identitystore"}, {"regions": "us-east-1"}])
def test_one_name_where_a_collection_belongs_is_our_bug(rules):
    with pytest.raises(TypeError):
        check(signed(), **rules)


# --- headers and body ---


def test_every_amz_header_present_must_be_signed():
    header = (b"x-amz-target", b"AWSIdentityStore.DescribeUser")
    check(signed(headers=[header]))
    caught = refusal(signed(headers=[header], unsigned=[b"x-amz-target"]))
    assert caught.kind is SignatureFault.MISMATCH
    assert "'x-amz-target' must be a 'SignedHeader'" in caught.message


def test_amz_header_in_capitals_must_be_signed_too():
    request = signed()
    added = replaced(request, headers=[*request.headers, (b"X-AMZ-Target", b"X.Y")])
    assert kind(added) is SignatureFault.MISMATCH


def test_repeated_amz_header_is_refused_even_when_signed():
    headers = [(b"x-amz-target", b"A.B"), (b"x-amz-target", b"A.C")]
    assert "repeated" in refusal(signed(headers=headers)).message


@pytest.mark.parametrize("name", [b"host", b"content-type", b"content-length"])
def test_repeated_singular_header_is_refused_even_when_signed(name):
    headers = [(name, b"1"), (name, b"1")]
    assert kind(signed(headers=headers)) is SignatureFault.MISMATCH


def test_other_repeated_header_is_joined():
    check(signed(headers=[(b"accept", b" a "), (b"accept", b"b")]))


def test_unsigned_header_of_a_proxy_does_not_disturb():
    request = signed()
    headers = [*request.headers, (b"x-forwarded-for", b"192.0.2.1"), (b"x-amzn-trace-id", b"1")]
    check(replaced(request, headers=headers))


def test_signed_header_that_is_absent_is_a_mismatch():
    request = signed(headers=[(b"accept", b"*/*")])
    assert kind(with_header(request, b"accept", None)) is SignatureFault.MISMATCH


def test_host_must_be_signed():
    assert "'Host'" in refusal(signed(unsigned=[b"host"])).message


def test_port_is_part_of_the_signed_host():
    assert kind(with_header(signed(), b"host", b"localhost:8081")) is SignatureFault.MISMATCH


@pytest.mark.parametrize(
    "stated",
    [b"UNSIGNED-PAYLOAD", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"", b"0" * 64],
)
def test_stated_body_hash_must_be_the_real_one(stated):
    request = signed(headers=[(b"x-amz-content-sha256", stated)], body=b"{}")
    assert "x-amz-content-sha256" in refusal(request).message


# --- presigned ---


def test_presigned_request_verifies_until_it_expires():
    request = presigned(query=b"Action=GetCallerIdentity&Version=2011-06-15", expires=60)
    check(request)
    check(request, now=NOW + MINUTE)
    assert kind(request, now=NOW + MINUTE + 1) is SignatureFault.EXPIRED
    assert kind(request, now=NOW - 6 * MINUTE) is SignatureFault.NOT_YET_CURRENT


@pytest.mark.parametrize("expires", [0, 604801, -1])
def test_presigned_lifetime_is_one_second_to_seven_days(expires):
    assert kind(presigned(query=b"", expires=expires)) is SignatureFault.INCOMPLETE


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders"])
def test_presigned_request_lacking_a_parameter_is_incomplete(name):
    request = presigned(query=b"Action=A")
    kept = [p for p in request.query.split(b"&") if not p.startswith(f"X-Amz-{name}".encode())]
    caught = refusal(replaced(request, query=b"&".join(kept)))
    assert caught.kind is SignatureFault.INCOMPLETE
    assert f"'X-Amz-{name}'" in caught.message


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replaced(r, query=r.query.replace(b"Action=A", b"Action=B")),
        lambda r: replaced(r, query=r.query + b"&Extra=1"),
        lambda r: replaced(r, query=r.query.replace(b"Expires=900", b"Expires=901")),
        lambda r: replaced(r, query=r.query + b"&X-Amz-Signature=00"),
        lambda r: replaced(r, query=r.query + b"&X-Amz-Security-Token=t"),
        lambda r: replaced(r, query=r.query.replace(b"SHA256", b"SHA512")),
        lambda r: replaced(r, query=r.query + b"&a=%zz"),
        lambda r: replaced(r, body=b"Action=B"),
        lambda r: replaced(r, method="POST"),
        lambda r: with_header(r, b"x-amz-security-token", b"t"),
        lambda r: with_header(r, b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
        lambda r: with_header(r, b"authorization", signed().header(b"authorization")),
    ],
)
def test_presigned_request_changed_in_one_part_is_refused(change):
    request = presigned(query=b"Action=A")
    check(request)
    with pytest.raises(SignatureRefusal):
        check(change(request))


def test_presigned_token_in_a_signed_header_is_refused():
    request = presigned(query=b"Action=A", headers=[(b"x-amz-security-token", b"t")])
    assert "query string" in refusal(request).message


def test_blank_spelled_either_way_signs_and_reads_alike():
    spelled = signed(method="GET", query=b"a=b%20c&z=%2B")
    check(replaced(spelled, query=b"a=b+c&z=%2B"))
    with pytest.raises(SignatureRefusal):
        check(replaced(spelled, query=b"a=b+c&z=+"))


def test_too_many_query_parameters_are_refused():
    crowded = replaced(signed(), query=b"&".join([b"X-Amz-A=1"] * 5000))
    assert kind(crowded) is SignatureFault.INCOMPLETE


def test_credential_longer_than_any_real_one_is_incomplete():
    assert kind(presigned(query=b"", region="x" * 2_000)) is SignatureFault.INCOMPLETE


def test_claims_read_before_are_told_apart_from_later_ones():
    first, second = signed(region="us-east-1"), signed(region="eu-west-1", token="t")
    for request, region, names in (
        (first, "us-east-1", ("host", "x-amz-date")),
        (second, "eu-west-1", ("host", "x-amz-date", "x-amz-security-token")),
        (first, "us-east-1", ("host", "x-amz-date")),
    ):
        claimed = sigv4.parse_authorization(request)
        assert (claimed.scope.region, claimed.signed_headers) == (region, names)
        check(request)


# --- signing keys ---


def test_signing_key_cache_tells_secrets_and_scopes_apart():
    for secret in ("one-secret", "another-secret"):
        for service in SERVICES:
            check(signed(secret_key=secret, service=service), secret=secret)
    assert kind(signed(secret_key="one-secret"), secret="another-secret") is SignatureFault.MISMATCH


def test_signing_key_cache_is_bounded_and_holds_no_secret(monkeypatch):
    monkeypatch.setattr(keys, "MAX_CACHED_KEYS", 4)
    monkeypatch.setattr(keys, "_cache", {})
    for number in range(10):
        check(signed(secret_key=f"secret-{number}"), secret=f"secret-{number}")
    assert len(keys._cache) == 4
    assert "secret-9" not in repr(keys._cache)
