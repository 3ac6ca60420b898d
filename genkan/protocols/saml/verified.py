"""What a verified assertion says, and the checks on a signed assertion's contents.

`VerifiedAssertion` holds nothing but values out of signed bytes: no tree, no response, no XML.
Only `verify` makes one from a message. Checks follow the web browser SSO profile (profiles
§4.1.4.3) and core §2.5: an unknown condition makes an assertion invalid, not lenient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from genkan.protocols.saml.assertion import Attribute, NameId
from genkan.protocols.saml.document import exact_text, only, optional, required_attribute
from genkan.protocols.saml.instants import parse_instant
from genkan.protocols.saml.limits import MAX_ATTRIBUTES, MAX_NAME_ID, MAX_VALUES, MESSAGE_ID
from genkan.protocols.saml.names import (
    ATTRIBUTE_UNSPECIFIED,
    BEARER,
    ENTITY,
    NAME_ID_UNSPECIFIED,
    ds,
    saml,
)
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind

MAX_CLOCK_SKEW = timedelta(minutes=5)

_MALFORMED = SamlRefusalKind.MALFORMED
_PARTS = {
    saml("Issuer"),
    ds("Signature"),  # stays inside when the Response alone was verified around it
    saml("Subject"),
    saml("Conditions"),
    saml("AuthnStatement"),
    saml("AttributeStatement"),
}
_CONDITIONS = {saml("AudienceRestriction"), saml("OneTimeUse"), saml("ProxyRestriction")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the receiver wants to see. Compared as exact strings.

    `in_response_to`: the id of the AuthnRequest that was sent; None accepts only a response that
    answers no request. `max_age`: refuse an assertion issued longer ago than this, however long it
    calls itself valid (AWS STS: five minutes). `clock_skew` is granted at both ends of each window.
    """

    issuer: str
    audiences: frozenset[str]
    recipients: frozenset[str]
    in_response_to: str | None = None
    max_age: timedelta | None = None
    clock_skew: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        if _is_text(self.audiences) or _is_text(self.recipients):
            raise TypeError("audiences and recipients are sets of strings")
        if not timedelta(0) <= self.clock_skew <= MAX_CLOCK_SKEW:
            raise ValueError("a clock skew of 0 to 5 minutes")


