"""What a resource is to Terraform: create, read, update, delete, and a plan between two of them.

A configuration and a state are dicts by the names of Terraform's attributes. A state is read by the
id alone, as `terraform import` does, so whatever a configuration can say must come back.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from tests.terraform.provider import Provider

Attributes = Mapping[str, Any]


class Resource(ABC):
    """A kind of resource. Subclasses say in `arguments` what a configuration may name."""

    type_name: ClassVar[str]
    arguments: ClassVar[tuple[str, ...]]
    #: What the schema sets when the configuration says nothing.
    defaults: ClassVar[dict[str, Any]] = {}
    #: What the provider takes from the service when the configuration says nothing.
    optional_computed: ClassVar[tuple[str, ...]] = ()
    #: Deleting does nothing, or puts a default back.
    stays_after_delete: ClassVar[bool] = False
    #: The provider reports what it is told, in these words, when it deletes what is gone already.
    error_of_another_delete: ClassVar[str | None] = None

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @abstractmethod
    def create(self, config: Attributes) -> str:
        """Bring it about; its id."""

    @abstractmethod
    def read(self, resource_id: str) -> dict[str, Any] | None:
        """What is there, or None."""

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        """Change it in place."""
        raise AssertionError(f"{self.type_name} is replaced, never updated")

    @abstractmethod
    def delete(self, resource_id: str) -> None:
        """Take it away; nothing happens when it is gone already."""

    def plan(self, config: Attributes, state: Attributes) -> dict[str, tuple[Any, Any]]:
        """What a plan would change: from what is there to what is wanted."""
        changes = {}
        for name in self.arguments:
            if name in self.optional_computed and name not in config:
                continue
            wanted = config.get(name, self.defaults.get(name))
            if state[name] != wanted:
                changes[name] = (state[name], wanted)
        return changes


def update_tags(
    provider: Provider, arn: str, instance_arn: str, old: Attributes, new: Attributes
) -> None:
    """Take away the tags that go, then set those that are new or other."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    target = {"ResourceArn": arn, "InstanceArn": instance_arn}
    gone = [key for key in before if key not in after]
    if gone:
        provider.sso("untag_resource", **target, TagKeys=gone)
    fresh = {key: value for key, value in after.items() if before.get(key) != value}
    if fresh:
        provider.sso("tag_resource", **target, Tags=tag_list(fresh))


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the service takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def read_tags(provider: Provider, arn: str, instance_arn: str) -> dict[str, str]:
    """The tags of a resource."""
    found = provider.pages(
        "sso-admin", "list_tags_for_resource", "Tags", ResourceArn=arn, InstanceArn=instance_arn
    )
    return {tag["Key"]: tag["Value"] for tag in found}
