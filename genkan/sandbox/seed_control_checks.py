"""What is wrong with what holds for a seed's whole organization: delegation and its policies."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from genkan.authorization import PolicyKind
from genkan.organization.control_policies import ATTACHMENT_LIMIT, CONTENT_LIMIT, POLICY_LIMIT
from genkan.organization.delegation import most_delegates
from genkan.organization.records import FULL_ACCESS
from genkan.organization.services import TRUSTED
from genkan.sandbox import seed_policies, seed_rules
from genkan.sandbox.document import SeedDocument, ServiceControlPolicy
from genkan.sandbox.seed_mistakes import Found, Known, Path, Unique, at_most
from genkan.sandbox.seed_names import Ambiguous, Names
from genkan.sandbox.seed_rules import shown
from genkan.sandbox.seed_tags import tags_mistakes

_WHOLE: Path = ("organization",)


def mistakes_in(document: SeedDocument, names: Names) -> Found:
    """Path and sentence of each mistake."""
    whole = document.organization
    yield from _policies(whole.service_control_policies)
    yield from _attachments(document, names)
    yield from tags_mistakes((*_WHOLE, "root_tags"), whole.root_tags)
    services = () if whole.trusted_services is UNSET else whole.trusted_services
    known = Known("service", TRUSTED)
    yield from _services((*_WHOLE, "trusted_services"), services, known)
    yield from _delegates(document, names, known)


def _policies(policies: Sequence[ServiceControlPolicy]) -> Found:
    path: Path = (*_WHOLE, "service_control_policies")
    names, ids = Unique("policy"), Unique("policy id")
    yield from at_most(path, len(policies), POLICY_LIMIT)
    for index, one in enumerate(policies):
        at = (*path, index)
        yield from names.again((*at, "name"), one.name)
        yield from ids.again((*at, "id"), one.id)
        yield from tags_mistakes((*at, "tags"), one.tags)
        if one.name == FULL_ACCESS.name or one.id == FULL_ACCESS.policy_id:
            yield at, f"{shown(FULL_ACCESS.name)} is a policy of AWS, which is there by itself"
        if len(one.content) > CONTENT_LIMIT:
            yield (
                (*at, "content"),
                f"has {len(one.content)} characters; at most {CONTENT_LIMIT} are allowed",
            )
        else:
            yield from seed_policies.mistakes_in(
                (*at, "content"),
                one.content,
                seed_rules.CONTROL_POLICY,
                CONTENT_LIMIT,
                PolicyKind.SCP,
            )


def _attachments(document: SeedDocument, names: Names) -> Found:
    whole = document.organization
    known = Known(
        "service control policy",
        [FULL_ACCESS.name, *(one.name for one in whole.service_control_policies)],
    )
    for path, attached in _attached(document, names):
        if attached and not whole.policy_types:
            yield path, "nothing is attached unless policy_types has SERVICE_CONTROL_POLICY"
        yield from at_most(path, len(attached), ATTACHMENT_LIMIT)
        twice = Unique("policy")
        for number, name in enumerate(attached):
            yield from known.check((*path, number), name)
            yield from twice.again((*path, number), name)


def _attached(document: SeedDocument, names: Names) -> Iterator[tuple[Path, Sequence[str]]]:
    whole = document.organization
    yield (*_WHOLE, "root_service_control_policies"), whole.root_service_control_policies
    for unit in names.units:
        yield (*unit.path, "service_control_policies"), unit.unit.service_control_policies
    for placed in names.accounts:
        yield (*placed.path, "service_control_policies"), placed.account.service_control_policies


def _services(path: Path, services: Sequence[str], known: Known) -> Found:
    twice = Unique("service")
    for number, service in enumerate(services):
        yield from twice.again((*path, number), service)
        yield from known.check((*path, number), service)


def _delegates(document: SeedDocument, names: Names, known: Known) -> Found:
    seen: set[int] = set()
    counts: dict[str, int] = {}
    for index, one in enumerate(document.organization.delegated_administrators):
        path = (*_WHOLE, "delegated_administrators", index)
        yield from names.check((*path, "account"), one.account)
        yield from _services((*path, "services"), one.services, known)
        account = _index(names, one.account)
        if account == 0:
            yield (*path, "account"), "the management account administers without being registered"
        if account in seen:
            yield (*path, "account"), f"the account {shown(one.account)} is given twice"
        if account is not None:
            seen.add(account)
        for number, service in enumerate(one.services):
            counts[service] = counts.get(service, 0) + 1
            if service and counts[service] == most_delegates(service) + 1:
                yield (
                    (*path, "services", number),
                    f"{shown(service)} takes {most_delegates(service)} at most",
                )


def _index(names: Names, reference: str) -> int | None:
    try:
        return names.account(reference)
    except Ambiguous:
        return None
