"""STS operations: caller identity, AssumeRole, AssumeRoleWithSAML, and resolving access keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from genkan.core import arns
from genkan.core.call import Operation, OwnSession, Person, Public, Signer
from genkan.core.errors import Denied, Invalid
from genkan.core.vault import token_hash
from genkan.credentials import operations as credentials
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam.records import Role
from genkan.sts import sessions, store, trust
from genkan.sts.records import (
    AssertionContent,
    AssumedRole,
    AssumedRoleWithSaml,
    CallerIdentity,
    SamlClaims,
    SigningIdentity,
)

_DEFAULT_DURATION = 3600
_CHAINED_LIMIT = 3600
_NO_SAML = "Not authorized to perform sts:AssumeRoleWithSAML"


def get_caller_identity(tx: Tx) -> CallerIdentity:
    """STS GetCallerIdentity: needs no permission (reference §9)."""
    caller = _signer(tx)
    return CallerIdentity(user_id=caller.user_id, account=caller.account_id, arn=caller.arn)


def assume_role(
    tx: Tx,
    *,
    role_arn: str,
    role_session_name: str,
    duration_seconds: int = _DEFAULT_DURATION,
    policy: str = "",
    policy_arns: Sequence[Mapping[str, str]] = (),
    tags: Sequence[Mapping[str, str]] = (),
    external_id: str = "",
    **unsupported: Any,
) -> AssumedRole:
    """STS AssumeRole.

    Allowed when the role's trust policy and, unless that names the caller itself, the caller's own
    policies allow it. A session assumed from a session lasts at most one hour (role chaining).
    Members that this release does not honour are refused rather than ignored.
    """
    _refuse_unsupported(unsupported)
    caller = _signer(tx)
    name = arns.parse_iam(role_arn)
    role = iam.find_role(tx, name.account_id, name.name) if name.kind == "role" else None
    session_tags = _tags(tags)
    if role is None or role.arn != role_arn:
        raise _denied(caller, role_arn)
    trust.require_assume_role(
        tx,
        caller=caller,
        role=role,
        session_name=role_session_name,
        external_id=external_id,
        tags=session_tags,
    )
    limit = _CHAINED_LIMIT if caller.role_session else role.max_session_duration
    if duration_seconds > limit:
        raise Invalid(_too_long(chained=bool(caller.role_session)), code="ValidationError")
    return sessions.mint(
        tx,
        role=role,
        account_id=name.account_id,
        session_name=role_session_name,
        duration_seconds=duration_seconds,
        source="AssumeRole",
        parent=caller.role_session or "",
        session_policy=trust.session_policies(tx, policy, policy_arns),
        tags=session_tags,
    )


def assume_role_with_saml(
    tx: Tx,
    *,
    role_arn: str,
    principal_arn: str,
    claims: SamlClaims,
    duration_seconds: int | None = None,
    policy: str = "",
    policy_arns: Sequence[Mapping[str, str]] = (),
    **unsupported: Any,
) -> AssumedRoleWithSaml:
    """STS AssumeRoleWithSAML, for an assertion that the front verified against `principal_arn`.

    `Denied` unless the assertion names this role and provider and the role trusts the provider
    for this recipient; `Invalid` (InvalidIdentityToken) when the assertion was exchanged before.
    A role of Identity Center is given only to the person whom the assertion names, while assigned.
    """
    _refuse_unsupported(unsupported)
    role = _asserted_role(tx, role_arn, principal_arn, claims)
    trust.require_saml(tx, role=role, provider_arn=principal_arn, claims=claims)
    if not store.use_assertion(tx, token_hash(claims.assertion_id), claims.valid_until):
        raise Invalid("The assertion has been used before.", code="InvalidIdentityToken")
    content = AssertionContent(
        account_id=role.account_id,
        role_arn=role_arn,
        provider_arn=principal_arn,
        subject=claims.subject,
        session_name=claims.session_name,
        duration_seconds=_asserted_duration(tx, role, claims, duration_seconds),
        tags=claims.tags,
    )
    session_policy = trust.session_policies(tx, policy, policy_arns)
    reserved = role.path.startswith(sessions.RESERVED_PATH)
    give = sessions.mint_assigned if reserved else sessions.mint_federated
    assumed = give(tx, content, source="AssumeRoleWithSAML", session_policy=session_policy)
    return AssumedRoleWithSaml(
        credentials=assumed.credentials,
        assumed_role_user=assumed.assumed_role_user,
        subject=claims.subject,
        subject_type=claims.subject_type,
        issuer=claims.issuer,
        audience=claims.recipient,
        name_qualifier=claims.name_qualifier,
        audit_account=role.account_id,
        audit_identity={
            "type": "SAMLUser",
            "principalId": f"{claims.name_qualifier}:{claims.subject}",
            "userName": claims.subject,
            "identityProvider": claims.name_qualifier,
        },
    )


def _asserted_role(tx: Tx, role_arn: str, principal_arn: str, claims: SamlClaims) -> Role:
    """The role, if the assertion names it together with a provider of its own account."""
    name, provider = arns.parse_iam(role_arn), arns.parse_iam(principal_arn)
    if (role_arn, principal_arn) not in claims.roles or name.account_id != provider.account_id:
        raise Denied(_NO_SAML, code="AccessDenied")
    role = iam.find_role(tx, name.account_id, name.name)
    if role is None or role.arn != role_arn:
        raise Denied(_NO_SAML, code="AccessDenied", detail="no such role")
    return role


def _asserted_duration(tx: Tx, role: Role, claims: SamlClaims, asked: int | None) -> int:
    """Seconds: what is asked for, within what the assertion and the role allow."""
    duration = min(
        asked or claims.session_duration or _DEFAULT_DURATION,
        claims.session_duration or role.max_session_duration,
    )
    if duration > role.max_session_duration:
        raise Invalid(_too_long(chained=False), code="ValidationError")
    if claims.session_ends_at is not None:
        duration = min(duration, (claims.session_ends_at - tx.now) // 1000)
    if duration <= 0:
        raise Invalid("The identity provider's session is over.", code="ExpiredTokenException")
    return duration


def resolve_access_key(tx: Tx, *, access_key_id: str) -> SigningIdentity | None:
    """Who would sign with this key, or None when there is no such key.

    For a front about to verify a signature. A session that has expired or `ended` is returned, too,
    so that the front can say "expired", and record who was refused.
    """
    if access_key_id.startswith("ASIA"):
        return _session_identity(tx, access_key_id)
    key = credentials.find_access_key(tx, access_key_id)
    if key is None:
        return None
    user = iam.find_user(tx, key.account_id, key.user_name)
    if user is None:
        return None
    return SigningIdentity(
        signer=Signer(
            account_id=key.account_id,
            arn=user.arn,
            user_id=user.user_id,
            access_key_id=access_key_id,
        ),
        secret_access_key=key.secret_access_key,
        token_hash=None,
        expires_at=None,
    )


def _session_identity(tx: Tx, access_key_id: str) -> SigningIdentity | None:
    session = sessions.find_session(tx, access_key_id)
    if session is None:
        return None
    return SigningIdentity(
        signer=sessions.signer_of(session, sessions.person_behind(tx, session)),
        secret_access_key=session.secret_access_key,
        token_hash=session.token_hash,
        expires_at=session.expires_at,
        ended=session.expires_at > tx.now and not sessions.alive(tx, session),
    )


def end_role_session(tx: Tx, *, access_key_id: str) -> None:
    """End a role session of the calling person; nothing happens to anybody else's."""
    caller = tx.call.caller
    assert isinstance(caller, Person)
    store.end(tx, access_key_id, caller.user_id)


