"""aws_ssoadmin_permission_set and what is attached to one.

Whatever changes a permission set is followed by ProvisionPermissionSet for all accounts that have
it, and by waiting for that. Ids join the parts by commas, the instance last.
"""

import json
from typing import Any, ClassVar

from tests.terraform.provider import Failed, Provider, found, wait
from tests.terraform.resource import Attributes, Resource, read_tags, tag_list, update_tags


def provision(provider: Provider, permission_set_arn: str, instance_arn: str) -> None:
    """Have all accounts catch up with a permission set."""
    started = provider.sso(
        "provision_permission_set",
        InstanceArn=instance_arn,
        PermissionSetArn=permission_set_arn,
        TargetType="ALL_PROVISIONED_ACCOUNTS",
    )["PermissionSetProvisioningStatus"]
    try:
        wait(
            lambda: found(
                lambda: provider.sso(
                    "describe_permission_set_provisioning_status",
                    InstanceArn=instance_arn,
                    ProvisionPermissionSetRequestId=started["RequestId"],
                )["PermissionSetProvisioningStatus"]
            ),
            {"IN_PROGRESS"},
            "SUCCEEDED",
        )
    except Failed as failed:
        raise Failed(
            f"waiting for SSO Permission Set ({permission_set_arn}) provision: {failed}"
        ) from failed


class _OfSet(Resource):
    """Something of a permission set. Its id ends in `PERMISSION_SET_ARN,INSTANCE_ARN`."""

    @staticmethod
    def id_of(config: Attributes, *first: str) -> str:
        return ",".join((*first, config["permission_set_arn"], config["instance_arn"]))

    @staticmethod
    def of(resource_id: str) -> dict[str, str]:
        """The two ARNs as parameters."""
        permission_set_arn, instance_arn = resource_id.split(",")[-2:]
        return {"InstanceArn": instance_arn, "PermissionSetArn": permission_set_arn}

    @staticmethod
    def state_of(resource_id: str) -> dict[str, str]:
        """The two ARNs as attributes."""
        permission_set_arn, instance_arn = resource_id.split(",")[-2:]
        return {"instance_arn": instance_arn, "permission_set_arn": permission_set_arn}

    def listed(self, operation: str, member: str, resource_id: str) -> list[Any] | None:
        """What a list operation says about the permission set; None when that is gone."""
        return found(
            lambda: self.provider.pages("sso-admin", operation, member, **self.of(resource_id))
        )

    def provision(self, resource_id: str) -> None:
        target = self.of(resource_id)
        provision(self.provider, target["PermissionSetArn"], target["InstanceArn"])

    def change(self, operation: str, resource_id: str, **params: Any) -> None:
        """Change the permission set, then have the accounts catch up."""
        self.provider.sso(operation, **self.of(resource_id), **params)
        self.provision(resource_id)

    def take(self, operation: str, resource_id: str, **params: Any) -> None:
        """As `change`; nothing when it is gone already."""
        done = found(lambda: self.provider.sso(operation, **self.of(resource_id), **params))
        if done is not None:
            self.provision(resource_id)


