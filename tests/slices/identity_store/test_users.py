"""CreateUser, DescribeUser, ListUsers, GetUserId, DeleteUser, and enabling (reference §2)."""

from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.core.events import UserDeleted
from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.support import (
    ENTERPRISE,
    OTHER_STORE,
    STORE,
    UNKNOWN,
    a_group,
    a_store,
    a_user,
    join,
    members,
    run,
)
from tests.support.store import ADMINISTRATOR, Store

EVERYTHING: dict[str, Any] = {
    "user_name": "Täro.山田@example.org",
    "display_name": "山田 太郎",
    "name": {
        "formatted": "Dr. 山田 太郎",
        "family_name": "山田",
        "given_name": "太郎",
        "middle_name": "T",
        "honorific_prefix": "Dr.",
        "honorific_suffix": "Jr.",
    },
    "nick_name": "Taro",
    "profile_url": "https://example.org/taro",
    "emails": [{"value": "Taro@Example.org", "type": "work", "primary": True}],
    "addresses": [
        {
            "street_address": "1-1",
            "locality": "Chiyoda",
            "region": "Tokyo",
            "postal_code": "100-0001",
            "country": "JP",
            "formatted": "1-1 Chiyoda",
            "type": "work",
            "primary": True,
        }
    ],
    "phone_numbers": [{"value": "+81 3 0000 0000", "type": "work", "primary": False}],
    "user_type": "Employee",
    "title": "Engineer",
    "preferred_language": "ja",
    "locale": "ja-JP",
    "timezone": "Asia/Tokyo",
    "photos": [
        {"value": "https://example.org/a.png", "type": "photo", "display": "A", "primary": True},
        {"value": "https://example.org/b.png"},
    ],
    "website": "https://taro.example.org",
    "birthdate": "1990-02-28",
    "roles": [{"value": "admin", "type": "job", "primary": True}],
}


def test_every_attribute_comes_back_as_it_was_given(filled: Store) -> None:
    with filled.write() as tx:
        made = run(tx, "CreateUser", **EVERYTHING)
        described = run(tx, "DescribeUser", user_id=made.user_id)
    assert described == {
        "identity_store_id": STORE,
        "user_id": made.user_id,
        "user_arn": f"arn:aws:identitystore:::user/{made.user_id}",
        "revision": "1",
        **EVERYTHING,
        "user_status": "ENABLED",
        "created_at": filled.clock.now,
        "created_by": ADMINISTRATOR.arn,
        "updated_at": filled.clock.now,
        "updated_by": ADMINISTRATOR.arn,
    }


def test_create_user_answers_store_id_arn_and_revision(filled: Store) -> None:
    with filled.write() as tx:
        made = run(tx, "CreateUser", **members())
    assert made.identity_store_id == STORE
    assert made.user_arn == f"arn:aws:identitystore:::user/{made.user_id}"
    assert made.revision == "1"


def test_stores_and_users_may_be_named_by_arn(filled: Store) -> None:
    arn = f"arn:aws:identitystore::{ADMINISTRATOR.account_id}:identitystore/{STORE}"
    with filled.write() as tx:
        user_id = a_user(tx)
        described = run(
            tx,
            "DescribeUser",
            identity_store_id=arn,
            user_id=f"arn:aws:identitystore:::user/{user_id}",
        )
    assert described["user_id"] == user_id
    assert described["identity_store_id"] == STORE


def test_an_arn_of_another_account_names_no_store(filled: Store) -> None:
    arn = f"arn:aws:identitystore::999999999999:identitystore/{STORE}"
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, "ListUsers", identity_store_id=arn)
    assert refused.value.members["resource_type"] == "IDENTITY_STORE"


