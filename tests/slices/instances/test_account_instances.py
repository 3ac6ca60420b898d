"""CreateInstance, UpdateInstance, DeleteInstance (reference §1.1, §1.4, §1.5)."""

from typing import Any

import pytest

from genkan.core.call import Iam, Owner
from genkan.core.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from genkan.core.events import GroupDeleted, InstanceDeleted, UserDeleted
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.instances import work
from tests.slices.instances.support import (
    ARN,
    MEMBER,
    REGION,
    UNKNOWN,
    an_account_instance,
    call_of,
    op,
    settle,
    signer,
)
from tests.support.store import MANAGEMENT, Store

KMS_KEY = f"arn:aws:kms:{REGION}:{MANAGEMENT}:key/01234567-89ab-cdef-0123-456789abcdef"


def run(store: Store, name: str, account_id: str = MEMBER, /, **params: Any) -> Any:
    """A wire operation by somebody of an account."""
    with store.write(signer(account_id)) as tx:
        tx.call = call_of(op(name), params, signer(account_id))
        return op(name).run(tx, **params)


def worked_off(store: Store) -> None:
    with store.write() as tx:
        settle(tx)


def create(store: Store, **params: Any) -> str:
    """An account instance that is ready."""
    arn: str = run(store, "CreateInstance", **params)["instance_arn"]
    worked_off(store)
    return arn


def describe(store: Store, arn: str, account_id: str = MEMBER) -> Any:
    return run(store, "DescribeInstance", account_id, instance_arn=arn)


def test_an_account_instance_is_made_and_becomes_active(enabled: Store) -> None:
    arn = run(enabled, "CreateInstance", name="own")["instance_arn"]
    found = describe(enabled, arn)
    assert found["status"] == "CREATE_IN_PROGRESS"
    worked_off(enabled)
    found = describe(enabled, arn)
    assert (found["status"], found["name"]) == ("ACTIVE", "own")
    assert found["owner_account_id"] == MEMBER
    assert found["primary_region"] == REGION
    assert found["permission_sets_enabled"] is False
    with enabled.write() as tx:
        assert identity_store.owner_of(tx, found["identity_store_id"]) == MEMBER


def test_a_minimal_request_gives_an_instance_without_a_name(enabled: Store) -> None:
    assert describe(enabled, create(enabled))["name"] is None


def test_while_it_is_made_an_instance_can_only_be_described_and_deleted(enabled: Store) -> None:
    arn = run(enabled, "CreateInstance")["instance_arn"]
    for name in ("UpdateInstance", "ListRegions"):
        with pytest.raises(Invalid, match="CREATE_IN_PROGRESS"):
            run(enabled, name, instance_arn=arn)
    run(enabled, "DeleteInstance", instance_arn=arn)
    worked_off(enabled)
    with pytest.raises(Denied):
        describe(enabled, arn)


def test_an_account_makes_one_instance(enabled: Store) -> None:
    create(enabled)
    with pytest.raises(Conflict):
        run(enabled, "CreateInstance", name="second")


def test_the_management_account_makes_none(enabled: Store) -> None:
    with pytest.raises(Denied):
        run(enabled, "CreateInstance", MANAGEMENT)


def test_nobody_makes_an_instance_for_another_account(enabled: Store) -> None:
    with enabled.write(Owner(reason="test")) as tx, pytest.raises(Invalid):
        op("CreateInstance").run(tx)


def test_a_client_token_answers_a_request_again(enabled: Store) -> None:
    given = {
        "name": "own",
        "client_token": "once",
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }
    arn = create(enabled, **given)
    assert run(enabled, "CreateInstance", **given)["instance_arn"] == arn
    turned = {**given, "tags": list(reversed(given["tags"]))}
    assert run(enabled, "CreateInstance", **turned)["instance_arn"] == arn
    assert enabled.count("instances") == 2


def test_a_client_token_is_for_one_request(enabled: Store) -> None:
    create(enabled, name="own", client_token="once")
    with pytest.raises(Conflict, match="client token"):
        run(enabled, "CreateInstance", name="another", client_token="once")
    with pytest.raises(Conflict):
        run(enabled, "CreateInstance", name="own", client_token="twice")
    with pytest.raises(Conflict):
        run(enabled, "CreateInstance", "333344445555", name="own", client_token="")
        run(enabled, "CreateInstance", "333344445555", name="own", client_token="once")