def read_saml_provider(tx: Tx, *, provider_arn: str) -> str | None:
    """The metadata document of a SAML provider, for a front about to verify an assertion."""
    provider = iam.find_saml_provider(tx, provider_arn)
    return provider.metadata if provider is not None else None


def _signer(tx: Tx) -> Signer:
    caller = tx.call.caller
    assert isinstance(caller, Signer)
    return caller


def _denied(caller: Signer, role_arn: str) -> Denied:
    return Denied(
        f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        code="AccessDenied",
    )


def _too_long(*, chained: bool) -> str:
    if chained:
        return (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining"
        )
    return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


def _tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in tags:
        if tag["key"].casefold() in (key.casefold() for key in found):
            raise Invalid(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                code="InvalidParameterValue",
            )
        found[tag["key"]] = tag["value"]
    return found


def _refuse_unsupported(members: Mapping[str, Any]) -> None:
    given = ["".join(map(str.title, name.split("_"))) for name, value in members.items() if value]
    if given:
        raise Invalid(f"This server does not support {', '.join(given)}.", code="ValidationError")


OPERATIONS = (
    Operation(
        name="GetCallerIdentity",
        run=get_caller_identity,
        access=OwnSession(of="signer"),
        reads="point",
    ),
    Operation(
        name="AssumeRole",
        run=assume_role,
        access=OwnSession(of="signer"),
        conceals=frozenset({"credentials.secret_access_key", "credentials.session_token"}),
    ),
)
ASSUME_ROLE_WITH_SAML = Operation(
    name="AssumeRoleWithSAML",
    run=assume_role_with_saml,
    access=Public(reason="the front verified an assertion against the role's SAML provider"),
    secret=frozenset({"claims"}),
    conceals=frozenset({"credentials.secret_access_key", "credentials.session_token"}),
)
END_ROLE_SESSION = Operation(
    name="EndRoleSession", run=end_role_session, access=OwnSession(of="person")
)
RESOLVE_ACCESS_KEY = Operation(
    name="ResolveAccessKey",
    run=resolve_access_key,
    access=Public(reason="the front verifies the signature with what it gets"),
    reads="point",
)
READ_SAML_PROVIDER = Operation(
    name="ReadSAMLProvider",
    run=read_saml_provider,
    access=Public(reason="the front verifies the assertion with what it gets"),
    reads="point",
)
