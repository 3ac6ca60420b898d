"""AssumeRoleWithSAML: verify a response against the account's SAML provider, then mint.

The same path serves the wire operation and the sandbox's account page.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from genkan.core import arns
from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Origin
from genkan.core.clock import as_datetime
from genkan.core.errors import Denied, Invalid, Refusal
from genkan.perform import perform, record_refusal
from genkan.sts.operations import ASSUME_ROLE_WITH_SAML, READ_SAML_PROVIDER
from genkan.sts.records import AssumedRoleWithSaml, SamlClaims

EVENT_SOURCE = "sts.amazonaws.com"
MAX_AGE = timedelta(minutes=5)


async def assume_role_with_saml(
    app: App,
    *,
    origin: Origin,
    role_arn: str,
    principal_arn: str,
    saml_assertion: str,
    **rest: Any,
) -> AssumedRoleWithSaml:
    """STS AssumeRoleWithSAML. `Invalid` (InvalidIdentityToken, ExpiredTokenException), `Denied`."""
    parameters = {"role_arn": role_arn, "principal_arn": principal_arn, **rest}
    try:
        claims = await _claims(app, origin, principal_arn, saml_assertion)
    except Refusal as refusal:
        await record_refusal(app, _call(ASSUME_ROLE_WITH_SAML, parameters, origin), refusal)
        raise
    answer: AssumedRoleWithSaml = await perform(
        app, _call(ASSUME_ROLE_WITH_SAML, {**parameters, "claims": claims}, origin)
    )
    return answer


async def _claims(app: App, origin: Origin, principal_arn: str, saml_assertion: str) -> SamlClaims:
    provider = arns.parse_iam(principal_arn)
    metadata = await perform(
        app, _call(READ_SAML_PROVIDER, {"provider_arn": principal_arn}, origin)
    )
    if metadata is None:
        raise Denied("Not authorized to perform sts:AssumeRoleWithSAML", code="AccessDenied")
    return await asyncio.to_thread(
        _verify, saml_assertion, metadata, provider.account_id, provider.name, app.clock()
    )


async def assume_asserted_role(
    app: App, *, origin: Origin, saml_assertion: str
) -> AssumedRoleWithSaml:
    """What AWS's sign-in page does with a posted response: the one role it names is assumed.

    Which provider to verify with is read from the unverified response; whatever it claims, only
    that provider's certificate can make it true.
    """
    try:
        pair = await asyncio.to_thread(_unverified_role, saml_assertion)
    except Refusal as refusal:
        await record_refusal(app, _call(ASSUME_ROLE_WITH_SAML, {}, origin), refusal)
        raise
    return await assume_role_with_saml(
        app,
        origin=origin,
        role_arn=pair[0],
        principal_arn=pair[1],
        saml_assertion=saml_assertion,
    )


def _call(operation: Any, params: Mapping[str, Any], origin: Origin) -> Call:
    return Call(
        operation=operation,
        params=params,
        caller=Anonymous(),
        origin=origin,
        event_source=EVENT_SOURCE,
    )


def _unverified_role(saml_assertion: str) -> tuple[str, str]:
    from genkan.protocols.saml import unverified, verify
    from genkan.protocols.saml.refusal import SamlRefusal

    try:
        pairs = unverified.unverified_role_pairs(verify.decode_response(saml_assertion))
    except SamlRefusal as refusal:
        raise _refused(refusal) from None
    if len(pairs) != 1:
        raise Invalid("The response must name exactly one role.", code="InvalidIdentityToken")
    return pairs[0].role_arn, pairs[0].provider_arn


def _verify(
    saml_assertion: str, metadata: str, account_id: str, provider_name: str, now: int
) -> SamlClaims:
    from genkan.protocols.saml import aws, verify
    from genkan.protocols.saml.metadata import parse_metadata
    from genkan.protocols.saml.refusal import SamlRefusal
    from genkan.protocols.saml.verified import Expected

    try:
        provider = parse_metadata(metadata.encode())
        verified = verify.verify_response(
            verify.decode_response(saml_assertion),
            certificates=provider.signing_certificates,
            expected=Expected(
                issuer=provider.entity_id,
                audiences=frozenset({aws.AWS_AUDIENCE, aws.AWS_SIGN_IN}),
                recipients=frozenset({aws.AWS_SIGN_IN}),
                max_age=MAX_AGE,
            ),
            now=as_datetime(now),
        )
        claims = aws.read_aws_claims(verified)
    except SamlRefusal as refusal:
        raise _refused(refusal) from None
    if claims.source_identity is not None or claims.transitive_tag_keys:
        raise Invalid(
            "This server does not support SourceIdentity or TransitiveTagKeys.",
            code="InvalidIdentityToken",
        )
    return SamlClaims(
        assertion_id=f"{verified.issuer}#{verified.assertion_id}",
        issuer=verified.issuer,
        audience=verified.audiences[0],
        recipient=verified.recipient,
        subject=verified.subject.value,
        subject_type=aws.subject_type(verified.subject.format),
        name_qualifier=aws.name_qualifier(verified.issuer, account_id, provider_name),
        roles=tuple((pair.role_arn, pair.provider_arn) for pair in claims.roles),
        session_name=claims.session_name,
        session_duration=claims.session_duration,
        session_ends_at=(
            int(verified.session_not_on_or_after.timestamp() * 1000)
            if verified.session_not_on_or_after is not None
            else None
        ),
        tags=dict(claims.principal_tags),
        valid_until=int(verified.remember_until.timestamp() * 1000),
    )


def _refused(refusal: Any) -> Invalid:
    from genkan.protocols.saml.refusal import SamlRefusalKind

    code, message = {
        SamlRefusalKind.EXPIRED: (
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        SamlRefusalKind.IDP_REJECTED: ("IDPRejectedClaim", "The identity provider refused."),
        SamlRefusalKind.SIGNATURE: ("InvalidIdentityToken", "Response signature invalid"),
        SamlRefusalKind.AUDIENCE: ("InvalidIdentityToken", "Invalid audience"),
        SamlRefusalKind.RECIPIENT: ("InvalidIdentityToken", "Invalid recipient"),
        SamlRefusalKind.ISSUER: (
            "InvalidIdentityToken",
            "Issuer not present in specified provider",
        ),
    }.get(refusal.kind, ("InvalidIdentityToken", "The SAML response is not valid."))
    return Invalid(message, code=code, detail=refusal.detail)
