"""Permission sets: create, describe, list, update, delete."""

from typing import Any

import pytest

from genkan.core.call import Iam
from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.events import PermissionSetChanging, PermissionSetDeleting
from genkan.db.database import Tx
from genkan.permission_sets import duration
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import INSTANCE_ARN, OWNER, a_permission_set, make_world
from tests.support.store import ADMINISTRATOR, Store, a_call

UNKNOWN = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-ffffffffffffffff"


def run(tx: Tx, name: str, arn: str | None = None, /, **params: Any) -> Any:
    operation = next(one for one in permission_sets.OPERATIONS if one.name == name)
    if arn is not None:
        params["permission_set_arn"] = arn
    return operation.run(tx, instance_arn=INSTANCE_ARN, **params)


@pytest.fixture
def arn(store: Store) -> str:
    return make_world(store).read_only


def test_a_new_permission_set_is_described_with_all_its_members(store: Store) -> None:
    make_world(store)
    with store.write() as tx:
        created = run(
            tx,
            "CreatePermissionSet",
            name="Auditor",
            description="Looks at everything",
            session_duration="PT8H",
            relay_state="https://console.aws.amazon.com/",
        )["permission_set"]
        described = run(tx, "DescribePermissionSet", created["permission_set_arn"])
    assert described == {"permission_set": created}
    assert created["permission_set_arn"].startswith(
        "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-"
    )
    assert created["created_date"] == store.clock.now
    assert created["session_duration"] == "PT8H"
    assert created["relay_state"] == "https://console.aws.amazon.com/"


def test_a_permission_set_without_duration_lasts_one_hour(store: Store, arn: str) -> None:
    with store.write() as tx:
        found = permission_sets.find_permission_set(tx, arn)
    assert found is not None
    assert found.session_duration == "PT1H"
    assert permission_sets.session_seconds(found) == 3600


def test_a_name_that_is_taken_is_a_conflict(store: Store, arn: str) -> None:
    with store.write() as tx, pytest.raises(Conflict) as refusal:
        run(tx, "CreatePermissionSet", name="ReadOnly")
    assert refusal.value.message == "PermissionSet with name ReadOnly already exists."


def test_an_account_instance_has_no_permission_sets(store: Store, arn: str) -> None:
    from genkan.identity_store import operations as identity_store
    from genkan.instances import operations as instances

    with store.write(OWNER) as tx:
        identity_store.create_identity_store(
            tx, identity_store_id="d-0000000001", owner_account_id="222233334444"
        )
        instance = instances.create_instance(
            tx,
            identity_store_id="d-0000000001",
            owner_account_id="222233334444",
            region="us-east-1",
            kind=instances.ACCOUNT,
        )
        with pytest.raises(Invalid, match="not supported for this Identity Center instance"):
            permission_sets.create_permission_set(tx, instance_arn=instance.arn, name="Any")


@pytest.mark.parametrize("given", ["PT1H", "PT60M", "PT3600S", "PT11H59M59S", "PT12H", "PT3600.5S"])
def test_durations_of_one_to_twelve_hours_are_accepted(given: str) -> None:
    assert duration.SHORTEST <= duration.seconds(given) <= duration.LONGEST


@pytest.mark.parametrize(
    "given", ["PT59M", "PT12H1S", "P1D", "P1W", "P1Y", "P1M", "P", "PT", "-PT2H", "2H", "PT1H "]
)
def test_other_durations_are_invalid(given: str) -> None:
    with pytest.raises(Invalid):
        duration.seconds(given)


def test_an_invalid_duration_makes_nothing(store: Store, arn: str) -> None:
    with store.write() as tx:
        with pytest.raises(Invalid):
            run(tx, "CreatePermissionSet", name="Long", session_duration="PT13H")
        assert permission_sets.find_by_name(tx, "Long") is None


def test_an_unknown_permission_set_is_not_found_in_aws_words(store: Store, arn: str) -> None:
    with store.write() as tx, pytest.raises(NotFound) as refusal:
        run(tx, "DescribePermissionSet", UNKNOWN)
    assert refusal.value.message == "Could not find PermissionSet with id ps-ffffffffffffffff"


def test_a_permission_set_is_not_found_through_another_instance(store: Store, arn: str) -> None:
    foreign = arn.replace("1234567890abcdef", "ffffffffffffffff")
    with store.write() as tx:
        assert permission_sets.find_permission_set(tx, foreign) is None
        with pytest.raises(NotFound):
            permission_sets.describe_permission_set(
                tx,
                instance_arn="arn:aws:sso:::instance/ssoins-ffffffffffffffff",
                permission_set_arn=arn,
            )


def test_update_is_a_full_statement(store: Store) -> None:
    make_world(store)
    with store.write() as tx:
        arn = a_permission_set(
            tx, "Full", description="old", session_duration="PT8H", relay_state="https://a/"
        )
        run(tx, "UpdatePermissionSet", arn, description="new")
        updated = run(tx, "DescribePermissionSet", arn)["permission_set"]
    assert updated["name"] == "Full"
    assert updated["description"] == "new"
    assert updated["session_duration"] == "PT1H"
    assert updated["relay_state"] is None