def test_the_arn_of_a_group_names_no_user(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        with pytest.raises(Invalid):
            run(tx, "DescribeUser", user_id=f"arn:aws:identitystore:::group/{group_id}")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ({"user_name"}, "userName is a required attribute"),
        ({"display_name"}, "displayname: The attribute displayname is required"),
        ({"name"}, "name: The attribute name is required"),
        (
            {"display_name", "name"},
            "displayname: The attribute displayname is required,"
            " name: The attribute name is required",
        ),
    ],
)
def test_a_user_without_a_required_attribute_is_invalid(
    filled: Store, missing: set[str], message: str
) -> None:
    given = {key: value for key, value in members().items() if key not in missing}
    with filled.write() as tx, pytest.raises(Invalid) as refused:
        run(tx, "CreateUser", **given)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ({"given_name": "A"}, ["familyname"]),
        ({"family_name": "B"}, ["givenname"]),
        ({"formatted": "A B"}, ["givenname", "familyname"]),
    ],
)
def test_a_name_without_given_and_family_name_is_invalid(
    filled: Store, name: dict[str, str], missing: list[str]
) -> None:
    with filled.write() as tx, pytest.raises(Invalid) as refused:
        run(tx, "CreateUser", **members(name=name))
    assert refused.value.message == ", ".join(
        f"{part}: The attribute {part} is required" for part in missing
    )


@pytest.mark.parametrize(
    "user_name",
    ["Administrator", "administrator", "ADMINISTRATOR", "AWSAdministrators", "Ａdministrator"],
)
def test_a_reserved_user_name_is_invalid_in_every_spelling(filled: Store, user_name: str) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        a_user(tx, user_name)


@pytest.mark.parametrize("birthdate", ["1990", "1990-2-28", "19900228", "1990-02-30", "28.02.1990"])
def test_a_birthdate_that_is_no_date_is_invalid(filled: Store, birthdate: str) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        a_user(tx, birthdate=birthdate)


