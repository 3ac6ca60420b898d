"""Metadata of identity providers, written and read."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from genkan.protocols.saml.metadata import (
    Endpoint,
    IdentityProviderMetadata,
    build_metadata,
    parse_metadata,
)
from genkan.protocols.saml.names import (
    BINDING_POST,
    BINDING_REDIRECT,
    NAME_ID_PERSISTENT,
    ds,
    md,
)
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from tests.protocols.saml.samples import NOW, key

BASE = "https://sso.example.org/saml"
METADATA = IdentityProviderMetadata(
    entity_id=f"{BASE}/assertion/abc",
    signing_certificates=(key().certificate,),
    single_sign_on=(
        Endpoint(BINDING_POST, f"{BASE}/assertion/abc"),
        Endpoint(BINDING_REDIRECT, f"{BASE}/assertion/abc"),
    ),
    single_logout=(
        Endpoint(BINDING_POST, f"{BASE}/logout/abc"),
        Endpoint(BINDING_REDIRECT, f"{BASE}/logout/abc"),
    ),
    name_id_formats=(NAME_ID_PERSISTENT,),
)


def built(**changes: object) -> bytes:
    return build_metadata(replace(METADATA, **changes))  # type: ignore[arg-type]


def refusal(document: bytes) -> SamlRefusal:
    with pytest.raises(SamlRefusal) as caught:
        parse_metadata(document)
    return caught.value


def changed(old: str, new: str) -> bytes:
    text = built().decode()
    assert old in text
    return text.replace(old, new).encode()


def test_what_is_built_is_what_is_read() -> None:
    assert parse_metadata(built()) == METADATA


def test_two_certificates_an_end_and_signed_requests_are_kept() -> None:
    metadata = replace(
        METADATA,
        signing_certificates=(key().certificate, key("next").certificate),
        valid_until=datetime(2031, 3, 1, tzinfo=UTC),
        want_authn_requests_signed=True,
    )
    assert parse_metadata(build_metadata(metadata)) == metadata


def test_the_document_has_the_shape_of_aws() -> None:
    root = etree.fromstring(built())
    descriptor = root[0]
    assert root.tag == md("EntityDescriptor")
    assert descriptor.get("WantAuthnRequestsSigned") == "false"
    assert [etree.QName(child).localname for child in descriptor] == [
        "KeyDescriptor",
        "SingleLogoutService",
        "SingleLogoutService",
        "NameIDFormat",
        "SingleSignOnService",
        "SingleSignOnService",
    ]
    assert descriptor[0].get("use") == "signing"


def test_the_location_for_a_binding_is_found() -> None:
    assert METADATA.sign_on_location(BINDING_POST) == f"{BASE}/assertion/abc"
    assert METADATA.sign_on_location("urn:unknown") is None


def test_comments_and_an_entity_signature_between_elements_are_passed_over() -> None:
    text = built().decode().replace("<md:IDPSSO", "<!-- ours --><?x y?><md:IDPSSO", 1)
    assert parse_metadata(text.encode()) == METADATA


def test_an_encryption_key_is_not_trusted_for_signatures() -> None:
    assert refusal(changed('use="signing"', 'use="encryption"')).kind is SamlRefusalKind.MALFORMED


def test_a_key_without_use_serves_signatures() -> None:
    assert parse_metadata(changed(' use="signing"', "")) == METADATA


def test_a_certificate_broken_into_lines_is_read() -> None:
    der = base64.b64encode(key().certificate.public_bytes(Encoding.DER)).decode()
    lines = "\n    ".join(der[i : i + 64] for i in range(0, len(der), 64))
    assert parse_metadata(changed(der, f"\n    {lines}\n")) == METADATA


def test_a_certificate_with_a_comment_inside_is_refused() -> None:
    der = base64.b64encode(key().certificate.public_bytes(Encoding.DER)).decode()
    assert refusal(changed(der, f"{der[:40]}<!---->{der[40:]}"))


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "MIIB"])
def test_a_certificate_that_is_none_is_refused(text: str) -> None:
    der = base64.b64encode(key().certificate.public_bytes(Encoding.DER)).decode()
    assert "X509Certificate" in refusal(changed(der, text)).detail


def test_a_certificate_of_a_weak_key_is_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    builder = x509.CertificateBuilder(name, name, weak.public_key(), 1, NOW, NOW + timedelta(1))
    certificate = builder.sign(weak, hashes.SHA256())
    assert "2048" in refusal(built(signing_certificates=(certificate,))).detail


def test_metadata_without_certificate_is_refused() -> None:
    assert refusal(built(signing_certificates=())).detail == "0 signing certificates"


def test_metadata_without_a_place_to_sign_in_is_refused() -> None:
    assert refusal(built(single_sign_on=())).detail == "0 SingleSignOnService"


def test_metadata_of_a_service_provider_is_refused() -> None:
    assert refusal(changed("IDPSSODescriptor", "SPSSODescriptor"))


def test_metadata_for_saml_1_is_refused() -> None:
    assert refusal(changed("SAML:2.0:protocol", "SAML:1.1:protocol"))


def test_metadata_of_several_entities_is_refused() -> None:
    root = etree.Element(md("EntitiesDescriptor"))
    root.extend([etree.fromstring(built()), etree.fromstring(built())])
    assert "one entity" in refusal(etree.tostring(root)).detail


def test_two_identity_providers_in_one_entity_are_refused() -> None:
    root = etree.fromstring(built())
    root.append(etree.fromstring(built())[0])
    assert "several" in refusal(etree.tostring(root)).detail


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "javascript://example.org/%0aalert(1)",
        "ftp://example.org/",
        "/relative",
        "https://",
        "https://[bad",
        "https://example.org/a b",
        "https://example.org/" + "x" * 2_048,
        "",
    ],
)
def test_a_location_that_a_browser_must_not_be_sent_to_is_refused(location: str) -> None:
    assert refusal(built(single_sign_on=(Endpoint(BINDING_POST, location),)))


@pytest.mark.parametrize("entity_id", ["", "has space", "x" * 1_025])
def test_a_bad_entity_id_is_refused(entity_id: str) -> None:
    assert refusal(built(entity_id=entity_id))


def test_75000_characters_are_read_and_one_more_is_refused() -> None:
    document = built()
    padding = 75_000 - len(document.decode())
    assert parse_metadata(document + b" " * padding) == METADATA
    assert "75000" in refusal(document + b" " * (padding + 1)).detail


def test_characters_are_counted_not_bytes() -> None:
    document = built() + ("<!--" + "花" * 60_000 + "-->").encode()
    assert parse_metadata(document) == METADATA


def test_an_entity_bomb_is_refused_before_it_is_parsed() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    document = built().decode().replace("<md:EntityDescriptor", bomb + "<md:EntityDescriptor", 1)
    assert "declaration" in refusal(document.encode()).detail


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(BASE)
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    text = built().decode().replace("<md:Entity", doctype + "<md:Entity", 1)
    assert "declaration" in refusal(text.replace(NAME_ID_PERSISTENT, "&e;").encode()).detail


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
def test_another_encoding_cannot_hide_a_declaration(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x []>' + "<x/>"
    assert refusal(text.encode(encoding)).kind is SamlRefusalKind.MALFORMED


def test_a_declared_encoding_does_not_change_how_characters_are_read() -> None:
    text = built().decode().replace('"UTF-8"', '"ISO-8859-1"').replace("'UTF-8'", "'ISO-8859-1'")
    name = "https://例え.example/"
    document = text.replace(f'entityID="{BASE}/assertion/abc"', f'entityID="{name}"').encode()
    assert parse_metadata(document).entity_id == name


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"<a",
        b"<a></b>",
        b"\xff\xfe",
        b"<a>\xc3</a>",
        b"<a>\0</a>",
        b"<a>&unknown;</a>",
        b"<a b='1' b='2'/>",
        b"<a/><b/>",
        b"text",
    ],
    ids=repr,
)
def test_what_is_not_well_formed_is_refused(document: bytes) -> None:
    assert refusal(document).kind is SamlRefusalKind.MALFORMED


def test_elements_too_deep_or_too_many_are_refused() -> None:
    deep = b"<a>" * 30 + b"</a>" * 30
    wide = b"<a>" + b"<b/>" * 5_000 + b"</a>"
    attributes = b"<a " + b" ".join(b"x%d='1'" % n for n in range(30)) + b"/>"
    for document in (deep, wide, attributes):
        assert "too" in refusal(document).detail


def test_a_valid_until_that_is_no_utc_time_is_refused() -> None:
    for bad in ("2031-03-01", "2031-03-01T00:00:00+09:00", "2031-02-30T00:00:00Z"):
        document = changed("<md:EntityDescriptor ", f'<md:EntityDescriptor validUntil="{bad}" ')
        assert "validUntil" in refusal(document).detail


def test_ids_and_key_elements_of_other_namespaces_are_not_certificates() -> None:
    root = etree.fromstring(built())
    for certificate in root.iter(ds("X509Certificate")):
        certificate.tag = "{urn:other}X509Certificate"
    assert refusal(etree.tostring(root)).detail == "0 signing certificates"


def test_20_places_to_sign_in_and_10_certificates_are_the_most() -> None:
    endpoints = tuple(Endpoint(BINDING_POST, f"{BASE}/{number}") for number in range(21))
    assert parse_metadata(built(single_sign_on=endpoints[:20])).single_sign_on == endpoints[:20]
    assert refusal(built(single_sign_on=endpoints)).detail == "21 SingleSignOnService"
    assert refusal(built(single_logout=endpoints)).detail == "21 SingleLogoutService"
    certificate = key().certificate
    assert parse_metadata(built(signing_certificates=(certificate,) * 10)) == METADATA
    assert "11" in refusal(built(signing_certificates=(certificate,) * 11)).detail


def test_a_location_and_an_entity_id_at_their_bounds_are_read() -> None:
    location = "https://example.org/".ljust(2_048, "x")
    endpoint = Endpoint(BINDING_POST, location)
    assert parse_metadata(built(single_sign_on=(endpoint,))).single_sign_on == (endpoint,)
    assert parse_metadata(built(entity_id="x" * 1_024)).entity_id == "x" * 1_024


def test_metadata_that_names_no_protocol_is_refused() -> None:
    root = etree.fromstring(built())
    del root[0].attrib["protocolSupportEnumeration"]
    assert "SAML 2.0" in refusal(etree.tostring(root)).detail


def test_metadata_without_logout_is_read() -> None:
    assert parse_metadata(built(single_logout=())).single_logout == ()
