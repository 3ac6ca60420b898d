"""Applications: made, described, listed, changed, deleted."""

import re
from typing import Any

import pytest

from genkan.applications import operations as applications
from genkan.core import arns
from genkan.core.call import Signer
from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.events import InstanceDeleted
from genkan.instances import account_instances as instances
from tests.slices.applications.world import (
    CUSTOM,
    OTHER_INSTANCE,
    OTHER_INSTANCE_ID,
    all_pages,
    an_application,
    an_issuer,
    assign,
    run,
)
from tests.slices.assignments.world import INSTANCE_ARN, INSTANCE_ID, MEMBER, STORE, World
from tests.support.quotas import set_quotas
from tests.support.store import MANAGEMENT, NOW, Store

NOWHERE = arns.application(MANAGEMENT, INSTANCE_ID, "apl-0123456789abcdef")
MEMBERS_KEY = Signer(
    account_id=MEMBER,
    arn=f"arn:aws:iam::{MEMBER}:user/member",
    user_id="AIDAMMMMMMMMMMMMMMMM",
    access_key_id="AKIAMMMMMMMMMMMMMMMM",
)


@pytest.fixture(autouse=True)
def everywhere(world: World) -> None:
    """Each test has the world."""


def test_an_application_has_awss_defaults(store: Store) -> None:
    with store.write() as tx:
        made = run(
            tx,
            "CreateApplication",
            instance_arn=INSTANCE_ARN,
            application_provider_arn=CUSTOM,
            name="Wiki",
        )
        found = run(tx, "DescribeApplication", application_arn=made["application_arn"])
        required = run(
            tx, "GetApplicationAssignmentConfiguration", application_arn=made["application_arn"]
        )
        sessions = run(
            tx, "GetApplicationSessionConfiguration", application_arn=made["application_arn"]
        )
    assert made == {
        "application_arn": found["application_arn"],
        "instance_arn": INSTANCE_ARN,
        "identity_store_arn": f"arn:aws:identitystore::{MANAGEMENT}:identitystore/{STORE}",
    }
    shape = f"arn:aws:sso::{MANAGEMENT}:application/{INSTANCE_ID}/apl-[0-9a-f]{{16}}"
    assert re.fullmatch(shape, made["application_arn"])
    assert found == {
        **made,
        "application_provider_arn": CUSTOM,
        "name": "Wiki",
        "application_account": MANAGEMENT,
        "status": "ENABLED",
        "portal_options": {"sign_in_options": None, "visibility": "ENABLED"},
        "description": None,
        "created_date": NOW,
        "created_from": "us-east-1",
    }
    assert required == {"assignment_required": True}
    assert sessions == {"user_background_session_application_status": "DISABLED"}


def test_everything_given_is_described(store: Store) -> None:
    options = {
        "visibility": "DISABLED",
        "sign_in_options": {"origin": "APPLICATION", "application_url": "https://wiki.example.com"},
    }
    with store.write() as tx:
        arn = an_application(
            tx,
            "Wiki",
            description="What we know",
            status="DISABLED",
            portal_options=options,
            tags=[{"key": "team", "value": "docs"}],
        )
        found = run(tx, "DescribeApplication", application_arn=arn)
        tags = applications.find_application(tx, arn)
    assert tags is not None
    assert tags.tags == (("team", "docs"),)
    assert (found["description"], found["status"]) == ("What we know", "DISABLED")
    assert found["portal_options"] == options


def test_the_account_that_makes_an_application_stands_in_its_arn(store: Store) -> None:
    """The owner of the instance is not always the maker: a delegated administrator makes too."""
    with store.write(MEMBERS_KEY) as tx:
        arn = an_application(tx, "Wiki")
        found = run(tx, "DescribeApplication", application_arn=arn)
    assert arn.startswith(f"arn:aws:sso::{MEMBER}:application/{INSTANCE_ID}/")
    assert found["application_account"] == MEMBER


def test_an_arn_of_another_account_or_instance_names_nothing(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx, "Wiki")
        run(tx, "DescribeApplication", application_arn=arn)
        for wrong in (
            arn.replace(MANAGEMENT, MEMBER),
            arn.replace(INSTANCE_ID, OTHER_INSTANCE_ID),
            arn.replace("arn:aws:", "arn:aws-cn:"),
        ):
            with pytest.raises(NotFound):
                run(tx, "DescribeApplication", application_arn=wrong)


