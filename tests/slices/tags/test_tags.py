"""TagResource, UntagResource, ListTagsForResource on each kind of resource (reference §1.4)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.call import Iam
from genkan.core.errors import Invalid, NotFound, QuotaExceeded
from genkan.db.database import Tx
from genkan.instances import account_instances as instances
from genkan.tags import operations as tags
from tests.slices.applications.world import (
    OTHER_INSTANCE,
    an_application,
    an_issuer,
    make_applications_world,
)
from tests.slices.assignments.world import INSTANCE_ARN, MEMBER, World, run
from tests.slices.instances.support import call_of
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

KINDS = ("instance", "permission set", "application", "trusted token issuer")
Tags = list[dict[str, str]]


@pytest.fixture
def world(store: Store) -> World:
    return make_applications_world(store)


def resource(tx: Tx, world: World, kind: str) -> dict[str, str]:
    """The parameters that name a resource of this kind."""
    match kind:
        case "instance":
            return {"resource_arn": INSTANCE_ARN}
        case "permission set":
            return {"resource_arn": world.read_only, "instance_arn": INSTANCE_ARN}
        case "application":
            return {"resource_arn": an_application(tx)}
        case _:
            return {"resource_arn": an_issuer(tx)}


def unknown(kind: str) -> dict[str, str]:
    """The parameters of a resource of the right shape that is not there."""
    instance_id = INSTANCE_ARN.rpartition("/")[2]
    arn = {
        "instance": "arn:aws:sso:::instance/ssoins-0000000000000000",
        "permission set": f"arn:aws:sso:::permissionSet/{instance_id}/ps-0000000000000000",
        "application": f"arn:aws:sso::{MANAGEMENT}:application/{instance_id}/apl-0000000000000000",
        "trusted token issuer": f"arn:aws:sso::{MANAGEMENT}:trustedTokenIssuer/{instance_id}"
        "/tti-00000000-0000-4000-8000-000000000000",
    }[kind]
    return (
        {"resource_arn": arn, "instance_arn": INSTANCE_ARN}
        if "Set" in arn
        else {"resource_arn": arn}
    )


def shape(pairs: dict[str, str]) -> Tags:
    return [{"key": key, "value": value} for key, value in pairs.items()]


def listed(tx: Tx, named: dict[str, str]) -> Tags:
    answer = run(tx, tags, "ListTagsForResource", **named)
    assert answer["next_token"] is None
    found: Tags = answer["tags"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_added_replaced_and_taken_away(store: Store, world: World, kind: str) -> None:
    with store.write() as tx:
        named = resource(tx, world, kind)
        assert listed(tx, named) == []
        run(tx, tags, "TagResource", **named, tags=shape({"b": "1", "a": ""}))
        assert listed(tx, named) == shape({"a": "", "b": "1"})
        run(tx, tags, "TagResource", **named, tags=shape({"b": "2", "C": "3"}))
        assert listed(tx, named) == shape({"C": "3", "a": "", "b": "2"})
        run(tx, tags, "UntagResource", **named, tag_keys=["b", "nothing", "A"])
        assert listed(tx, named) == shape({"C": "3", "a": ""})
        run(tx, tags, "TagResource", **named, tags=[])
        assert listed(tx, named) == shape({"C": "3", "a": ""})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_not_found(store: Store, world: World, kind: str) -> None:
    with store.write() as tx:
        for name, more in (
            ("TagResource", {"tags": shape({"a": "b"})}),
            ("UntagResource", {"tag_keys": ["a"]}),
            ("ListTagsForResource", {}),
        ):
            with pytest.raises(NotFound):
                run(tx, tags, name, **unknown(kind), **more)


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_is_looked_for_in_its_own_instance(
    store: Store, world: World, kind: str
) -> None:
    with store.write() as tx:
        named = {**resource(tx, world, kind), "instance_arn": OTHER_INSTANCE}
        with pytest.raises(NotFound):
            listed(tx, named)
        assert listed(tx, {**named, "instance_arn": INSTANCE_ARN}) == []


def test_a_permission_set_is_named_with_its_instance(store: Store, world: World) -> None:
    with store.write() as tx, pytest.raises(Invalid, match="InstanceArn"):
        listed(tx, {"resource_arn": world.read_only})


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_fifty_at_most(store: Store, world: World, kind: str) -> None:
    fifty = {f"k{number:02}": "" for number in range(50)}
    with store.write() as tx:
        named = resource(tx, world, kind)
        run(tx, tags, "TagResource", **named, tags=shape(fifty))
        with pytest.raises(QuotaExceeded):
            run(tx, tags, "TagResource", **named, tags=shape({"more": ""}))
        run(tx, tags, "TagResource", **named, tags=shape({"k00": "changed"}))
        assert len(listed(tx, named)) == 50


def test_aws_keys_are_reserved_and_keys_are_given_once(store: Store, world: World) -> None:
    with store.write() as tx:
        for given_tags in (shape({"aws:a": ""}), shape({"AWS:a": ""}), shape({"a": ""}) * 2):
            with pytest.raises(Invalid):
                run(tx, tags, "TagResource", resource_arn=INSTANCE_ARN, tags=given_tags)
        assert listed(tx, {"resource_arn": INSTANCE_ARN}) == []


def test_a_token_of_another_list_is_invalid(store: Store, world: World) -> None:
    with store.write() as tx, pytest.raises(Invalid):
        run(tx, tags, "ListTagsForResource", resource_arn=INSTANCE_ARN, next_token="AAAA")


def test_tagging_a_permission_set_puts_no_role_out_of_date(store: Store, world: World) -> None:
    def digest() -> Any:
        return store.rows("SELECT permission_set_id, content_hash FROM permission_sets ORDER BY 1")

    before = digest()
    with store.write() as tx:
        named = resource(tx, world, "permission set")
        run(tx, tags, "TagResource", **named, tags=shape({"a": "b"}))
    assert digest() == before


@pytest.mark.parametrize("operation", tags.OPERATIONS, ids=lambda one: str(one.name))
@pytest.mark.parametrize("kind", KINDS)
def test_iam_is_asked_about_the_resource_with_its_tags(
    store: Store, world: World, kind: str, operation: Any
) -> None:
    access = operation.access
    assert isinstance(access, Iam)
    assert access.owner is not None
    with store.write() as tx:
        named = resource(tx, world, kind)
        run(tx, tags, "TagResource", **named, tags=shape({"old": "1"}))
        more = {
            "TagResource": {"tags": shape({"new": "2"})},
            "UntagResource": {"tag_keys": ["old"]},
            "ListTagsForResource": {},
        }[operation.name]
        call = call_of(operation, {**named, **more})
        (check,) = access.checks(tx, call)
        assert access.owner(tx, call) == MANAGEMENT
    assert (check.action, check.resources) == (f"sso:{operation.name}", (named["resource_arn"],))
    wanted = {
        "TagResource": {"aws:RequestTag/new": "2", "aws:TagKeys": ("new",)},
        "UntagResource": {"aws:TagKeys": ("old",)},
        "ListTagsForResource": {},
    }[operation.name]
    assert check.context == {"aws:ResourceTag/old": "1", **wanted}


def test_whoever_may_not_ask_is_not_told_that_an_instance_is_being_deleted(
    store: Store, world: World
) -> None:
    operation = next(one for one in tags.OPERATIONS if one.name == "ListTagsForResource")
    access = operation.access
    assert isinstance(access, Iam)
    with store.write() as tx:
        there = an_application(tx, instance_arn=OTHER_INSTANCE)
    with store.write(replace(ADMINISTRATOR, account_id=MEMBER)) as tx:
        instances.delete_instance(tx, instance_arn=OTHER_INSTANCE)
    gone = there[:-16] + "0" * 16
    with store.write() as tx:
        for arn in (there, gone, there.replace("application/", "trustedTokenIssuer/")):
            (check,) = access.checks(tx, call_of(operation, {"resource_arn": arn}))
            assert check.context == {}
        with pytest.raises(Invalid, match="DELETE_IN_PROGRESS"):
            run(tx, tags, "ListTagsForResource", resource_arn=there)


def test_the_owner_of_an_instance_decides_and_nobody_else_learns_anything(
    store: Store, world: World
) -> None:
    access = tags.OPERATIONS[0].access
    assert isinstance(access, Iam)
    assert access.owner is not None
    with store.write() as tx:
        for arn in (OTHER_INSTANCE, an_application(tx, instance_arn=OTHER_INSTANCE)):
            call = call_of(tags.OPERATIONS[0], {"resource_arn": arn})
            assert access.owner(tx, call) == MEMBER
        for kind in KINDS[1:]:
            call = call_of(tags.OPERATIONS[0], unknown(kind))
            assert access.owner(tx, call) == MANAGEMENT
        with pytest.raises(NotFound):
            access.owner(tx, call_of(tags.OPERATIONS[0], unknown("instance")))


_KEYS = st.sampled_from(["a", "b", "c", "A"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.dictionaries(_KEYS, st.sampled_from(["1", "2"])), st.lists(_KEYS))))
def test_tags_are_what_was_said_last(store: Store, steps: list[dict[str, str] | list[str]]) -> None:
    if store.count("instances") == 0:
        make_applications_world(store)
    with store.write() as tx:
        named = {"resource_arn": OTHER_INSTANCE}
        run(tx, tags, "UntagResource", **named, tag_keys=["a", "b", "c", "A"])
        model: dict[str, str] = {}
        for step in steps:
            if isinstance(step, dict):
                model |= step
                run(tx, tags, "TagResource", **named, tags=shape(step))
            else:
                model = {key: value for key, value in model.items() if key not in step}
                run(tx, tags, "UntagResource", **named, tag_keys=step)
            assert listed(tx, named) == shape(dict(sorted(model.items())))
