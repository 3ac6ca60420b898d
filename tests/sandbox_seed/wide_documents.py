"""What `documents` adds to an organization: controls, applications, instances of accounts."""

import json
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET

from genkan.organization.records import FULL_ACCESS
from genkan.sandbox.document import (
    AccountInstance,
    CustomerManagedPolicy,
    DelegatedAdministrator,
    Network,
    PolicyReference,
    PolicyVersion,
    SeedDocument,
    ServiceControlPolicy,
)
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
from genkan.sandbox.document_people import Group, Name, User
from genkan.sandbox.seed_names import names_of

SERVICES = ("sso.amazonaws.com", "guardduty.amazonaws.com", "ssm.amazonaws.com")
_TAGS = st.dictionaries(st.sampled_from(["a", "no", "1", "b:c"]), st.sampled_from(["", "x", "1"]))
_SWITCH = st.sampled_from(["ENABLED", "DISABLED"])


@st.composite
def customer_policies(
    draw: st.DrawFn, reference: PolicyReference, number: int, documents: st.SearchStrategy[str]
) -> CustomerManagedPolicy:
    """A policy with one to five versions, whose numbers have gaps."""
    versions = draw(st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=5))
    last = draw(st.sampled_from([max(versions), 12]))
    return CustomerManagedPolicy(
        name=reference.name,
        path=reference.path,
        id=f"ANPA{number:017d}",
        description=draw(st.sampled_from(["", "yes", "a\nb"])),
        version=f"v{versions[0]}",
        document=draw(documents),
        other_versions=[
            PolicyVersion(version=f"v{version}", document=draw(documents))
            for version in versions[1:]
        ],
        last_version=f"v{last}",
        tags=draw(_TAGS),
    )


def widen(draw: st.DrawFn, document: SeedDocument, documents: st.SearchStrategy[str]) -> None:
    """Fill in the sections beside accounts, people, permission sets and assignments."""
    settings = document.settings
    settings.added_regions = draw(
        st.lists(st.sampled_from(["eu-south-1", "ap-south-1"]), unique=True, max_size=2)
    )
    settings.network = draw(_networks())
    _controls(draw, document, documents)
    accounts = [placed.account.id for placed in names_of(document).accounts]
    document.trusted_token_issuers = draw(_issuers(0, accounts))
    document.applications = draw(
        _applications(0, document.users, document.groups, document.trusted_token_issuers, accounts)
    )
    document.account_instances = [
        draw(_account_instances(number, owner, accounts))
        for number, owner in enumerate(
            draw(st.lists(st.sampled_from(accounts[1:]), unique=True, max_size=2)), 1
        )
    ]


def _networks() -> st.SearchStrategy[Any]:
    blocks = st.lists(st.sampled_from(["127.0.0.0/8", "::1", "192.0.2.7"]), unique=True, max_size=2)
    return st.just(UNSET) | st.builds(
        Network, api_allow_source_ips=blocks, scim_allow_source_ips=blocks
    )


def _controls(draw: st.DrawFn, document: SeedDocument, documents: st.SearchStrategy[str]) -> None:
    whole, names = document.organization, names_of(document)
    whole.service_control_policies = [
        ServiceControlPolicy(
            name=name,
            id=f"p-{number:010d}",
            description=draw(st.sampled_from(["", "no"])),
            content=_control(draw(st.booleans())),
            tags=draw(_TAGS),
        )
        for number, name in enumerate(
            draw(st.lists(st.sampled_from(["a b", "no", "1"]), unique=True))
        )
    ]
    if draw(st.booleans()):
        whole.policy_types = ["SERVICE_CONTROL_POLICY"]
        known = [FULL_ACCESS.name, *(one.name for one in whole.service_control_policies)]
        attached = st.lists(st.sampled_from(known), unique=True)
        whole.root_service_control_policies = draw(attached)
        for unit in names.units:
            unit.unit.service_control_policies = draw(attached)
        for placed in names.accounts:
            placed.account.service_control_policies = draw(attached)
    whole.trusted_services = draw(st.just(UNSET) | st.lists(st.sampled_from(SERVICES), unique=True))
    whole.root_tags = draw(_TAGS)
    names.units[0].unit.tags, names.accounts[1].account.tags = draw(_TAGS), draw(_TAGS)
    if draw(st.booleans()):
        account = names.accounts[1].account.id
        services = draw(st.lists(st.sampled_from(SERVICES), unique=True, min_size=1))
        whole.delegated_administrators = [
            DelegatedAdministrator(account=account, services=services)
        ]