class PermissionSet(_OfSet):
    """A permission set; a new name replaces it."""

    type_name = "aws_ssoadmin_permission_set"
    arguments = (
        "name",
        "instance_arn",
        "description",
        "relay_state",
        "session_duration",
        "tags",
    )
    defaults: ClassVar[dict[str, Any]] = {"session_duration": "PT1H", "tags": {}}

    def create(self, config: Attributes) -> str:
        answer = self.provider.sso(
            "create_permission_set",
            InstanceArn=config["instance_arn"],
            Name=config["name"],
            Description=config.get("description"),
            RelayState=config.get("relay_state"),
            SessionDuration=config.get("session_duration", "PT1H"),
            Tags=tag_list(config.get("tags", {})),
        )
        return f"{answer['PermissionSet']['PermissionSetArn']},{config['instance_arn']}"

    def read(self, resource_id: str) -> dict[str, Any] | None:
        target = self.of(resource_id)
        answer = found(lambda: self.provider.sso("describe_permission_set", **target))
        if answer is None:
            return None
        there = answer["PermissionSet"]
        return {
            "arn": there["PermissionSetArn"],
            "instance_arn": target["InstanceArn"],
            "name": there["Name"],
            "description": there.get("Description"),
            "relay_state": there.get("RelayState"),
            "session_duration": there["SessionDuration"],
            "tags": read_tags(self.provider, there["PermissionSetArn"], target["InstanceArn"]),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        target = self.of(resource_id)
        fields = ("description", "relay_state", "session_duration")
        if any(new.get(name) != old.get(name) for name in fields):
            # All that is set is sent, changed or not: what is left out is cleared by the service.
            self.change(
                "update_permission_set",
                resource_id,
                Description=new.get("description"),
                RelayState=new.get("relay_state"),
                SessionDuration=new.get("session_duration", "PT1H"),
            )
        update_tags(self.provider, target["PermissionSetArn"], target["InstanceArn"], old, new)

    def delete(self, resource_id: str) -> None:
        found(lambda: self.provider.sso("delete_permission_set", **self.of(resource_id)))


class ManagedPolicyAttachment(_OfSet):
    """One AWS managed policy. It refuses one that is attached already."""

    type_name = "aws_ssoadmin_managed_policy_attachment"
    arguments = ("instance_arn", "permission_set_arn", "managed_policy_arn")

    def create(self, config: Attributes) -> str:
        arn = config["managed_policy_arn"]
        resource_id = self.id_of(config, arn)
        if self.read(resource_id) is not None:
            raise Failed(
                f"attaching Managed Policy ({arn}) to SSO Permission Set"
                f" ({config['permission_set_arn']}): already attached"
            )
        self.change("attach_managed_policy_to_permission_set", resource_id, ManagedPolicyArn=arn)
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        arn = resource_id.split(",")[0]
        attached = self.listed(
            "list_managed_policies_in_permission_set", "AttachedManagedPolicies", resource_id
        )
        for policy in attached or []:
            if policy["Arn"] == arn:
                named = {"managed_policy_arn": arn, "managed_policy_name": policy["Name"]}
                return named | self.state_of(resource_id)
        return None

    def delete(self, resource_id: str) -> None:
        self.take(
            "detach_managed_policy_from_permission_set",
            resource_id,
            ManagedPolicyArn=resource_id.split(",")[0],
        )


class CustomerManagedPolicyAttachment(_OfSet):
    """One customer managed policy. Ids are `NAME,PATH,PERMISSION_SET_ARN,INSTANCE_ARN`."""

    type_name = "aws_ssoadmin_customer_managed_policy_attachment"
    arguments = ("instance_arn", "permission_set_arn", "customer_managed_policy_reference")

    def create(self, config: Attributes) -> str:
        reference = config["customer_managed_policy_reference"]
        resource_id = self.id_of(config, reference["name"], reference["path"])
        self.change(
            "attach_customer_managed_policy_reference_to_permission_set",
            resource_id,
            CustomerManagedPolicyReference=_reference(reference),
        )
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        name, path = resource_id.split(",")[:2]
        attached = self.listed(
            "list_customer_managed_policy_references_in_permission_set",
            "CustomerManagedPolicyReferences",
            resource_id,
        )
        if {"Name": name, "Path": path} not in (attached or []):
            return None
        reference = {"customer_managed_policy_reference": {"name": name, "path": path}}
        return reference | self.state_of(resource_id)

    def delete(self, resource_id: str) -> None:
        name, path = resource_id.split(",")[:2]
        self.take(
            "detach_customer_managed_policy_reference_from_permission_set",
            resource_id,
            CustomerManagedPolicyReference={"Name": name, "Path": path},
        )


class _Exclusive(_OfSet):
    """All policies of a kind: what is not named is taken off. Deleting leaves them.

    Its import ids have the instance first.
    """

    stays_after_delete = True
    listing: str
    member: str
    argument: str
    attaching: str
    detaching: str
    parameter: str

    def create(self, config: Attributes) -> str:
        self._sync(config)
        return f"{config['instance_arn']},{config['permission_set_arn']}"

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        self._sync(new)

    def delete(self, resource_id: str) -> None:
        """Nothing."""

    def read(self, resource_id: str) -> dict[str, Any] | None:
        instance_arn, permission_set_arn = resource_id.split(",")
        of_set = {"instance_arn": instance_arn, "permission_set_arn": permission_set_arn}
        attached = self.listed(self.listing, self.member, self.id_of(of_set))
        if attached is None:
            return None
        return of_set | {self.argument: self.flatten(attached)}

    def _sync(self, config: Attributes) -> None:
        target = self.id_of(config)
        have = self.flatten(self.listed(self.listing, self.member, target) or [])
        want = config[self.argument]
        fresh = [one for one in want if one not in have]
        extra = [one for one in have if one not in want]
        for one in fresh:
            params = {self.parameter: self.expand(one)}
            self.provider.sso(self.attaching, **self.of(target), **params)
        for one in extra:
            params = {self.parameter: self.expand(one)}
            self.provider.sso(self.detaching, **self.of(target), **params)
        if fresh or extra:
            self.provision(target)

    def flatten(self, attached: list[Any]) -> Any:
        raise NotImplementedError

    def expand(self, one: Any) -> Any:
        raise NotImplementedError


class ManagedPolicyAttachmentsExclusive(_Exclusive):
    """All AWS managed policies, a set."""

    type_name = "aws_ssoadmin_managed_policy_attachments_exclusive"
    arguments = ("instance_arn", "permission_set_arn", "managed_policy_arns")
    argument = "managed_policy_arns"
    listing = "list_managed_policies_in_permission_set"
    member = "AttachedManagedPolicies"
    attaching = "attach_managed_policy_to_permission_set"
    detaching = "detach_managed_policy_from_permission_set"
    parameter = "ManagedPolicyArn"

    def flatten(self, attached: list[Any]) -> Any:
        return {policy["Arn"] for policy in attached}

    def expand(self, one: Any) -> Any:
        return one


class CustomerManagedPolicyAttachmentsExclusive(_Exclusive):
    """All customer managed policies: a list, so the service must keep their order."""

    type_name = "aws_ssoadmin_customer_managed_policy_attachments_exclusive"
    arguments = ("instance_arn", "permission_set_arn", "customer_managed_policy_reference")
    argument = "customer_managed_policy_reference"
    listing = "list_customer_managed_policy_references_in_permission_set"
    member = "CustomerManagedPolicyReferences"
    attaching = "attach_customer_managed_policy_reference_to_permission_set"
    detaching = "detach_customer_managed_policy_reference_from_permission_set"
    parameter = "CustomerManagedPolicyReference"

    def flatten(self, attached: list[Any]) -> Any:
        return [{"name": one["Name"], "path": one["Path"]} for one in attached]

    def expand(self, one: Any) -> Any:
        return _reference(one)


class InlinePolicy(_OfSet):
    """The inline policy. Documents are compared by what they say."""

    type_name = "aws_ssoadmin_permission_set_inline_policy"
    arguments = ("instance_arn", "permission_set_arn", "inline_policy")

    def create(self, config: Attributes) -> str:
        resource_id = self.id_of(config)
        document = json.dumps(config["inline_policy"], separators=(",", ":"))
        self.change("put_inline_policy_to_permission_set", resource_id, InlinePolicy=document)
        return resource_id

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        self.create(new)

    def read(self, resource_id: str) -> dict[str, Any] | None:
        answer = found(
            lambda: self.provider.sso(
                "get_inline_policy_for_permission_set", **self.of(resource_id)
            )
        )
        if answer is None or not answer.get("InlinePolicy"):
            return None
        return {"inline_policy": json.loads(answer["InlinePolicy"])} | self.state_of(resource_id)

    def delete(self, resource_id: str) -> None:
        self.take("delete_inline_policy_from_permission_set", resource_id)


class PermissionsBoundaryAttachment(_OfSet):
    """The permissions boundary: an AWS managed policy or a customer managed one."""

    type_name = "aws_ssoadmin_permissions_boundary_attachment"
    arguments = ("instance_arn", "permission_set_arn", "permissions_boundary")

    def create(self, config: Attributes) -> str:
        resource_id = self.id_of(config)
        boundary = config["permissions_boundary"]
        reference = boundary.get("customer_managed_policy_reference")
        given = (
            {"CustomerManagedPolicyReference": _reference(reference)}
            if reference
            else {"ManagedPolicyArn": boundary["managed_policy_arn"]}
        )
        self.change(
            "put_permissions_boundary_to_permission_set", resource_id, PermissionsBoundary=given
        )
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        answer = found(
            lambda: self.provider.sso(
                "get_permissions_boundary_for_permission_set", **self.of(resource_id)
            )
        )
        if answer is None or "PermissionsBoundary" not in answer:
            return None
        boundary = answer["PermissionsBoundary"]
        if "ManagedPolicyArn" in boundary:
            read: dict[str, Any] = {"managed_policy_arn": boundary["ManagedPolicyArn"]}
        else:
            there = boundary["CustomerManagedPolicyReference"]
            reference = {"name": there["Name"], "path": there["Path"]}
            read = {"customer_managed_policy_reference": reference}
        return {"permissions_boundary": read} | self.state_of(resource_id)

    def delete(self, resource_id: str) -> None:
        self.take("delete_permissions_boundary_from_permission_set", resource_id)


def _reference(reference: Attributes) -> dict[str, str]:
    return {"Name": reference["name"], "Path": reference["path"]}