def test_a_client_token_is_free_again_once_its_instance_is_gone(enabled: Store) -> None:
    arn = create(enabled, client_token="once")
    run(enabled, "DeleteInstance", instance_arn=arn)
    worked_off(enabled)
    assert create(enabled, client_token="once") != arn


def test_tags_are_checked_and_kept(enabled: Store) -> None:
    with pytest.raises(Invalid):
        run(enabled, "CreateInstance", tags=[{"key": "AWS:a", "value": ""}])
    with pytest.raises(Invalid):
        run(enabled, "CreateInstance", tags=[{"key": "a", "value": ""}] * 2)
    many = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with pytest.raises(QuotaExceeded):
        run(enabled, "CreateInstance", tags=many)
    assert enabled.count("instances") == enabled.count("identity_stores") == 1
    arn = create(enabled, tags=many[:50])
    with enabled.write() as tx:
        assert len(instances.tags_of(tx, arn)) == 50


def test_creating_is_decided_by_the_callers_own_policies_and_the_tags_asked_for(
    enabled: Store,
) -> None:
    access = op("CreateInstance").access
    assert isinstance(access, Iam)
    assert access.owner is None
    with enabled.write() as tx:
        tags = [{"key": "team", "value": "a"}]
        (check,) = access.checks(tx, call_of(op("CreateInstance"), {"tags": tags}))
    assert check.action == "sso:CreateInstance"
    assert check.context == {"aws:RequestTag/team": "a", "aws:TagKeys": ("team",)}


def test_a_name_is_changed_and_taken_away(enabled: Store) -> None:
    run(enabled, "UpdateInstance", MANAGEMENT, instance_arn=ARN, name="new")
    assert describe(enabled, ARN, MANAGEMENT)["name"] == "new"
    run(enabled, "UpdateInstance", MANAGEMENT, instance_arn=ARN)
    assert describe(enabled, ARN, MANAGEMENT)["name"] == "new"
    run(enabled, "UpdateInstance", MANAGEMENT, instance_arn=ARN, name="")
    assert describe(enabled, ARN, MANAGEMENT)["name"] is None


@pytest.mark.parametrize(
    ("refusal", "params"),
    [
        (Invalid, {"permission_sets_enabled": False}),
        (Invalid, {"encryption_configuration": {"key_type": "CUSTOMER_MANAGED_KEY"}}),
        (
            Invalid,
            {
                "encryption_configuration": {
                    "key_type": "AWS_OWNED_KMS_KEY",
                    "kms_key_arn": KMS_KEY,
                }
            },
        ),
        (
            NotFound,
            {
                "encryption_configuration": {
                    "key_type": "CUSTOMER_MANAGED_KEY",
                    "kms_key_arn": KMS_KEY,
                }
            },
        ),
        (Invalid, {"network_configuration": {"vpce_access_required": True}}),
        (
            Invalid,
            {
                "network_configuration": {
                    "vpce_access_required": False,
                    "allow_source_ips": ["192.0.2.1"],
                }
            },
        ),
    ],
)
def test_an_update_does_everything_or_nothing(
    enabled: Store, refusal: type[Exception], params: dict[str, Any]
) -> None:
    before = describe(enabled, ARN, MANAGEMENT)
    with pytest.raises(refusal):
        run(enabled, "UpdateInstance", MANAGEMENT, instance_arn=ARN, name="new", **params)
    assert describe(enabled, ARN, MANAGEMENT) == before


def test_a_kms_key_is_refused_with_the_reason_of_the_model(enabled: Store) -> None:
    configuration = {"key_type": "CUSTOMER_MANAGED_KEY", "kms_key_arn": KMS_KEY}
    with pytest.raises(NotFound) as caught:
        run(
            enabled,
            "UpdateInstance",
            MANAGEMENT,
            instance_arn=ARN,
            encryption_configuration=configuration,
        )
    assert caught.value.members == {"reason": "KMS_NotFoundException"}


def test_what_is_so_already_is_accepted(enabled: Store) -> None:
    run(
        enabled,
        "UpdateInstance",
        MANAGEMENT,
        instance_arn=ARN,
        encryption_configuration={"key_type": "AWS_OWNED_KMS_KEY"},
        permission_sets_enabled=True,
        network_configuration={"vpce_access_required": False, "allow_source_ips": []},
    )


