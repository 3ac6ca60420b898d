"""What a signer may do, and whether a role trusts whoever asks for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from genkan.authorization import (
    PolicyKind,
    PolicySet,
    PolicySource,
    PolicySyntaxError,
    Principal,
    PrincipalKind,
    Request,
    compile_policy,
    decide,
)
from genkan.authorization.managed import lookup
from genkan.core import arns
from genkan.core.call import Signer
from genkan.core.clock import iso8601
from genkan.core.errors import Denied, Invalid
from genkan.credentials import operations as credentials
from genkan.db.database import Tx
from genkan.decide import DEAD, Standing, account_context, request_context
from genkan.iam import operations as iam
from genkan.iam.records import Role
from genkan.identity_store import operations as identity_store
from genkan.organization import operations as organization
from genkan.sts import sessions
from genkan.sts.records import RoleSession, SamlClaims

_SESSION_POLICY_LIMIT = 2048


def standing(tx: Tx, signer: Signer) -> Standing:
    """The signer's policies and condition keys; `Denied` when its key or session is dead."""
    if signer.role_session is None:
        return _standing_of_user(tx, signer)
    session = sessions.find_session(tx, signer.role_session)
    if session is None or not sessions.alive(tx, session):
        raise Denied(DEAD, code="InvalidClientTokenId")
    return Standing(
        principal=Principal(
            kind=PrincipalKind.ROLE_SESSION,
            arn=signer.arn,
            account=signer.account_id,
            issuer_arn=session.role_arn,
            unique_id=session.assumed_role_id,
            tags=session.tags,
        ),
        policies=tx.remembered(
            ("policies", session.access_key_id), lambda: _of_session(tx, session)
        ),
        context=_session_context(tx, session, signer),
    )


def _standing_of_user(tx: Tx, signer: Signer) -> Standing:
    key = credentials.find_access_key(tx, signer.access_key_id)
    if key is None or iam.find_user(tx, key.account_id, key.user_name) is None:
        raise Denied(DEAD, code="InvalidClientTokenId")
    return Standing(
        principal=Principal(
            kind=PrincipalKind.USER,
            arn=signer.arn,
            account=signer.account_id,
            unique_id=signer.user_id,
        ),
        policies=tx.remembered(
            ("policies", key.access_key_id), lambda: _of_user(tx, key.account_id, key.user_name)
        ),
    )


def _session_context(tx: Tx, session: RoleSession, signer: Signer) -> dict[str, str]:
    context = {
        "aws:TokenIssueTime": iso8601(session.issued_at),
        # Whatever a person signed in with: AWS knows of the MFA of its own users alone.
        "aws:MultiFactorAuthPresent": "false",
    }
    if signer.person_id:
        context["identitystore:UserId"] = signer.person_id
        context |= tx.remembered(
            ("identity_store_of", signer.person_id), lambda: _store_context(tx, signer.person_id)
        )
    return context


def _store_context(tx: Tx, user_id: str | None) -> dict[str, str]:
    user = identity_store.find_user(tx, user_id or "")
    if user is None:
        return {}
    owner = identity_store.owner_of(tx, user.identity_store_id)
    return {"identitystore:IdentityStoreArn": arns.identity_store(owner, user.identity_store_id)}


def _of_session(tx: Tx, session: RoleSession) -> PolicySet:
    found = iam.policies_of_role(tx, session.account_id, session.role_name)
    if found is None:
        raise Denied(DEAD, code="InvalidClientTokenId")
    boundary = None
    if found.boundary is not None:
        boundary = PolicySource("boundary", compile_policy(found.boundary, PolicyKind.BOUNDARY))
    texts: list[str] = msgspec.json.decode(session.session_policy) if session.session_policy else []
    return PolicySet(
        scps=_control_policies(tx, session.account_id),
        identity=_compiled((*found.inline, *found.managed)),
        boundary=boundary,
        session=tuple(
            PolicySource("session policy", compile_policy(text, PolicyKind.SESSION))
            for text in texts
        ),
    )


def _of_user(tx: Tx, account_id: str, user_name: str) -> PolicySet:
    found = iam.policies_of_user(tx, account_id, user_name)
    if found is None:
        raise Denied(DEAD, code="InvalidClientTokenId")
    return PolicySet(identity=_compiled(found.managed), scps=_control_policies(tx, account_id))


