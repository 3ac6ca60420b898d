"""What an instance has beside people and assignments: applications and all that hangs on them.

Trusted token issuers, tags, Regions, attributes for access control, permission sets that are still
drafts (with an inline policy, a boundary and references, and in no account yet), and the requests
of the last two months. `dataset` says how large; invariants are the same as there.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from genkan.applications.providers import CUSTOM
from genkan.core import arns

Row = tuple[Any, ...]

ISSUERS = 10
SCOPES = 12
TARGETS_OF_A_SCOPE = 3
POPULAR_APPLICATIONS = 8
"""Applications that a tenth of all groups have; the others have some dozens of principals."""
GROUPS_OF_POPULAR_ONE_OF = 10
GROUPS_OF_AN_APPLICATION, USERS_OF_AN_APPLICATION = 40, 10
DELETION_ONE_OF, PROVISIONING_ONE_OF, FAILED_ONE_OF = 5, 11, 50
PATH = "/teams/"
"""Of the customer managed policies that drafts name."""
_TWO_MONTHS = 60 * 86_400_000
_REGIONS = ("ap-southeast-1", "eu-central-1", "sa-east-1", "us-west-2")
_ACTOR = "arn:aws:iam::{account}:role/applications/{name}"
_ATTRIBUTES = {
    "Title": "${path:title}",
    "Department": "${path:enterprise.department}",
    "CostCenter": "${path:enterprise.costCenter}",
    "Division": "${path:enterprise.division}",
    "Language": "${path:preferredLanguage}",
}


class Store(Protocol):
    """Where rows go, in one transaction of the caller's."""

    def rows(self, sql: str) -> list[Row]:
        """What a query gives."""

    def add(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Add many rows; `columns` as SQL writes them."""

    def change(self, sql: str) -> None:
        """Run one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """How much, and of whom. `drafts` are permission sets in no account, `placed` those in some."""

    now: int
    instance_id: str
    region: str
    management: str
    applications: int
    requests: int
    groups: Sequence[str]
    users: Sequence[str]
    placed: Sequence[str]
    drafts: Sequence[str]
    accounts: Sequence[str]


def fill(store: Store, wanted: Catalogue) -> None:
    """Add everything to a store that has none of it yet."""
    _instance(store, wanted)
    issuers = _issuers(store, wanted)
    _applications(store, wanted, issuers)
    _drafts(store, wanted)
    _requests(store, wanted)


def tags(number: int) -> str:
    """Three tags as every tagged thing keeps them: JSON pairs in the order of keys."""
    pairs = (("cost-center", f"CC-{number % 40:03d}"), ("owner", f"team-{number % 300:03d}"))
    return _json([*pairs, ("service", f"service-{number:04d}")])


def inline_policy(name: str) -> str:
    """The inline policy of a draft."""
    statement = {
        "Sid": "Own",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{name.lower()}", f"arn:aws:s3:::{name.lower()}/*"],
    }
    return _json({"Version": "2012-10-17", "Statement": [statement]})


def references(name: str) -> tuple[tuple[str, str], ...]:
    """Path and name of each customer managed policy of a draft, in order."""
    return tuple((PATH, f"{name}-{part}") for part in ("data", "network", "pipelines"))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _uuid(rng: random.Random) -> str:
    raw = f"{rng.getrandbits(128):032x}"
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def some(rng: random.Random, of: Sequence[str], count: int) -> list[str]:
    """Different ones, quickly: from anywhere, a fixed step apart."""
    size = len(of)
    count = min(count, size)
    if not count:
        return []
    start, step = rng.randrange(size), max(1, size // count)
    return [of[(start + step * number) % size] for number in range(count)]


def _instance(store: Store, wanted: Catalogue) -> None:
    store.change(f"UPDATE instances SET tags = '{tags(0)}' WHERE id = '{wanted.instance_id}'")
    store.add(
        "instance_regions",
        "instance_id, region_name, status, added_at",
        (
            (wanted.instance_id, region, "ACTIVE", wanted.now)
            for region in _REGIONS
            if region != wanted.region
        ),
    )
    attributes = [{"key": key, "source": source} for key, source in _ATTRIBUTES.items()]
    # The sample organization may have a configuration of its own.
    store.change(
        f"DELETE FROM instance_access_control_attributes WHERE instance_id = '{wanted.instance_id}'"
    )
    store.add(
        "instance_access_control_attributes",
        "instance_id, attributes",
        [(wanted.instance_id, _json(attributes))],
    )


def _issuers(store: Store, wanted: Catalogue) -> list[str]:
    rng = random.Random("issuers")
    issuers = [f"tti-{_uuid(rng)}" for _ in range(ISSUERS)]
    store.add(
        "trusted_token_issuers",
        "issuer_id, instance_id, account_id, name, issuer_url, claim_attribute_path,"
        " identity_store_attribute_path, jwks_retrieval_option, tags, request_digest, created_at",
        (
            (
                *(issuer_id, wanted.instance_id, wanted.management, f"Issuer {number:02d}"),
                *(f"https://issuer{number:02d}.sakura.example", "email", "emails.value"),
                *("OPEN_ID_DISCOVERY", tags(number), "", wanted.now),
            )
            for number, issuer_id in enumerate(issuers)
        ),
    )
    return [
        arns.trusted_token_issuer(wanted.management, wanted.instance_id, issuer_id)
        for issuer_id in issuers
    ]


def _applications(store: Store, wanted: Catalogue, issuers: Sequence[str]) -> None:
    rng = random.Random("applications")
    applications = [f"apl-{rng.getrandbits(64):016x}" for _ in range(wanted.applications)]
    store.add(
        "applications",
        "application_id, instance_id, application_account, application_provider_arn, name,"
        " description, status, visibility, sign_in_options, assignment_required,"
        " background_sessions, tags, request_digest, created_from, created_at",
        (_application(wanted, number, key) for number, key in enumerate(applications)),
    )
    store.add(
        "application_assignments",
        "application_id, principal_id, principal_type",
        _application_assignments(wanted, applications),
    )
    store.add(
        "application_parts",
        "application_id, kind, name, document",
        (
            (application_id, kind, name, _json(document))
            for number, application_id in enumerate(applications)
            for kind, name, document in _parts(wanted, number, applications, issuers)
        ),
    )


def _application(wanted: Catalogue, number: int, application_id: str) -> Row:
    name = f"Application {number:04d}"
    options = {
        "origin": "APPLICATION",
        "application_url": f"https://app{number:04d}.sakura.example/",
    }
    return (
        *(application_id, wanted.instance_id, wanted.management, CUSTOM, name),
        *(f"What {name} is for", "ENABLED", "ENABLED", _json(options), 1, "DISABLED"),
        *(tags(number), "", wanted.region, wanted.now),
    )


def _application_assignments(wanted: Catalogue, applications: Sequence[str]) -> Iterator[Row]:
    rng = random.Random("application assignments")
    for number, application_id in enumerate(applications):
        count = GROUPS_OF_AN_APPLICATION
        if number < POPULAR_APPLICATIONS:
            count = max(count, len(wanted.groups) // GROUPS_OF_POPULAR_ONE_OF)
        for group_id in some(rng, wanted.groups, count):
            yield application_id, group_id, "GROUP"
        for user_id in some(rng, wanted.users, USERS_OF_AN_APPLICATION):
            yield application_id, user_id, "USER"


def _parts(
    wanted: Catalogue, number: int, applications: Sequence[str], issuers: Sequence[str]
) -> Iterator[tuple[str, str, Any]]:
    """Kind, name and document of every part of one application."""
    others = [
        arns.application(wanted.management, wanted.instance_id, applications[place])
        for place in ((number + step) % len(applications) for step in range(TARGETS_OF_A_SCOPE))
    ]
    for scope in range(SCOPES):
        yield "scope", f"app{number:04d}:resource{scope:02d}:read", others
    actors = [_ACTOR.format(account=wanted.management, name=f"app{number:04d}")]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": actors},
        "Action": "sso-oauth:CreateTokenWithIAM",
        "Resource": "*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    yield "authentication_method", "IAM", {"iam": {"actor_policy": policy}}
    redirect = f"https://app{number:04d}.sakura.example/callback"
    yield "grant", "authorization_code", {"authorization_code": {"redirect_uris": [redirect]}}
    yield "grant", "refresh_token", {"refresh_token": {}}
    authorized = [
        {"trusted_token_issuer_arn": arn, "authorized_audiences": [f"app{number:04d}"]}
        for arn in issuers[:2]
    ]
    yield (
        "grant",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        {"jwt_bearer": {"authorized_token_issuers": authorized}},
    )
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    yield "grant", exchange, {"token_exchange": {}}


def _drafts(store: Store, wanted: Catalogue) -> None:
    store.add(
        "permission_set_customer_policies",
        "permission_set_id, path, name",
        (
            (permission_set_id, path, name)
            for permission_set_id in wanted.drafts
            for path, name in references(permission_set_id)
        ),
    )


def _requests(store: Store, wanted: Catalogue) -> None:
    rng = random.Random("requests")
    store.add(
        "assignment_requests",
        "request_id, instance_id, kind, status, failure_reason, account_id, permission_set_id,"
        " principal_type, principal_id, parent_id, created_at",
        (_request(wanted, rng, number) for number in range(wanted.requests)),
    )


def _request(wanted: Catalogue, rng: random.Random, number: int) -> Row:
    kind = "CREATION"
    if number % DELETION_ONE_OF == 0:
        kind = "DELETION"
    elif number % PROVISIONING_ONE_OF == 0:
        kind = "PROVISIONING"
    account_id, permission_set_id = rng.choice(wanted.accounts), rng.choice(wanted.placed)
    failed = number % FAILED_ONE_OF == 0
    principal = ("", "") if kind == "PROVISIONING" else ("GROUP", rng.choice(wanted.groups))
    return (
        *(_uuid(rng), wanted.instance_id, kind, "FAILED" if failed else "SUCCEEDED"),
        "Received a 404 status error: Policy does not exist" if failed else "",
        *(account_id, permission_set_id, *principal, ""),
        wanted.now - _TWO_MONTHS * (wanted.requests - number) // (wanted.requests + 1),
    )