def _is_text(value: object) -> bool:
    """A plain string in place of a set would turn membership tests into substring tests."""
    return isinstance(value, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAssertion:
    """A genuine, current assertion for us. `recipient` is AWS's `SAML:aud`.

    The caller guards against replay: remember `assertion_id` per issuer until `remember_until`.
    """

    assertion_id: str
    issuer: str
    issued_at: datetime
    subject: NameId
    recipient: str
    audiences: tuple[str, ...]
    in_response_to: str | None
    not_on_or_after: datetime
    remember_until: datetime
    authenticated_at: datetime
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_context: str | None
    attributes: tuple[Attribute, ...]

    def values(self, name: str) -> tuple[str, ...]:
        """All values of the attribute, () when absent. Refuses (CLAIMS) two of that name."""
        found = [attribute for attribute in self.attributes if attribute.name == name]
        if len(found) > 1:
            raise SamlRefusal(SamlRefusalKind.CLAIMS, "an attribute that occurs more than once")
        return found[0].values if found else ()

    def value(self, name: str) -> str | None:
        """The attribute's only value, None without the attribute. Refuses (CLAIMS) 0 or several."""
        if not any(attribute.name == name for attribute in self.attributes):
            return None
        found = self.values(name)
        if len(found) != 1:
            raise SamlRefusal(SamlRefusalKind.CLAIMS, "an attribute without exactly one value")
        return found[0]


def read_signed_assertion(
    assertion: etree._Element, expected: Expected, now: datetime
) -> VerifiedAssertion:
    """Check a signed assertion's contents and read them. `assertion` must be signed bytes' tree."""
    for child in assertion:
        if child.tag not in _PARTS:
            raise SamlRefusal(_MALFORMED, "an unexpected element in Assertion")
    window = _Window(now, expected.clock_skew)
    if assertion.get("Version") != "2.0":
        raise SamlRefusal(_MALFORMED, "not SAML 2.0")
    issued_at = _issued_at(assertion, expected, window)
    issuer = check_issuer(only(assertion, saml("Issuer")), expected.issuer)
    subject = only(assertion, saml("Subject"))
    confirmation = _confirmation(subject, expected, window)
    conditions = only(assertion, saml("Conditions"))
    audiences = _audiences(conditions, expected.audiences)
    limits = [window.end_of(confirmation), *window.limits_of(conditions)]
    statement = only(assertion, saml("AuthnStatement"))
    context = only(statement, saml("AuthnContext")).find(saml("AuthnContextClassRef"))
    return VerifiedAssertion(
        assertion_id=check_id(assertion),
        issuer=issuer,
        issued_at=issued_at,
        subject=_name_id(subject),
        recipient=required_attribute(confirmation, "Recipient"),
        audiences=audiences,
        in_response_to=confirmation.get("InResponseTo"),
        not_on_or_after=min(limits),
        remember_until=min(limits) + expected.clock_skew,
        authenticated_at=parse_instant(
            required_attribute(statement, "AuthnInstant"), "AuthnInstant"
        ),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=window.session_end_of(statement),
        authn_context=exact_text(context) if context is not None else None,
        attributes=_attributes(assertion),
    )


@dataclass(frozen=True, slots=True)
class _Window:
    """The moment of verification with the skew granted to the issuer's clock."""

    now: datetime
    skew: timedelta

    def check_start(self, moment: datetime, what: str) -> None:
        if self.now + self.skew < moment:
            raise SamlRefusal(SamlRefusalKind.NOT_YET_VALID, f"{what} is in the future")

    def check_end(self, moment: datetime, what: str) -> datetime:
        if self.now - self.skew >= moment:
            raise SamlRefusal(SamlRefusalKind.EXPIRED, f"{what} is over")
        return moment

    def end_of(self, element: etree._Element) -> datetime:
        text = required_attribute(element, "NotOnOrAfter")
        return self.check_end(parse_instant(text, "NotOnOrAfter"), "NotOnOrAfter")

    def limits_of(self, conditions: etree._Element) -> list[datetime]:
        """Check both bounds where given; the upper one in a list, to take the earliest."""
        start = conditions.get("NotBefore")
        if start is not None:
            self.check_start(parse_instant(start, "NotBefore"), "NotBefore")
        return [self.end_of(conditions)] if conditions.get("NotOnOrAfter") is not None else []

    def session_end_of(self, statement: etree._Element) -> datetime | None:
        text = statement.get("SessionNotOnOrAfter")
        if text is None:
            return None
        return self.check_end(parse_instant(text, "SessionNotOnOrAfter"), "SessionNotOnOrAfter")


def check_id(element: etree._Element) -> str:
    """The element's `ID`, as an xs:ID of ASCII characters. Refuses (MALFORMED) another."""
    identifier = required_attribute(element, "ID")
    if not MESSAGE_ID.fullmatch(identifier):
        raise SamlRefusal(_MALFORMED, "an ID that is not an xs:ID")
    return identifier


def check_issuer(element: etree._Element, expected: str) -> str:
    """The issuer's entity id, if it is the expected one. Refuses (ISSUER) another."""
    if element.get("Format", ENTITY) != ENTITY:
        raise SamlRefusal(SamlRefusalKind.ISSUER, "an issuer that is not named as an entity")
    issuer = exact_text(element)
    if not issuer or issuer != expected:
        raise SamlRefusal(SamlRefusalKind.ISSUER, "another issuer than the expected one")
    return issuer


def check_request(element: etree._Element, expected: str | None) -> None:
    """Refuse (REQUEST) an answer to another request, or a stranger's answer to none of ours."""
    if element.get("InResponseTo") != expected:
        raise SamlRefusal(SamlRefusalKind.REQUEST, "InResponseTo is not the expected request")


def _issued_at(assertion: etree._Element, expected: Expected, window: _Window) -> datetime:
    issued_at = parse_instant(required_attribute(assertion, "IssueInstant"), "IssueInstant")
    window.check_start(issued_at, "IssueInstant")
    if expected.max_age is not None:
        window.check_end(issued_at + expected.max_age, "the time to use the assertion")
    return issued_at


def _confirmation(subject: etree._Element, expected: Expected, window: _Window) -> etree._Element:
    """The bearer's SubjectConfirmationData; its end is checked by the caller."""
    confirmation = only(subject, saml("SubjectConfirmation"))
    if confirmation.get("Method") != BEARER:
        raise SamlRefusal(_MALFORMED, "a confirmation that is not by bearer")
    data = only(confirmation, saml("SubjectConfirmationData"))
    if required_attribute(data, "Recipient") not in expected.recipients:
        raise SamlRefusal(SamlRefusalKind.RECIPIENT, "another recipient than the expected one")
    check_request(data, expected.in_response_to)
    if data.get("NotBefore") is not None:  # profiles §4.1.4.2: a bearer's must not have one
        raise SamlRefusal(_MALFORMED, "a bearer confirmation with NotBefore")
    return data


def _audiences(conditions: etree._Element, expected: frozenset[str]) -> tuple[str, ...]:
    for child in conditions:
        if child.tag not in _CONDITIONS:
            raise SamlRefusal(_MALFORMED, "an unknown condition")
    restrictions = conditions.findall(saml("AudienceRestriction"))
    if not restrictions:
        raise SamlRefusal(SamlRefusalKind.AUDIENCE, "for no audience in particular")
    audiences = [
        [exact_text(audience) for audience in restriction.findall(saml("Audience"))]
        for restriction in restrictions
    ]
    if not all(expected.intersection(each) for each in audiences):
        raise SamlRefusal(SamlRefusalKind.AUDIENCE, "another audience than the expected one")
    return tuple(dict.fromkeys(name for each in audiences for name in each))


def _name_id(subject: etree._Element) -> NameId:
    element = only(subject, saml("NameID"))
    if len(subject) != 2:  # NameID and SubjectConfirmation: no EncryptedID, no BaseID
        raise SamlRefusal(_MALFORMED, "an unexpected element in Subject")
    value = exact_text(element)
    if not 1 <= len(value) <= MAX_NAME_ID:
        raise SamlRefusal(_MALFORMED, f"a NameID of 0 or over {MAX_NAME_ID} characters")
    return NameId(
        value,
        element.get("Format", NAME_ID_UNSPECIFIED),
        element.get("NameQualifier"),
        element.get("SPNameQualifier"),
    )


def _attributes(assertion: etree._Element) -> tuple[Attribute, ...]:
    statement = optional(assertion, saml("AttributeStatement"))
    if statement is None:
        return ()
    if any(child.tag != saml("Attribute") for child in statement):
        raise SamlRefusal(_MALFORMED, "an unexpected element in AttributeStatement")
    attributes = tuple(_attribute(element) for element in statement)
    values = sum(len(attribute.values) for attribute in attributes)
    if len(attributes) > MAX_ATTRIBUTES or values > MAX_VALUES:
        raise SamlRefusal(_MALFORMED, "too many attributes or values")
    return attributes


def _attribute(element: etree._Element) -> Attribute:
    if any(child.tag != saml("AttributeValue") for child in element):
        raise SamlRefusal(_MALFORMED, "an unexpected element in Attribute")
    return Attribute(
        required_attribute(element, "Name"),
        tuple(exact_text(value) for value in element),
        element.get("NameFormat", ATTRIBUTE_UNSPECIFIED),
        element.get("FriendlyName"),
    )
