"""Verifying a SAML Response: the only way from a stranger's bytes to a `VerifiedAssertion`.

Order: bounds and parser → one assertion, no second one anywhere, unique ids → status → form and
place of the signatures → signature with a pinned key → contents, read from the signed bytes alone.
What lies outside the signature (the Response's own attributes, when only the assertion is signed)
can make a message refused, but is never handed on.
Leaves to others: pinning certificates, remembering ids against replay, what the subject may do.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from lxml import etree

from genkan.protocols.saml.document import (
    exact_text,
    local_part,
    only,
    optional,
    parse_document,
    refuse_comments_and_instructions,
    required_attribute,
)
from genkan.protocols.saml.instants import parse_instant, utc
from genkan.protocols.saml.limits import MAX_ENCODED_CHARS, MAX_RESPONSE_BYTES
from genkan.protocols.saml.names import SUCCESS, ds, saml, samlp
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from genkan.protocols.saml.signing import check_form, pinned_certificates, signed_element
from genkan.protocols.saml.verified import (
    Expected,
    VerifiedAssertion,
    check_id,
    check_issuer,
    check_request,
    read_signed_assertion,
)

_MALFORMED = SamlRefusalKind.MALFORMED
_RESPONSE_PATH = "./"
_ASSERTION_PATH = f"./{saml('Assertion')}/"
_WHITESPACE = re.compile(r"[ \t\r\n]+")
# elements of a Response in order; Extensions is a hiding place that nobody needs
_RESPONSE_FORMS = (
    [saml("Issuer"), ds("Signature"), samlp("Status"), saml("Assertion")],
    [saml("Issuer"), samlp("Status"), saml("Assertion")],
    [ds("Signature"), samlp("Status"), saml("Assertion")],
    [samlp("Status"), saml("Assertion")],
)
_STATUS_FORMS = ([samlp("StatusCode")], [samlp("StatusCode"), samlp("StatusMessage")])

_Signed: TypeAlias = tuple[etree._Element, str]  # an element with a signature, and the path to it


def decode_response(encoded: str) -> bytes:
    """The XML of a base64 `SAMLResponse` or `SAMLAssertion`; line breaks inside are allowed.

    Refuses (MALFORMED) more than 100,000 characters and whatever is not base64.
    """
    if len(encoded) > MAX_ENCODED_CHARS:
        raise SamlRefusal(_MALFORMED, f"over {MAX_ENCODED_CHARS} characters of base64")
    try:
        return base64.b64decode(_WHITESPACE.sub("", encoded), validate=True)
    except (binascii.Error, ValueError):
        raise SamlRefusal(_MALFORMED, "not base64") from None


def unverified_issuer(document: bytes) -> str:
    """Who the document *claims* to be from: only to choose the provider to verify it with."""
    root = _parse(document)
    issuer = optional(root, saml("Issuer"))
    if issuer is None:
        issuer = only(only(root, saml("Assertion")), saml("Issuer"))
    return exact_text(issuer)


def verify_response(
    document: bytes,
    *,
    certificates: Sequence[x509.Certificate],
    expected: Expected,
    now: datetime,
    honour_certificate_validity: bool = True,
) -> VerifiedAssertion:
    """Verify a samlp:Response against pinned certificates and read its assertion.

    The assertion, the response around it, or both must be signed by one of `certificates`; every
    signature present must be good. `honour_certificate_validity=False` keeps a pinned certificate
    in use after its `notAfter`, as IAM does for SAML providers; Identity Center's external
    identity provider does not. Raises SamlRefusal; see its kinds.
    """
    root = _parse(document)
    _refuse_ambiguous_ids(root)
    _check_status(root)
    assertion = _only_assertion(root)
    parents = _signed_parents(root, assertion)
    _check_response(root, expected, utc(now))
    keys = pinned_certificates(
        certificates, now=utc(now), honour_validity=honour_certificate_validity
    )
    return read_signed_assertion(_signed_assertion(root, parents, keys), expected, utc(now))


def _parse(document: bytes) -> etree._Element:
    root = parse_document(document, max_bytes=MAX_RESPONSE_BYTES)
    if root.tag != samlp("Response"):
        raise SamlRefusal(_MALFORMED, "not a Response")
    refuse_comments_and_instructions(root)
    return root


def _refuse_ambiguous_ids(root: etree._Element) -> None:
    """No two elements may answer to one reference, whichever spelling of `ID` a library takes."""
    seen: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if local_part(str(name)).lower() != "id":
                continue
            if str(value) in seen:
                raise SamlRefusal(_MALFORMED, "two elements with one ID")
            seen.add(str(value))


def _check_status(root: etree._Element) -> None:
    status = only(root, samlp("Status"))
    code = only(status, samlp("StatusCode"))
    if code.get("Value") != SUCCESS:
        raise SamlRefusal(SamlRefusalKind.IDP_REJECTED, "the identity provider reports a failure")
    # StatusDetail may hold anything, and a success has nothing to detail
    if [child.tag for child in status] not in _STATUS_FORMS or any(len(child) for child in status):
        raise SamlRefusal(_MALFORMED, "an unexpected element in Status")


def _only_assertion(root: etree._Element) -> etree._Element:
    """The one assertion, where it belongs. Wrapping attacks need a second one or another place."""
    for element in root.iter():
        if local_part(str(element.tag)) in ("EncryptedAssertion", "EncryptedData", "EncryptedID"):
            raise SamlRefusal(_MALFORMED, "an encrypted element")
    if sum(1 for _ in root.iter("{*}Assertion")) != 1:
        raise SamlRefusal(_MALFORMED, "no assertion or several")
    if [child.tag for child in root] not in _RESPONSE_FORMS:
        raise SamlRefusal(_MALFORMED, "an unexpected element in Response")
    return only(root, saml("Assertion"))


def _signed_parents(root: etree._Element, assertion: etree._Element) -> list[_Signed]:
    """The elements with a signature of their own, its form checked; at least one, no stray."""
    parents: list[_Signed] = []
    for parent, path in ((root, _RESPONSE_PATH), (assertion, _ASSERTION_PATH)):
        signature = optional(parent, ds("Signature"))
        if signature is not None:
            check_form(signature, parent)
            parents.append((parent, path))
    if not parents:
        raise SamlRefusal(SamlRefusalKind.SIGNATURE, "nothing is signed")
    if sum(1 for _ in root.iter("{*}Signature")) != len(parents):
        raise SamlRefusal(SamlRefusalKind.SIGNATURE, "a signature where none belongs")
    return parents


def _check_response(root: etree._Element, expected: Expected, now: datetime) -> None:
    """What may be unsigned: it can only make the message refused."""
    if root.get("Version") != "2.0":
        raise SamlRefusal(_MALFORMED, "not SAML 2.0")
    check_id(root)
    issued_at = parse_instant(required_attribute(root, "IssueInstant"), "IssueInstant")
    if issued_at > now + expected.clock_skew:
        raise SamlRefusal(SamlRefusalKind.NOT_YET_VALID, "the response is from the future")
    issuer = optional(root, saml("Issuer"))
    if issuer is not None:
        check_issuer(issuer, expected.issuer)
    if root.get("Destination", "") not in {"", *expected.recipients}:
        raise SamlRefusal(SamlRefusalKind.RECIPIENT, "another destination than the expected one")
    check_request(root, expected.in_response_to)


def _signed_assertion(
    root: etree._Element, parents: Sequence[_Signed], keys: Sequence[x509.Certificate]
) -> etree._Element:
    """The assertion out of signed bytes. Of two signatures both must hold; the inner one counts."""
    for parent, path in parents:
        signed = signed_element(root, path, keys)
        if (signed.tag, signed.get("ID")) != (parent.tag, parent.get("ID")):
            raise SamlRefusal(SamlRefusalKind.SIGNATURE, "the signed element is another one")
    return signed if signed.tag == saml("Assertion") else only(signed, saml("Assertion"))
