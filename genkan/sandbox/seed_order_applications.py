"""One order for the applications and trusted token issuers of an instance (`seed_order`)."""

from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from genkan.sandbox.document import AccountInstance, SeedDocument
from genkan.sandbox.document_applications import THE_INSTANCE, Application, Grants, JwtBearer
from genkan.sandbox.seed_applications import application_words, issuer_words
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_words import Words


def in_order(
    inside: SeedDocument | AccountInstance, names: Names, *, owner: int, region: str
) -> dict[str, Any]:
    """The same, sorted; `owner` is the number of the account that has the instance."""

    def account(reference: str) -> str:
        number = names.account(reference) if reference else owner
        return "" if number == owner else names.word_for(number)

    targets, issuers = (
        application_words(inside.applications),
        issuer_words(inside.trusted_token_issuers),
    )
    return {
        "trusted_token_issuers": sorted(
            (
                replace(one, account=account(one.account), tags=dict(sorted(one.tags.items())))
                for one in inside.trusted_token_issuers
            ),
            key=lambda one: (one.name, one.issuer_url),
        ),
        "applications": sorted(
            (
                replace(
                    _application(one, targets, issuers),
                    account=account(one.account),
                    created_from="" if one.created_from == region else one.created_from,
                )
                for one in inside.applications
            ),
            key=_place,
        ),
    }


def without_ids(inside: SeedDocument | AccountInstance) -> dict[str, Any]:
    """The same with ids to be chosen anew, but those of applications that are referred to."""
    needed = {
        target
        for one in inside.applications
        for scope in one.access_scopes
        for target in scope.authorized_targets
    }
    return {
        "trusted_token_issuers": [replace(one, id="") for one in inside.trusted_token_issuers],
        "applications": [
            one if one.id in needed else replace(one, id="") for one in inside.applications
        ],
    }


def _place(one: Application) -> tuple[str, bytes, str]:
    """Names may be shared; ids come last, since a seed without them is given others."""
    return one.name, msgspec.json.encode(replace(one, id="")), one.id


def _application(one: Application, targets: Words, issuers: Words) -> Application:
    scopes = (
        replace(
            scope,
            authorized_targets=[
                word if word == THE_INSTANCE else targets.word_for(targets.find(word))
                for word in scope.authorized_targets
            ],
        )
        for scope in one.access_scopes
    )
    return replace(
        one,
        users=sorted(one.users),
        groups=sorted(one.groups),
        access_scopes=sorted(scopes, key=lambda scope: scope.scope),
        grants=UNSET
        if one.grants is UNSET or one.grants == Grants()
        else _grants(one.grants, issuers),
        tags=dict(sorted(one.tags.items())),
    )


def _grants(grants: Grants, issuers: Words) -> Grants:
    bearer = grants.jwt_bearer
    if bearer is UNSET:
        return grants
    authorized = [
        replace(one, issuer=issuers.word_for(issuers.find(one.issuer)))
        for one in bearer.authorized_token_issuers
    ]
    return Grants(
        authorization_code=grants.authorization_code,
        jwt_bearer=JwtBearer(authorized_token_issuers=authorized),
        refresh_token=grants.refresh_token,
        token_exchange=grants.token_exchange,
    )
