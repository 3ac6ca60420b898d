"""aws_ssoadmin_account_assignment: asked for, then waited for.

Ids are `PRINCIPAL_ID,PRINCIPAL_TYPE,TARGET_ID,TARGET_TYPE,PERMISSION_SET_ARN,INSTANCE_ARN`.
"""

from typing import Any

from tests.terraform.provider import Failed, found, wait
from tests.terraform.resource import Attributes, Resource

_PARTS = {
    "principal_id": "PrincipalId",
    "principal_type": "PrincipalType",
    "target_id": "TargetId",
    "target_type": "TargetType",
    "permission_set_arn": "PermissionSetArn",
    "instance_arn": "InstanceArn",
}


def _params(resource_id: str) -> dict[str, str]:
    return dict(zip(_PARTS.values(), resource_id.split(","), strict=True))


class AccountAssignment(Resource):
    """Somebody's permission set in an account. It refuses one that is there already."""

    type_name = "aws_ssoadmin_account_assignment"
    arguments = tuple(_PARTS)
    error_of_another_delete = "EntitlementItem doesn't exist with the given entitlement key"

    def create(self, config: Attributes) -> str:
        resource_id = ",".join(config[name] for name in _PARTS)
        who = f"{config['principal_type']} ({config['principal_id']})"
        # The service takes an assignment that is there already, so the provider looks first.
        if self.read(resource_id) is not None:
            raise Failed(f"creating SSO Account Assignment for {who}: already exists")
        asked = self.provider.sso("create_account_assignment", **_params(resource_id))
        try:
            self._wait("creation", config["instance_arn"], asked)
        except Failed as failed:
            raise Failed(
                f"waiting for SSO Account Assignment for {who} create: {failed}"
            ) from failed
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        params = _params(resource_id)
        listed = found(
            lambda: self.provider.pages(
                "sso-admin",
                "list_account_assignments",
                "AccountAssignments",
                InstanceArn=params["InstanceArn"],
                AccountId=params["TargetId"],
                PermissionSetArn=params["PermissionSetArn"],
            )
        )
        for one in listed or []:
            same = (one["PrincipalId"], one["PrincipalType"])
            if same == (params["PrincipalId"], params["PrincipalType"]):
                return {
                    "instance_arn": params["InstanceArn"],
                    "permission_set_arn": one["PermissionSetArn"],
                    "principal_id": one["PrincipalId"],
                    "principal_type": one["PrincipalType"],
                    "target_id": one["AccountId"],
                    "target_type": params["TargetType"],
                }
        return None

    def delete(self, resource_id: str) -> None:
        params = _params(resource_id)
        asked = found(lambda: self.provider.sso("delete_account_assignment", **params))
        if asked is None:
            return
        try:
            self._wait("deletion", params["InstanceArn"], asked)
        except Failed as failed:
            raise Failed(
                "waiting for SSO Account Assignment for Principal"
                f" ({params['PrincipalId']}) delete: {failed}"
            ) from failed

    def _wait(self, kind: str, instance_arn: str, asked: Attributes) -> None:
        prefix = f"AccountAssignment{kind.title()}"
        request = {
            "InstanceArn": instance_arn,
            f"{prefix}RequestId": asked[f"{prefix}Status"]["RequestId"],
        }
        operation = f"describe_account_assignment_{kind}_status"
        wait(
            lambda: found(lambda: self.provider.sso(operation, **request)[f"{prefix}Status"]),
            {"IN_PROGRESS"},
            "SUCCEEDED",
        )
