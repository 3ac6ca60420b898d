"""Keys, contents and forgeries for the tests of the SAML library."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from genkan.protocols.saml.assertion import (
    AssertionContent,
    Attribute,
    NameId,
    Signed,
    build_response,
    message_id,
)
from genkan.protocols.saml.keys import SigningKey, generate_signing_key, load_signing_key
from genkan.protocols.saml.names import DS, ds, saml
from genkan.protocols.saml.signing import sign_enveloped
from genkan.protocols.saml.verified import Expected, VerifiedAssertion
from genkan.protocols.saml.verify import verify_response

NOW = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
ISSUER = "https://sso.example.org/saml/assertion/MTExMTIyMjIzMzMzX2lucy0x"
AUDIENCE = "urn:amazon:webservices"
RECIPIENT = "https://signin.aws.amazon.com/saml"
RESPONSE_ID = message_id(bytes(range(16)))
ASSERTION_ID = message_id(bytes(range(16, 32)))
REQUEST_ID = "_request-1"

EXPECTED = Expected(
    issuer=ISSUER, audiences=frozenset({AUDIENCE}), recipients=frozenset({RECIPIENT})
)
CONTENT = AssertionContent(
    response_id=RESPONSE_ID,
    assertion_id=ASSERTION_ID,
    issuer=ISSUER,
    audience=AUDIENCE,
    recipient=RECIPIENT,
    subject=NameId("hanako@example.com"),
    issued_at=NOW,
    not_before=NOW - timedelta(minutes=5),
    not_on_or_after=NOW + timedelta(minutes=5),
    authenticated_at=NOW - timedelta(minutes=1),
    session_index="_session-1",
    session_not_on_or_after=NOW + timedelta(hours=8),
    attributes=(Attribute("mail", ("hanako@example.com",)), Attribute("groups", ("a", "b"))),
)

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


def key(name: str = "idp") -> SigningKey:
    """A signing key of that name, made once for the test run."""
    return _made_key(name)


@cache
def _made_key(name: str) -> SigningKey:
    pair = generate_signing_key(name, now=NOW - timedelta(days=1), serial_number=1)
    return load_signing_key(pair.private_key_pem, pair.certificate_pem)


def response(signed: Signed = Signed.ASSERTION, by: str = "idp", **changes: object) -> bytes:
    """A genuine response of the sample content with changes."""
    return build_response(replace(CONTENT, **changes), key(by), signed=signed)  # type: ignore[arg-type]


def verify(
    document: bytes | etree._Element,
    *,
    now: datetime = NOW,
    expected: Expected = EXPECTED,
    pinned: str = "idp",
) -> VerifiedAssertion:
    """Verify as the account's STS would, with the sample provider's certificate pinned."""
    if isinstance(document, etree._Element):
        document = etree.tostring(document)
    certificates = [key(pinned).certificate]
    return verify_response(document, certificates=certificates, expected=expected, now=now)


def tree(document: bytes) -> etree._Element:
    """The document as a tree to forge with."""
    return etree.fromstring(document)


def the_assertion(root: etree._Element) -> etree._Element:
    """The response's assertion."""
    found = root.find(saml("Assertion"))
    assert found is not None
    return found


def the_signature(parent: etree._Element) -> etree._Element:
    """The signature that is a child of `parent`."""
    found = parent.find(ds("Signature"))
    assert found is not None
    return found


def evil_twin(assertion: etree._Element, assertion_id: str = "_evil") -> etree._Element:
    """A copy without signature, for another person."""
    twin = copy.deepcopy(assertion)
    for signature in twin.findall(ds("Signature")):
        twin.remove(signature)
    twin.set("ID", assertion_id)
    name_id = twin.find(f"{saml('Subject')}/{saml('NameID')}")
    assert name_id is not None
    name_id.text = "administrator@example.com"
    return twin


def resigned(change: Callable[[etree._Element], None], by: str = "idp") -> bytes:
    """A response whose assertion was changed by `change` *before* the provider signed it."""
    root = tree(response())
    assertion = the_assertion(root)
    assertion.remove(the_signature(assertion))
    root.remove(assertion)
    change(assertion)
    root.append(sign_enveloped(assertion, key(by), after=saml("Issuer")))
    return etree.tostring(root)


def path(*tags: str) -> str:
    """A path of assertion elements from the assertion."""
    return "/".join(saml(tag) for tag in tags)


def element(parent: etree._Element, *tags: str) -> etree._Element:
    """The element at that path, which must be there."""
    found = parent.find(path(*tags))
    assert found is not None
    return found


def odd_signature(
    parent: etree._Element,
    *,
    by: str = "idp",
    uri: str | None = None,
    signature_method: str = RSA_SHA256,
    signature_hash: hashes.HashAlgorithm | None = None,
    digest_method: str = SHA256,
    digest: str = "sha256",
    signed_info_c14n: str = EXC_C14N,
    transforms: tuple[str, ...] = (ENVELOPED, EXC_C14N),
    references: int = 1,
) -> None:
    """Put a signature into `parent` with a parameter that our own signer would never choose.

    An implementation of its own, so that a forgery is a real one: apart from the odd parameter the
    signature is mathematically good.
    """
    exclusive = EXC_C14N in transforms
    target = etree.tostring(parent, method="c14n", exclusive=exclusive, with_comments=False)
    digest_value = base64.b64encode(hashlib.new(digest, target).digest()).decode()
    signature = etree.Element(ds("Signature"), nsmap={"ds": DS})
    info = etree.SubElement(signature, ds("SignedInfo"))
    etree.SubElement(info, ds("CanonicalizationMethod"), {"Algorithm": signed_info_c14n})
    etree.SubElement(info, ds("SignatureMethod"), {"Algorithm": signature_method})
    for _ in range(references):
        reference = etree.SubElement(info, ds("Reference"), {"URI": uri or f"#{parent.get('ID')}"})
        holder = etree.SubElement(reference, ds("Transforms"))
        for transform in transforms:
            etree.SubElement(holder, ds("Transform"), {"Algorithm": transform})
        etree.SubElement(reference, ds("DigestMethod"), {"Algorithm": digest_method})
        etree.SubElement(reference, ds("DigestValue")).text = digest_value
    text = etree.tostring(info, method="c14n", exclusive="exc-c14n" in signed_info_c14n)
    value = key(by).private_key.sign(text, padding.PKCS1v15(), signature_hash or hashes.SHA256())
    etree.SubElement(signature, ds("SignatureValue")).text = base64.b64encode(value).decode()
    element(parent, "Issuer").addnext(signature)


def oddly_signed(**parameters: object) -> bytes:
    """The sample response with its assertion signed by `odd_signature`."""
    root = tree(response())
    assertion = the_assertion(root)
    assertion.remove(the_signature(assertion))
    odd_signature(assertion, **parameters)  # type: ignore[arg-type]
    return etree.tostring(root)
