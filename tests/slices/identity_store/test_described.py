"""What is kept of users and groups as JSON is what describing them says, in the wire's words."""

import hashlib
from typing import Any

import msgspec

from genkan.identity_store import store
from genkan.identity_store.described import described, described_group, group_json, user_json
from genkan.identity_store.records import Group, User
from genkan.protocols.aws import codec
from genkan.protocols.aws.model import load
from tests.slices.identity_store.support import STORE, a_group, a_user, run
from tests.slices.identity_store.test_users import EVERYTHING
from tests.support.store import Store

MODEL = load("identitystore")


def _wire(operation: str, result: Any) -> Any:
    """The answer's body, decoded."""
    return msgspec.json.decode(_bytes(operation, result))


def _bytes(operation: str, result: Any) -> bytes:
    found = MODEL.operation(operation)
    assert found is not None
    return codec.encode(found, result, request_id="r").body


def test_what_is_kept_is_byte_for_byte_what_the_encoder_writes(filled: Store) -> None:
    with filled.write() as tx:
        for user_id in (a_user(tx, **EVERYTHING), a_user(tx, user_name="plain")):
            user = store.find_user(tx, user_id)
            assert user is not None
            assert user_json(user).encode() == _bytes("DescribeUser", described(user))
            # A path adds a member behind those that stand before it in the model.
            for path in ("name.formatted", "name.middleName", "externalIds"):
                value = [{"Id": "1", "Issuer": "i"}] if path == "externalIds" else "later"
                change = {"attribute_path": path, "attribute_value": value}
                run(tx, "UpdateUser", user_id=user_id, operations=[change])
            user = store.find_user(tx, user_id)
            assert user is not None
            assert user_json(user).encode() == _bytes("DescribeUser", described(user))
            run(tx, "UpdateUser", user_id=user_id, operations=[{"attribute_path": "externalIds"}])
        ids = [{"issuer": "https://idp.example", "id": 'a"b'}]
        for group_id in (
            a_group(tx, display_name="Full 部", description="D", external_ids=ids),
            a_group(tx, display_name="Plain"),
        ):
            group = store.find_group(tx, group_id)
            assert group is not None
            assert group_json(group).encode() == _bytes("DescribeGroup", described_group(group))


def test_a_user_is_described_alike_with_and_without_the_json_that_is_kept(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx, **EVERYTHING)
        kept = _bytes("DescribeUser", run(tx, "DescribeUser", user_id=user_id))
        tx.run("UPDATE users SET listed = '', listed_revision = 0 WHERE id = ?", user_id)
        assert _bytes("DescribeUser", run(tx, "DescribeUser", user_id=user_id)) == kept


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


def test_a_user_whom_an_older_release_changed_is_told_as_it_is_now(filled: Store) -> None:
    with filled.write() as tx:
        user_id = a_user(tx)
        tx.run(
            "UPDATE users SET display_name = 'Changed', revision = revision + 1 WHERE id = ?",
            user_id,
        )
        (listed,) = _wire("ListUsers", run(tx, "ListUsers"))["Users"]
        described = _wire("DescribeUser", run(tx, "DescribeUser", user_id=user_id))
    assert (listed["DisplayName"], listed["Revision"]) == ("Changed", "2")
    assert described == listed


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


FORM = "ecfe94d1b2d172412865bce136254c63893a841dea8356874fc6c5e319e9543b"


def test_the_form_is_the_one_that_nodes_of_other_releases_write_and_take() -> None:
    """Another one is to be told apart from it: `genkan.identity_store.described` says how."""
    names = ("user_name", "display_name")
    ids = ({"issuer": "i", "id": "1"},)
    by: dict[str, Any] = {
        "revision": 1,
        "created_at": 1,
        "created_by": "c",
        "updated_at": 2,
        "updated_by": "u",
    }
    user = User(
        user_id="u-1",
        identity_store_id=STORE,
        **{name: EVERYTHING[name] for name in names},
        status="ENABLED",
        attributes={
            **{name: value for name, value in EVERYTHING.items() if name not in names},
            "external_ids": ids,
        },
        extensions={},
        **by,
    )
    group = Group(
        group_id="g-1",
        identity_store_id=STORE,
        display_name="G",
        description="D",
        external_ids=ids,
        **by,
    )
    told = user_json(user) + group_json(group)
    assert hashlib.sha256(told.encode()).hexdigest() == FORM, told
