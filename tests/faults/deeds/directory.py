"""Users, groups and memberships."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.deeds.deed import (
    AT_MOST,
    Answer,
    Deed,
    Fact,
    Hand,
    Nothing,
    Params,
    Race,
    Room,
    Row,
    of_store,
    there,
)
from tests.faults.paper import Key, Paper, Value, found

SERVICE = "identitystore"
NOBODY = "00000000-0000-7000-0000-000000000000"
_ENTERPRISE = "aws:identitystore:enterprise"


def a_user(hand: Hand, store: str = "") -> Params:
    """What makes a user."""
    hand.room_for("users", store or hand.store, most=2 * AT_MOST)
    return {
        "IdentityStoreId": store or hand.store,
        "UserName": hand.a_name(),
        "DisplayName": "A",
        "Name": {"GivenName": "A", "FamilyName": "B"},
    }


def _make_user(paper: Paper, asked: Params, answer: Answer) -> None:
    value = (asked["UserName"], asked["DisplayName"], "")
    paper.put("users", asked["IdentityStoreId"], found(answer, "UserId"), value=value)


def _change_user(paper: Paper, asked: Params, answer: Answer) -> None:
    key = (asked["IdentityStoreId"], asked["UserId"])
    before = paper.get("users", *key)
    if before is not None:
        (change,) = asked["Operations"]
        value = change["AttributeValue"]
        if change["AttributePath"] == "displayName":
            paper.put("users", *key, value=(before[0], value, before[2]))
        else:
            paper.put("users", *key, value=(*before[:2], value["department"]))


def a_group(hand: Hand) -> Params:
    """What makes a group."""
    hand.room_for("groups", hand.store)
    return {"IdentityStoreId": hand.store, "DisplayName": hand.a_name(), "Description": "A"}


def _make_group(paper: Paper, asked: Params, answer: Answer) -> None:
    value = (asked["DisplayName"], asked["Description"])
    paper.put("groups", asked["IdentityStoreId"], found(answer, "GroupId"), value=value)


def _change_group(paper: Paper, asked: Params, answer: Answer) -> None:
    key = (asked["IdentityStoreId"], asked["GroupId"])
    before = paper.get("groups", *key)
    if before is not None:
        (change,) = asked["Operations"]
        paper.put("groups", *key, value=(before[0], change["AttributeValue"]))


def _change(kind: str, member: str, path: str) -> Callable[[Hand], Params]:
    def asks(hand: Hand) -> Params:
        store, thing = hand.one(kind, hand.store)
        name = hand.a_name()
        value = {"department": name} if path == _ENTERPRISE else name
        change = {"AttributePath": path, "AttributeValue": value}
        return {"IdentityStoreId": store, member: thing, "Operations": [change]}

    return asks


def _removal(kind: str, member: str, least: int = AT_MOST // 2) -> Callable[[Hand], Params]:
    def asks(hand: Hand) -> Params:
        hand.enough_of(kind, hand.store, least=least)
        return {"IdentityStoreId": hand.store, member: hand.one(kind, hand.store)[1]}

    return asks


def _end(member: str) -> Callable[[Paper, Params, Answer], None]:
    return lambda paper, asked, answer: paper.end(asked[member])


def _a_membership(hand: Hand) -> Params:
    (_, group), (store, user) = hand.one("groups", hand.store), hand.one("users", hand.store)
    if any(key[2:] == (group, user) for key in hand.paper.of("memberships")):
        raise Nothing
    return {"IdentityStoreId": store, "GroupId": group, "MemberId": {"UserId": user}}


def _join(paper: Paper, asked: Params, answer: Answer) -> None:
    membership, user = found(answer, "MembershipId"), asked["MemberId"]["UserId"]
    paper.put("memberships", asked["IdentityStoreId"], membership, asked["GroupId"], user)


def _a_taken_name(hand: Hand) -> Params:
    store, user = hand.one("users", hand.store)
    value = hand.paper.get("users", store, user)
    assert value is not None
    return {**a_user(hand), "UserName": value[0].upper()}


def _deed(
    name: str,
    asks: Callable[[Hand], Params],
    effect: Callable[[Paper, Params, Answer], None],
    **more: Any,
) -> Deed:
    return Deed(service=SERVICE, name=name, asks=asks, effect=effect, **more)


CREATE_USER = _deed("CreateUser", a_user, _make_user, insists=False)
DELETE_USER = _deed("DeleteUser", _removal("users", "UserId"), _end("UserId"))
CREATE_GROUP = _deed("CreateGroup", a_group, _make_group, insists=False)
DELETE_GROUP = _deed("DeleteGroup", _removal("groups", "GroupId"), _end("GroupId"))
JOIN = _deed(
    "CreateGroupMembership",
    _a_membership,
    _join,
    insists=False,
    # After a lost answer nobody knows whether they are joined already.
    may_be=frozenset({"ConflictException"}),
)


def _join_who_leaves(hand: Hand) -> tuple[Params, Params]:
    asked = _a_membership(hand)
    return (
        {"IdentityStoreId": asked["IdentityStoreId"], "UserId": asked["MemberId"]["UserId"]},
        asked,
    )


def _join_what_goes(hand: Hand) -> tuple[Params, Params]:
    asked = _a_membership(hand)
    return {"IdentityStoreId": asked["IdentityStoreId"], "GroupId": asked["GroupId"]}, asked


def _users(row: Row) -> Iterable[tuple[Key, Value]]:
    store, user, user_name, display_name, extensions = row
    enterprise = json.loads(extensions).get(_ENTERPRISE, {})
    yield (store, user), (user_name, display_name, enterprise.get("department", ""))


FACTS = (
    Fact(
        kind="users",
        sql="SELECT identity_store_id, id, user_name, display_name, extensions FROM users"
        " WHERE user_name LIKE 'load-%'",
        stored=_users,
        service=SERVICE,
        name="DescribeUser",
        asks=lambda hand, key: {
            "IdentityStoreId": key[0],
            "UserId": key[1],
            "Extensions": [_ENTERPRISE],
        },
        told=lambda key, answer: (
            answer["UserName"],
            answer["DisplayName"],
            answer.get("Extensions", {}).get(_ENTERPRISE, {}).get("department", ""),
        ),
        by=of_store,
    ),
    Fact(
        kind="groups",
        sql="SELECT identity_store_id, id, display_name, description FROM groups"
        " WHERE display_name LIKE 'load-%'",
        stored=lambda row: [((row[0], row[1]), (row[2], row[3] or ""))],
        service=SERVICE,
        name="DescribeGroup",
        asks=lambda hand, key: {"IdentityStoreId": key[0], "GroupId": key[1]},
        told=lambda key, answer: (answer["DisplayName"], answer.get("Description", "")),
    ),
    Fact(
        kind="memberships",
        sql="SELECT m.identity_store_id, m.id, m.group_id, m.user_id FROM group_memberships AS m"
        " JOIN groups AS g ON g.id = m.group_id WHERE g.display_name LIKE 'load-%'",
        stored=lambda row: [(row, True)],
        service=SERVICE,
        name="DescribeGroupMembership",
        asks=lambda hand, key: {"IdentityStoreId": key[0], "MembershipId": key[1]},
        told=there,
    ),
)
ROOM = Room(
    name="directory",
    facts=FACTS,
    deeds=(
        CREATE_USER,
        DELETE_USER,
        CREATE_GROUP,
        DELETE_GROUP,
        JOIN,
        _deed("UpdateUser", _change("users", "UserId", "displayName"), _change_user),
        _deed("UpdateUser", _change("users", "UserId", _ENTERPRISE), _change_user),
        _deed("UpdateGroup", _change("groups", "GroupId", "description"), _change_group),
        _deed(
            "DeleteGroupMembership",
            _removal("memberships", "MembershipId", 1),
            _end("MembershipId"),
        ),
        _deed(
            "CreateUser",
            _a_taken_name,
            _make_user,
            refused="ConflictException",
            often=0.3,
        ),
        _deed(
            "DeleteUser",
            lambda hand: {"IdentityStoreId": hand.store, "UserId": NOBODY},
            _end("UserId"),
            refused="ResourceNotFoundException",
            often=0.3,
        ),
    ),
    races=(
        Race(first=DELETE_USER, second=JOIN, asks=_join_who_leaves),
        Race(first=DELETE_GROUP, second=JOIN, asks=_join_what_goes),
    ),
)
