"""Applications and trusted token issuers of an instance, as a seed describes them.

What an application has may refer to what was deleted since; a seed cannot say that, so it is left
out, and `Inside.left_out` says what it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, UnsetType

from genkan.applications import (
    assignments,
    authentication_methods,
    grants,
    issuers,
    scopes,
)
from genkan.applications import operations as applications
from genkan.applications.operations import Application as ApplicationRecord
from genkan.applications.operations import TrustedTokenIssuer as IssuerRecord
from genkan.db.database import Tx
from genkan.instances.records import Instance
from genkan.sandbox.document_applications import (
    THE_INSTANCE,
    AccessScope,
    Application,
    AuthorizationCode,
    AuthorizedTokenIssuer,
    Grants,
    JwtBearer,
    SignInOptions,
    TrustedTokenIssuer,
)
from genkan.sandbox.document_people import Group, User
from genkan.sandbox.export_pages import every
from genkan.sandbox.seed_applications import EXCHANGE, JWT_BEARER
from genkan.sandbox.seed_policies import text_of
from genkan.sandbox.seed_rules import INLINE_POLICY, shown


@dataclass(frozen=True, slots=True)
class Inside:
    """What applications and their parts are exported from; people by id."""

    tx: Tx
    instance: Instance
    users: Mapping[str, User]
    groups: Mapping[str, Group]
    left_out: list[str] = field(default_factory=list)


def exported_issuers(inside: Inside) -> list[TrustedTokenIssuer]:
    """Every trusted token issuer of the instance."""
    return [
        TrustedTokenIssuer(
            name=one.name,
            id=one.issuer_id,
            issuer_url=one.issuer_url,
            claim_attribute_path=one.claim_attribute_path,
            identity_store_attribute_path=one.identity_store_attribute_path,
            account=one.account_id,
            tags=dict(one.tags),
        )
        for one in _issuers(inside)
    ]


def exported_applications(inside: Inside) -> list[Application]:
    """Every application of the instance, with all that hangs on it.

    References are ids and URLs, which `seed_order` makes words of.
    """
    listed = every(
        applications.list_applications,
        "applications",
        tx=inside.tx,
        instance_arn=inside.instance.arn,
    )
    found = [
        application
        for one in listed
        if (application := applications.find_application(inside.tx, one["application_arn"]))
    ]
    ids = {one.application_arn: one.application_id for one in found}
    urls = {one.arn: one.issuer_url for one in _issuers(inside)}
    return [_Export(inside, one, ids, urls).application() for one in found]


def _issuers(inside: Inside) -> list[IssuerRecord]:
    listed = every(
        issuers.list_trusted_token_issuers,
        "trusted_token_issuers",
        tx=inside.tx,
        instance_arn=inside.instance.arn,
    )
    return [
        issuer
        for one in listed
        if (issuer := applications.find_issuer(inside.tx, one["trusted_token_issuer_arn"]))
    ]


class _Export:
    def __init__(
        self,
        inside: Inside,
        found: ApplicationRecord,
        ids: Mapping[str, str],
        urls: Mapping[str, str],
    ) -> None:
        self._inside = inside
        self._found = found
        self._ids = ids
        self._urls = urls
        self._named: dict[str, Any] = {
            "tx": inside.tx,
            "application_arn": found.application_arn,
        }

    def application(self) -> Application:
        found = self._found
        users, groups = self._assigned()
        return Application(
            name=found.name,
            id=found.application_id,
            account=found.application_account,
            provider=found.application_provider_arn,
            description=found.description,
            status="DISABLED" if found.status == "DISABLED" else "ENABLED",
            visibility="DISABLED" if found.visibility == "DISABLED" else "ENABLED",
            sign_in_options=_sign_in_options(found.sign_in_options),
            created_from=found.created_from,
            assignment_required=found.assignment_required,
            users=users,
            groups=groups,
            background_sessions="ENABLED" if found.background_sessions == "ENABLED" else "DISABLED",
            access_scopes=self._scopes(),
            actor_policy=self._actor_policy(),
            grants=self._grants(),
            tags=dict(found.tags),
        )

    def _leave_out(self, what: str) -> None:
        self._inside.left_out.append(f"application {shown(self._found.name)}: {what}")

    def _assigned(self) -> tuple[list[str], list[str]]:
        users, groups = [], []
        read = assignments.list_application_assignments
        for one in every(read, "application_assignments", **self._named):
            if one["principal_type"] == "USER":
                users.append(self._inside.users[one["principal_id"]].user_name)
            else:
                groups.append(self._inside.groups[one["principal_id"]].display_name)
        return users, groups

    def _scopes(self) -> list[AccessScope]:
        found = []
        for one in every(scopes.list_application_access_scopes, "scopes", **self._named):
            targets = self._targets(one["scope"], one.get("authorized_targets") or ())
            if targets or not one.get("authorized_targets"):
                found.append(AccessScope(scope=one["scope"], authorized_targets=targets))
        return found

    def _targets(self, scope: str, arns: Sequence[str]) -> list[str]:
        found = []
        for arn in arns:
            if arn == self._inside.instance.arn:
                found.append(THE_INSTANCE)
            elif arn in self._ids:
                found.append(self._ids[arn])
            else:
                self._leave_out(f"the scope {scope} is authorized for {arn}, which was deleted")
        return found

    def _actor_policy(self) -> str:
        read = authentication_methods.list_application_authentication_methods
        for one in every(read, "authentication_methods", **self._named):
            policy = one["authentication_method"]["iam"]["actor_policy"]
            return text_of(policy, INLINE_POLICY.high or 0)
        return ""

    def _grants(self) -> Grants | UnsetType:
        given = {
            one["grant_type"]: one["grant"]
            for one in every(grants.list_application_grants, "grants", **self._named)
        }
        code = given.get("authorization_code")
        bearer = given.get(JWT_BEARER)
        found = Grants(
            authorization_code=UNSET
            if code is None
            else AuthorizationCode(
                redirect_uris=list(code["authorization_code"].get("redirect_uris") or ())
            ),
            jwt_bearer=UNSET if bearer is None else self._bearer(bearer["jwt_bearer"]),
            refresh_token="refresh_token" in given,
            token_exchange=EXCHANGE in given,
        )
        return UNSET if found == Grants() else found

    def _bearer(self, bearer: Mapping[str, Any]) -> JwtBearer:
        found = []
        for one in bearer.get("authorized_token_issuers") or ():
            arn = one["trusted_token_issuer_arn"]
            if arn in self._urls:
                audiences = list(one.get("authorized_audiences") or ())
                found.append(AuthorizedTokenIssuer(issuer=self._urls[arn], audiences=audiences))
            else:
                self._leave_out(f"a grant names {arn}, which was deleted")
        return JwtBearer(authorized_token_issuers=found)


def _sign_in_options(stored: Mapping[str, str]) -> SignInOptions | UnsetType:
    if not stored:
        return UNSET
    return SignInOptions(
        origin="APPLICATION" if stored["origin"] == "APPLICATION" else "IDENTITY_CENTER",
        application_url=stored.get("application_url", ""),
    )