def test_a_deleted_permission_set_is_gone_with_its_policies(store: Store, arn: str) -> None:
    with store.write() as tx:
        run(
            tx,
            "AttachCustomerManagedPolicyReferenceToPermissionSet",
            arn,
            customer_managed_policy_reference={"name": "Own"},
        )
        assert run(tx, "DeletePermissionSet", arn) == {}
        with pytest.raises(NotFound):
            run(tx, "DeletePermissionSet", arn)
        left = tx.one("SELECT COUNT(*) FROM permission_set_customer_policies")
    assert left == (0,)


def test_pages_of_permission_sets_show_each_once(store: Store, arn: str) -> None:
    with store.write() as tx:
        for number in range(5):
            a_permission_set(tx, f"Set{number}")
        seen, token, pages = [], None, 0
        while True:
            answer = run(tx, "ListPermissionSets", max_results=3, next_token=token)
            seen += answer["permission_sets"]
            pages += 1
            token = answer["next_token"]
            if token is None:
                break
    assert pages == 3
    assert len(seen) == len(set(seen)) == 7
    assert arn in seen


def test_a_token_of_another_list_is_invalid(store: Store, arn: str) -> None:
    with store.write() as tx:
        token = run(tx, "ListPermissionSets", max_results=1)["next_token"]
        with pytest.raises(Invalid):
            run(tx, "ListManagedPoliciesInPermissionSet", arn, next_token=token)


def test_finding_by_name_and_many_at_once(store: Store, arn: str) -> None:
    with store.write() as tx:
        found = permission_sets.find_by_name(tx, "ReadOnly")
        assert found is not None
        assert found.permission_set_arn == arn
        assert permission_sets.find_by_name(tx, "readonly") is None
        assert permission_sets.find_many(tx, [arn, UNKNOWN]) == {arn: found}


def test_tags_are_conditions_of_creation_and_of_later_acts(store: Store) -> None:
    make_world(store)
    tags = [{"key": "team", "value": "data"}]
    operations = {one.name: one for one in permission_sets.OPERATIONS}
    with store.write() as tx:
        arn = a_permission_set(tx, "Tagged", tags=tags)
        creating = checks_of(
            tx, operations["CreatePermissionSet"], instance_arn=INSTANCE_ARN, name="X", tags=tags
        )
        describing = checks_of(
            tx,
            operations["DescribePermissionSet"],
            instance_arn=INSTANCE_ARN,
            permission_set_arn=arn,
        )
    assert creating.context == {"aws:RequestTag/team": "data", "aws:TagKeys": ("team",)}
    assert describing.of_resource == {arn: {"aws:ResourceTag/team": "data"}}
    assert describing.resources == (INSTANCE_ARN, arn)


@pytest.mark.parametrize(
    ("keys", "refusal"),
    [(["a", "a"], Invalid), (["aws:x"], Invalid), ([str(n) for n in range(51)], QuotaExceeded)],
)
def test_tags_that_aws_refuses_are_refused(
    store: Store, keys: list[str], refusal: type[Exception]
) -> None:
    make_world(store)
    with store.write() as tx, pytest.raises(refusal):
        a_permission_set(tx, "Tagged", tags=[{"key": key, "value": ""} for key in keys])


def checks_of(tx: Tx, operation: Any, **params: Any) -> Any:
    access = operation.access
    assert isinstance(access, Iam)
    from dataclasses import replace

    call = replace(a_call(ADMINISTRATOR), operation=operation, params=params)
    (check,) = access.checks(tx, call)
    return check


def test_every_operation_asks_for_its_own_action_and_the_owner(store: Store, arn: str) -> None:
    from dataclasses import replace

    with store.write() as tx:
        for operation in permission_sets.OPERATIONS:
            params = {"instance_arn": INSTANCE_ARN, "permission_set_arn": arn, "name": "x"}
            check = checks_of(tx, operation, **params)
            assert check.action == f"sso:{operation.name}"
            assert isinstance(operation.access, Iam)
            assert operation.access.owner is not None
            call = replace(a_call(ADMINISTRATOR), operation=operation, params=params)
            assert operation.access.owner(tx, call) == ADMINISTRATOR.account_id


def test_edits_ask_first_and_deletion_asks_first(store: Store, arn: str) -> None:
    asked: list[object] = []
    for event in (PermissionSetChanging, PermissionSetDeleting):
        store.events.subscribe(event, lambda tx, found: asked.append(found))
    with store.write() as tx:
        run(tx, "UpdatePermissionSet", arn)
        run(tx, "DeletePermissionSet", arn)
    assert [type(event) for event in asked] == [PermissionSetChanging, PermissionSetDeleting]
    assert all(event.permission_set_arn == arn for event in asked)  # type: ignore[attr-defined]