def _control(denies: bool) -> str:
    statement = {"Effect": "Deny" if denies else "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@st.composite
def _issuers(draw: st.DrawFn, place: int, accounts: list[str]) -> list[TrustedTokenIssuer]:
    return [
        TrustedTokenIssuer(
            name=draw(st.sampled_from(["idp", "1"])),
            id=f"tti-{place:08x}-0000-4000-8000-{number:012d}",
            issuer_url=f"https://idp{number}.example.com/a,b",
            claim_attribute_path="email",
            identity_store_attribute_path=draw(st.sampled_from(["emails.value", "userName"])),
            account=draw(st.sampled_from(["", *accounts])),
            tags=draw(_TAGS),
        )
        for number in range(draw(st.integers(0, 2)))
    ]


@st.composite
def _applications(
    draw: st.DrawFn,
    place: int,
    users: list[User],
    groups: list[Group],
    issuers: list[TrustedTokenIssuer],
    accounts: list[str],
) -> list[Application]:
    ids = [f"apl-{place:08x}{number:08x}" for number in range(draw(st.integers(0, 3)))]
    names = [user.user_name for user in users]
    teams = [group.display_name for group in groups]
    urls = [issuer.issuer_url for issuer in issuers]
    return [
        Application(
            name=draw(st.sampled_from(["app", "a: b", THE_INSTANCE])),
            id=application_id,
            account=draw(st.sampled_from(["", *accounts])),
            description=draw(st.sampled_from(["", "yes"])),
            status=draw(_SWITCH),
            visibility=draw(_SWITCH),
            sign_in_options=draw(
                st.sampled_from(
                    [
                        UNSET,
                        SignInOptions(origin="IDENTITY_CENTER"),
                        SignInOptions(
                            origin="APPLICATION", application_url="https://example.com/?a=b#c"
                        ),
                    ]
                )
            ),
            created_from=draw(st.sampled_from(["", "sa-east-1"])),
            assignment_required=draw(st.booleans()),
            users=draw(_some(names)),
            groups=draw(_some(teams)),
            background_sessions=draw(_SWITCH),
            access_scopes=[
                AccessScope(scope=scope, authorized_targets=draw(_some([THE_INSTANCE, *ids])))
                for scope in draw(_some(["a", "sso:b", "1:2:3"]))
            ],
            actor_policy=draw(st.sampled_from(["", _actors()])),
            grants=draw(st.just(UNSET) | _grants(urls)),
            tags=draw(_TAGS),
        )
        for application_id in ids
    ]


def _some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), unique=True) if values else st.just([])


def _actors() -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "111122223333"},
                    "Action": "sso-oauth:CreateTokenWithIAM",
                    "Resource": "*",
                    "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}},
                }
            ],
        },
        indent=2,
    )


@st.composite
def _grants(draw: st.DrawFn, urls: list[str]) -> Grants:
    return Grants(
        authorization_code=draw(
            st.just(UNSET)
            | st.builds(
                AuthorizationCode,
                redirect_uris=_some(["https://example.com/a?b=c", "http://127.0.0.1:8080"]),
            )
        ),
        jwt_bearer=draw(
            st.just(UNSET)
            | _some(urls).map(
                lambda chosen: JwtBearer(
                    authorized_token_issuers=[
                        AuthorizedTokenIssuer(issuer=url, audiences=["yes", "a b"])
                        for url in chosen
                    ]
                )
            )
        ),
        refresh_token=draw(st.booleans()),
        token_exchange=draw(st.booleans()),
    )


@st.composite
def _account_instances(
    draw: st.DrawFn, number: int, owner: str, accounts: list[str]
) -> AccountInstance:
    people = [
        User(
            user_name="no",
            display_name="No",
            name=Name(given_name="N", family_name="O"),
            id=f"{number:08x}-9999-7000-8000-{0:012d}",
        )
    ]
    return AccountInstance(
        account=owner,
        id=f"ssoins-{number:016x}",
        identity_store_id=f"d-{number:010x}",
        name=draw(st.sampled_from(["", "own"])),
        region=draw(st.sampled_from(["", "sa-east-1"])),
        tags=draw(_TAGS),
        network=draw(_networks()),
        users=people,
        trusted_token_issuers=draw(_issuers(number, accounts)),
        applications=draw(_applications(number, people, [], [], accounts)),
    )
