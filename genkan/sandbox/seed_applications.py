"""Writing a seed's trusted token issuers and applications, with all that hangs on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from genkan.applications import operations as applications
from genkan.applications.issuers import OIDC_JWT
from genkan.sandbox.document_applications import (
    THE_INSTANCE,
    Application,
    Grants,
    TrustedTokenIssuer,
)
from genkan.sandbox.seed_door import Seeder
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_tags import tag_list
from genkan.sandbox.seed_words import Words

_WIRE = {operation.name: operation for operation in applications.OPERATIONS}
_URN = "urn:ietf:params:oauth:grant-type:"
JWT_BEARER, EXCHANGE = f"{_URN}jwt-bearer", f"{_URN}token-exchange"
"""Types of grants (RFC 7523 §2.1, RFC 8693 §2.1)."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The instance that they are made in; `users` and `groups` are ids by name."""

    instance_arn: str
    region: str
    users: Mapping[str, str]
    groups: Mapping[str, str]


def application_words(given: Sequence[Application]) -> Words:
    """By which words applications of one instance are meant."""
    # The word for the instance means no application.
    return Words(
        "application",
        (("" if one.name == THE_INSTANCE else one.name, one.id) for one in given),
    )


def issuer_words(given: Sequence[TrustedTokenIssuer]) -> Words:
    """By which words trusted token issuers of one instance are meant."""
    return Words("trusted token issuer", ((one.name, one.issuer_url) for one in given))


async def make_applications(
    seeder: Seeder,
    inside: Inside,
    issuers: Sequence[TrustedTokenIssuer],
    wanted: Sequence[Application],
    names: Names,
) -> None:
    """Make everything that an instance has of both."""

    def account(reference: str) -> str | None:
        return seeder.made.accounts[names.account(reference)] if reference else None

    issuer_arns = [await _issuer(seeder, inside, one, account(one.account)) for one in issuers]
    arns = [await _application(seeder, inside, one, account(one.account)) for one in wanted]
    put = _Parts(seeder, inside, (issuer_words(issuers), issuer_arns), (wanted, arns))
    for one, arn in zip(wanted, arns, strict=True):
        await put.all_of(one, arn)


async def _issuer(
    seeder: Seeder, inside: Inside, one: TrustedTokenIssuer, account_id: str | None
) -> str:
    made = await seeder.do(
        _WIRE["CreateTrustedTokenIssuer"],
        instance_arn=inside.instance_arn,
        name=one.name,
        trusted_token_issuer_type=OIDC_JWT,
        trusted_token_issuer_configuration={
            "oidc_jwt_configuration": {
                "issuer_url": one.issuer_url,
                "claim_attribute_path": one.claim_attribute_path,
                "identity_store_attribute_path": one.identity_store_attribute_path,
                "jwks_retrieval_option": one.jwks_retrieval_option,
            }
        },
        tags=tag_list(one.tags),
        issuer_id=one.id or None,
        issuer_account=account_id,
    )
    arn: str = made["trusted_token_issuer_arn"]
    return arn


def portal_options(one: Application) -> dict[str, Any]:
    """`PortalOptions` in snake_case."""
    found: dict[str, Any] = {"visibility": one.visibility}
    sign_in = one.sign_in_options
    if sign_in is not UNSET:
        found["sign_in_options"] = {"origin": sign_in.origin}
        if sign_in.application_url:
            found["sign_in_options"]["application_url"] = sign_in.application_url
    return found


async def _application(
    seeder: Seeder, inside: Inside, one: Application, account_id: str | None
) -> str:
    made = await seeder.do(
        _WIRE["CreateApplication"],
        instance_arn=inside.instance_arn,
        application_provider_arn=one.provider,
        name=one.name,
        description=one.description,
        portal_options=portal_options(one),
        tags=tag_list(one.tags),
        status=one.status,
        application_id=one.id or None,
        application_account=account_id,
        created_from=one.created_from or inside.region,
    )
    arn: str = made["application_arn"]
    return arn


class _Parts:
    """Puts what hangs on applications, once all of them are there to be referred to."""

    def __init__(
        self,
        seeder: Seeder,
        inside: Inside,
        issuers: tuple[Words, Sequence[str]],
        made: tuple[Sequence[Application], Sequence[str]],
    ) -> None:
        self._seeder = seeder
        self._inside = inside
        self._issuers, self._issuer_arns = issuers
        self._applications, self._arns = application_words(made[0]), made[1]

    async def all_of(self, one: Application, arn: str) -> None:
        put = {"application_arn": arn}
        for kind, ids, referred in (
            ("USER", self._inside.users, one.users),
            ("GROUP", self._inside.groups, one.groups),
        ):
            for name in referred:
                await self._do(
                    "CreateApplicationAssignment",
                    **put,
                    principal_id=ids[name],
                    principal_type=kind,
                )
        if not one.assignment_required:
            await self._do(
                "PutApplicationAssignmentConfiguration", **put, assignment_required=False
            )
        if one.background_sessions == "ENABLED":
            await self._do(
                "PutApplicationSessionConfiguration",
                **put,
                user_background_session_application_status=one.background_sessions,
            )
        for scope in one.access_scopes:
            targets = [self._target(word) for word in scope.authorized_targets]
            await self._do(
                "PutApplicationAccessScope", **put, scope=scope.scope, authorized_targets=targets
            )
        if one.actor_policy:
            await self._do(
                "PutApplicationAuthenticationMethod",
                **put,
                authentication_method_type="IAM",
                authentication_method={"iam": {"actor_policy": json.loads(one.actor_policy)}},
            )
        if one.grants is not UNSET:
            for grant_type, grant in self._grants(one.grants):
                await self._do("PutApplicationGrant", **put, grant_type=grant_type, grant=grant)

    async def _do(self, name: str, **params: Any) -> None:
        await self._seeder.do(_WIRE[name], **params)

    def _target(self, word: str) -> str:
        if word == THE_INSTANCE:
            return self._inside.instance_arn
        return self._arns[self._applications.find(word)]

    def _grants(self, grants: Grants) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        if grants.authorization_code is not UNSET:
            uris = grants.authorization_code.redirect_uris
            found.append(("authorization_code", {"authorization_code": _given(redirect_uris=uris)}))
        if grants.jwt_bearer is not UNSET:
            authorized = [
                {
                    "trusted_token_issuer_arn": self._issuer_arns[self._issuers.find(one.issuer)],
                    **_given(authorized_audiences=one.audiences),
                }
                for one in grants.jwt_bearer.authorized_token_issuers
            ]
            found.append((JWT_BEARER, {"jwt_bearer": _given(authorized_token_issuers=authorized)}))
        if grants.refresh_token:
            found.append(("refresh_token", {"refresh_token": {}}))
        if grants.token_exchange:
            found.append((EXCHANGE, {"token_exchange": {}}))
        return found


def _given(**members: list[Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