def test_names_need_not_be_unique(store: Store) -> None:
    with store.write() as tx:
        assert an_application(tx, "Wiki") != an_application(tx, "Wiki")


def test_a_provider_that_is_not_in_the_catalogue_is_not_found(store: Store) -> None:
    provider = "arn:aws:sso::aws:applicationProvider/redshift"
    with store.write() as tx:
        with pytest.raises(NotFound, match="redshift was not found"):
            an_application(tx, application_provider_arn=provider)
        with pytest.raises(NotFound, match="redshift was not found"):
            run(tx, "DescribeApplicationProvider", application_provider_arn=provider)


def test_the_catalogue_lists_what_it_describes(store: Store) -> None:
    with store.write() as tx:
        listed = all_pages(tx, "ListApplicationProviders", "application_providers")
        described = run(tx, "DescribeApplicationProvider", application_provider_arn=CUSTOM)
    assert listed == [described]
    assert described["federation_protocol"] == "OAUTH"


@pytest.mark.parametrize(
    "options",
    [
        {"origin": "APPLICATION"},
        {"origin": "IDENTITY_CENTER", "application_url": "https://wiki.example.com"},
    ],
)
def test_a_url_is_given_exactly_when_people_sign_in_at_the_application(
    store: Store, options: dict[str, str]
) -> None:
    portal_options = {"sign_in_options": options}
    with store.write() as tx:
        with pytest.raises(Invalid, match="ApplicationUrl"):
            an_application(tx, portal_options=portal_options)
        arn = an_application(tx)
        with pytest.raises(Invalid, match="ApplicationUrl"):
            run(tx, "UpdateApplication", application_arn=arn, portal_options=portal_options)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "Handbook"}, {"name": "Handbook"}),
        ({"description": "All"}, {"description": "All"}),
        ({"status": "DISABLED"}, {"status": "DISABLED"}),
        (
            {"portal_options": {"sign_in_options": {"origin": "IDENTITY_CENTER"}}},
            {
                "portal_options": {
                    "sign_in_options": {"origin": "IDENTITY_CENTER"},
                    "visibility": "DISABLED",
                }
            },
        ),
        ({"portal_options": {}}, {}),
        ({}, {}),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    store: Store, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    with store.write() as tx:
        arn = an_application(
            tx,
            description="What we know",
            portal_options={
                "visibility": "DISABLED",
                "sign_in_options": {"origin": "APPLICATION", "application_url": "http://a.b"},
            },
        )
        before = run(tx, "DescribeApplication", application_arn=arn)
        assert run(tx, "UpdateApplication", application_arn=arn, **change) == {}
        assert run(tx, "DescribeApplication", application_arn=arn) == {**before, **expected}


def test_applications_are_listed_page_by_page_while_others_come_and_go(store: Store) -> None:
    with store.write() as tx:
        made = sorted(an_application(tx, f"App {number}") for number in range(7))
        first = run(tx, "ListApplications", instance_arn=INSTANCE_ARN, max_results=3)
        run(tx, "DeleteApplication", application_arn=made[2])
        run(tx, "DeleteApplication", application_arn=made[3])
        rest = run(
            tx, "ListApplications", instance_arn=INSTANCE_ARN, next_token=first["next_token"]
        )
    found = [one["application_arn"] for one in first["applications"] + rest["applications"]]
    assert found == [*made[:3], *made[4:]]
    assert rest["next_token"] is None


def test_a_listed_application_is_as_it_is_described(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx, description="What we know")
        (listed,) = run(tx, "ListApplications", instance_arn=INSTANCE_ARN)["applications"]
        assert listed == run(tx, "DescribeApplication", application_arn=arn)


def test_a_page_has_fifty_applications_at_most(store: Store) -> None:
    with store.write() as tx:
        for number in range(51):
            an_application(tx, f"App {number}")
        first = run(tx, "ListApplications", instance_arn=INSTANCE_ARN, max_results=100)
        assert len(first["applications"]) == 50
        whole = all_pages(tx, "ListApplications", "applications", 20, instance_arn=INSTANCE_ARN)
    assert len({one["application_arn"] for one in whole}) == 51


