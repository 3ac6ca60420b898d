"""What is kept of users and groups as JSON is what describing them says, in the wire's words."""

from typing import Any

import msgspec

from genkan.protocols.aws import codec
from genkan.protocols.aws.model import load
from tests.slices.identity_store.support import STORE, a_group, a_user, run
from tests.slices.identity_store.test_users import EVERYTHING
from tests.support.store import Store

MODEL = load("identitystore")


def _wire(operation: str, result: Any) -> Any:
    """The answer's body, decoded."""
    found = MODEL.operation(operation)
    assert found is not None
    return msgspec.json.decode(codec.encode(found, result, request_id="r").body)


def test_a_listed_user_is_on_the_wire_what_describing_it_gives(filled: Store) -> None:
    with filled.write() as tx:
        full, plain = a_user(tx, **{**EVERYTHING, "user_name": "full"}), a_user(tx)
        described = {
            user_id: _wire("DescribeUser", run(tx, "DescribeUser", user_id=user_id))
            for user_id in (full, plain)
        }
        listed = _wire("ListUsers", run(tx, "ListUsers"))["Users"]
    for user in listed:
        assert user == described[user["UserId"]]
    assert len(listed) == 2


def test_a_listed_user_is_read_as_describing_it_gives(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, **EVERYTHING)
        described = run(tx, "DescribeUser", user_id=user_id)
        (listed,) = run(tx, "ListUsers")["users"]
    assert listed == described


def test_a_listed_group_is_on_the_wire_what_describing_it_gives(filled: Store) -> None:
    ids = [{"issuer": "https://idp.example", "id": 'a"b'}]
    with filled.write() as tx:
        groups = (
            a_group(tx, display_name="Full 部", description="D", external_ids=ids),
            a_group(tx, display_name="Plain"),
        )
        described = [
            _wire("DescribeGroup", run(tx, "DescribeGroup", group_id=group_id))
            for group_id in sorted(groups)
        ]
        result = run(tx, "ListGroups")
    assert _wire("ListGroups", result)["Groups"] == described
    assert [group["group_id"] for group in result["groups"]] == sorted(groups)


def test_a_group_that_an_older_release_wrote_or_changed_is_listed_as_it_is(filled: Store) -> None:
    with filled.write() as tx:
        ids = sorted(a_group(tx, display_name=name) for name in ("one", "two", "three"))
        tx.run("UPDATE groups SET listed = '', listed_revision = 0 WHERE id = ?", ids[0])
        tx.run(
            "UPDATE groups SET description = 'new', revision = revision + 1 WHERE id = ?", ids[1]
        )
        listed = _wire("ListGroups", run(tx, "ListGroups"))["Groups"]
    assert [group["GroupId"] for group in listed] == ids
    assert [group.get("Description") for group in listed] == [None, "new", None]


def test_every_change_of_a_group_is_listed(filled: Store) -> None:
    with filled.write() as tx:
        group_id = a_group(tx)
        for value in ("Plain", 'With "quotes"', None):
            change = {"attribute_path": "description"} | (
                {} if value is None else {"attribute_value": value}
            )
            run(tx, "UpdateGroup", group_id=group_id, operations=[change])
            (listed,) = _wire("ListGroups", run(tx, "ListGroups"))["Groups"]
            assert listed.get("Description") == value


def test_a_user_whom_an_older_release_wrote_is_listed_all_the_same(filled: Store) -> None:
    with filled.write() as tx:
        ids = sorted(a_user(tx, user_name=name) for name in ("one", "two", "three"))
        before = _wire("ListUsers", run(tx, "ListUsers"))
        tx.run("UPDATE users SET listed = '', listed_revision = 0 WHERE id = ?", ids[1])
        assert _wire("ListUsers", run(tx, "ListUsers")) == before
        first = run(tx, "ListUsers", max_results=2)
        second = run(tx, "ListUsers", max_results=2, next_token=first["next_token"])
    assert [user["user_id"] for user in (*first["users"], *second["users"])] == ids


def test_a_user_whom_an_older_release_changed_is_listed_as_it_is_now(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        tx.run(
            "UPDATE users SET display_name = 'Changed', revision = revision + 1 WHERE id = ?",
            user_id,
        )
        (listed,) = _wire("ListUsers", run(tx, "ListUsers"))["Users"]
    assert (listed["DisplayName"], listed["Revision"]) == ("Changed", "2")


def test_every_change_of_a_user_is_listed(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        for operation in (
            {"attribute_path": "title", "attribute_value": 'Chief "Engineer"'},
            {"attribute_path": "nickName", "attribute_value": "Tab\there 😀"},
            {"attribute_path": "title"},
        ):
            run(tx, "UpdateUser", user_id=user_id, operations=[operation])
            described = _wire("DescribeUser", run(tx, "DescribeUser", user_id=user_id))
            (listed,) = _wire("ListUsers", run(tx, "ListUsers"))["Users"]
            assert listed == described
    assert listed["IdentityStoreId"] == STORE
