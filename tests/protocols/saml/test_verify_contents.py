"""What a genuine signature does not excuse: wrong address, wrong time, missing or odd contents.

Where a test changes the assertion, the provider signs it after the change (`resigned`), so that
the rule under test is the only reason left to refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from genkan.protocols.saml.assertion import Attribute, NameId, Signed
from genkan.protocols.saml.names import SUCCESS, saml, samlp
from genkan.protocols.saml.refusal import SamlRefusal
from genkan.protocols.saml.refusal import SamlRefusalKind as Kind
from genkan.protocols.saml.signing import sign_enveloped
from genkan.protocols.saml.verified import Expected
from genkan.protocols.saml.verify import decode_response, unverified_issuer, verify_response
from tests.protocols.saml import samples
from tests.protocols.saml.samples import (
    AUDIENCE,
    EXPECTED,
    ISSUER,
    NOW,
    RECIPIENT,
    element,
    key,
    resigned,
    response,
    the_assertion,
    tree,
    verify,
)

SKEW = EXPECTED.clock_skew
MOMENT = timedelta(milliseconds=1)
Change = Callable[[etree._Element], None]


def refusal(document: bytes | etree._Element, **options: object) -> SamlRefusal:
    with pytest.raises(SamlRefusal) as caught:
        verify(document, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_change_of_nothing_before_signing_passes() -> None:
    assert verify(resigned(lambda assertion: None)).subject == samples.CONTENT.subject


# --- for whom and from whom ---


def test_another_issuer_is_refused() -> None:
    assert refusal(response(issuer="https://other.example")).kind is Kind.ISSUER


def test_an_assertion_of_another_issuer_in_a_response_of_the_expected_one_is_refused() -> None:
    document = resigned(lambda a: setattr(element(a, "Issuer"), "text", "https://other.example"))
    assert refusal(document).kind is Kind.ISSUER


def test_a_response_of_another_issuer_around_a_genuine_assertion_is_refused() -> None:
    root = tree(response())
    element(root, "Issuer").text = "https://other.example"
    assert refusal(root).kind is Kind.ISSUER


def test_a_response_without_issuer_of_its_own_is_accepted() -> None:
    root = tree(response())
    root.remove(element(root, "Issuer"))
    assert verify(root).issuer == ISSUER


def test_an_empty_issuer_is_refused_even_if_expected() -> None:
    document = resigned(lambda a: setattr(element(a, "Issuer"), "text", None))
    root = tree(document)
    root.remove(element(root, "Issuer"))
    assert refusal(root, expected=replace(EXPECTED, issuer="")).kind is Kind.ISSUER


def test_an_issuer_that_is_not_an_entity_is_refused() -> None:
    document = resigned(lambda a: element(a, "Issuer").set("Format", "urn:other"))
    assert refusal(document).kind is Kind.ISSUER


def test_another_audience_is_refused() -> None:
    assert refusal(response(audience="urn:other")).kind is Kind.AUDIENCE


@pytest.mark.parametrize("audience", [AUDIENCE.upper(), AUDIENCE + " ", AUDIENCE[:-1], "u"])
def test_an_audience_that_only_resembles_is_refused(audience: str) -> None:
    assert refusal(response(audience=audience)).kind is Kind.AUDIENCE


def test_one_of_several_audiences_is_enough() -> None:
    def add(assertion: etree._Element) -> None:
        restriction = element(assertion, "Conditions", "AudienceRestriction")
        etree.SubElement(restriction, saml("Audience")).text = "urn:other"

    assert verify(resigned(add)).audiences == (AUDIENCE, "urn:other")


def test_each_of_several_audience_restrictions_must_be_met() -> None:
    def add(assertion: etree._Element) -> None:
        conditions = element(assertion, "Conditions")
        restriction = etree.SubElement(conditions, saml("AudienceRestriction"))
        etree.SubElement(restriction, saml("Audience")).text = "urn:other"

    assert refusal(resigned(add)).kind is Kind.AUDIENCE


def test_another_recipient_is_refused() -> None:
    assert refusal(response(recipient="https://other.example/acs")).kind is Kind.RECIPIENT


def test_a_destination_changed_on_the_way_is_refused() -> None:
    root = tree(response())
    root.set("Destination", "https://other.example/acs")
    assert refusal(root).kind is Kind.RECIPIENT


def test_an_assertion_for_another_recipient_under_our_destination_is_refused() -> None:
    root = tree(response(recipient="https://other.example/acs"))
    root.set("Destination", RECIPIENT)
    assert refusal(root).kind is Kind.RECIPIENT


def test_a_response_without_destination_is_accepted() -> None:
    root = tree(response())
    del root.attrib["Destination"]
    assert verify(root).recipient == RECIPIENT


def test_an_unsolicited_response_is_refused_where_a_request_was_sent() -> None:
    assert refusal(response(), expected=replace(EXPECTED, in_response_to="_r")).kind is Kind.REQUEST


def test_an_answer_to_anothers_request_is_refused() -> None:
    document = response(in_response_to="_of-someone-else")
    assert refusal(document).kind is Kind.REQUEST
    assert refusal(document, expected=replace(EXPECTED, in_response_to="_r")).kind is Kind.REQUEST


def test_a_request_id_put_on_the_unsigned_response_does_not_help() -> None:
    root = tree(response())
    root.set("InResponseTo", "_r")
    assert refusal(root, expected=replace(EXPECTED, in_response_to="_r")).kind is Kind.REQUEST


@pytest.mark.parametrize("field", ["audiences", "recipients"])
def test_a_plain_string_where_a_set_is_expected_is_a_bug(field: str) -> None:
    with pytest.raises(TypeError):
        replace(EXPECTED, **{field: AUDIENCE})  # type: ignore[arg-type]


@pytest.mark.parametrize("skew", [timedelta(minutes=6), timedelta(seconds=-1)])
def test_a_clock_skew_out_of_bounds_is_a_bug(skew: timedelta) -> None:
    with pytest.raises(ValueError):
        replace(EXPECTED, clock_skew=skew)


def test_expecting_no_audience_accepts_none() -> None:
    nobody = Expected(issuer=ISSUER, audiences=frozenset(), recipients=frozenset({RECIPIENT}))
    assert refusal(response(), expected=nobody).kind is Kind.AUDIENCE


# --- when ---


def test_not_before_is_kept_to_the_skew() -> None:
    start = NOW + timedelta(hours=1)
    document = response(not_before=start, not_on_or_after=start + timedelta(hours=1))
    assert verify(document, now=start - SKEW).recipient == RECIPIENT
    assert refusal(document, now=start - SKEW - MOMENT).kind is Kind.NOT_YET_VALID


def test_not_on_or_after_is_kept_to_the_skew() -> None:
    end = samples.CONTENT.not_on_or_after
    assert verify(response(), now=end + SKEW - MOMENT).remember_until == end + SKEW
    assert refusal(response(), now=end + SKEW).kind is Kind.EXPIRED


def test_an_assertion_issued_in_the_future_is_refused() -> None:
    root = tree(response(Signed.ASSERTION, issued_at=NOW + SKEW + MOMENT))
    assert refusal(root).kind is Kind.NOT_YET_VALID
    root.set("IssueInstant", "2026-03-01T09:30:00Z")
    assert refusal(root).kind is Kind.NOT_YET_VALID


def test_an_assertion_older_than_the_maximum_age_is_refused_whatever_it_allows_itself() -> None:
    expected = replace(EXPECTED, max_age=timedelta(minutes=5))
    document = response(not_on_or_after=NOW + timedelta(days=1))
    latest = NOW + timedelta(minutes=5) + SKEW
    assert verify(document, now=latest - MOMENT, expected=expected).recipient == RECIPIENT
    assert refusal(document, now=latest, expected=expected).kind is Kind.EXPIRED


def test_an_ended_session_is_refused() -> None:
    document = response(session_not_on_or_after=NOW - SKEW)
    assert refusal(document).kind is Kind.EXPIRED


def test_a_confirmation_that_ended_before_the_conditions_is_refused() -> None:
    def shorten(assertion: etree._Element) -> None:
        data = element(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData")
        data.set("NotOnOrAfter", "2026-03-01T09:00:00Z")

    assert refusal(resigned(shorten)).kind is Kind.EXPIRED


def test_conditions_that_ended_before_the_confirmation_are_refused() -> None:
    def shorten(assertion: etree._Element) -> None:
        element(assertion, "Conditions").set("NotOnOrAfter", "2026-03-01T09:00:00Z")

    assert refusal(resigned(shorten)).kind is Kind.EXPIRED


def test_conditions_without_times_leave_the_confirmations_end() -> None:
    def drop(assertion: etree._Element) -> None:
        element(assertion, "Conditions").attrib.clear()

    assert verify(resigned(drop)).not_on_or_after == samples.CONTENT.not_on_or_after


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:30:00",
        "2026-03-01T09:30:00+00:00",
        "2026-03-01",
        "2026-13-01T09:30:00Z",
        "2026-03-01T24:00:01Z",
        "２０２６-03-01T09:30:00Z",
        "2026-03-01T09:30:00.1234567890Z",
        " 2026-03-01T09:30:00Z",
        "2026-03-01T09:30:00Z\n",
        "soon",
    ],
)
def test_a_time_in_another_form_is_refused(text: str) -> None:
    def change(assertion: etree._Element) -> None:
        element(assertion, "Conditions").set("NotBefore", text)

    assert refusal(resigned(change)).kind is Kind.MALFORMED


def test_seven_digits_of_a_second_are_read_as_six() -> None:
    def change(assertion: etree._Element) -> None:
        element(assertion, "AuthnStatement").set("AuthnInstant", "2026-03-01T09:00:00.1234567Z")

    assert verify(resigned(change)).authenticated_at.microsecond == 123_456


# --- whether the identity provider agrees ---


def test_a_failure_of_the_identity_provider_is_told_apart() -> None:
    root = tree(response())
    root.remove(the_assertion(root))
    code = next(root.iter(samlp("StatusCode")))
    code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    assert refusal(root).kind is Kind.IDP_REJECTED


def test_a_failure_status_on_a_genuine_assertion_is_refused() -> None:
    root = tree(response())
    next(root.iter(samlp("StatusCode"))).set("Value", SUCCESS + "x")
    assert refusal(root).kind is Kind.IDP_REJECTED


def test_a_response_without_status_is_refused() -> None:
    root = tree(response())
    root.remove(root[1])
    assert refusal(root).kind is Kind.MALFORMED


@pytest.mark.parametrize("tag", ["StatusDetail", "StatusCode", "Extensions"])
def test_a_success_with_more_to_say_is_refused(tag: str) -> None:
    root = tree(response())
    etree.SubElement(root[1], samlp(tag))
    assert refusal(root).kind is Kind.MALFORMED


def test_a_success_with_a_second_level_code_is_refused() -> None:
    root = tree(response())
    etree.SubElement(root[1][0], samlp("StatusCode"))
    assert refusal(root).detail == "an unexpected element in Status"


def test_a_success_with_a_message_is_accepted() -> None:
    root = tree(response())
    etree.SubElement(root[1], samlp("StatusMessage")).text = "welcome"
    assert verify(root).recipient == RECIPIENT


# --- what must be there, once, and nothing else ---


def drop(*tags: str) -> Change:
    def change(assertion: etree._Element) -> None:
        found = element(assertion, *tags)
        found.getparent().remove(found)  # type: ignore[union-attr]

    return change


def double(*tags: str) -> Change:
    def change(assertion: etree._Element) -> None:
        found = element(assertion, *tags)
        found.addnext(tree(etree.tostring(found)))

    return change


def without(name: str, *tags: str) -> Change:
    def change(assertion: etree._Element) -> None:
        del (element(assertion, *tags) if tags else assertion).attrib[name]

    return change


def with_(name: str, value: str, *tags: str) -> Change:
    def change(assertion: etree._Element) -> None:
        (element(assertion, *tags) if tags else assertion).set(name, value)

    return change


def add(tag: str, *tags: str) -> Change:
    def change(assertion: etree._Element) -> None:
        etree.SubElement(element(assertion, *tags) if tags else assertion, tag)

    return change


CONFIRMATION = ("Subject", "SubjectConfirmation")
DATA = (*CONFIRMATION, "SubjectConfirmationData")


@pytest.mark.parametrize(
    "change",
    [
        drop("Subject"),
        drop("Subject", "NameID"),
        drop(*CONFIRMATION),
        drop(*DATA),
        drop("Conditions"),
        drop("AuthnStatement"),
        drop("AuthnStatement", "AuthnContext"),
        double("Issuer"),
        double("Subject"),
        double("Subject", "NameID"),
        double(*CONFIRMATION),
        double(*DATA),
        double("Conditions"),
        double("AuthnStatement"),
        double("AttributeStatement"),
        without("Version"),
        without("IssueInstant"),
        without("Recipient", *DATA),
        without("NotOnOrAfter", *DATA),
        without("Method", *CONFIRMATION),
        without("AuthnInstant", "AuthnStatement"),
        without("Name", "AttributeStatement", "Attribute"),
        with_("Version", "1.1"),
        with_("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", *CONFIRMATION),
        with_("NotBefore", "2026-03-01T09:00:00Z", *DATA),
        with_("Name", "", "AttributeStatement", "Attribute"),
        add(saml("Advice")),
        add(saml("AuthzDecisionStatement")),
        add(saml("Statement")),
        add("{urn:x}Condition", "Conditions"),
        add(saml("Condition"), "Conditions"),
        add(saml("BaseID"), "Subject"),
        add(saml("NameID"), *CONFIRMATION[:1], "NameID"),
        add("{urn:x}y", "AttributeStatement"),
        add("{urn:x}y", "AttributeStatement", "Attribute"),
        add("{urn:x}y", "AttributeStatement", "Attribute", "AttributeValue"),
        add("{urn:x}y", "Conditions", "AudienceRestriction", "Audience"),
    ],
)
def test_a_signed_assertion_of_another_shape_is_refused(change: Change) -> None:
    assert refusal(resigned(change)).kind is Kind.MALFORMED


def test_conditions_without_audience_are_refused() -> None:
    document = resigned(drop("Conditions", "AudienceRestriction"))
    assert refusal(document).kind is Kind.AUDIENCE


def test_a_condition_to_use_it_once_is_understood() -> None:
    assert verify(resigned(add(saml("OneTimeUse"), "Conditions"))).recipient == RECIPIENT


@pytest.mark.parametrize("length", [0, 257])
def test_a_subject_out_of_bounds_is_refused(length: int) -> None:
    document = resigned(lambda a: setattr(element(a, "Subject", "NameID"), "text", "x" * length))
    assert refusal(document).kind is Kind.MALFORMED


def many(count: int, values: int) -> Change:
    def change(assertion: etree._Element) -> None:
        statement = element(assertion, "AttributeStatement")
        for child in list(statement):
            statement.remove(child)
        for number in range(count):
            attribute = etree.SubElement(statement, saml("Attribute"), {"Name": f"a{number}"})
            for _ in range(values):
                etree.SubElement(attribute, saml("AttributeValue")).text = "v"

    return change


@pytest.mark.parametrize(("count", "values"), [(101, 1), (1, 1_001)])
def test_too_many_attributes_or_values_are_refused(count: int, values: int) -> None:
    assert refusal(resigned(many(count, values))).detail == "too many attributes or values"


def test_an_attribute_given_twice_is_kept_but_cannot_be_read_as_one() -> None:
    verified = verify(
        response(attributes=(Attribute("role", ("user",)), Attribute("role", ("admin",))))
    )
    with pytest.raises(SamlRefusal) as caught:
        verified.value("role")
    assert caught.value.kind is Kind.CLAIMS


def test_attributes_are_read_by_name() -> None:
    verified = verify(response(attributes=(Attribute("one", ("1",)), Attribute("none", ()))))
    assert verified.value("one") == "1"
    assert verified.values("absent") == ()
    assert verified.value("absent") is None
    with pytest.raises(SamlRefusal):
        verified.value("none")


# --- documents that are traps for parsers ---


@pytest.mark.parametrize("signed", Signed)
def test_a_comment_that_would_cut_a_name_short_is_refused(signed: Signed) -> None:
    honest = response(signed, subject=NameId("admin@example.com.evil.example"))
    assert verify(honest).subject.value == "admin@example.com.evil.example"
    cut = honest.replace(b"admin@example.com.evil", b"admin@example.com<!---->.evil")
    assert refusal(cut).detail == "a _Comment node"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</saml:NameID>", b"<?x y?></saml:NameID>"),
        (b"<samlp:Status>", b"<!-- hello --><samlp:Status>"),
        (b"<samlp:Response ", b"<!-- hello --><samlp:Response "),
        (b"</samlp:Response>", b"</samlp:Response><!-- hello -->"),
        (b"<samlp:Response ", b"<?xml-stylesheet href='x'?><samlp:Response "),
    ],
)
def test_comments_and_instructions_are_refused_everywhere(old: bytes, new: bytes) -> None:
    assert old in response()
    assert refusal(response().replace(old, new, 1)).kind is Kind.MALFORMED


def test_cdata_is_text_like_any_other() -> None:
    document = response().replace(
        b">hanako@example.com</saml:NameID>", b"><![CDATA[hanako@example.com]]></saml:NameID>"
    )
    assert verify(document).subject.value == "hanako@example.com"


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE samlp:Response>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "http://attacker.example/x.dtd">',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://attacker.example/p">%p;]>',
        b'<!DOCTYPE x [<!ATTLIST saml:NameID Format CDATA "urn:evil">]>',
    ],
)
def test_a_document_type_is_refused_before_parsing(prolog: bytes) -> None:
    assert refusal(prolog + response()).detail == "a document type or entity declaration"


def test_more_than_100000_bytes_are_refused() -> None:
    document = response()
    padding = b" " * (100_000 - len(document))
    assert verify(document + padding).recipient == RECIPIENT
    assert "longer" in refusal(document + padding + b" ").detail


@pytest.mark.parametrize(
    "inside", [b"<a>" * 30 + b"</a>" * 30, b"<a/>" * 2_501], ids=["deep", "many"]
)
def test_too_deep_or_too_many_elements_are_refused(inside: bytes) -> None:
    document = response().replace(b"<samlp:Status>", b"<samlp:Status>" + inside, 1)
    assert "too deep" in refusal(document).detail


def test_too_many_xml_attributes_or_namespaces_are_refused() -> None:
    attributes = b" ".join(b"a%d=''" % n for n in range(21))
    namespaces = b" ".join(b"xmlns:a%d='u'" % n for n in range(1_001))
    for inside in (attributes, namespaces):
        document = response().replace(b"<samlp:Status>", b"<samlp:Status " + inside + b">", 1)
        assert "too many" in refusal(document).detail


@pytest.mark.parametrize("document", [b"", b"x", b"<x/>", b"\xff", b"<samlp:Response/>"], ids=repr)
def test_what_is_no_response_is_refused(document: bytes) -> None:
    assert refusal(document).kind is Kind.MALFORMED


# --- base64 and the unverified issuer ---


def test_line_breaks_in_base64_are_allowed() -> None:
    assert decode_response("PHgv\r\nPg==\n") == b"<x/>"


@pytest.mark.parametrize(
    "encoded", ["PHgvPg=", "PHgv*Pg==", "%3D", "-_-_", "花", "PHgvPg==PHgvPg=="]
)
def test_what_is_not_base64_is_refused(encoded: str) -> None:
    with pytest.raises(SamlRefusal) as caught:
        decode_response(encoded)
    assert caught.value.kind is Kind.MALFORMED


def test_more_than_100000_characters_of_base64_are_refused() -> None:
    assert len(decode_response("AAAA" * 25_000)) == 75_000
    with pytest.raises(SamlRefusal):
        decode_response("AAAA" * 25_000 + "AAAA")


def test_the_unverified_issuer_is_the_one_claimed() -> None:
    assert unverified_issuer(response(by="attacker")) == ISSUER


def test_the_unverified_issuer_of_a_bare_response_is_its_assertions() -> None:
    root = tree(response())
    root.remove(element(root, "Issuer"))
    assert unverified_issuer(etree.tostring(root)) == ISSUER


def test_the_unverified_issuer_is_refused_with_a_comment_inside() -> None:
    document = response().replace(b"https://sso.example.org", b"https://sso.example.org<!-- -->")
    with pytest.raises(SamlRefusal):
        unverified_issuer(document)


def test_a_naive_now_is_a_bug() -> None:
    with pytest.raises(ValueError):
        verify_response(
            response(),
            certificates=[key().certificate],
            expected=EXPECTED,
            now=NOW.replace(tzinfo=None),
        )


def test_a_response_signed_around_an_assertion_of_another_shape_is_refused() -> None:
    root = tree(response(Signed.RESPONSE))
    root.remove(element(root, "Issuer").getnext())  # type: ignore[arg-type]
    drop("Conditions")(the_assertion(root))
    signed = sign_enveloped(root, key(), after=saml("Issuer"))
    assert refusal(signed).kind is Kind.MALFORMED


@pytest.mark.parametrize("identifier", ["", "0x", "a b", "x" * 257])
def test_a_response_with_a_bad_id_is_refused(identifier: str) -> None:
    root = tree(response())
    root.set("ID", identifier)
    assert refusal(root).kind is Kind.MALFORMED


def test_a_response_of_another_version_is_refused() -> None:
    root = tree(response())
    root.set("Version", "1.1")
    assert refusal(root).detail == "not SAML 2.0"


def test_a_response_from_the_future_is_refused_beyond_the_skew() -> None:
    root = tree(response())
    root.set("IssueInstant", "2026-03-01T09:31:00.250Z")
    assert verify(root).recipient == RECIPIENT
    root.set("IssueInstant", "2026-03-01T09:31:00.251Z")
    assert refusal(root).kind is Kind.NOT_YET_VALID


def test_an_attribute_statement_holds_attributes_only() -> None:
    def disguise(assertion: etree._Element) -> None:
        element(assertion, "AttributeStatement", "Attribute").tag = "{urn:x}Attribute"

    assert refusal(resigned(disguise)).detail == "an unexpected element in AttributeStatement"


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(minutes=5)])
def test_a_clock_skew_at_its_bounds_is_taken(skew: timedelta) -> None:
    expected = replace(EXPECTED, clock_skew=skew)
    assert verify(response(), expected=expected).recipient == RECIPIENT
