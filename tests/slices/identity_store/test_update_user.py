"""UpdateUser: attribute paths, documents as values, atomicity (reference §2.5)."""

from typing import Any

import pytest

from genkan.core.call import Owner, Person, Worker
from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.support import ENTERPRISE, STORE, a_user, run
from tests.slices.identity_store.test_users import EVERYTHING
from tests.support.store import Store

ENTERPRISE_DATA = {"department": "R&D", "costCenter": "42", "manager": {"value": "bob"}}


def update(tx: Any, user_id: str, *changes: tuple[Any, ...], **more: Any) -> Any:
    operations = [
        {"attribute_path": change[0]}
        if len(change) == 1
        else {"attribute_path": change[0], "attribute_value": change[1]}
        for change in changes
    ]
    return run(tx, "UpdateUser", user_id=user_id, operations=operations, **more)


def described(tx: Any, user_id: str) -> Any:
    return run(tx, "DescribeUser", user_id=user_id, extensions=[ENTERPRISE])


SCALARS = [
    ("userName", "user_name", "bob@example.org"),
    ("displayName", "display_name", "ボブ"),
    ("nickName", "nick_name", "Bobby"),
    ("profileUrl", "profile_url", "https://example.org/bob"),
    ("userType", "user_type", "Contractor"),
    ("title", "title", "Boss"),
    ("preferredLanguage", "preferred_language", "fr"),
    ("locale", "locale", "fr-FR"),
    ("timezone", "timezone", "Europe/Paris"),
    ("website", "website", "https://bob.example.org"),
    ("birthdate", "birthdate", "2000-01-01"),
    # A letter of Unicode 15: what a model lets in when a user is created is let in here.
    ("nickName", "nick_name", "\U00011f04"),
]


@pytest.mark.parametrize(("path", "member", "value"), SCALARS)
def test_a_single_attribute_is_set(filled: Store, path: str, member: str, value: str) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        before = described(tx, user_id)
        answer = update(tx, user_id, (path, value))
        after = described(tx, user_id)
    assert answer.revision == "2"
    assert after == {**before, member: value, "revision": "2"}


@pytest.mark.parametrize(
    "path",
    [
        *("nickName", "profileUrl", "userType", "title", "preferredLanguage", "locale", "timezone"),
        *("website", "birthdate", "emails", "addresses", "phoneNumbers", "photos", "roles"),
    ],
)
@pytest.mark.parametrize("change", [(), (None,)])
def test_a_missing_or_null_value_removes_the_attribute(
    filled: Store, path: str, change: tuple[Any, ...]
) -> None:
    with filled.write() as tx:
        user_id = run(tx, "CreateUser", **EVERYTHING).user_id
        before = described(tx, user_id)
        update(tx, user_id, (path, *change))
        after = described(tx, user_id)
    gone = {member for member in before if member.replace("_", "") == path.lower()}
    assert before.keys() - after.keys() == gone
    assert len(gone) == 1


def test_removing_an_attribute_that_is_not_set_is_no_error(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        update(tx, user_id, ("title",), ("name.middleName",), (ENTERPRISE,))
        assert "title" not in described(tx, user_id)


@pytest.mark.parametrize(
    "changes",
    [
        [("userName",)],
        [("displayName", None)],
        [("name",)],
        [("name.givenName",)],
        [("name.familyName", None)],
        [("name", {"givenName": "Only"})],
    ],
)
def test_a_required_attribute_cannot_be_removed(filled: Store, changes: Any) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        with pytest.raises(Invalid):
            update(tx, user_id, *changes)


def test_parts_of_the_name_change_one_by_one(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, name={"given_name": "A", "family_name": "B", "middle_name": "C"})
        update(
            tx, user_id, ("name.familyName", "Z"), ("name.middleName",), ("Name.Formatted", "A Z")
        )
        assert described(tx, user_id)["name"] == {
            "given_name": "A",
            "family_name": "Z",
            "formatted": "A Z",
        }


@pytest.mark.parametrize(
    "name",
    [
        {"givenName": "X", "familyName": "Y"},
        {"GivenName": "X", "FamilyName": "Y"},
    ],
)
def test_the_whole_name_is_replaced(filled: Store, name: dict[str, str]) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, name={"given_name": "A", "family_name": "B", "middle_name": "C"})
        update(tx, user_id, ("name", name))
        assert described(tx, user_id)["name"] == {"given_name": "X", "family_name": "Y"}


