"""Lists come in pages by key: complete, stable while rows come and go, bound to their query."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.errors import Invalid
from tests.slices.identity_store.support import (
    ENTERPRISE,
    OTHER_STORE,
    a_group,
    a_store,
    a_user,
    join,
    run,
)
from tests.support.store import Store, open_store

Fetch = Callable[[Any, str | None, int], tuple[list[str], str | None]]


def users_page(tx: Any, token: str | None, size: int) -> tuple[list[str], str | None]:
    answer = run(tx, "ListUsers", max_results=size, **_token(token))
    return [user["user_id"] for user in answer["users"]], answer["next_token"]


def groups_page(tx: Any, token: str | None, size: int) -> tuple[list[str], str | None]:
    answer = run(tx, "ListGroups", max_results=size, **_token(token))
    return [group["group_id"] for group in answer["groups"]], answer["next_token"]


def _token(token: str | None) -> dict[str, str]:
    return {} if token is None else {"next_token": token}


def everything(tx: Any, fetch: Fetch, size: int) -> list[list[str]]:
    """Every page, from the first to the one without a token."""
    pages, token = [], None
    while True:
        items, token = fetch(tx, token, size)
        pages.append(items)
        if token is None:
            return pages


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
@pytest.mark.parametrize(("fetch", "make"), [(users_page, a_user), (groups_page, a_group)])
def test_pages_hold_everything_once_and_end_without_a_token(
    filled: Store, size: int, fetch: Fetch, make: Callable[..., str]
) -> None:
    with filled.write() as tx:
        made = {make(tx, f"name{number}") for number in range(4)}
        pages = everything(tx, fetch, size)
    assert [len(page) for page in pages] == [
        len(chunk) for chunk in (range(4)[start : start + size] for start in range(0, 4, size))
    ]
    assert {item for page in pages for item in page} == made


def test_memberships_are_paged_from_both_ends(filled: Store) -> None:
    with filled.write() as tx:
        groups = [a_group(tx, f"group{number}") for number in range(3)]
        users = [a_user(tx, f"user{number}") for number in range(3)]
        for group_id in groups:
            join(tx, group_id, users[0])
        for user_id in users[1:]:
            join(tx, groups[0], user_id)

        def of_group(tx: Any, token: str | None, size: int) -> tuple[list[str], str | None]:
            answer = run(
                tx, "ListGroupMemberships", group_id=groups[0], max_results=size, **_token(token)
            )
            rows = answer["group_memberships"]
            return [row["member_id"]["user_id"] for row in rows], answer["next_token"]

        def of_user(tx: Any, token: str | None, size: int) -> tuple[list[str], str | None]:
            answer = run(
                tx,
                "ListGroupMembershipsForMember",
                member_id={"user_id": users[0]},
                max_results=size,
                **_token(token),
            )
            rows = answer["group_memberships"]
            return [row["group_id"] for row in rows], answer["next_token"]

        assert sorted(chain(*everything(tx, of_group, 2))) == sorted(users)
        assert sorted(chain(*everything(tx, of_user, 1))) == sorted(groups)


@st.composite
def _steps(draw: st.DrawFn) -> list[tuple[str, int]]:
    steps = st.tuples(st.sampled_from(["page", "create", "delete"]), st.integers(0, 30))
    return draw(st.lists(steps, max_size=30))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(start=st.integers(0, 8), size=st.integers(1, 4), steps=_steps())
def test_a_walk_sees_whoever_stays_exactly_once_while_others_come_and_go(
    engine: str,
    tmp_path_factory: pytest.TempPathFactory,
    start: int,
    size: int,
    steps: list[tuple[str, int]],
) -> None:
    store = open_store(Path(tmp_path_factory.mktemp("walk")), engine)
    try:
        with store.write() as tx:
            a_store(tx)
            _walk(tx, start, size, steps)
    finally:
        store.close()


def _walk(tx: Any, start: int, size: int, steps: list[tuple[str, int]]) -> None:
    present = [a_user(tx, f"user{number}") for number in range(start)]
    stayed = set(present)
    seen: list[str] = []
    token: str | None = None
    started = ended = False
    for serial, (step, number) in enumerate([*steps, *[("page", 0)] * 40]):
        if step == "create":
            present.append(a_user(tx, f"new{serial}"))
        elif step == "delete" and present:
            gone = present.pop(number % len(present))
            stayed.discard(gone)
            run(tx, "DeleteUser", user_id=gone)
        elif step == "page" and not ended:
            if not started:
                stayed = set(present)
            items, token = users_page(tx, token, size)
            started, ended = True, token is None
            assert items == sorted(items)
            assert len(items) <= size
            seen += items
    assert ended
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


def test_a_token_is_bound_to_store_operation_filter_and_extensions(filled: Store) -> None:
    with filled.write() as tx:
        a_store(tx, OTHER_STORE)
        for number in range(3):
            a_user(tx, f"user{number}")
            a_group(tx, f"group{number}")
        token = run(tx, "ListUsers", max_results=1)["next_token"]
        assert run(tx, "ListUsers", max_results=2, next_token=token)["next_token"] is None
        filters = [{"attribute_path": "UserName", "attribute_value": "user1"}]
        for name, params in (
            ("ListUsers", {"identity_store_id": OTHER_STORE}),
            ("ListUsers", {"filters": filters}),
            ("ListUsers", {"extensions": [ENTERPRISE]}),
            ("ListGroups", {}),
        ):
            with pytest.raises(Invalid):
                run(tx, name, next_token=token, **params)


def test_membership_tokens_are_bound_to_their_group_or_user(filled: Store) -> None:
    with filled.write() as tx:
        groups = [a_group(tx, f"group{number}") for number in range(2)]
        users = [a_user(tx, f"user{number}") for number in range(2)]
        for group_id in groups:
            for user_id in users:
                join(tx, group_id, user_id)
        token = run(tx, "ListGroupMemberships", group_id=groups[0], max_results=1)["next_token"]
        with pytest.raises(Invalid):
            run(tx, "ListGroupMemberships", group_id=groups[1], next_token=token)
        with pytest.raises(Invalid):
            run(
                tx,
                "ListGroupMembershipsForMember",
                member_id={"user_id": users[0]},
                next_token=token,
            )


@pytest.mark.parametrize("token", ["", "AAAA", "not base64!", "A" * 200])
@pytest.mark.parametrize("name", ["ListUsers", "ListGroups"])
def test_a_made_up_token_is_invalid(filled: Store, name: str, token: str) -> None:
    with filled.write() as tx, pytest.raises(Invalid):
        run(tx, name, next_token=token)


def test_a_page_without_a_size_holds_a_hundred(filled: Store) -> None:
    with filled.write() as tx:
        for number in range(101):
            a_user(tx, f"user{number}")
        answer = run(tx, "ListUsers")
        assert len(answer["users"]) == 100
        rest = run(tx, "ListUsers", next_token=answer["next_token"])
        assert len(rest["users"]) == 1
