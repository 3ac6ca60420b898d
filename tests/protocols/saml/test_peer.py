"""A service provider that is not ours: python3-saml, whose signatures are made by xmlsec.

It reads what we build, in its strict mode with schema validation; and we verify what it signs.
Its clock cannot be set, so these tests alone use the time of the day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser  # type: ignore[import-untyped]
from onelogin.saml2.response import OneLogin_Saml2_Response  # type: ignore[import-untyped]
from onelogin.saml2.settings import OneLogin_Saml2_Settings  # type: ignore[import-untyped]
from onelogin.saml2.utils import OneLogin_Saml2_Utils  # type: ignore[import-untyped]

from genkan.protocols.saml.assertion import Attribute, NameId, Signed, encode_response
from genkan.protocols.saml.metadata import Endpoint, IdentityProviderMetadata, build_metadata
from genkan.protocols.saml.names import BINDING_REDIRECT, NAME_ID_EMAIL
from genkan.protocols.saml.verified import Expected
from tests.protocols.saml import samples
from tests.protocols.saml.samples import key, response, the_assertion, the_signature, tree

ACS = "https://sp.example.org/acs"
ENTITY_ID = "https://sp.example.org/metadata"
REQUEST = {"https": "on", "http_host": "sp.example.org", "script_name": "/acs"}
EXPECTED = Expected(
    issuer=samples.ISSUER, audiences=frozenset({ENTITY_ID}), recipients=frozenset({ACS})
)


def service_provider(signed: Signed, by: str = "idp") -> OneLogin_Saml2_Settings:
    metadata = build_metadata(
        IdentityProviderMetadata(
            entity_id=samples.ISSUER,
            signing_certificates=(key(by).certificate,),
            single_sign_on=(Endpoint(BINDING_REDIRECT, samples.ISSUER),),
        )
    )
    settings: dict[str, Any] = OneLogin_Saml2_IdPMetadataParser.parse(metadata)
    settings |= {
        "strict": True,
        "sp": {"entityId": ENTITY_ID, "assertionConsumerService": {"url": ACS}},
        "security": {
            "wantAssertionsSigned": signed is not Signed.RESPONSE,
            "wantMessagesSigned": signed is not Signed.ASSERTION,
            "rejectDeprecatedAlgorithm": True,
            "wantXMLValidation": True,
        },
    }
    return OneLogin_Saml2_Settings(settings)


def todays_response(signed: Signed, **changes: object) -> bytes:
    now = datetime.now(UTC)
    times: dict[str, object] = {
        "issued_at": now,
        "not_before": now - timedelta(minutes=1),
        "not_on_or_after": now + timedelta(minutes=5),
        "authenticated_at": now,
        "session_not_on_or_after": now + timedelta(hours=1),
    }
    addressed = {"audience": ENTITY_ID, "recipient": ACS, "in_response_to": "_r"}
    return response(signed, "idp", **(addressed | times | changes))


@pytest.mark.parametrize("signed", Signed)
def test_a_foreign_service_provider_reads_what_we_say(signed: Signed) -> None:
    document = todays_response(
        signed,
        subject=NameId("花子@example.com", NAME_ID_EMAIL),
        attributes=(
            Attribute("name", ('山田 <花子> & "co"',)),
            Attribute("groups", ("one", "two\r\nlines", "]]>", "𠮷")),
        ),
    )
    read = OneLogin_Saml2_Response(service_provider(signed), encode_response(document))
    assert read.is_valid(REQUEST, request_id="_r"), read.get_error()
    assert read.get_nameid() == "花子@example.com"
    assert read.get_nameid_format() == NAME_ID_EMAIL
    assert read.get_session_index() == samples.CONTENT.session_index
    assert read.get_attributes() == {
        "name": ['山田 <花子> & "co"'],
        "groups": ["one", "two\r\nlines", "]]>", "𠮷"],
    }


@pytest.mark.parametrize("signed", Signed)
def test_a_foreign_service_provider_refuses_what_another_key_signed(signed: Signed) -> None:
    document = todays_response(signed)
    read = OneLogin_Saml2_Response(service_provider(signed, "other"), encode_response(document))
    assert not read.is_valid(REQUEST, request_id="_r")
    assert "ignature" in read.get_error()


def test_a_foreign_service_provider_accepts_our_metadata_as_valid() -> None:
    settings = service_provider(Signed.ASSERTION)
    assert settings.get_idp_data()["entityId"] == samples.ISSUER
    assert settings.get_idp_data()["singleSignOnService"]["url"] == samples.ISSUER


def test_we_verify_what_xmlsec_signs() -> None:
    document = response(audience=ENTITY_ID, recipient=ACS)
    root = tree(document)
    assertion = the_assertion(root)
    assertion.remove(the_signature(assertion))
    private_key = key().private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signed = OneLogin_Saml2_Utils.add_sign(
        etree.tostring(assertion),
        private_key.decode(),
        key().certificate.public_bytes(Encoding.PEM).decode(),
    )
    root.replace(assertion, etree.fromstring(signed))
    assert b"SignatureValue" in etree.tostring(root)
    assert samples.verify(root, expected=EXPECTED).subject == samples.CONTENT.subject