def test_an_account_instance_never_has_permission_sets(enabled: Store) -> None:
    arn = create(enabled)
    run(enabled, "UpdateInstance", instance_arn=arn, permission_sets_enabled=False)
    with pytest.raises(Invalid, match="not supported"):
        run(enabled, "UpdateInstance", instance_arn=arn, permission_sets_enabled=True)


def test_an_unknown_instance_is_not_found_or_denied_as_the_model_knows_it(enabled: Store) -> None:
    with pytest.raises(NotFound):
        run(enabled, "UpdateInstance", instance_arn=UNKNOWN)
    for name in ("DeleteInstance", "DescribeInstance"):
        with pytest.raises(Denied):
            run(enabled, name, instance_arn=UNKNOWN)


def test_the_organization_instance_is_not_deleted_by_a_request(enabled: Store) -> None:
    with pytest.raises(Invalid):
        run(enabled, "DeleteInstance", MANAGEMENT, instance_arn=ARN)
    assert describe(enabled, ARN, MANAGEMENT)["status"] == "ACTIVE"


def test_a_deletion_takes_users_groups_and_what_hangs_on_them_with_it(
    enabled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PRINCIPALS_AT_A_TIME", 3)
    told: list[object] = []
    for event in (UserDeleted, GroupDeleted, InstanceDeleted):
        enabled.events.subscribe(event, lambda tx, event: told.append(event))
    arn = create(enabled)
    store_id = describe(enabled, arn)["identity_store_id"]
    with enabled.write() as tx:
        name = {"given_name": "A", "family_name": "B"}
        people = [
            identity_store.create_user(
                tx, identity_store_id=store_id, user_name=f"u{n}", display_name="U", name=name
            ).user_id
            for n in range(4)
        ]
        group = identity_store.create_group(tx, identity_store_id=store_id, display_name="G")
        identity_store.create_group_membership(
            tx,
            identity_store_id=store_id,
            group_id=group.group_id,
            member_id={"user_id": people[0]},
        )
    run(enabled, "DeleteInstance", instance_arn=arn)
    assert describe(enabled, arn)["status"] == "DELETE_IN_PROGRESS"
    with pytest.raises(Conflict):
        run(enabled, "DeleteInstance", instance_arn=arn)
    worked_off(enabled)
    with pytest.raises(Denied):
        describe(enabled, arn)
    for table in ("users", "groups", "group_memberships"):
        assert enabled.count(table) == 0
    assert enabled.count("instances") == enabled.count("identity_stores") == 1
    deleted = {event.user_id for event in told if isinstance(event, UserDeleted)}
    assert deleted == set(people)
    assert [type(event) for event in told[-2:]] == [GroupDeleted, InstanceDeleted]


def test_a_deletion_that_was_cut_off_goes_on(
    enabled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PRINCIPALS_AT_A_TIME", 1)
    arn = create(enabled)
    store_id = describe(enabled, arn)["identity_store_id"]
    with enabled.write() as tx:
        identity_store.create_group(tx, identity_store_id=store_id, display_name="G")
    run(enabled, "DeleteInstance", instance_arn=arn)
    instance_id = arn.rpartition("/")[2]
    steps = []
    for _ in range(3):
        with enabled.write() as tx:
            steps.append(work.settle_instance(tx, instance_id=instance_id))
    assert steps == [False, True, True]


def test_a_job_that_was_given_up_leaves_nothing_in_a_passing_state(enabled: Store) -> None:
    arn = run(enabled, "CreateInstance")["instance_arn"]
    with enabled.write() as tx:
        work.abandon_instance(tx, instance_id=arn.rpartition("/")[2])
    assert describe(enabled, arn)["status"] == "CREATE_FAILED"
    run(enabled, "DeleteInstance", instance_arn=arn)
    worked_off(enabled)
    assert create(enabled)


def test_an_account_instance_is_its_accounts_alone(enabled: Store) -> None:
    with enabled.write() as tx:
        own = an_account_instance(tx)
        for operation in instances.OPERATIONS:
            assert isinstance(operation.access, Iam)
            if operation.access.owner is not None:
                call = call_of(operation, {"instance_arn": own.arn})
                assert operation.access.owner(tx, call) == MEMBER
                assert not operation.access.members_may_read
