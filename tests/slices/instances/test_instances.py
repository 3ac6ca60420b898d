"""ListInstances, DescribeInstance, making instances, and who owns them (reference §1)."""

import re
from typing import Any

import pytest

from genkan.core.call import Caller, Iam, Owner, System
from genkan.core.errors import Conflict, Denied, Invalid, NotFound
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from tests.slices.instances.support import (
    ARN,
    INSTANCE,
    MEMBER,
    REGION,
    STORE,
    UNKNOWN,
    an_account_instance,
    an_instance,
    call_of,
    op,
    signer,
)
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

STORE_ARN = f"arn:aws:identitystore::{MANAGEMENT}:identitystore/{STORE}"


def listed(
    store: Store, caller: Caller = ADMINISTRATOR, region: str = REGION, **params: Any
) -> Any:
    operation = op("ListInstances")
    with store.write(caller) as tx:
        tx.call = call_of(operation, params, caller, region)
        return operation.run(tx, **params)


def test_the_management_account_sees_the_whole_instance(enabled: Store) -> None:
    assert listed(enabled) == {
        "instances": [
            {
                "instance_arn": ARN,
                "identity_store_id": STORE,
                "identity_store_arn": STORE_ARN,
                "owner_account_id": MANAGEMENT,
                "name": "corp",
                "created_date": enabled.clock.now,
                "status": "ACTIVE",
                "primary_region": REGION,
                "regions": [
                    {
                        "region_name": REGION,
                        "status": "ACTIVE",
                        "added_date": enabled.clock.now,
                        "is_primary_region": True,
                    }
                ],
            }
        ],
        "next_token": None,
    }


def test_a_member_account_sees_a_limited_view(enabled: Store) -> None:
    assert listed(enabled, signer(MEMBER))["instances"] == [
        {
            "instance_arn": ARN,
            "identity_store_id": STORE,
            "identity_store_arn": STORE_ARN,
            "owner_account_id": MANAGEMENT,
            "status": "ACTIVE",
            "primary_region": REGION,
        }
    ]


def test_an_account_outside_the_organization_sees_nothing(enabled: Store) -> None:
    assert listed(enabled, signer("999999999999")) == {"instances": [], "next_token": None}


def test_the_owner_of_the_process_sees_the_whole_instance(enabled: Store) -> None:
    assert listed(enabled, Owner(reason="doctor"))["instances"][0]["name"] == "corp"


def test_before_identity_center_is_enabled_the_list_is_empty(store: Store) -> None:
    assert listed(store)["instances"] == []


def test_an_instance_without_a_name_shows_none(store: Store) -> None:
    with store.write() as tx:
        an_instance(tx, name="")
    assert listed(store)["instances"][0]["name"] is None


@pytest.mark.parametrize(
    ("region", "scope", "count"),
    [
        (REGION, {}, 1),
        (REGION, {"region_scope": "CURRENT_REGION"}, 1),
        (REGION, {"region_scope": "ALL_REGIONS"}, 1),
        ("us-east-1", {}, 0),
        ("us-east-1", {"region_scope": "CURRENT_REGION"}, 0),
        ("us-east-1", {"region_scope": "ALL_REGIONS"}, 1),
    ],
)
def test_an_instance_is_seen_from_its_region_unless_all_are_asked_for(
    enabled: Store, region: str, scope: dict[str, Any], count: int
) -> None:
    assert len(listed(enabled, region=region, **scope)["instances"]) == count


def test_a_member_with_an_account_instance_sees_both_page_by_page(enabled: Store) -> None:
    with enabled.write() as tx:
        own = an_account_instance(tx)
    member = signer(MEMBER)
    whole = listed(enabled, member)["instances"]
    assert {instance["instance_arn"] for instance in whole} == {ARN, own.arn}
    mine = next(instance for instance in whole if instance["instance_arn"] == own.arn)
    assert mine["created_date"] == own.created_at
    first = listed(enabled, member, max_results=1)
    second = listed(enabled, member, max_results=1, next_token=first["next_token"])
    assert first["instances"] + second["instances"] == whole
    assert second["next_token"] is None


def test_an_account_instance_is_not_seen_by_the_management_account(enabled: Store) -> None:
    with enabled.write() as tx:
        an_account_instance(tx)
    assert [row["instance_arn"] for row in listed(enabled)["instances"]] == [ARN]


def test_a_token_of_another_account_is_invalid(enabled: Store) -> None:
    with enabled.write() as tx:
        an_account_instance(tx)
    token = listed(enabled, signer(MEMBER), max_results=1)["next_token"]
    with pytest.raises(Invalid):
        listed(enabled, next_token=token)


def test_list_instances_is_decided_by_the_callers_own_policies(enabled: Store) -> None:
    access = op("ListInstances").access
    assert isinstance(access, Iam)
    assert access.owner is None
    with enabled.write() as tx:
        (check,) = access.checks(tx, call_of(op("ListInstances"), {}))
    assert (check.action, check.resources) == ("sso:ListInstances", ("*",))


def test_describe_instance_tells_more(enabled: Store) -> None:
    with enabled.write() as tx:
        described = op("DescribeInstance").run(tx, instance_arn=ARN)
    assert described["name"] == "corp"
    assert described["identity_store_arn"] == STORE_ARN
    assert described["permission_sets_enabled"] is True
    assert described["encryption_configuration_details"] == {
        "key_type": "AWS_OWNED_KMS_KEY",
        "encryption_status": "ENABLED",
    }