def test_two_primary_photos_are_invalid(filled: Store) -> None:
    photos = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
    with filled.write() as tx, pytest.raises(Invalid):
        a_user(tx, photos=photos)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("alice", "alice"),
        ("alice", "ALICE"),
        ("straße", "STRASSE"),
        ("山田ﾀﾛｳ", "山田タロウ"),
        ("Ångström", "A\u030angstro\u0308m"),
        ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
        ("ｔａｒｏ", "Taro"),
        ("ﬁona", "fiona"),
    ],
)
def test_a_user_name_is_unique_caselessly_beyond_ascii(
    filled: Store, first: str, second: str
) -> None:
    with filled.write() as tx:
        a_user(tx, first)
        with pytest.raises(Conflict) as refused:
            a_user(tx, second)
    assert refused.value.message == "Duplicate UserName"
    assert refused.value.members == {"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_a_user_name_keeps_its_case(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, "AliceDoe")
        found = run(
            tx,
            "GetUserId",
            alternate_identifier={
                "unique_attribute": {"attribute_path": "userName", "attribute_value": "alicedoe"}
            },
        )
        assert found["user_id"] == user_id
        assert run(tx, "DescribeUser", user_id=user_id)["user_name"] == "AliceDoe"


def test_the_same_user_name_may_stand_in_two_stores(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        a_user(tx, "alice")
        a_user(tx, "alice", identity_store_id=OTHER_STORE)
        assert len(run(tx, "ListUsers")["users"]) == 1


def test_an_e_mail_address_is_unique_caselessly(filled: Store) -> None:
    with filled.write() as tx:
        a_user(tx, "alice", emails=[{"value": "alice@example.org", "primary": True}])
        with pytest.raises(Conflict) as refused:
            a_user(tx, "bob", emails=[{"value": "ALICE@EXAMPLE.ORG"}])
    assert refused.value.members == {"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"}


def test_users_without_an_e_mail_address_do_not_conflict(filled: Store) -> None:
    with filled.write() as tx:
        a_user(tx, "alice")
        a_user(tx, "bob", emails=[{"type": "work"}])
        assert len(run(tx, "ListUsers")["users"]) == 2


def test_an_external_id_is_unique_for_its_issuer(filled: Store) -> None:
    with filled.write() as tx:
        a_user(tx, "alice", external_ids=[{"issuer": "https://idp", "id": "1"}])
        a_user(tx, "bob", external_ids=[{"issuer": "https://other", "id": "1"}])
        with pytest.raises(Conflict):
            a_user(tx, "carol", external_ids=[{"issuer": "https://idp", "id": "1"}])


def test_a_user_and_a_group_may_have_the_same_external_id(filled: Store) -> None:
    external_ids = [{"issuer": "https://idp", "id": "1"}]
    with filled.write() as tx:
        user_id = a_user(tx, external_ids=external_ids)
        group_id = a_group(tx, external_ids=external_ids)
        asked = {"external_id": external_ids[0]}
        assert run(tx, "GetUserId", alternate_identifier=asked)["user_id"] == user_id
        assert run(tx, "GetGroupId", alternate_identifier=asked)["group_id"] == group_id


def test_the_same_external_id_twice_is_a_conflict(filled: Store) -> None:
    external_id = {"issuer": "https://idp", "id": "1"}
    with filled.write() as tx, pytest.raises(Conflict):
        a_user(tx, external_ids=[external_id, dict(external_id)])


def test_more_users_than_the_quota_are_refused(filled: Store) -> None:
    with filled.write() as tx:
        tx.run("UPDATE identity_stores SET user_count = 99999")
        a_user(tx, "last")
        with pytest.raises(QuotaExceeded):
            a_user(tx, "beyond")


def test_a_deleted_user_makes_room_in_the_quota(filled: Store) -> None:
    with filled.write() as tx:
        tx.run("UPDATE identity_stores SET user_count = 99999")
        user_id = a_user(tx, "last")
        run(tx, "DeleteUser", user_id=user_id)
        a_user(tx, "again")


def test_create_user_refuses_members_it_does_not_have(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(TypeError):
        a_user(tx, user_status="DISABLED")


def test_extensions_come_back_only_when_asked_for(filled: Store) -> None:
    enterprise = {"department": "R&D", "costCenter": "42", "manager": {"value": "bob"}}
    with filled.write() as tx:
        user_id = a_user(tx, extensions={ENTERPRISE: enterprise})
        assert "extensions" not in run(tx, "DescribeUser", user_id=user_id)
        asked = run(tx, "DescribeUser", user_id=user_id, extensions=[ENTERPRISE])
        assert asked["extensions"] == {ENTERPRISE: enterprise}
        listed = run(tx, "ListUsers", extensions=[ENTERPRISE])
        assert listed["users"][0]["extensions"] == {ENTERPRISE: enterprise}


def test_extension_members_are_taken_in_pascal_case_too(filled: Store) -> None:
    given = {"Department": "R&D", "Manager": {"Value": "bob"}}
    with filled.write() as tx:
        user_id = a_user(tx, extensions={ENTERPRISE: given})
        asked = run(tx, "DescribeUser", user_id=user_id, extensions=[ENTERPRISE])
    assert asked["extensions"] == {ENTERPRISE: {"department": "R&D", "manager": {"value": "bob"}}}


def test_a_user_without_extensions_shows_none_when_asked(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        asked = run(tx, "DescribeUser", user_id=user_id, extensions=[ENTERPRISE])
    assert "extensions" not in asked


@pytest.mark.parametrize(
    "extensions",
    [
        {"aws:identitystore:custom": {"a": "b"}},
        {ENTERPRISE: {"unknown": "x"}},
        {ENTERPRISE: {"department": 42}},
        {ENTERPRISE: {"department": ""}},
        {ENTERPRISE: {"department": "x" * 1025}},
        {ENTERPRISE: {"department": "zero\u200bwidth"}},
        {ENTERPRISE: {"manager": "bob"}},
        {ENTERPRISE: {"manager": {"displayName": "bob"}}},
        {ENTERPRISE: ["department"]},
        {ENTERPRISE: {}},
    ],
)
def test_a_bad_extension_is_invalid(filled: Store, extensions: dict[str, Any]) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        a_user(tx, extensions=extensions)


@pytest.mark.parametrize("name", ["DescribeUser", "ListUsers"])
def test_asking_for_an_unknown_extension_is_invalid(filled: Store, name: str) -> None:
    with filled.write() as tx:
        user = {"user_id": a_user(tx)} if name == "DescribeUser" else {}
        with pytest.raises(Invalid):
            run(tx, name, extensions=["aws:identitystore:custom"], **user)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("DescribeUser", {"user_id": UNKNOWN}),
        ("DeleteUser", {"user_id": UNKNOWN}),
        ("UpdateUser", {"user_id": UNKNOWN, "operations": [{"attribute_path": "title"}]}),
        ("ListGroupMembershipsForMember", {"member_id": {"user_id": UNKNOWN}}),
    ],
)
def test_an_unknown_user_is_not_found_by_name_of_resource(
    filled: Store, name: str, params: dict[str, Any]
) -> None:
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, name, **params)
    assert refused.value.message == "USER not found."
    assert refused.value.members == {"resource_type": "USER", "resource_id": UNKNOWN}


def test_a_user_of_another_store_is_not_found(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        user_id = a_user(tx)
        for name in ("DescribeUser", "DeleteUser"):
            with pytest.raises(NotFound):
                run(tx, name, identity_store_id=OTHER_STORE, user_id=user_id)


def test_an_unknown_identity_store_is_not_found(store: Store) -> None:
    with store.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, "CreateUser", **members())
    assert refused.value.message == f"IdentityStore not present for IdentityStoreId: {STORE}"
    assert refused.value.members == {"resource_type": "IDENTITY_STORE", "resource_id": STORE}


@pytest.mark.parametrize("path", ["userName", "UserName", "username", "USERNAME"])
def test_get_user_id_matches_the_path_in_any_case(filled: Store, path: str) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        unique = {"attribute_path": path, "attribute_value": "alice"}
        found = run(tx, "GetUserId", alternate_identifier={"unique_attribute": unique})
    assert found == {
        "identity_store_id": STORE,
        "user_id": user_id,
        "user_arn": f"arn:aws:identitystore:::user/{user_id}",
    }


def test_get_user_id_finds_an_e_mail_address(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, emails=[{"value": "Alice@Example.org"}])
        unique = {"attribute_path": "emails.value", "attribute_value": "alice@example.ORG"}
        found = run(tx, "GetUserId", alternate_identifier={"unique_attribute": unique})
    assert found["user_id"] == user_id


@pytest.mark.parametrize(
    "identifier",
    [
        {"unique_attribute": {"attribute_path": "userName", "attribute_value": "nobody"}},
        {"unique_attribute": {"attribute_path": "emails.value", "attribute_value": "no@no.no"}},
        {"external_id": {"issuer": "https://idp", "id": "none"}},
    ],
)
def test_get_user_id_of_nobody_is_not_found(filled: Store, identifier: dict[str, Any]) -> None:
    with filled.write() as tx, pytest.raises(NotFound) as refused:
        run(tx, "GetUserId", alternate_identifier=identifier)
    assert refused.value.members == {"resource_type": "USER"}


@pytest.mark.parametrize(
    "unique",
    [
        {"attribute_path": "displayName", "attribute_value": "alice"},
        {"attribute_path": "emails", "attribute_value": "alice"},
        {"attribute_path": "userName", "attribute_value": 7},
        {"attribute_path": "userName", "attribute_value": {"value": "alice"}},
        {"attribute_path": "userName", "attribute_value": ""},
    ],
)
def test_get_user_id_by_what_is_not_unique_is_invalid(filled: Store, unique: Any) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        run(tx, "GetUserId", alternate_identifier={"unique_attribute": unique})


@pytest.mark.parametrize("path", ["UserName", "userName"])
def test_list_users_filters_by_user_name_caselessly(filled: Store, path: str) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, "Alice")
        a_user(tx, "bob")
        filters = [{"attribute_path": path, "attribute_value": "ALICE"}]
        listed = run(tx, "ListUsers", filters=filters)
    assert [user["user_id"] for user in listed["users"]] == [user_id]
    assert listed["next_token"] is None


