"""What can be tagged, by the word in its ARN, and which slice keeps its tags."""

from collections.abc import Callable
from dataclasses import dataclass

from genkan.applications import operations as applications
from genkan.core import arns
from genkan.core.errors import Invalid, NotFound
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.records import Tags
from genkan.permission_sets import operations as permission_sets


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: reading its tags (`NotFound` for an unknown ARN), and keeping others."""

    tags_of: Callable[[Tx, str], Tags]
    set_tags: Callable[[Tx, str, Tags], None]


_KINDS = {
    "instance": Kind(instances.tags_of, instances.set_tags),
    "permissionSet": Kind(permission_sets.tags_of, permission_sets.set_tags),
    "application": Kind(applications.tags_of, applications.set_tags),
    "trustedTokenIssuer": Kind(applications.tags_of, applications.set_tags),
}


def kind_of(resource_arn: str) -> Kind:
    """How the tags of what this ARN names are read and kept."""
    return _KINDS[_word_in(resource_arn)]


def instance_arn_in(resource_arn: str) -> str:
    """The ARN of the instance that the resource is, or belongs to."""
    return arns.instance(resource_arn.split("/")[1])


def check_instance(resource_arn: str, instance_arn: str | None) -> None:
    """InstanceArn must be there for a permission set, and be the resource's own if it is there.

    Reference §15.1. The instance's own account is asked first, so `NotFound` tells nobody anything.
    """
    if instance_arn is None:
        if _word_in(resource_arn) == "permissionSet":
            raise Invalid("InstanceArn is required for a permission set.")
    elif instance_arn != instance_arn_in(resource_arn):
        raise NotFound(f"Resource with ARN {resource_arn} was not found.")


def _word_in(resource_arn: str) -> str:
    return resource_arn.split(":", 5)[5].partition("/")[0]
