"""Building responses: what they say, and that they come back unchanged through verification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from genkan.protocols.saml.assertion import (
    Attribute,
    NameId,
    Signed,
    build_response,
    encode_response,
    message_id,
)
from genkan.protocols.saml.names import (
    ATTRIBUTE_URI,
    NAME_ID_EMAIL,
    NAME_ID_TRANSIENT,
    ds,
    saml,
    samlp,
)
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from genkan.protocols.saml.verify import decode_response
from tests.protocols.saml import samples
from tests.protocols.saml.samples import CONTENT, EXPECTED, NOW, key, response, the_assertion, tree

XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r\x7f\x85\u2028<>&\"']]>"),
    max_size=40,
)


@pytest.mark.parametrize("signed", Signed)
def test_what_is_built_is_what_is_verified(signed: Signed) -> None:
    verified = samples.verify(response(signed))
    assert verified.assertion_id == CONTENT.assertion_id
    assert verified.issuer == CONTENT.issuer
    assert verified.subject == CONTENT.subject
    assert verified.recipient == CONTENT.recipient
    assert verified.audiences == (CONTENT.audience,)
    assert verified.in_response_to is None
    assert verified.issued_at == CONTENT.issued_at
    assert verified.authenticated_at == CONTENT.authenticated_at
    assert verified.not_on_or_after == CONTENT.not_on_or_after
    assert verified.remember_until == CONTENT.not_on_or_after + EXPECTED.clock_skew
    assert verified.session_index == CONTENT.session_index
    assert verified.session_not_on_or_after == CONTENT.session_not_on_or_after
    assert verified.authn_context == CONTENT.authn_context
    assert verified.attributes == CONTENT.attributes


def test_a_response_started_by_a_service_provider_names_its_request() -> None:
    expected = replace(EXPECTED, in_response_to=samples.REQUEST_ID)
    document = response(in_response_to=samples.REQUEST_ID)
    assert samples.verify(document, expected=expected).in_response_to == samples.REQUEST_ID
    assert tree(document).get("InResponseTo") == samples.REQUEST_ID


@pytest.mark.parametrize("name_id_format", [NAME_ID_EMAIL, NAME_ID_TRANSIENT])
def test_an_application_chooses_the_format_and_qualifiers_of_the_subject(
    name_id_format: str,
) -> None:
    subject = NameId("花子", name_id_format, "idp", "sp")
    assert samples.verify(response(subject=subject)).subject == subject


def test_an_attribute_keeps_its_format_and_friendly_name() -> None:
    attribute = Attribute("urn:oid:2.5.4.42", ("太郎",), ATTRIBUTE_URI, "givenName")
    assert samples.verify(response(attributes=(attribute,))).attributes == (attribute,)


def test_a_response_without_attributes_has_no_attribute_statement() -> None:
    document = response(attributes=())
    assert the_assertion(tree(document)).find(saml("AttributeStatement")) is None
    assert samples.verify(document).attributes == ()


def test_the_recipient_is_what_aws_compares_and_the_audience_is_separate() -> None:
    root = tree(response())
    data = samples.element(
        the_assertion(root), "Subject", "SubjectConfirmation", "SubjectConfirmationData"
    )
    audience = samples.element(the_assertion(root), "Conditions", "AudienceRestriction", "Audience")
    assert data.get("Recipient") == "https://signin.aws.amazon.com/saml"
    assert root.get("Destination") == "https://signin.aws.amazon.com/saml"
    assert audience.text == "urn:amazon:webservices"


@pytest.mark.parametrize(
    ("signed", "where"),
    [
        (Signed.ASSERTION, ["Assertion"]),
        (Signed.RESPONSE, ["Response"]),
        (Signed.BOTH, ["Response", "Assertion"]),
    ],
)
def test_the_signature_stands_behind_the_issuer_of_what_it_signs(
    signed: Signed, where: list[str]
) -> None:
    found = []
    for signature in tree(response(signed)).iter(ds("Signature")):
        before, parent = signature.getprevious(), signature.getparent()
        assert before is not None
        assert before.tag == saml("Issuer")
        assert parent is not None
        found.append(etree.QName(parent).localname)
    assert found == where


def test_the_signature_is_rsa_sha256_over_exclusive_c14n_with_the_certificate() -> None:
    signature = the_assertion(tree(response())).find(ds("Signature"))
    assert signature is not None
    algorithms = [each.get("Algorithm") for each in signature.iter() if each.get("Algorithm")]
    assert algorithms == [
        samples.EXC_C14N,
        samples.RSA_SHA256,
        samples.ENVELOPED,
        samples.EXC_C14N,
        samples.SHA256,
    ]
    certificate = signature.findtext(f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}")
    assert certificate is not None
    from_pem = key().certificate.public_bytes(Encoding.PEM).decode()
    assert "".join(certificate.split()) in "".join(from_pem.split())


def test_children_stand_in_the_order_of_the_schema() -> None:
    root = tree(response(Signed.BOTH))
    assert [child.tag for child in root] == [
        saml("Issuer"),
        ds("Signature"),
        samlp("Status"),
        saml("Assertion"),
    ]
    assert [etree.QName(child).localname for child in the_assertion(root)] == [
        "Issuer",
        "Signature",
        "Subject",
        "Conditions",
        "AuthnStatement",
        "AttributeStatement",
    ]


def test_the_same_content_gives_the_same_bytes() -> None:
    assert response() == response()


def test_times_are_utc_with_milliseconds() -> None:
    assert tree(response()).get("IssueInstant") == "2026-03-01T09:30:00.250Z"


def test_encoding_and_decoding_are_inverse() -> None:
    assert decode_response(encode_response(response())) == response()


def test_a_message_id_is_an_xs_id_of_all_the_entropy() -> None:
    assert message_id(b"\xff" * 16) == "_" + "ff" * 16


@pytest.mark.parametrize("length", [0, 15, 65])
def test_a_message_id_needs_128_random_bits(length: int) -> None:
    with pytest.raises(ValueError):
        message_id(bytes(length))


@pytest.mark.parametrize(
    "value",
    [
        "<saml:Attribute/>",
        "]]><!--",
        "a&amp;b & c",
        "\"'>",
        "line\nfeed",
        "carriage\r\nreturn",
        "\ttab and  spaces ",
        "山田 花子",
        "𠮷野家🗝",
        "",
    ],
)
def test_a_value_with_special_characters_comes_back_unchanged(value: str) -> None:
    attribute = Attribute("name", (value, value + "!"))
    assert samples.verify(response(attributes=(attribute,))).attributes == (attribute,)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    subject=XML_TEXT.filter(bool),
    rows=st.lists(st.tuples(XML_TEXT.filter(bool), st.lists(XML_TEXT, max_size=4)), max_size=6),
    signed=st.sampled_from(Signed),
)
def test_any_text_that_xml_can_carry_comes_back_unchanged(
    subject: str, rows: list[tuple[str, list[str]]], signed: Signed
) -> None:
    attributes = tuple(Attribute(name, tuple(values)) for name, values in rows)
    verified = samples.verify(response(signed, subject=NameId(subject), attributes=attributes))
    assert verified.subject.value == subject
    assert verified.attributes == attributes


NOT_XML = ["\0", "\x08", "\x0b", "\x1b", "\x1f", "\ufffe", "\uffff", "\ud800"]


@pytest.mark.parametrize("character", NOT_XML, ids=ascii)
@pytest.mark.parametrize(
    "place",
    ["subject", "value", "name", "issuer", "qualifier", "sp_qualifier", "friendly_name"],
)
def test_a_character_that_xml_cannot_carry_is_refused(character: str, place: str) -> None:
    text = f"a{character}b"
    changes: dict[str, dict[str, object]] = {
        "subject": {"subject": NameId(text)},
        "qualifier": {"subject": NameId("x", name_qualifier=text)},
        "sp_qualifier": {"subject": NameId("x", sp_name_qualifier=text)},
        "friendly_name": {"attributes": (Attribute("x", ("fine",), friendly_name=text),)},
        "value": {"attributes": (Attribute("x", ("fine", text)),)},
        "name": {"attributes": (Attribute(text, ("fine",)),)},
        "issuer": {"issuer": text},
    }
    assert _refused(**changes[place]) is SamlRefusalKind.CONTENT


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": ""},
        {"audience": ""},
        {"recipient": ""},
        {"session_index": ""},
        {"subject": NameId("")},
        {"subject": NameId("x" * 257)},
        {"assertion_id": "0-starts-with-a-digit"},
        {"response_id": 'a"b'},
        {"response_id": CONTENT.assertion_id},
        {"in_response_to": "not an id"},
        {"not_on_or_after": CONTENT.not_before},
        {"attributes": (Attribute("", ("x",)),)},
        {"attributes": tuple(Attribute(f"a{n}", ("x",)) for n in range(101))},
        {"attributes": (Attribute("a", ("x",) * 1_001),)},
        {"attributes": (Attribute("a", ("x" * 80_000,)),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_content_that_no_receiver_would_take_is_refused(changes: dict[str, object]) -> None:
    assert _refused(**changes) is SamlRefusalKind.CONTENT


def _refused(**changes: object) -> SamlRefusalKind:
    with pytest.raises(SamlRefusal) as caught:
        response(**changes)  # type: ignore[arg-type]
    return caught.value.kind


def test_a_time_without_time_zone_is_a_bug_and_raises() -> None:
    with pytest.raises((TypeError, ValueError)):
        response(not_before=NOW.replace(tzinfo=None))


def test_a_refusal_shows_its_kind_and_keeps_its_detail_private() -> None:
    with pytest.raises(SamlRefusal) as caught:
        build_response(replace(CONTENT, issuer=""), key())
    assert str(caught.value) == "content"
    assert caught.value.detail == "an empty issuer"


def test_the_largest_content_still_verifies() -> None:
    attributes = tuple(Attribute(f"a{n}", ("v",) * 10) for n in range(100))
    assert samples.verify(response(attributes=attributes)).attributes == attributes


def test_a_window_in_the_future_is_built_as_asked() -> None:
    document = response(
        not_before=NOW + timedelta(hours=1), not_on_or_after=NOW + timedelta(hours=2)
    )
    with pytest.raises(SamlRefusal) as caught:
        samples.verify(document)
    assert caught.value.kind is SamlRefusalKind.NOT_YET_VALID


@pytest.mark.parametrize("length", [1, 256])
def test_a_subject_at_its_bounds_is_written_and_read(length: int) -> None:
    assert len(samples.verify(response(subject=NameId("花" * length))).subject.value) == length


@pytest.mark.parametrize("length", [16, 64])
def test_a_message_id_of_16_to_64_bytes_is_made(length: int) -> None:
    assert len(message_id(bytes(length))) == 1 + 2 * length


def test_a_response_of_100000_characters_is_the_largest() -> None:
    room = 75_000 - len(response(attributes=(Attribute("a", ("",)),)))
    # an empty element is written shorter than one with text
    room -= len("</saml:AttributeValue>") - len("/>") + 1
    assert len(encode_response(response(attributes=(Attribute("a", ("x" * room,)),)))) == 100_000
    assert _refused(attributes=(Attribute("a", ("x" * (room + 1),)),)) is SamlRefusalKind.CONTENT