def test_a_filter_that_matches_nobody_gives_an_empty_list(filled: Store) -> None:
    filters = [{"attribute_path": "UserName", "attribute_value": "nobody"}]
    with filled.write() as tx:
        assert run(tx, "ListUsers", filters=filters) == {"users": [], "next_token": None}


def test_an_empty_filter_list_filters_nothing(filled: Store) -> None:
    with filled.write() as tx:
        a_user(tx)
        assert len(run(tx, "ListUsers", filters=[])["users"]) == 1


def test_a_filter_on_another_attribute_is_invalid(filled: Store) -> None:
    filters = [{"attribute_path": "DisplayName", "attribute_value": "alice"}]
    with filled.write() as tx, pytest.raises(Invalid):
        run(tx, "ListUsers", filters=filters)


def test_deleting_a_user_removes_memberships_and_frees_name_and_ids(filled: Store) -> None:
    identity: dict[str, Any] = {
        "emails": [{"value": "a@example.org"}],
        "external_ids": [{"issuer": "https://idp", "id": "1"}],
    }
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx, **identity)
        join(tx, group_id, user_id)
        assert run(tx, "DeleteUser", user_id=user_id) == {}
        assert run(tx, "ListGroupMemberships", group_id=group_id)["group_memberships"] == []
        assert a_user(tx, **identity) != user_id


