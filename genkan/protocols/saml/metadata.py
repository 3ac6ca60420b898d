"""Metadata of an identity provider: written for service providers, read from foreign ones.

Shape: reference §5.5. Reading is for an administrator's upload (`CreateSAMLProvider`, an external
identity source): certificates come out pinned, so where the file came from decides their trust.
A signature on the file is not looked at. Nothing in the file is ever fetched.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.etree import SubElement

from genkan.protocols.saml.document import exact_text, only, parse_document, required_attribute
from genkan.protocols.saml.instants import format_instant, parse_instant
from genkan.protocols.saml.keys import is_strong_rsa
from genkan.protocols.saml.names import DS, MD, SAMLP, ds, md
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind

MAX_METADATA_CHARS = 75_000  # reference §6 (external IdP rules)
MAX_CERTIFICATES = 10
MAX_ENDPOINTS = 20  # of one service
MAX_ENTITY_ID = 1_024  # characters (SAML core §8.3.6)
MAX_LOCATION = 2_048

_MALFORMED = SamlRefusalKind.MALFORMED


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service answers: binding URI and absolute http(s) URL."""

    binding: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviderMetadata:
    """One IDPSSODescriptor and the entity around it, in the order of the file."""

    entity_id: str
    signing_certificates: tuple[x509.Certificate, ...]
    single_sign_on: tuple[Endpoint, ...]
    single_logout: tuple[Endpoint, ...] = ()
    name_id_formats: tuple[str, ...] = ()
    want_authn_requests_signed: bool = False
    valid_until: datetime | None = None

    def sign_on_location(self, binding: str) -> str | None:
        """Where to send an AuthnRequest with that binding, if there."""
        return next((e.location for e in self.single_sign_on if e.binding == binding), None)


def build_metadata(metadata: IdentityProviderMetadata) -> bytes:
    """The document, UTF-8 with declaration; the same input gives the same bytes."""
    root = etree.Element(md("EntityDescriptor"), {"entityID": metadata.entity_id}, nsmap={"md": MD})
    if metadata.valid_until is not None:
        root.set("validUntil", format_instant(metadata.valid_until))
    descriptor = SubElement(root, md("IDPSSODescriptor"))
    descriptor.set("WantAuthnRequestsSigned", str(metadata.want_authn_requests_signed).lower())
    descriptor.set("protocolSupportEnumeration", SAMLP)
    for certificate in metadata.signing_certificates:
        _add_key(descriptor, certificate)
    _add_endpoints(descriptor, "SingleLogoutService", metadata.single_logout)
    for name_id_format in metadata.name_id_formats:
        SubElement(descriptor, md("NameIDFormat")).text = name_id_format
    _add_endpoints(descriptor, "SingleSignOnService", metadata.single_sign_on)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add_key(descriptor: etree._Element, certificate: x509.Certificate) -> None:
    key = SubElement(descriptor, md("KeyDescriptor"), {"use": "signing"})
    info = SubElement(key, ds("KeyInfo"), nsmap={"ds": DS})
    der = certificate.public_bytes(Encoding.DER)
    data = SubElement(info, ds("X509Data"))
    SubElement(data, ds("X509Certificate")).text = base64.b64encode(der).decode()


def _add_endpoints(descriptor: etree._Element, tag: str, endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        SubElement(
            descriptor, md(tag), {"Binding": endpoint.binding, "Location": endpoint.location}
        )


def parse_metadata(document: bytes) -> IdentityProviderMetadata:
    """Read one identity provider's metadata (SAML metadata §2.4.3). Refuses (MALFORMED):

    more than 75,000 characters, DTDs, several entities, no SAML 2.0 identity provider, no signing
    certificate, one that is not RSA of 2048 bits or more, no place to sign in, a location that is
    not http(s). Comments may stand between elements, as many files have them, but not in a value.
    """
    root = parse_document(document, max_bytes=4 * MAX_METADATA_CHARS)
    if len(document.decode("utf-8")) > MAX_METADATA_CHARS:
        raise SamlRefusal(_MALFORMED, f"metadata of more than {MAX_METADATA_CHARS} characters")
    if root.tag != md("EntityDescriptor"):
        raise SamlRefusal(_MALFORMED, "not the metadata of one entity")
    descriptor = only(root, md("IDPSSODescriptor"))
    if SAMLP not in (descriptor.get("protocolSupportEnumeration") or "").split():
        raise SamlRefusal(_MALFORMED, "not an identity provider for SAML 2.0")
    valid_until = root.get("validUntil")
    return IdentityProviderMetadata(
        entity_id=_entity_id(root),
        signing_certificates=_certificates(descriptor),
        single_sign_on=_endpoints(descriptor, "SingleSignOnService", required=True),
        single_logout=_endpoints(descriptor, "SingleLogoutService"),
        name_id_formats=tuple(
            exact_text(element).strip() for element in descriptor.findall(md("NameIDFormat"))
        ),
        want_authn_requests_signed=descriptor.get("WantAuthnRequestsSigned") in ("true", "1"),
        valid_until=parse_instant(valid_until, "validUntil") if valid_until is not None else None,
    )


def _entity_id(root: etree._Element) -> str:
    entity_id = required_attribute(root, "entityID")
    if len(entity_id) > MAX_ENTITY_ID or any(c.isspace() for c in entity_id):
        raise SamlRefusal(_MALFORMED, "an entityID with spaces or of too many characters")
    return entity_id


def _certificates(descriptor: etree._Element) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for key in descriptor.findall(md("KeyDescriptor")):
        if key.get("use", "signing") != "signing":  # without `use` a key serves both purposes
            continue
        path = f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"
        found.extend(_certificate(element) for element in key.findall(path))
    if not 1 <= len(found) <= MAX_CERTIFICATES:
        raise SamlRefusal(_MALFORMED, f"{len(found)} signing certificates")
    return tuple(dict.fromkeys(found))


def _certificate(element: etree._Element) -> x509.Certificate:
    try:
        der = base64.b64decode("".join(exact_text(element).split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError, x509.InvalidVersion):
        raise SamlRefusal(_MALFORMED, "an X509Certificate that is none") from None
    if not is_strong_rsa(certificate):
        raise SamlRefusal(_MALFORMED, "a certificate that is not RSA of 2048 bits or more")
    return certificate


def _endpoints(
    descriptor: etree._Element, tag: str, *, required: bool = False
) -> tuple[Endpoint, ...]:
    elements = descriptor.findall(md(tag))
    if len(elements) > MAX_ENDPOINTS or (required and not elements):
        raise SamlRefusal(_MALFORMED, f"{len(elements)} {tag}")
    return tuple(
        Endpoint(required_attribute(element, "Binding"), _location(element)) for element in elements
    )


def _location(element: etree._Element) -> str:
    location = required_attribute(element, "Location")
    try:
        parts = urlsplit(location)
    except ValueError:
        raise SamlRefusal(_MALFORMED, "a location that is no URL") from None
    # a browser will be sent there: `javascript:` and the like must not pass
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SamlRefusal(_MALFORMED, "a location that is not http or https")
    if len(location) > MAX_LOCATION or any(c.isspace() for c in location):
        raise SamlRefusal(_MALFORMED, "a location with spaces or of too many characters")
    return location
