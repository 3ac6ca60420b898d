"""CreateGroup, DescribeGroup, ListGroups, GetGroupId, UpdateGroup, DeleteGroup (reference §2)."""

import random
from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.events import GroupDeleted
from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.support import (
    OTHER_STORE,
    STORE,
    UNKNOWN,
    a_group,
    a_store,
    a_user,
    join,
    run,
)
from tests.support.store import ADMINISTRATOR, Store


def update(tx: Any, group_id: str, path: str, value: Any = None, **more: Any) -> Any:
    operations = [{"attribute_path": path, "attribute_value": value}]
    return run(tx, "UpdateGroup", group_id=group_id, operations=operations, **more)


def test_a_group_comes_back_as_it_was_given(filled: Store) -> None:
    with filled.write() as tx:
        made = run(tx, "CreateGroup", display_name="運用 Admins", description="All of us")
        described = run(tx, "DescribeGroup", group_id=made.group_id)
    assert made.group_arn == f"arn:aws:identitystore:::group/{made.group_id}"
    assert described == {
        "identity_store_id": STORE,
        "group_id": made.group_id,
        "group_arn": made.group_arn,
        "revision": "1",
        "display_name": "運用 Admins",
        "description": "All of us",
        "external_ids": None,
        "created_at": filled.clock.now,
        "created_by": ADMINISTRATOR.arn,
        "updated_at": filled.clock.now,
        "updated_by": ADMINISTRATOR.arn,
    }


def test_a_group_without_a_display_name_is_invalid(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(Invalid) as refused:
        run(tx, "CreateGroup")
    assert refused.value.message == "displayName is a required attribute"


@pytest.mark.parametrize("name", ["Administrator", "awsadministrators"])
def test_a_reserved_group_name_is_invalid(filled: Store, name: str) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        a_group(tx, name)


@pytest.mark.parametrize(
    ("first", "second"), [("Admins", "admins"), ("ＡＤＭＩＮＳ", "Admins"), ("Straße", "STRASSE")]
)
def test_a_group_name_is_unique_caselessly(filled: Store, first: str, second: str) -> None:
    with filled.write() as tx:
        a_group(tx, first)
        with pytest.raises(Conflict) as refused:
            a_group(tx, second)
    assert refused.value.message == "Duplicate GroupDisplayName"
    assert refused.value.members == {"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_more_groups_than_the_quota_are_refused(filled: Store) -> None:
    with filled.write() as tx:
        tx.run("UPDATE identity_stores SET group_count = 99999")
        group_id = a_group(tx, "last")
        with pytest.raises(QuotaExceeded):
            a_group(tx, "beyond")
        run(tx, "DeleteGroup", group_id=group_id)
        a_group(tx, "again")


def test_the_longest_name_is_kept_whatever_its_script_and_found_caselessly(
    filled: Store,
) -> None:
    # Four bytes a character, and in no order that would compress.
    name = "Ä" + "".join(
        random.Random(1).choices([chr(c) for c in range(0x1F300, 0x1F5FF)], k=1023)
    )
    with filled.write() as tx:
        group_id = a_group(tx, name)
        unique = {"attribute_path": "displayName", "attribute_value": name.lower()}
        found = run(tx, "GetGroupId", alternate_identifier={"unique_attribute": unique})
        assert found["group_id"] == group_id
        with pytest.raises(Conflict):
            a_group(tx, name.lower())
        assert a_group(tx, name[:-1]) != group_id


@pytest.mark.parametrize("path", ["displayName", "DisplayName", "displayname"])
def test_get_group_id_finds_the_display_name_caselessly(filled: Store, path: str) -> None:
    with filled.write() as tx:
        group_id = a_group(tx, "Admins")
        unique = {"attribute_path": path, "attribute_value": "ADMINS"}
        found = run(tx, "GetGroupId", alternate_identifier={"unique_attribute": unique})
    assert found == {
        "identity_store_id": STORE,
        "group_id": group_id,
        "group_arn": f"arn:aws:identitystore:::group/{group_id}",
    }


def test_get_group_id_of_none_is_not_found(filled: Store) -> None:
    unique = {"attribute_path": "displayName", "attribute_value": "none"}
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, "GetGroupId", alternate_identifier={"unique_attribute": unique})
    assert refused.value.message == "GROUP not found."
    assert refused.value.members == {"resource_type": "GROUP"}


def test_get_group_id_by_another_path_is_invalid(filled: Store) -> None:
    unique = {"attribute_path": "userName", "attribute_value": "x"}
    with filled.write() as tx, pytest.raises(Invalid):
        run(tx, "GetGroupId", alternate_identifier={"unique_attribute": unique})


def test_list_groups_filters_by_display_name(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx, "Admins")
        a_group(tx, "Others")
        filters = [{"attribute_path": "DisplayName", "attribute_value": "admins"}]
        listed = run(tx, "ListGroups", filters=filters)
    assert [group["group_id"] for group in listed["groups"]] == [group_id]


def test_list_groups_of_an_empty_store_is_an_empty_list(filled: Store) -> None:
    with filled.write() as tx:
        assert run(tx, "ListGroups") == {"groups": [], "next_token": None}


def test_a_group_filter_on_another_attribute_is_invalid(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        run(tx, "ListGroups", filters=[{"attribute_path": "UserName", "attribute_value": "x"}])


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("DescribeGroup", {}),
        ("DeleteGroup", {}),
        ("UpdateGroup", {"operations": [{"attribute_path": "description"}]}),
        ("ListGroupMemberships", {}),
        ("CreateGroupMembership", {"member_id": {"user_id": UNKNOWN}}),
    ],
)
def test_an_unknown_group_is_not_found(filled: Store, name: str, params: dict[str, Any]) -> None:
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, name, group_id=UNKNOWN, **params)
    assert refused.value.message == "GROUP not found."
    assert refused.value.members == {"resource_type": "GROUP", "resource_id": UNKNOWN}


