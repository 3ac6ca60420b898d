"""What people may do in accounts, as a seed describes it: permission sets and assignments."""

from collections.abc import Iterator, Mapping

from msgspec import UNSET, UnsetType

from genkan.assignments import operations as assignments
from genkan.assignments.provisioned import list_accounts_for_provisioned_permission_set
from genkan.db.database import Tx
from genkan.instances.records import Instance
from genkan.permission_sets import operations as permission_sets
from genkan.permission_sets.records import CustomerManagedPolicyReference, PermissionsBoundary
from genkan.sandbox.document import Assignment, Boundary, PermissionSet, PolicyReference
from genkan.sandbox.document_people import Group, User
from genkan.sandbox.export_pages import Answer, every


def exported_permission_sets(tx: Tx, instance: Instance) -> dict[str, PermissionSet]:
    """Permission sets by ARN."""
    arns = every(
        permission_sets.list_permission_sets, "permission_sets", tx=tx, instance_arn=instance.arn
    )
    return {arn: _permission_set(tx, instance, arn) for arn in arns}


def _permission_set(tx: Tx, instance: Instance, arn: str) -> PermissionSet:
    found = permission_sets.existing(tx, instance.arn, arn)
    content = permission_sets.content_of(tx, found)
    return PermissionSet(
        name=found.name,
        id=found.permission_set_id,
        description=found.description,
        session_duration=found.session_duration,
        relay_state=found.relay_state,
        managed_policies=list(content.managed_policies),
        customer_managed_policies=[
            _reference(reference) for reference in content.customer_managed_policies
        ],
        inline_policy=content.inline_policy,
        permissions_boundary=_boundary(content.boundary),
        tags=dict(found.tags),
    )


def _reference(reference: CustomerManagedPolicyReference) -> PolicyReference:
    return PolicyReference(name=reference.name, path=reference.path)


def _boundary(boundary: PermissionsBoundary | None) -> Boundary | UnsetType:
    if boundary is None:
        return UNSET
    if boundary.customer_managed_policy_reference is not None:
        reference = _reference(boundary.customer_managed_policy_reference)
        return Boundary(customer_managed_policy=reference)
    return Boundary(managed_policy=boundary.managed_policy_arn or "")


def assignments_of(tx: Tx, instance: Instance, permission_set_arn: str) -> Iterator[Answer]:
    """The assignments of a permission set, as ListAccountAssignments has them."""
    target = {"tx": tx, "instance_arn": instance.arn, "permission_set_arn": permission_set_arn}
    accounts = every(list_accounts_for_provisioned_permission_set, "account_ids", **target)
    for account_id in accounts:
        yield from every(
            assignments.list_account_assignments,
            "account_assignments",
            account_id=account_id,
            **target,
        )


def behind(tx: Tx, instance: Instance, permission_set_arn: str) -> Iterator[str]:
    """Ids of accounts whose roles do not have all of the permission set yet."""
    yield from every(
        list_accounts_for_provisioned_permission_set,
        "account_ids",
        tx=tx,
        instance_arn=instance.arn,
        permission_set_arn=permission_set_arn,
        provisioning_status="LATEST_PERMISSION_SET_NOT_PROVISIONED",
    )


def exported_assignment(
    given: Answer,
    people: Mapping[str, User],
    groups_found: Mapping[str, Group],
    sets: Mapping[str, PermissionSet],
) -> Assignment:
    """One of these, by names."""
    principal_id = given["principal_id"]
    is_user = given["principal_type"] == "USER"
    return Assignment(
        user=people[principal_id].user_name if is_user else "",
        group="" if is_user else groups_found[principal_id].display_name,
        permission_set=sets[given["permission_set_arn"]].name,
        accounts=[given["account_id"]],
    )