def _control_policies(tx: Tx, account_id: str) -> tuple[tuple[PolicySource, ...], ...]:
    levels = organization.levels_of(tx, account_id)
    if not levels:
        return ()
    whole = organization.organization(tx)
    return tuple(
        tuple(
            PolicySource(
                policy.name,
                compile_policy(policy.content, PolicyKind.SCP),
                organization.policy_arn(whole, policy),
            )
            for policy in level
        )
        for level in levels
    )


def _compiled(named: Sequence[tuple[str, str]]) -> tuple[PolicySource, ...]:
    return tuple(PolicySource(name, compile_policy(text)) for name, text in named)


def require_assume_role(
    tx: Tx,
    *,
    caller: Signer,
    role: Role,
    session_name: str,
    external_id: str,
    tags: Mapping[str, str],
) -> None:
    """AssumeRole's decision: the role's trust policy and the caller's own policies together."""
    found = standing(tx, caller)
    context: dict[str, Any] = {
        **request_context(tx, tx.call),
        **account_context(tx, organization.place_of, caller.account_id, role.account_id),
        **found.context,
        "sts:RoleSessionName": session_name,
    }
    if external_id:
        context["sts:ExternalId"] = external_id
    for key, value in tags.items():
        context[f"aws:RequestTag/{key}"] = value
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    policies = PolicySet(
        identity=found.policies.identity,
        boundary=found.policies.boundary,
        session=found.policies.session,
        resource=(_trust(role),),
        resource_account=role.account_id,
        scps=found.policies.scps,
    )
    for action in ("sts:AssumeRole", *(("sts:TagSession",) if tags else ())):
        request = Request(
            principal=found.principal, action=action, resources=(role.arn,), context=context
        )
        decision = decide(request, policies)
        if not decision.allowed:
            raise Denied(
                f"User: {caller.arn} is not authorized to perform: {action} on resource:"
                f" {role.arn}",
                code="AccessDenied",
                detail=decision.explanation,
            )


def require_saml(tx: Tx, *, role: Role, provider_arn: str, claims: SamlClaims) -> None:
    """AssumeRoleWithSAML's decision: the role's trust policy alone (reference §9)."""
    context: dict[str, Any] = {
        **request_context(tx, tx.call),
        **account_context(tx, organization.place_of, "", role.account_id),
        "sts:RoleSessionName": claims.session_name,
        "SAML:aud": claims.recipient,
        "SAML:iss": claims.issuer,
        "SAML:sub": claims.subject,
        "SAML:sub_type": claims.subject_type,
        "SAML:namequalifier": claims.name_qualifier,
    }
    for key, value in claims.tags.items():
        context[f"aws:RequestTag/{key}"] = value
    if claims.tags:
        context["aws:TagKeys"] = tuple(claims.tags)
    principal = Principal(kind=PrincipalKind.FEDERATED, arn=provider_arn)
    policies = PolicySet(resource=(_trust(role),), resource_account=role.account_id)
    for action in ("sts:AssumeRoleWithSAML", *(("sts:TagSession",) if claims.tags else ())):
        request = Request(
            principal=principal, action=action, resources=(role.arn,), context=context
        )
        decision = decide(request, policies)
        if not decision.allowed:
            raise Denied(
                f"Not authorized to perform {action}",
                code="AccessDenied",
                detail=decision.explanation,
            )


def session_policies(tx: Tx, policy: str, policy_arns: Sequence[Mapping[str, str]]) -> str:
    """The session policies of a request as they are stored; empty when there are none.

    `Invalid` (MalformedPolicyDocument, PackedPolicyTooLarge) for text that does not parse or is
    too long, and for an ARN of no managed policy.
    """
    texts = [policy] if policy else []
    for item in policy_arns:
        managed = lookup(item["arn"])
        if managed is None:
            raise Invalid(
                f"Policy {item['arn']} does not exist or is not attachable.",
                code="MalformedPolicyDocument",
            )
        texts.append(managed.text())
    if policy and len(policy) > _SESSION_POLICY_LIMIT:
        raise Invalid("The packed session policy is too large.", code="PackedPolicyTooLarge")
    for text in texts:
        try:
            compile_policy(text, PolicyKind.SESSION)
        except PolicySyntaxError as error:
            raise Invalid(error.message, code="MalformedPolicyDocument") from None
    return msgspec.json.encode(texts).decode() if texts else ""


def _trust(role: Role) -> PolicySource:
    return PolicySource(
        "trust policy", compile_policy(role.trust_policy, PolicyKind.TRUST), role.arn
    )