def test_a_group_of_another_store_is_not_found(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        group_id = a_group(tx)
        with pytest.raises(NotFound):
            run(tx, "DescribeGroup", identity_store_id=OTHER_STORE, group_id=group_id)


def test_deleting_a_group_removes_memberships_and_keeps_users(filled: Store) -> None:
    seen: list[GroupDeleted] = []
    filled.events.subscribe(GroupDeleted, lambda tx, event: seen.append(event))
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        join(tx, group_id, user_id)
        assert run(tx, "DeleteGroup", group_id=group_id) == {}
        assert identity_store.group_ids_of(tx, user_id) == ()
        assert identity_store.find_user(tx, user_id) is not None
        with pytest.raises(NotFound):
            run(tx, "DeleteGroup", group_id=group_id)
    assert seen == [GroupDeleted(identity_store_id=STORE, group_id=group_id)]


def test_a_group_can_be_renamed_and_described_anew(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx, "Admins", description="old")
        filled.clock.advance(seconds=1)
    with filled.write() as tx:
        update(tx, group_id, "displayName", "Operators")
        answer = update(tx, group_id, "description")
        described = run(tx, "DescribeGroup", group_id=group_id)
        a_group(tx, "Admins")
    assert answer.revision == "3"
    assert described["display_name"] == "Operators"
    assert described["description"] is None
    assert described["updated_at"] == filled.clock.now > described["created_at"]


def test_a_group_may_change_the_case_of_its_own_name(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx, "admins")
        update(tx, group_id, "displayName", "Admins")
        assert run(tx, "DescribeGroup", group_id=group_id)["display_name"] == "Admins"


def test_a_group_cannot_take_the_name_of_another(filled: Store) -> None:
    with filled.write() as tx:
        a_group(tx, "Admins")
        with pytest.raises(Conflict):
            update(tx, a_group(tx, "Others"), "displayName", "ADMINS")


def test_external_ids_of_a_group_are_found_after_an_update(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        update(tx, group_id, "externalIds", [{"issuer": "i", "id": "1"}])
        asked = {"external_id": {"issuer": "i", "id": "1"}}
        assert run(tx, "GetGroupId", alternate_identifier=asked)["group_id"] == group_id
        update(tx, group_id, "externalIds")
        with pytest.raises(NotFound):
            run(tx, "GetGroupId", alternate_identifier=asked)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("displayName", None),
        ("displayName", ""),
        ("displayName", "Administrator"),
        ("displayName", 5),
        ("userName", "x"),
        ("displayName.value", "x"),
        ("aws:identitystore:enterprise.department", "x"),
        ("externalIds", [{"issuer": "i"}]),
        ("externalIds", [{"issuer": "i", "id": str(number)} for number in range(11)]),
    ],
)
def test_a_bad_change_of_a_group_is_invalid(filled: Store, path: str, value: Any) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        with pytest.raises(Invalid):
            update(tx, group_id, path, value)


def test_a_stale_revision_keeps_a_group_from_change_and_deletion(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        assert update(tx, group_id, "description", "new", revision="1").revision == "2"
        with pytest.raises(Conflict) as refused:
            update(tx, group_id, "description", "newer", revision="1")
        with pytest.raises(Conflict):
            run(tx, "DeleteGroup", group_id=group_id, revision="1")
    assert refused.value.members == {"reason": "CONCURRENT_MODIFICATION"}
