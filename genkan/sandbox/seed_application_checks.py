"""What is wrong with the applications and trusted token issuers of one of a seed's instances."""

from collections.abc import Sequence

from msgspec import UNSET

from genkan.applications import issuers as slice_issuers
from genkan.applications.portal_options import on_create
from genkan.applications.providers import require_provider
from genkan.applications.redirects import check_redirect_uri
from genkan.applications.scopes import ACCOUNT_ACCESS, SCOPE_LIMIT
from genkan.authorization import PolicyKind
from genkan.core.errors import Invalid, NotFound
from genkan.core.quotas import Quotas
from genkan.sandbox import seed_policies, seed_rules
from genkan.sandbox.document import AccountInstance, SeedDocument
from genkan.sandbox.document_applications import (
    THE_INSTANCE,
    Application,
    Grants,
    TrustedTokenIssuer,
)
from genkan.sandbox.seed_applications import application_words, issuer_words, portal_options
from genkan.sandbox.seed_mistakes import Found, Ids, Known, Path, Unique, at_most
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_rules import shown
from genkan.sandbox.seed_tags import tags_mistakes


def mistakes_in(
    at: Path, inside: SeedDocument | AccountInstance, names: Names, ids: Ids, quotas: Quotas
) -> Found:
    """Path and sentence of each mistake in what is written at `at`."""
    issuers = inside.trusted_token_issuers
    yield from _issuers((*at, "trusted_token_issuers"), issuers, names, ids.issuers)
    path = (*at, "applications")
    yield from at_most(path, len(inside.applications), quotas.applications)
    yield from _Applications(inside, names).check(path, ids.applications)


def _issuers(path: Path, issuers: Sequence[TrustedTokenIssuer], names: Names, ids: Unique) -> Found:
    urls = Unique("issuer URL")
    yield from at_most(path, len(issuers), slice_issuers.ISSUER_LIMIT)
    for index, one in enumerate(issuers):
        at = (*path, index)
        yield from ids.again((*at, "id"), one.id)
        yield from urls.again((*at, "issuer_url"), one.issuer_url)
        yield from names.check((*at, "account"), one.account)
        yield from tags_mistakes((*at, "tags"), one.tags)
        if one.issuer_url and one.identity_store_attribute_path:
            try:
                slice_issuers.check_configuration(
                    {
                        "issuer_url": one.issuer_url,
                        "identity_store_attribute_path": one.identity_store_attribute_path,
                    }
                )
            except Invalid as refused:
                of_url = "issuer URL" in refused.message
                member = "issuer_url" if of_url else "identity_store_attribute_path"
                yield (*at, member), refused.message


class _Applications:
    def __init__(self, inside: SeedDocument | AccountInstance, names: Names) -> None:
        self._given = inside.applications
        self._of_account = isinstance(inside, AccountInstance)
        self._names = names
        self._words = application_words(inside.applications)
        self._issuers = issuer_words(inside.trusted_token_issuers)
        self._users = Known("user", (user.user_name for user in inside.users))
        self._groups = Known("group", (group.display_name for group in inside.groups))

    def check(self, path: Path, ids: Unique) -> Found:
        for index, one in enumerate(self._given):
            at = (*path, index)
            yield from ids.again((*at, "id"), one.id)
            yield from self._names.check((*at, "account"), one.account)
            yield from tags_mistakes((*at, "tags"), one.tags)
            yield from self._itself(at, one)
            yield from self._assigned(at, one)
            yield from self._scopes(at, one)
            if one.actor_policy:
                yield from seed_policies.mistakes_in(
                    (*at, "actor_policy"),
                    one.actor_policy,
                    seed_rules.ACTOR_POLICY,
                    len(one.actor_policy),
                    PolicyKind.RESOURCE,
                )
            if one.grants is not UNSET:
                yield from self._grants((*at, "grants"), one.grants)

    def _itself(self, path: Path, one: Application) -> Found:
        try:
            if one.provider:
                require_provider(one.provider)
        except NotFound as refused:
            yield (*path, "provider"), refused.message
        try:
            on_create(portal_options(one))
        except Invalid as refused:
            yield (*path, "sign_in_options"), refused.message

    def _assigned(self, path: Path, one: Application) -> Found:
        for member, known, names in (
            ("users", self._users, one.users),
            ("groups", self._groups, one.groups),
        ):
            twice = Unique(member.removesuffix("s"))
            for number, name in enumerate(names):
                yield from known.check((*path, member, number), name)
                yield from twice.again((*path, member, number), name)

    def _scopes(self, path: Path, one: Application) -> Found:
        at = (*path, "access_scopes")
        yield from at_most(at, len(one.access_scopes), SCOPE_LIMIT)
        twice = Unique("scope")
        for index, scope in enumerate(one.access_scopes):
            yield from twice.again((*at, index, "scope"), scope.scope)
            if scope.scope == ACCOUNT_ACCESS and self._of_account:
                yield (*at, index, "scope"), f"{ACCOUNT_ACCESS} is for the organization's instance"
            for number, word in enumerate(scope.authorized_targets):
                if word != THE_INSTANCE:
                    yield from self._words.check((*at, index, "authorized_targets", number), word)

    def _grants(self, path: Path, grants: Grants) -> Found:
        if grants.authorization_code is not UNSET:
            for number, uri in enumerate(grants.authorization_code.redirect_uris):
                try:
                    if uri:
                        check_redirect_uri(uri)
                except Invalid as refused:
                    yield (*path, "authorization_code", "redirect_uris", number), refused.message
        if grants.jwt_bearer is UNSET:
            return
        named: set[int] = set()
        for number, one in enumerate(grants.jwt_bearer.authorized_token_issuers):
            at = (*path, "jwt_bearer", "authorized_token_issuers", number, "issuer")
            found = list(self._issuers.check(at, one.issuer))
            yield from found
            if not found and one.issuer:
                try:
                    issuer = self._issuers.find(one.issuer)
                except LookupError:
                    continue
                if issuer in named:
                    yield at, f"the trusted token issuer {shown(one.issuer)} is given twice"
                named.add(issuer)
