"""Writing a signed Response with one assertion (SAML core §2, web browser SSO profile §4.1.4).

`AssertionContent` says everything; nothing is invented here, neither ids nor times. Values are put
into an lxml tree, never into text, so no value can become markup; what XML 1.0 cannot carry is
refused. A response built here is always one that `verify` is ready to read.
Leaves to others: whether the person may have it, and delivering it (it is a bearer credential:
never log it).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from lxml import etree
from lxml.etree import SubElement

from genkan.protocols.saml.instants import format_instant, utc
from genkan.protocols.saml.keys import SigningKey
from genkan.protocols.saml.limits import (
    MAX_ATTRIBUTES,
    MAX_ENCODED_CHARS,
    MAX_NAME_ID,
    MAX_VALUES,
    MESSAGE_ID,
)
from genkan.protocols.saml.names import (
    ATTRIBUTE_BASIC,
    AUTHN_UNSPECIFIED,
    BEARER,
    NAME_ID_PERSISTENT,
    SAML,
    SAMLP,
    SUCCESS,
    saml,
    samlp,
)
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from genkan.protocols.saml.signing import sign_enveloped

# XML 1.0 §2.2, `Char`, negated
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Signed(Enum):
    """Which elements are signed. AWS accepts any; applications differ."""

    ASSERTION = "assertion"
    RESPONSE = "response"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One saml:Attribute with its text values, in order."""

    name: str
    values: tuple[str, ...]
    name_format: str = ATTRIBUTE_BASIC
    friendly_name: str | None = None


@dataclass(frozen=True, slots=True)
class NameId:
    """Who the assertion is about: value (1-256 characters), format URI, qualifiers."""

    value: str
    format: str = NAME_ID_PERSISTENT
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionContent:
    """All that a response says. Times are aware; ids are from `message_id`.

    `recipient` is the assertion consumer URL the browser posts to: it becomes `Recipient` and
    `Destination`, and it is what AWS compares with `SAML:aud` in a role's trust policy.
    `audience` is the service provider's entity id (`urn:amazon:webservices` for AWS): it becomes
    the AudienceRestriction and no trust policy sees it.
    """

    response_id: str
    assertion_id: str
    issuer: str
    audience: str
    recipient: str
    subject: NameId
    issued_at: datetime
    not_before: datetime
    not_on_or_after: datetime  # of the confirmation and the conditions: minutes from issued_at
    authenticated_at: datetime
    session_index: str
    session_not_on_or_after: datetime | None = None
    authn_context: str = AUTHN_UNSPECIFIED
    in_response_to: str | None = None  # None: started by the identity provider
    attributes: tuple[Attribute, ...] = ()


def message_id(entropy: bytes) -> str:
    """An xs:ID from at least 16 random bytes (core §1.3.4 wants 128 bits or more)."""
    if not 16 <= len(entropy) <= 64:
        raise ValueError("16 to 64 random bytes make an id")
    return f"_{entropy.hex()}"


def build_response(
    content: AssertionContent, key: SigningKey, *, signed: Signed = Signed.ASSERTION
) -> bytes:
    """The signed samlp:Response, UTF-8 without declaration.

    Refuses (CONTENT): characters outside XML 1.0, empty or overlong required values, more than 100
    attributes or 1,000 values, a window of no length, and a result over 100,000 base64 characters.
    """
    _check(content)
    assertion = _assertion(content)
    if signed is not Signed.RESPONSE:
        assertion = sign_enveloped(assertion, key, after=saml("Issuer"))
    response = _response(content)
    response.append(assertion)
    if signed is not Signed.ASSERTION:
        response = sign_enveloped(response, key, after=saml("Issuer"))
    document = etree.tostring(response, encoding="utf-8", xml_declaration=False)
    if len(encode_response(document)) > MAX_ENCODED_CHARS:
        raise SamlRefusal(
            SamlRefusalKind.CONTENT, f"a response of over {MAX_ENCODED_CHARS} characters"
        )
    return document


def encode_response(document: bytes) -> str:
    """The form value `SAMLResponse` of the HTTP-POST binding (bindings §3.5.4), and STS's."""
    return base64.b64encode(document).decode("ascii")