def test_deleting_a_user_again_is_not_found(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        run(tx, "DeleteUser", user_id=user_id)
        with pytest.raises(NotFound):
            run(tx, "DeleteUser", user_id=user_id)


def test_deleting_a_user_tells_subscribers_while_memberships_stand(filled: Store) -> None:
    seen: list[tuple[UserDeleted, tuple[str, ...]]] = []
    filled.events.subscribe(
        UserDeleted,
        lambda tx, event: seen.append((event, identity_store.group_ids_of(tx, event.user_id))),
    )
    with filled.write() as tx:
        group_id, user_id = a_group(tx), a_user(tx)
        join(tx, group_id, user_id)
        run(tx, "DeleteUser", user_id=user_id)
    assert seen == [(UserDeleted(identity_store_id=STORE, user_id=user_id), (group_id,))]


def test_a_subscriber_may_refuse_a_deletion(filled: Store) -> None:
    def refuse(tx: Any, event: UserDeleted) -> None:
        raise Conflict("in use")

    filled.events.subscribe(UserDeleted, refuse)
    with filled.write() as tx:
        user_id = a_user(tx)
    with pytest.raises(Conflict), filled.write() as tx:
        run(tx, "DeleteUser", user_id=user_id)
    with filled.write() as tx:
        assert identity_store.find_user(tx, user_id) is not None


def test_a_stale_revision_keeps_a_user_from_deletion(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        identity_store.set_user_status(
            tx, identity_store_id=STORE, user_id=user_id, status="DISABLED"
        )
        with pytest.raises(Conflict) as refused:
            run(tx, "DeleteUser", user_id=user_id, revision="1")
        assert refused.value.members == {"reason": "CONCURRENT_MODIFICATION"}
        run(tx, "DeleteUser", user_id=user_id, revision="2")


def test_disabling_a_user_shows_and_can_be_undone(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        for status in ("DISABLED", "ENABLED"):
            identity_store.set_user_status(
                tx, identity_store_id=STORE, user_id=user_id, status=status
            )
            assert run(tx, "DescribeUser", user_id=user_id)["user_status"] == status
            user = identity_store.find_user(tx, user_id)
            assert user is not None
            assert user.enabled == (status == "ENABLED")


def test_disabling_a_disabled_user_changes_nothing(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        first, second = (
            identity_store.set_user_status(
                tx, identity_store_id=STORE, user_id=user_id, status="DISABLED"
            )
            for _ in range(2)
        )
    assert first == second
    assert first.revision == "2"


def test_a_status_that_does_not_exist_is_invalid(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        with pytest.raises(Invalid):
            identity_store.set_user_status(
                tx, identity_store_id=STORE, user_id=user_id, status="SUSPENDED"
            )


def test_disabling_an_unknown_user_is_not_found(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(NotFound):
        identity_store.set_user_status(
            tx, identity_store_id=STORE, user_id=UNKNOWN, status="DISABLED"
        )
