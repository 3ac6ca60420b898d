"""Which question each operation asks of a caller's policies, and whose account may ask."""

from dataclasses import replace
from typing import Any

import pytest

from genkan.applications import operations as applications
from genkan.core import arns
from genkan.core.call import Call, Check, Iam, Operation, Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.instances.account_instances import delete_instance
from tests.slices.applications.world import (
    CUSTOM,
    OTHER_INSTANCE,
    an_application,
    an_issuer,
)
from tests.slices.assignments.world import INSTANCE_ARN, INSTANCE_ID, MEMBER, OTHER
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store, a_call

UNKNOWN = "ssoins-0000000000000000"
UNKNOWN_INSTANCE = arns.instance(UNKNOWN)
OPERATIONS = {one.name: one for one in applications.OPERATIONS}
CATALOGUE = {"ListApplicationProviders", "DescribeApplicationProvider"}
MEMBERS_KEY = Signer(
    account_id=MEMBER,
    arn=f"arn:aws:iam::{MEMBER}:user/member",
    user_id="AIDAMMMMMMMMMMMMMMMM",
    access_key_id="AKIAMMMMMMMMMMMMMMMM",
)


@pytest.fixture(autouse=True)
def everywhere(world: object) -> None:
    """Each test has the world."""


def the_call(operation: Operation, caller: Signer = ADMINISTRATOR, **params: Any) -> Call:
    return replace(a_call(caller), operation=operation, params=params)


def access_of(name: str) -> Iam:
    access = OPERATIONS[name].access
    assert isinstance(access, Iam)
    return access


def owner(tx: Tx, name: str, caller: Signer = ADMINISTRATOR, **params: Any) -> str:
    found = access_of(name).owner
    assert found is not None
    return found(tx, the_call(OPERATIONS[name], caller, **params))


def check(tx: Tx, name: str, caller: Signer = ADMINISTRATOR, **params: Any) -> Check:
    (only,) = access_of(name).checks(tx, the_call(OPERATIONS[name], caller, **params))
    return only


def named(tx: Tx, name: str) -> dict[str, Any]:
    """Parameters that name something which there is."""
    taken = OPERATIONS[name].run.__annotations__
    if "trusted_token_issuer_arn" in taken:
        return {"trusted_token_issuer_arn": an_issuer(tx)}
    if "application_arn" in taken:
        return {"application_arn": an_application(tx)}
    if name in CATALOGUE:
        return {"application_provider_arn": CUSTOM}
    return {"instance_arn": INSTANCE_ARN, "application_provider_arn": CUSTOM}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_asks_for_its_own_action_on_what_it_names(store: Store, name: str) -> None:
    with store.write() as tx:
        params = named(tx, name)
        found = check(tx, name, **params)
    assert found.action == f"sso:{name}"
    wanted = tuple(params.values())
    if name == "ListApplicationProviders":
        wanted = ("*",)
    elif name not in ("CreateApplication", *CATALOGUE):
        wanted = wanted[:1]
    assert found.resources == wanted


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in CATALOGUE])
def test_what_is_administered_belongs_to_the_instances_owner_whoever_made_it(
    store: Store, name: str
) -> None:
    with store.write(MEMBERS_KEY) as tx:
        params = named(tx, name)
        assert owner(tx, name, MEMBERS_KEY, **params) == MANAGEMENT


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in CATALOGUE])
def test_an_account_instance_is_administered_by_its_own_account(store: Store, name: str) -> None:
    with store.write(MEMBERS_KEY) as tx:
        taken = OPERATIONS[name].run.__annotations__
        if "trusted_token_issuer_arn" in taken:
            params = {"trusted_token_issuer_arn": an_issuer(tx, instance_arn=OTHER_INSTANCE)}
        elif "application_arn" in taken:
            params = {"application_arn": an_application(tx, instance_arn=OTHER_INSTANCE)}
        else:
            params = {"instance_arn": OTHER_INSTANCE}
        assert owner(tx, name, **params) == MEMBER


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in CATALOGUE])
def test_an_unknown_instance_is_refused_as_the_model_allows(store: Store, name: str) -> None:
    """Denied where the operation has no ResourceNotFoundException (reference §15.1)."""
    denied = ("ListApplications", "ListTrustedTokenIssuers", "CreateTrustedTokenIssuer")
    issuer = "tti-00000000-0000-0000-0000-000000000000"
    params = {
        "instance_arn": UNKNOWN_INSTANCE,
        "application_arn": arns.application(MANAGEMENT, UNKNOWN, "apl-0123456789abcdef"),
        "trusted_token_issuer_arn": arns.trusted_token_issuer(MANAGEMENT, UNKNOWN, issuer),
    }
    with store.write() as tx, pytest.raises(Denied if name in denied else NotFound):
        owner(tx, name, **params)


