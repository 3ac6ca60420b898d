"""Good requests about instances, their Regions and attributes, and about tags.

`furnish_instances` gives a member account an instance of its own, the organization instance a
second Region and attributes for access control. In the order of the services' tables each sample
succeeds once.
"""

from collections.abc import Callable
from typing import Any

from tests.fronts.aws.world import Clients, World, until

Params = dict[str, Any]

#: The member account that has an account instance, and one that is about to have one.
OWNER = "sakura-web-dev"
NEWCOMER = "sakura-playground"
SECOND_REGION = "eu-central-1"
#: Who sends a sample: only an account itself makes and deletes its own instance.
BY = {"CreateInstance": NEWCOMER, "DeleteInstance": OWNER}
_ATTRIBUTES = {
    "AccessControlAttributes": [{"Key": "Team", "Value": {"Source": ["${path:userType}"]}}]
}


def furnish_instances(world: World) -> None:
    """Make what the samples name."""
    sso = world.admin.sso_admin
    own = Clients(world.server, world.member_administrator(OWNER)).sso_admin
    world.more["account instance"] = own.create_instance(Name="own")["InstanceArn"]
    until(
        lambda: own.describe_instance(InstanceArn=world.more["account instance"])["Status"],
        lambda status: status != "CREATE_IN_PROGRESS",
        lambda status: status == "ACTIVE",
    )
    sso.add_region(InstanceArn=world.instance, RegionName=SECOND_REGION)
    wait_for_regions(world)
    sso.create_instance_access_control_attribute_configuration(
        InstanceArn=world.instance, InstanceAccessControlAttributeConfiguration=_ATTRIBUTES
    )


def wait_for_regions(world: World) -> None:
    """Until no Region is coming or going."""
    sso = getattr(world.admin, "sso_admin", None)
    if sso is None:  # no server to ask: the request need only be well-formed
        return
    until(
        lambda: sso.list_regions(InstanceArn=world.instance)["Regions"],
        lambda regions: all(region["Status"] == "ACTIVE" for region in regions),
    )


def _in(world: World, **more: Any) -> Params:
    return {"InstanceArn": world.instance, **more}


def _region(world: World, name: str) -> Params:
    wait_for_regions(world)
    return _in(world, RegionName=name)


def _with_attributes(world: World) -> Params:
    return _in(world, InstanceAccessControlAttributeConfiguration=_ATTRIBUTES)


def _tagged(world: World, **more: Any) -> Params:
    return {"ResourceArn": world.instance, **more}


SAMPLES: dict[str, Callable[[World], Params]] = {
    "CreateInstance": lambda w: {"Name": "new", "Tags": [{"Key": "team", "Value": "a"}]},
    "UpdateInstance": lambda w: _in(w, Name="renamed"),
    "DeleteInstance": lambda w: {"InstanceArn": w.more["account instance"]},
    "AddRegion": lambda w: _region(w, "ap-northeast-1"),
    "DescribeRegion": lambda w: _in(w, RegionName="us-east-1"),
    "ListRegions": _in,
    "RemoveRegion": lambda w: _region(w, SECOND_REGION),
    "DescribeInstanceAccessControlAttributeConfiguration": _in,
    "UpdateInstanceAccessControlAttributeConfiguration": _with_attributes,
    "DeleteInstanceAccessControlAttributeConfiguration": _in,
    "CreateInstanceAccessControlAttributeConfiguration": _with_attributes,
    "TagResource": lambda w: _tagged(w, Tags=[{"Key": "team", "Value": "a"}]),
    "UntagResource": lambda w: _tagged(w, TagKeys=["team"]),
    "ListTagsForResource": lambda w: _tagged(w),
}
