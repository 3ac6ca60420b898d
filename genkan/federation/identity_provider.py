"""Our SAML identity provider towards AWS accounts: entity ids, metadata, signed responses."""

import asyncio
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any

from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.clock import as_datetime
from genkan.core.ids import request_id
from genkan.credentials.operations import SAML_IDP, signing_key
from genkan.credentials.records import SigningKey
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.perform import perform
from genkan.sts.records import AssertionContent

_WINDOW = timedelta(minutes=5)
_BACKDATED = timedelta(seconds=30)


def entity_id(instance_id: str, account_id: str) -> str:
    """The identity provider's name towards one account; stable whatever address we run under."""
    return f"urn:genkan:{instance_id}:{account_id}"


async def metadata_document(app: App, account_id: str) -> str:
    """The metadata that an account's SAML provider is made with (reference §5.5)."""
    instance_id, key = await _identity_provider(app)
    # Quicker made than handed to a thread, and often made before for another role of the account.
    return _build_metadata(
        entity_id(instance_id, account_id),
        f"{app.deployment.base_url}/saml/assertion/{account_id}",
        f"{app.deployment.base_url}/saml/logout/{account_id}",
        key.certificate,
    )


async def sign_response(app: App, content: AssertionContent) -> str:
    """A signed SAML response in base64, as a browser posts it and AssumeRoleWithSAML takes it."""
    instance_id, key = await _identity_provider(app)
    return await asyncio.to_thread(
        _build_response, content, entity_id(instance_id, content.account_id), key, app.clock()
    )


def read_identity_provider(tx: Tx) -> tuple[str, SigningKey]:
    """The instance's id and the key that its identity provider signs with."""
    return instances.the_instance(tx).instance_id, signing_key(tx, purpose=SAML_IDP)


_READ_IDENTITY_PROVIDER = Operation(
    name="ReadIdentityProvider", run=read_identity_provider, access=System(), reads="point"
)


async def _identity_provider(app: App) -> tuple[str, SigningKey]:
    call = Call(
        operation=_READ_IDENTITY_PROVIDER,
        params={},
        caller=Owner(reason="sign as the identity provider"),
        origin=Origin(request_id=request_id()),
        event_source="sso.amazonaws.com",
    )
    found: tuple[str, SigningKey] = await perform(app, call)
    return found


@lru_cache(maxsize=256)
def _build_metadata(entity: str, sign_on: str, logout: str, certificate: str) -> str:
    from cryptography import x509

    from genkan.protocols.saml import names
    from genkan.protocols.saml.metadata import (
        Endpoint,
        IdentityProviderMetadata,
        build_metadata,
    )

    bindings = (names.BINDING_POST, names.BINDING_REDIRECT)
    return build_metadata(
        IdentityProviderMetadata(
            entity_id=entity,
            signing_certificates=(x509.load_pem_x509_certificate(certificate.encode()),),
            single_sign_on=tuple(Endpoint(binding, sign_on) for binding in bindings),
            single_logout=tuple(Endpoint(binding, logout) for binding in bindings),
            name_id_formats=(names.NAME_ID_PERSISTENT,),
        )
    ).decode()


@lru_cache(maxsize=8)
def _loaded(key_id: str, private_key: bytes, certificate: str) -> Any:
    from genkan.protocols.saml.keys import load_signing_key

    return load_signing_key(private_key, certificate.encode())


def _build_response(content: AssertionContent, issuer: str, key: SigningKey, now: int) -> str:
    from genkan.protocols.saml import assertion, aws

    moment = as_datetime(now)
    claims = aws.AwsClaims(
        roles=(aws.RolePair(content.role_arn, content.provider_arn),),
        session_name=content.session_name,
        session_duration=content.duration_seconds,
        principal_tags=tuple(content.tags.items()),
    )
    document = assertion.build_response(
        assertion.AssertionContent(
            response_id=assertion.message_id(secrets.token_bytes(20)),
            assertion_id=assertion.message_id(secrets.token_bytes(20)),
            issuer=issuer,
            audience=aws.AWS_AUDIENCE,
            recipient=aws.AWS_SIGN_IN,
            subject=assertion.NameId(content.subject),
            issued_at=moment,
            not_before=moment - _BACKDATED,
            not_on_or_after=moment + _WINDOW,
            authenticated_at=moment,
            session_index=assertion.message_id(secrets.token_bytes(20)),
            session_not_on_or_after=moment + timedelta(seconds=content.duration_seconds),
            attributes=aws.aws_attributes(claims),
        ),
        _loaded(key.key_id, key.private_key, key.certificate),
    )
    return assertion.encode_response(document)


def new_key_pair(now: int) -> tuple[bytes, str]:
    """A new private key and its self-signed certificate, both PEM; takes a tenth of a second."""
    from cryptography import x509

    from genkan.protocols.saml.keys import generate_signing_key

    pair = generate_signing_key(
        "Genkan identity provider",
        now=as_datetime(now).replace(microsecond=0),
        serial_number=x509.random_serial_number(),
    )
    return pair.private_key_pem, pair.certificate_pem.decode()
