"""The life of every resource of aws_ssoadmin_* and aws_identitystore_*, as Terraform leads it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.terraform.cases import CASES, Case
from tests.terraform.provider import Failed
from tests.terraform.resource import Resource
from tests.terraform.scene import Scene


def settled(resource: Resource, resource_id: str, config: dict[str, Any]) -> dict[str, Any]:
    """What is there; a second plan would be empty."""
    state = resource.read(resource_id)
    assert state is not None
    assert resource.plan(config, state) == {}
    return state


def live(case: Case, scene: Scene, config: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    """Create, read, change, read, import, delete, read, delete."""
    provider = case.provider or scene.provider
    resource = case.kind(provider)
    resource_id = resource.create(config)
    settled(resource, resource_id, config)
    for change in changes:
        old, config = config, config | change
        state = resource.read(resource_id)
        assert state is not None
        assert set(resource.plan(config, state)) == set(change), "the change is seen"
        resource.update(resource_id, old, config)
        settled(resource, resource_id, config)

    known = resource.read(resource_id)
    assert case.kind(provider).read(resource_id) == known
    resource.delete(resource_id)
    left = resource.read(resource_id)
    assert (left is not None) is case.kind.stays_after_delete
    if case.kind.error_of_another_delete is None:
        resource.delete(resource_id)
    else:
        with pytest.raises((ClientError, Failed), match=case.kind.error_of_another_delete):
            resource.delete(resource_id)


@pytest.mark.parametrize("name", CASES)
def test_the_least_that_can_be_said_lives_as_asked(scene: Scene, name: str) -> None:
    case = CASES[name](scene)
    live(case, scene, case.least, [])


MORE = sorted(set(CASES) - {"group_membership", "region"})


@pytest.mark.parametrize("name", MORE)
def test_the_most_that_can_be_said_lives_and_each_field_changes_alone(
    scene: Scene, name: str
) -> None:
    case = CASES[name](scene)
    assert case.most is not None
    live(case, scene, case.most, case.changes)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"instance"}))
def test_whatever_is_deleted_can_be_made_again(scene: Scene, name: str) -> None:
    case = CASES[name](scene)
    resource = case.kind(scene.provider)
    resource.delete(resource.create(case.least))
    settled(resource, resource.create(case.least), case.least)