def _check(content: AssertionContent) -> None:
    for text in _texts(content):
        if _NOT_XML.search(text):
            raise SamlRefusal(SamlRefusalKind.CONTENT, "a character that XML 1.0 cannot carry")
    for what in ("issuer", "audience", "recipient", "session_index", "authn_context"):
        if not getattr(content, what):
            raise SamlRefusal(SamlRefusalKind.CONTENT, f"an empty {what}")
    for identifier in (content.response_id, content.assertion_id, content.in_response_to):
        if identifier is not None and not MESSAGE_ID.fullmatch(identifier):
            raise SamlRefusal(SamlRefusalKind.CONTENT, "an id that is not an xs:ID")
    if content.response_id == content.assertion_id:
        raise SamlRefusal(SamlRefusalKind.CONTENT, "one id for two elements")
    if not 1 <= len(content.subject.value) <= MAX_NAME_ID:
        raise SamlRefusal(
            SamlRefusalKind.CONTENT, f"a NameID of 0 or over {MAX_NAME_ID} characters"
        )
    values = sum(len(attribute.values) for attribute in content.attributes)
    if len(content.attributes) > MAX_ATTRIBUTES or values > MAX_VALUES:
        raise SamlRefusal(SamlRefusalKind.CONTENT, "too many attributes or values")
    if any(not attribute.name for attribute in content.attributes):
        raise SamlRefusal(SamlRefusalKind.CONTENT, "an attribute without name")
    if utc(content.not_on_or_after) <= utc(content.not_before):
        raise SamlRefusal(SamlRefusalKind.CONTENT, "valid for no time")


def _texts(content: AssertionContent) -> Iterator[str]:
    subject = content.subject
    yield from (content.issuer, content.audience, content.recipient, content.session_index)
    yield from (content.authn_context, subject.value, subject.format)
    yield from (subject.name_qualifier or "", subject.sp_name_qualifier or "")
    for attribute in content.attributes:
        yield from (attribute.name, attribute.name_format, attribute.friendly_name or "")
        yield from attribute.values


def _response(content: AssertionContent) -> etree._Element:
    response = etree.Element(
        samlp("Response"),
        {
            "ID": content.response_id,
            "Version": "2.0",
            "IssueInstant": format_instant(content.issued_at),
            "Destination": content.recipient,
        },
        nsmap={"samlp": SAMLP, "saml": SAML},
    )
    if content.in_response_to is not None:
        response.set("InResponseTo", content.in_response_to)
    SubElement(response, saml("Issuer")).text = content.issuer
    SubElement(SubElement(response, samlp("Status")), samlp("StatusCode"), {"Value": SUCCESS})
    return response


def _assertion(content: AssertionContent) -> etree._Element:
    assertion = etree.Element(
        saml("Assertion"),
        {
            "ID": content.assertion_id,
            "Version": "2.0",
            "IssueInstant": format_instant(content.issued_at),
        },
        nsmap={"saml": SAML},
    )
    SubElement(assertion, saml("Issuer")).text = content.issuer
    _add_subject(assertion, content)
    _add_conditions(assertion, content)
    _add_authn_statement(assertion, content)
    _add_attributes(assertion, content.attributes)
    return assertion


def _add_subject(assertion: etree._Element, content: AssertionContent) -> None:
    subject = SubElement(assertion, saml("Subject"))
    name_id = SubElement(subject, saml("NameID"), {"Format": content.subject.format})
    name_id.text = content.subject.value
    if content.subject.name_qualifier is not None:
        name_id.set("NameQualifier", content.subject.name_qualifier)
    if content.subject.sp_name_qualifier is not None:
        name_id.set("SPNameQualifier", content.subject.sp_name_qualifier)
    confirmation = SubElement(subject, saml("SubjectConfirmation"), {"Method": BEARER})
    data = SubElement(confirmation, saml("SubjectConfirmationData"))
    data.set("NotOnOrAfter", format_instant(content.not_on_or_after))
    data.set("Recipient", content.recipient)
    if content.in_response_to is not None:
        data.set("InResponseTo", content.in_response_to)


def _add_conditions(assertion: etree._Element, content: AssertionContent) -> None:
    conditions = SubElement(assertion, saml("Conditions"))
    conditions.set("NotBefore", format_instant(content.not_before))
    conditions.set("NotOnOrAfter", format_instant(content.not_on_or_after))
    restriction = SubElement(conditions, saml("AudienceRestriction"))
    SubElement(restriction, saml("Audience")).text = content.audience


def _add_authn_statement(assertion: etree._Element, content: AssertionContent) -> None:
    statement = SubElement(assertion, saml("AuthnStatement"))
    statement.set("AuthnInstant", format_instant(content.authenticated_at))
    statement.set("SessionIndex", content.session_index)
    if content.session_not_on_or_after is not None:
        statement.set("SessionNotOnOrAfter", format_instant(content.session_not_on_or_after))
    context = SubElement(statement, saml("AuthnContext"))
    SubElement(context, saml("AuthnContextClassRef")).text = content.authn_context


def _add_attributes(assertion: etree._Element, attributes: tuple[Attribute, ...]) -> None:
    if not attributes:  # the schema wants at least one in a statement
        return
    statement = SubElement(assertion, saml("AttributeStatement"))
    for attribute in attributes:
        element = SubElement(statement, saml("Attribute"), {"Name": attribute.name})
        element.set("NameFormat", attribute.name_format)
        if attribute.friendly_name is not None:
            element.set("FriendlyName", attribute.friendly_name)
        for value in attribute.values:
            SubElement(element, saml("AttributeValue")).text = value