def test_filters_keep_those_of_an_account_and_of_a_provider(store: Store) -> None:
    with store.write(MEMBERS_KEY) as tx:
        theirs = an_application(tx, "Theirs")
    with store.write() as tx:
        ours = an_application(tx, "Ours")

        def listed(**by: str) -> list[str]:
            answer = run(tx, "ListApplications", instance_arn=INSTANCE_ARN, filter=by)
            return [one["application_arn"] for one in answer["applications"]]

        assert listed(application_account=MEMBER) == [theirs]
        assert listed(application_account=MANAGEMENT) == [ours]
        assert sorted(listed(application_provider=CUSTOM)) == sorted([ours, theirs])
        assert listed(application_provider=CUSTOM, application_account=MEMBER) == [theirs]
        assert listed(application_provider=CUSTOM.replace("custom", "sso")) == []


def test_a_token_is_good_for_its_own_query_only(store: Store) -> None:
    with store.write() as tx:
        for name in "ab":
            an_application(tx, name)
        token = run(tx, "ListApplications", instance_arn=INSTANCE_ARN, max_results=1)["next_token"]
        for params in (
            {"instance_arn": OTHER_INSTANCE},
            {"instance_arn": INSTANCE_ARN, "filter": {"application_provider": CUSTOM}},
            {"instance_arn": INSTANCE_ARN, "filter": {"application_account": MANAGEMENT}},
        ):
            with pytest.raises(Invalid, match="pagination token"):
                run(tx, "ListApplications", next_token=token, **params)
        with pytest.raises(Invalid, match="pagination token"):
            run(tx, "ListTrustedTokenIssuers", instance_arn=INSTANCE_ARN, next_token=token)


def test_instances_do_not_see_each_others_applications(store: Store) -> None:
    with store.write() as tx:
        ours = an_application(tx)
        theirs = an_application(tx, instance_arn=OTHER_INSTANCE)
        for instance, arn in ((INSTANCE_ARN, ours), (OTHER_INSTANCE, theirs)):
            (listed,) = run(tx, "ListApplications", instance_arn=instance)["applications"]
            assert listed["application_arn"] == arn
            assert listed["instance_arn"] == instance
    assert theirs.split("/")[1] == OTHER_INSTANCE_ID


def test_a_deleted_application_leaves_nothing(store: Store, world: World) -> None:
    with store.write() as tx:
        issuer = an_issuer(tx)
        kept, arn = an_application(tx, "Kept"), an_application(tx, "Doomed")
        for one in (kept, arn):
            assign(tx, one, world.alice)
            assign(tx, one, world.group, "GROUP")
            run(tx, "PutApplicationAccessScope", application_arn=one, scope="wiki:read")
            run(
                tx,
                "PutApplicationGrant",
                application_arn=one,
                grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer",
                grant={
                    "jwt_bearer": {
                        "authorized_token_issuers": [{"trusted_token_issuer_arn": issuer}]
                    }
                },
            )
    everything = store.everything()
    assert arn.rpartition("/")[2] in everything
    with store.write() as tx:
        assert run(tx, "DeleteApplication", application_arn=arn) == {}
        with pytest.raises(NotFound):
            run(tx, "DeleteApplication", application_arn=arn)
        assigned = run(tx, "ListApplicationAssignments", application_arn=kept)
    assert arn.rpartition("/")[2] not in store.everything()
    assert len(assigned["application_assignments"]) == 2
    assert store.count("application_parts") == 2


def test_a_deleted_instance_takes_what_is_its_own_along(store: Store, world: World) -> None:
    with store.write() as tx:
        ours, theirs = an_application(tx), an_application(tx, instance_arn=OTHER_INSTANCE)
        an_issuer(tx)
        an_issuer(tx, instance_arn=OTHER_INSTANCE)
        for arn in (ours, theirs):
            run(tx, "PutApplicationAccessScope", application_arn=arn, scope="wiki:read")
        assign(tx, ours, world.alice)
        tx.publish(InstanceDeleted(instance_id=OTHER_INSTANCE_ID))
        run(tx, "DescribeApplication", application_arn=ours)
    for table in (
        "applications",
        "application_assignments",
        "application_parts",
        "trusted_token_issuers",
    ):
        assert store.count(table) == 1


@pytest.mark.parametrize(
    "operation",
    [one.name for one in applications.OPERATIONS if "application_arn" in one.run.__annotations__],
)
def test_every_operation_refuses_an_application_that_is_not_there(
    store: Store, operation: str
) -> None:
    found = next(one for one in applications.OPERATIONS if one.name == operation)
    params: dict[str, Any] = {
        "principal_id": "00000000-0000-7000-0000-000000000000",
        "principal_type": "USER",
        "assignment_required": True,
        "scope": "wiki:read",
        "authentication_method_type": "IAM",
        "authentication_method": {"iam": {"actor_policy": {}}},
        "grant_type": "refresh_token",
        "grant": {"refresh_token": {}},
    }
    taken = {name: value for name, value in params.items() if name in found.run.__annotations__}
    with store.write() as tx, pytest.raises(NotFound, match=f"{NOWHERE} was not found"):
        found.run(tx, application_arn=NOWHERE, **taken)