LISTS = [
    (
        "emails",
        "emails",
        [{"value": "n@example.org", "type": "home", "primary": True}],
        [{"value": "n@example.org", "type": "home", "primary": True}],
    ),
    (
        "addresses",
        "addresses",
        [{"streetAddress": "2-2", "postalCode": "1", "Country": "JP"}],
        [{"street_address": "2-2", "postal_code": "1", "country": "JP"}],
    ),
    ("phoneNumbers", "phone_numbers", [{"Value": "1"}], [{"value": "1"}]),
    ("roles", "roles", [{"value": "r", "primary": False}], [{"value": "r", "primary": False}]),
    (
        "photos",
        "photos",
        [{"value": "a", "primary": True}, {"value": "b"}, {"value": "c", "display": None}],
        [{"value": "a", "primary": True}, {"value": "b"}, {"value": "c"}],
    ),
    (
        "externalIds",
        "external_ids",
        [{"issuer": "https://idp", "id": "9"}],
        [{"issuer": "https://idp", "id": "9"}],
    ),
]


@pytest.mark.parametrize(("path", "member", "value", "stored"), LISTS)
def test_a_list_is_replaced_as_a_whole(
    filled: Store, path: str, member: str, value: Any, stored: Any
) -> None:
    with filled.write() as tx:
        user_id = run(tx, "CreateUser", **EVERYTHING).user_id
        update(tx, user_id, (path, value))
        assert described(tx, user_id)[member] == stored


def test_enterprise_attributes_change_at_every_depth(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        update(tx, user_id, (ENTERPRISE, ENTERPRISE_DATA))
        assert described(tx, user_id)["extensions"] == {ENTERPRISE: ENTERPRISE_DATA}
        update(
            tx,
            user_id,
            (f"{ENTERPRISE}.department", "Sales"),
            (f"{ENTERPRISE}.costCenter",),
            (f"{ENTERPRISE}.manager.value", "carol"),
        )
        assert described(tx, user_id)["extensions"] == {
            ENTERPRISE: {"department": "Sales", "manager": {"value": "carol"}}
        }
        update(tx, user_id, (f"{ENTERPRISE}.manager.value",), (f"{ENTERPRISE}.department",))
        assert "extensions" not in described(tx, user_id)


def test_enterprise_attributes_can_be_removed_at_once(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, extensions={ENTERPRISE: ENTERPRISE_DATA})
        update(tx, user_id, (ENTERPRISE,))
        assert "extensions" not in described(tx, user_id)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("password", "x"),
        ("userStatus", "DISABLED"),
        ("userId", "x"),
        ("revision", "7"),
        ("createdBy", "x"),
        ("extensions", {ENTERPRISE: {"department": "x"}}),
        ("emails.value", "x@example.org"),
        ("name.unknown", "x"),
        ("name.givenName.first", "x"),
        ("title.value", "x"),
        (f"{ENTERPRISE}.unknown", "x"),
        (f"{ENTERPRISE}.department.name", "x"),
        (f"{ENTERPRISE}.manager.displayName", "x"),
        ("aws:identitystore:custom", {"a": "b"}),
        ("aws:identitystore:custom.a", "b"),
        ("title", ""),
        ("title", 5),
        ("title", True),
        ("title", ["x"]),
        ("title", "x" * 1025),
        ("title", "line\x00"),
        ("title", "\ud800"),
        ("title", "tag\U000e0041"),
        ("userName", "has blank"),
        ("userName", "x" * 129),
        ("userName", "AWSadministrators"),
        ("birthdate", "yesterday"),
        ("name", "Bob"),
        ("name", {"unknown": "x"}),
        ("name", {"givenName": 5}),
        ("emails", "x@example.org"),
        ("emails", {"value": "x@example.org"}),
        ("emails", []),
        ("emails", [{}]),
        ("emails", [{"value": "a@b.c"}, {"value": "d@e.f"}]),
        ("emails", [{"value": "a@b.c", "primary": "true"}]),
        ("emails", [{"value": "a@b.c", "unknown": "x"}]),
        ("emails", ["a@b.c"]),
        ("photos", [{"type": "photo"}]),
        ("photos", [{"value": str(number)} for number in range(4)]),
        ("photos", [{"value": "a", "primary": True}, {"value": "b", "primary": True}]),
        ("externalIds", [{"issuer": "i", "id": "has blank"}]),
        ("externalIds", [{"id": "1"}]),
    ],
)
def test_a_bad_change_is_invalid_and_nothing_changes(filled: Store, path: str, value: Any) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        before = described(tx, user_id)
        with pytest.raises(Invalid):
            update(tx, user_id, ("nickName", "first"), (path, value))
        assert described(tx, user_id) == before