def test_an_account_instance_has_no_permission_sets(enabled: Store) -> None:
    with enabled.write() as tx:
        own = an_account_instance(tx)
        described = op("DescribeInstance").run(tx, instance_arn=own.arn)
    assert described["permission_sets_enabled"] is False


def test_describe_instance_of_none_is_denied_since_it_knows_no_not_found(enabled: Store) -> None:
    operation = op("DescribeInstance")
    assert isinstance(operation.access, Iam)
    assert operation.access.owner is not None
    with enabled.write() as tx:
        with pytest.raises(Denied):
            operation.run(tx, instance_arn=UNKNOWN)
        with pytest.raises(Denied):
            operation.access.owner(tx, call_of(operation, {"instance_arn": UNKNOWN}))


def test_describe_instance_is_the_owners_and_names_the_instance(enabled: Store) -> None:
    operation = op("DescribeInstance")
    call = call_of(operation, {"instance_arn": ARN})
    assert isinstance(operation.access, Iam)
    assert operation.access.owner is not None
    assert not operation.access.members_may_read
    with enabled.write() as tx:
        assert operation.access.owner(tx, call) == MANAGEMENT
        (check,) = operation.access.checks(tx, call)
    assert (check.action, check.resources) == ("sso:DescribeInstance", (ARN,))


def test_the_owner_of_any_operation_on_an_instance_is_found_by_arn(enabled: Store) -> None:
    operation = op("DescribeInstance")
    with enabled.write() as tx:
        own = an_account_instance(tx)
        assert instances.owner_of(tx, call_of(operation, {"instance_arn": ARN})) == MANAGEMENT
        assert instances.owner_of(tx, call_of(operation, {"instance_arn": own.arn})) == MEMBER
        with pytest.raises(NotFound):
            instances.owner_of(tx, call_of(operation, {"instance_arn": UNKNOWN}))


def test_slices_find_instances(enabled: Store) -> None:
    with enabled.write() as tx:
        found = instances.find_instance(tx, ARN)
        assert found is not None
        assert found == instances.the_instance(tx) == instances.required_instance(tx, ARN)
        assert (found.instance_id, found.region) == (INSTANCE, REGION)
        assert instances.find_instance(tx, UNKNOWN) is None
        with pytest.raises(NotFound):
            instances.required_instance(tx, UNKNOWN)


def test_there_is_no_instance_before_one_is_made(store: Store) -> None:
    with store.write() as tx, pytest.raises(NotFound):
        instances.the_instance(tx)


def test_ids_are_in_awss_form(store: Store) -> None:
    with store.write() as tx:
        made = an_instance(tx, instance_id=None)
    assert re.fullmatch(r"arn:aws:sso:::instance/ssoins-[0-9a-f]{16}", made.arn)


def _prepared(tx: Any, owner: str, store_id: str = "d-eeeeeeeeee") -> dict[str, Any]:
    identity_store.create_identity_store(tx, identity_store_id=store_id, owner_account_id=owner)
    return {"identity_store_id": store_id, "owner_account_id": owner, "region": REGION}


def test_an_account_has_at_most_one_instance(enabled: Store) -> None:
    with enabled.write() as tx:
        an_account_instance(tx)
        params = _prepared(tx, MEMBER)
        with pytest.raises(Conflict):
            instances.create_instance(tx, kind=instances.ACCOUNT, **params)


def test_there_is_one_organization_instance(enabled: Store) -> None:
    with enabled.write() as tx, pytest.raises(Conflict):
        instances.create_instance(tx, **_prepared(tx, MANAGEMENT))


def test_only_the_management_account_has_the_organization_instance(enabled: Store) -> None:
    with enabled.write() as tx, pytest.raises(Denied):
        instances.create_instance(tx, **_prepared(tx, MEMBER))


def test_the_management_account_has_no_account_instance(enabled: Store) -> None:
    with enabled.write() as tx, pytest.raises(Denied):
        instances.create_instance(tx, kind=instances.ACCOUNT, **_prepared(tx, MANAGEMENT))


def test_an_instance_stands_on_a_store_of_its_own_account(enabled: Store) -> None:
    with enabled.write() as tx:
        params = {**_prepared(tx, MANAGEMENT), "owner_account_id": MEMBER}
        with pytest.raises(Denied):
            instances.create_instance(tx, kind=instances.ACCOUNT, **params)
        with pytest.raises(NotFound):
            instances.create_instance(
                tx,
                identity_store_id="d-0000000000",
                owner_account_id=MEMBER,
                region=REGION,
                kind=instances.ACCOUNT,
            )


@pytest.mark.parametrize("alias", ["Upper", "-a", "a--b", "a.b", "a/b", "x" * 64, "é"])
def test_a_bad_alias_is_invalid(store: Store, alias: str) -> None:
    with store.write() as tx, pytest.raises(Invalid):
        an_instance(tx, alias=alias)


def test_an_alias_is_unique(store: Store) -> None:
    with store.write() as tx:
        an_instance(tx, alias="example")
        with pytest.raises(Conflict):
            an_account_instance(tx, alias="example")


def test_no_request_can_make_an_organization_instance() -> None:
    assert isinstance(instances.CREATE_INSTANCE.access, System)
