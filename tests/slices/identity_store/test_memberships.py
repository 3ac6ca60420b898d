"""Memberships, IsMemberInGroups and their limits (reference §2.6, §12)."""

from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
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


def test_a_membership_comes_back_by_id_and_by_its_two_ends(filled: Store) -> None:
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        membership_id = join(tx, group_id, user_id)
        member_id = {"user_id": user_id}
        named = run(tx, "GetGroupMembershipId", group_id=group_id, member_id=member_id)
        described = run(tx, "DescribeGroupMembership", membership_id=membership_id)
    assert named == {
        "identity_store_id": STORE,
        "membership_id": membership_id,
        "membership_arn": f"arn:aws:identitystore:::membership/{membership_id}",
    }
    assert described == {
        **named,
        "group_id": group_id,
        "member_id": member_id,
        "created_at": filled.clock.now,
        "created_by": ADMINISTRATOR.arn,
        "updated_at": filled.clock.now,
        "updated_by": ADMINISTRATOR.arn,
    }


def test_group_and_member_may_be_named_by_arn(filled: Store) -> None:
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        membership_id = join(
            tx,
            f"arn:aws:identitystore:::group/{group_id}",
            f"arn:aws:identitystore:::user/{user_id}",
        )
        arn = f"arn:aws:identitystore:::membership/{membership_id}"
        assert run(tx, "DescribeGroupMembership", membership_id=arn)["group_id"] == group_id


def test_joining_a_group_twice_is_a_conflict(filled: Store) -> None:
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        join(tx, group_id, user_id)
        with pytest.raises(Conflict) as refused:
            join(tx, group_id, user_id)
    assert refused.value.message == "Member and Group relationship already exists"
    assert refused.value.members == {"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_an_unknown_user_cannot_join(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        with pytest.raises(NotFound) as refused:
            join(tx, group_id, UNKNOWN)
    assert refused.value.members == {"resource_type": "USER", "resource_id": UNKNOWN}


def test_a_user_of_another_store_cannot_join(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        stranger = a_user(tx, identity_store_id=OTHER_STORE)
        with pytest.raises(NotFound):
            join(tx, a_group(tx), stranger)


def test_a_user_is_in_at_most_a_thousand_groups(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        for number in range(1000):
            join(tx, a_group(tx, f"group {number}"), user_id)
        one_more = a_group(tx, "one more")
        with pytest.raises(QuotaExceeded):
            join(tx, one_more, user_id)
        assert len(identity_store.group_ids_of(tx, user_id)) == 1000


def test_leaving_a_group_ends_the_membership_only(filled: Store) -> None:
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        membership_id = join(tx, group_id, user_id)
        assert run(tx, "DeleteGroupMembership", membership_id=membership_id) == {}
        assert identity_store.group_ids_of(tx, user_id) == ()
        assert run(tx, "DescribeGroup", group_id=group_id)["group_id"] == group_id
        assert join(tx, group_id, user_id) != membership_id


@pytest.mark.parametrize("name", ["DescribeGroupMembership", "DeleteGroupMembership"])
def test_an_unknown_membership_is_not_found(filled: Store, name: str) -> None:
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, name, membership_id=UNKNOWN)
    assert refused.value.message == "MEMBERSHIP not found."
    assert refused.value.members == {"resource_type": "GROUP_MEMBERSHIP", "resource_id": UNKNOWN}


def test_a_membership_of_another_store_is_not_found(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        membership_id = join(tx, a_group(tx), a_user(tx))
        with pytest.raises(NotFound):
            run(
                tx,
                "DeleteGroupMembership",
                identity_store_id=OTHER_STORE,
                membership_id=membership_id,
            )


def test_the_membership_of_a_non_member_is_not_found(filled: Store) -> None:
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        with pytest.raises(NotFound) as refused:
            run(tx, "GetGroupMembershipId", group_id=group_id, member_id={"user_id": user_id})
    assert refused.value.members == {"resource_type": "GROUP_MEMBERSHIP"}


def test_the_arn_of_a_user_names_no_membership(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        run(
            tx,
            "DescribeGroupMembership",
            membership_id=f"arn:aws:identitystore:::user/{a_user(tx)}",
        )


def test_memberships_are_listed_from_both_ends(filled: Store) -> None:
    with filled.write() as tx:
        groups = [a_group(tx, name) for name in ("A", "B")]
        users = [a_user(tx, name) for name in ("alice", "bob")]
        for group_id in groups:
            join(tx, group_id, users[0])
        join(tx, groups[0], users[1])
        of_group = run(tx, "ListGroupMemberships", group_id=groups[0])
        of_user = run(tx, "ListGroupMembershipsForMember", member_id={"user_id": users[0]})
    assert {row["member_id"]["user_id"] for row in of_group["group_memberships"]} == set(users)
    assert {row["group_id"] for row in of_user["group_memberships"]} == set(groups)
    assert of_group["next_token"] is None


def test_is_member_in_groups_answers_for_each_group_in_order(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        inside, outside = a_group(tx, "inside"), a_group(tx, "outside")
        join(tx, inside, user_id)
        asked = [outside, inside, f"arn:aws:identitystore:::group/{outside}"]
        results = run(tx, "IsMemberInGroups", member_id={"user_id": user_id}, group_ids=asked)[
            "results"
        ]
    member_id = {"user_id": user_id}
    assert results == [
        {"group_id": outside, "member_id": member_id, "membership_exists": False},
        {"group_id": inside, "member_id": member_id, "membership_exists": True},
        {"group_id": outside, "member_id": member_id, "membership_exists": False},
    ]


@pytest.mark.parametrize("which", ["user", "group", "group of another store"])
def test_is_member_in_groups_refuses_what_does_not_exist(filled: Store, which: str) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        params: dict[str, Any] = {
            "member_id": {"user_id": a_user(tx)},
            "group_ids": [a_group(tx)],
        }
        if which == "user":
            params["member_id"] = {"user_id": UNKNOWN}
        elif which == "group":
            params["group_ids"].append(UNKNOWN)
        else:
            params["group_ids"].append(a_group(tx, identity_store_id=OTHER_STORE))
        with pytest.raises(NotFound):
            run(tx, "IsMemberInGroups", **params)


def test_principals_are_found_by_type_and_store(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        user_id, group_id = a_user(tx, "alice"), a_group(tx, "Admins")
        has = identity_store.has_principal
        assert has(tx, STORE, "USER", user_id)
        assert has(tx, STORE, "GROUP", group_id)
        assert not has(tx, STORE, "GROUP", user_id)
        assert not has(tx, STORE, "USER", group_id)
        assert not has(tx, OTHER_STORE, "USER", user_id)


def test_users_are_found_by_name_and_e_mail_caselessly(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, "山田Ａ", emails=[{"value": "y@Example.org"}])
        by_name = identity_store.find_user_by_name(tx, STORE, "山田a")
        by_email = identity_store.find_user_by_email(tx, STORE, "Y@example.org")
        assert by_name is not None
        assert by_email is not None
        assert by_name.user_id == by_email.user_id == user_id
        assert by_name.email == "y@Example.org"
        assert identity_store.find_user_by_name(tx, STORE, "nobody") is None
        assert identity_store.find_user_by_email(tx, STORE, "no@example.org") is None
        assert identity_store.find_user(tx, UNKNOWN) is None
        assert identity_store.find_group(tx, UNKNOWN) is None


def test_an_identity_store_is_made_once(filled: Store) -> None:
    with filled.write() as tx:
        with pytest.raises(Conflict):
            a_store(tx)
        assert identity_store.owner_of(tx, STORE) == ADMINISTRATOR.account_id
