"""A whole configuration at once, ten resources at a time, and its end in reverse order."""

from collections.abc import Callable
from typing import Any

from tests.terraform.assignments import AccountAssignment
from tests.terraform.graph import AT_ONCE, Graph, States
from tests.terraform.identity_store import Group, GroupMembership, User
from tests.terraform.permission_sets import (
    CustomerManagedPolicyAttachment,
    InlinePolicy,
    ManagedPolicyAttachment,
    PermissionsBoundaryAttachment,
    PermissionSet,
)
from tests.terraform.scene import (
    POLICY,
    READ_ONLY,
    SECURITY_AUDIT,
    VIEW_ONLY,
    WITH_POLICY,
    Scene,
    allow,
)

Config = Callable[[States], dict[str, Any]]


def _attachments(scene: Scene, graph: Graph, number: int) -> list[str]:
    """All that hangs on one permission set, by address."""
    address = f"permission_set.{number}"

    def of_set(**more: Any) -> Config:
        return lambda states: {"permission_set_arn": states[address]["arn"]} | scene.here | more

    provider = scene.provider
    added = {
        f"read_only.{number}": (ManagedPolicyAttachment, of_set(managed_policy_arn=READ_ONLY)),
        f"audit.{number}": (ManagedPolicyAttachment, of_set(managed_policy_arn=SECURITY_AUDIT)),
        f"customer.{number}": (
            CustomerManagedPolicyAttachment,
            of_set(customer_managed_policy_reference=POLICY),
        ),
        f"inline.{number}": (InlinePolicy, of_set(inline_policy=allow("s3:GetObject"))),
        f"boundary.{number}": (
            PermissionsBoundaryAttachment,
            of_set(permissions_boundary={"managed_policy_arn": VIEW_ONLY}),
        ),
    }
    for name, (kind, config) in added.items():
        graph.add(name, kind(provider), config, address)
    return list(added)


def _assignment(scene: Scene, number: int, kind: str) -> Config:
    principal = f"{kind.lower()}.{number}"

    def config(states: States) -> dict[str, Any]:
        return scene.here | {
            "permission_set_arn": states[f"permission_set.{number}"]["arn"],
            "principal_type": kind,
            "principal_id": states[principal][f"{kind.lower()}_id"],
            "target_id": scene.server.account(WITH_POLICY),
            "target_type": "AWS_ACCOUNT",
        }

    return config


def _just(config: dict[str, Any]) -> Config:
    return lambda states: config


def _membership(scene: Scene, number: int) -> Config:
    return lambda states: (
        scene.store
        | {
            "group_id": states[f"group.{number}"]["group_id"],
            "member_id": states[f"user.{number}"]["user_id"],
        }
    )


def _configuration(scene: Scene) -> Graph:
    """Ten permission sets, each with five attachments and assigned to a person and a group."""
    graph, provider = Graph(), scene.provider
    for number in range(AT_ONCE):
        names = {"given_name": "Some", "family_name": f"Body {number}"}
        person = {"user_name": f"body{number}", "display_name": f"Body {number}", "name": names}
        group = {"display_name": f"Team {number}"} | scene.store
        permission_set = {"name": f"Set{number}", "tags": {"n": str(number)}} | scene.here
        graph.add(f"user.{number}", User(provider), _just(person | scene.store))
        graph.add(f"group.{number}", Group(provider), _just(group))
        graph.add(f"permission_set.{number}", PermissionSet(provider), _just(permission_set))
        graph.add(
            f"membership.{number}",
            GroupMembership(provider),
            _membership(scene, number),
            f"user.{number}",
            f"group.{number}",
        )
        attached = _attachments(scene, graph, number)
        # One waits for the attachments, the other may come before, among or after them.
        for kind, after in (("GROUP", attached), ("USER", [f"permission_set.{number}"])):
            graph.add(
                f"assignment.{kind}.{number}",
                AccountAssignment(provider),
                _assignment(scene, number, kind),
                *after,
                f"{kind.lower()}.{number}",
            )
    return graph


def _roles(scene: Scene) -> dict[str, list[str]]:
    """The account's roles of these permission sets with the policies attached to them."""
    iam = scene.server.client("iam", scene.member_keys(WITH_POLICY))
    roles = iam.list_roles(PathPrefix="/aws-reserved/sso.amazonaws.com/")["Roles"]
    names = [role["RoleName"] for role in roles if "_Set" in role["RoleName"]]
    return {
        name.split("_")[1]: sorted(
            policy["PolicyName"]
            for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        )
        for name in names
    }


def test_ten_permission_sets_with_all_that_hangs_on_them_come_and_go_ten_at_once(
    scene: Scene,
) -> None:
    graph = _configuration(scene)
    graph.apply()
    assert len(graph.ids) == AT_ONCE * 11
    assert graph.plan() == {}, "a second plan is empty"
    policies = sorted(["DataLakeReaders", "ReadOnlyAccess", "SecurityAudit"])
    assert _roles(scene) == {f"Set{number}": policies for number in range(AT_ONCE)}

    graph.destroy()
    assert set(graph.plan()) == set(graph.ids), "everything is gone"
    assert set(graph.plan().values()) == {"create"}
    assert _roles(scene) == {}


def test_destroying_the_permission_set_first_is_refused_again_and_again(scene: Scene) -> None:
    base = scene.permission_set()
    assignment = AccountAssignment(scene.provider)
    assigned = assignment.create(
        base
        | {"principal_type": "USER", "principal_id": scene.user()}
        | {"target_id": scene.server.account(WITH_POLICY), "target_type": "AWS_ACCOUNT"}
    )
    resource_id = ",".join(base.values())

    def meanwhile() -> None:
        assignment.delete(assigned)

    scene.provider.before_retry(meanwhile)
    PermissionSet(scene.provider).delete(resource_id)
    assert scene.provider.retried == ["delete_permission_set"]
    assert PermissionSet(scene.provider).read(resource_id) is None