def test_conditions_see_tags_and_the_account_that_made_it(store: Store) -> None:
    tags = [{"key": "team", "value": "docs"}, {"key": "tier", "value": "1"}]
    with store.write(MEMBERS_KEY) as tx:
        arn = an_application(tx, tags=tags)
        issuer = an_issuer(tx, tags=tags)
        on_application = check(tx, "DeleteApplication", application_arn=arn)
        on_issuer = check(tx, "DeleteTrustedTokenIssuer", trusted_token_issuer_arn=issuer)
        params = {"instance_arn": INSTANCE_ARN, "tags": tags}
        creating = check(
            tx, "CreateApplication", MEMBERS_KEY, **params, application_provider_arn=CUSTOM
        )
        creating_issuer = check(tx, "CreateTrustedTokenIssuer", **params)
        gone = check(tx, "DeleteApplication", application_arn=arn[:-4] + "0000")
    resource = {"aws:ResourceTag/team": "docs", "aws:ResourceTag/tier": "1"}
    request = {
        "aws:RequestTag/team": "docs",
        "aws:RequestTag/tier": "1",
        "aws:TagKeys": ("team", "tier"),
    }
    assert on_application.context == {**resource, "sso:ApplicationAccount": MEMBER}
    assert on_issuer.context == resource
    assert creating.context == {**request, "sso:ApplicationAccount": MEMBER}
    assert creating_issuer.context == request
    assert gone.context == {"sso:ApplicationAccount": MEMBER}


def test_a_member_may_ask_for_the_applications_that_it_made_itself(store: Store) -> None:
    with store.write(MEMBERS_KEY) as tx:
        arn = an_application(tx)
        for name, key, mine, others in (
            ("ListApplications", "application_account", MEMBER, OTHER),
            (
                "ListApplicationAssignmentsForPrincipal",
                "application_arn",
                arn,
                arn.replace(MEMBER, MANAGEMENT),
            ),
        ):
            for by, expected in (
                ({key: mine}, MEMBER),
                ({key: others}, MANAGEMENT),
                ({}, MANAGEMENT),
                ({"application_provider": CUSTOM}, MANAGEMENT),
            ):
                params = {"instance_arn": INSTANCE_ARN, "filter": by}
                assert owner(tx, name, MEMBERS_KEY, **params) == expected
                assert owner(tx, name, **params) == MANAGEMENT
        assert INSTANCE_ID in arn


def test_only_a_member_asks_and_only_of_the_organization_instance(store: Store) -> None:
    """A stranger's own account is its own, too; it must not learn which principals there are."""
    stranger = replace(MEMBERS_KEY, account_id="999999999999")
    others = arns.application(stranger.account_id, INSTANCE_ID, "apl-0123456789abcdef")
    with store.write() as tx:
        for name, by in (
            ("ListApplications", {"application_account": stranger.account_id}),
            ("ListApplicationAssignmentsForPrincipal", {"application_arn": others}),
        ):
            params: dict[str, Any] = {"instance_arn": INSTANCE_ARN, "filter": by}
            assert owner(tx, name, stranger, **params) == MANAGEMENT
        of_member = {"instance_arn": OTHER_INSTANCE, "filter": {"application_account": OTHER}}
        other_member = replace(MEMBERS_KEY, account_id=OTHER)
        assert owner(tx, "ListApplications", other_member, **of_member) == MEMBER
    with store.write(MEMBERS_KEY) as tx:
        delete_instance(tx, instance_arn=OTHER_INSTANCE)
    with store.write() as tx:  # and nobody else learns that it is being deleted
        assert owner(tx, "ListApplications", other_member, **of_member) == MEMBER