def test_later_operations_win(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        update(tx, user_id, ("title", "first"), ("title", "second"))
        assert described(tx, user_id)["title"] == "second"


def test_a_user_cannot_take_the_name_or_e_mail_of_another(filled: Store) -> None:
    with filled.write() as tx:
        a_user(tx, "alice", emails=[{"value": "alice@example.org"}])
        user_id = a_user(tx, "bob")
        with pytest.raises(Conflict):
            update(tx, user_id, ("userName", "ALICE"))
        with pytest.raises(Conflict):
            update(tx, user_id, ("emails", [{"value": "Alice@example.org"}]))


def test_a_renamed_user_is_found_by_the_new_name_only(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, "alice", emails=[{"value": "a@example.org"}])
        update(tx, user_id, ("userName", "Alicia"), ("emails", [{"value": "b@example.org"}]))
        found = identity_store.find_user_by_name(tx, STORE, "alicia")
        assert found is not None
        assert found.user_id == user_id
        assert identity_store.find_user_by_name(tx, STORE, "alice") is None
        assert identity_store.find_user_by_email(tx, STORE, "a@example.org") is None


def test_a_user_may_change_the_case_of_the_own_name(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, "alice")
        update(tx, user_id, ("userName", "ALICE"))
        assert described(tx, user_id)["user_name"] == "ALICE"


def test_an_external_id_moves_only_after_it_was_given_up(filled: Store) -> None:
    external_ids = [{"issuer": "i", "id": "1"}]
    with filled.write() as tx:
        first, second = a_user(tx, "alice", external_ids=external_ids), a_user(tx, "bob")
        with pytest.raises(Conflict):
            update(tx, second, ("externalIds", external_ids))
        update(tx, first, ("externalIds",))
        update(tx, second, ("externalIds", external_ids))
        asked = {"external_id": external_ids[0]}
        assert run(tx, "GetUserId", alternate_identifier=asked)["user_id"] == second


def test_an_expected_revision_guards_an_update(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        assert update(tx, user_id, ("title", "a"), revision="1").revision == "2"
        with pytest.raises(Conflict) as refused:
            update(tx, user_id, ("title", "b"), revision="1")
        assert described(tx, user_id)["title"] == "a"
    assert refused.value.members == {"reason": "CONCURRENT_MODIFICATION"}


def test_an_update_keeps_the_status(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        identity_store.set_user_status(
            tx, identity_store_id=STORE, user_id=user_id, status="DISABLED"
        )
        update(tx, user_id, ("title", "a"))
        assert described(tx, user_id)["user_status"] == "DISABLED"


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        (
            Person(user_id="9067-1", user_name="p", identity_store_id=STORE, session_id="s"),
            "9067-1",
        ),
        (Worker(kind="scim_sync", job_id="j", fence=1), "scim_sync"),
        (Owner(reason="seed"), "seed"),
    ],
)
def test_changes_name_who_made_them_and_when(filled: Store, caller: Any, name: str) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        before = described(tx, user_id)
    filled.clock.advance(seconds=60)
    with filled.write(caller) as tx:
        update(tx, user_id, ("title", "a"))
        after = described(tx, user_id)
    assert (after["created_by"], after["created_at"]) == (
        before["created_by"],
        before["created_at"],
    )
    assert (after["updated_by"], after["updated_at"]) == (name, filled.clock.now)


def test_updating_an_unknown_user_is_not_found(filled: Store) -> None:
    with filled.write() as tx, pytest.raises(NotFound):
        update(tx, "00000000-0000-7000-0000-000000000000", ("title", "x"))