def test_a_request_sent_again_is_answered_again(store: Store) -> None:
    given: dict[str, Any] = {
        "name": "Wiki",
        "description": "What we know",
        "client_token": "once",
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }
    with store.write() as tx:
        first = an_application(tx, **given)
        run(tx, "UpdateApplication", application_arn=first, name="Handbook")
        again = an_application(tx, **{**given, "tags": given["tags"][::-1]})
        assert again == first
        assert run(tx, "DescribeApplication", application_arn=first)["name"] == "Handbook"
    assert store.count("applications") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Other"},
        {"description": "Other"},
        {"status": "DISABLED"},
        {"tags": [{"key": "a", "value": "1"}]},
        {"portal_options": {"visibility": "DISABLED"}},
    ],
)
def test_a_client_token_of_another_request_is_a_conflict(
    store: Store, other: dict[str, Any]
) -> None:
    with store.write() as tx:
        an_application(tx, "Wiki", client_token="once")
        with pytest.raises(Conflict, match="client token"):
            an_application(tx, **{"name": "Wiki", **other}, client_token="once")


def test_a_client_token_is_its_accounts_and_instances_own_and_ends_with_what_it_made(
    store: Store,
) -> None:
    with store.write() as tx:
        ours = an_application(tx, client_token="once")
        elsewhere = an_application(tx, instance_arn=OTHER_INSTANCE, client_token="once")
        without = {an_application(tx) for _ in range(2)}
    with store.write(MEMBERS_KEY) as tx:
        theirs = an_application(tx, client_token="once")
    assert len({ours, elsewhere, theirs, *without}) == 5
    with store.write() as tx:
        run(tx, "DeleteApplication", application_arn=ours)
        assert an_application(tx, client_token="once") != ours


def test_an_instance_has_a_limit_of_applications_that_a_retry_does_not_meet(store: Store) -> None:
    assert store.services.deployment.quotas.applications == 7_000
    set_quotas(store, applications=2)
    with store.write() as tx:
        an_application(tx, "One")
        two = an_application(tx, "Two", client_token="two")
        with pytest.raises(QuotaExceeded, match="at most 2 applications"):
            an_application(tx, "Three")
        assert an_application(tx, "Two", client_token="two") == two
        an_application(tx, instance_arn=OTHER_INSTANCE)


@pytest.mark.parametrize(
    ("tags", "refusal"),
    [
        ([("a", "1"), ("a", "2")], Invalid),
        ([("aws:a", "1")], Invalid),
        ([(f"k{number}", "") for number in range(51)], QuotaExceeded),
    ],
)
def test_bad_tags_are_refused(
    store: Store, tags: list[tuple[str, str]], refusal: type[Exception]
) -> None:
    given = [{"key": key, "value": value} for key, value in tags]
    with store.write() as tx:
        with pytest.raises(refusal):
            an_application(tx, tags=given)
        with pytest.raises(refusal):
            an_issuer(tx, tags=given)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("DescribeApplication", {}),
        ("GetApplicationSessionConfiguration", {}),
        ("ListApplicationGrants", {}),
        ("PutApplicationAssignmentConfiguration", {"assignment_required": False}),
        ("DeleteApplication", {}),
    ],
)
def test_of_an_instance_that_is_being_deleted_no_application_is_told_or_changed(
    store: Store, name: str, more: dict[str, Any]
) -> None:
    with store.write() as tx:
        arn = an_application(tx, instance_arn=OTHER_INSTANCE)
        issuer = an_issuer(tx, instance_arn=OTHER_INSTANCE)
    with store.write(MEMBERS_KEY) as tx:
        instances.delete_instance(tx, instance_arn=OTHER_INSTANCE)
    with store.write() as tx:
        with pytest.raises(Invalid, match="DELETE_IN_PROGRESS"):
            run(tx, name, application_arn=arn, **more)
        with pytest.raises(Invalid, match="DELETE_IN_PROGRESS"):
            run(tx, "DescribeTrustedTokenIssuer", trusted_token_issuer_arn=issuer)
