"""aws_ssoadmin_instance, _region and _instance_access_control_attributes."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from tests.terraform.provider import code_of, found, wait
from tests.terraform.resource import Attributes, Resource, read_tags, tag_list, update_tags


class Instance(Resource):
    """An account instance, of the account whose key the provider has. Its id is its ARN.

    AWS documents that DescribeInstance of a deleted instance is denied, and its model has no
    ResourceNotFoundException, for which the provider waits. Here being denied is being gone.
    """

    type_name = "aws_ssoadmin_instance"
    arguments = ("name", "key_type", "tags")
    defaults: ClassVar[dict[str, Any]] = {"tags": {}}
    optional_computed = ("name", "key_type")
    error_of_another_delete = "AccessDeniedException"

    def create(self, config: Attributes) -> str:
        answer = self.provider.sso(
            "create_instance", Name=config.get("name"), Tags=tag_list(config.get("tags", {}))
        )
        arn: str = answer["InstanceArn"]
        wait(lambda: self._describe(arn), {"CREATE_IN_PROGRESS"}, "ACTIVE")
        if "key_type" in config:
            self.provider.sso(
                "update_instance",
                InstanceArn=arn,
                EncryptionConfiguration={"KeyType": config["key_type"]},
            )
            wait(lambda: self._encryption(arn), {"", "UPDATING"}, "ENABLED")
        return arn

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = self._describe(resource_id)
        if there is None:
            return None
        return {
            "arn": there["InstanceArn"],
            "name": there.get("Name"),
            "identity_store_id": there["IdentityStoreId"],
            "owner_account_id": there["OwnerAccountId"],
            "status": there["Status"],
            "key_type": there["EncryptionConfigurationDetails"]["KeyType"],
            "tags": read_tags(self.provider, resource_id, resource_id),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        if new.get("name") != old.get("name"):
            self.provider.sso("update_instance", InstanceArn=resource_id, Name=new["name"])
        update_tags(self.provider, resource_id, resource_id, old, new)

    def delete(self, resource_id: str) -> None:
        asked = found(lambda: self.provider.sso("delete_instance", InstanceArn=resource_id))
        if asked is not None:
            wait(lambda: self._describe(resource_id), {"ACTIVE", "DELETE_IN_PROGRESS"}, "")

    def _describe(self, arn: str) -> Any:
        try:
            return self.provider.sso("describe_instance", InstanceArn=arn)
        except ClientError as error:
            if code_of(error) != "AccessDeniedException":
                raise
            return None

    def _encryption(self, arn: str) -> dict[str, str]:
        details = self._describe(arn)["EncryptionConfigurationDetails"]
        return {"Status": details["EncryptionStatus"]}


class Region(Resource):
    """One more Region of an instance. Ids are `INSTANCE_ARN,REGION`."""

    type_name = "aws_ssoadmin_region"
    arguments = ("instance_arn", "region_name")

    def create(self, config: Attributes) -> str:
        resource_id = f"{config['instance_arn']},{config['region_name']}"
        self.provider.sso("add_region", **self._params(resource_id))
        wait(lambda: self._describe(resource_id), {"ADDING"}, "ACTIVE")
        return resource_id

    def read(self, resource_id: str) -> dict[str, Any] | None:
        there = self._describe(resource_id)
        if there is None:
            return None
        return {
            "instance_arn": resource_id.split(",")[0],
            "region_name": there["RegionName"],
            "status": there["Status"],
        }

    def delete(self, resource_id: str) -> None:
        asked = found(lambda: self.provider.sso("remove_region", **self._params(resource_id)))
        if asked is not None:
            wait(lambda: self._describe(resource_id), {"ACTIVE", "ADDING", "REMOVING"}, "")

    @staticmethod
    def _params(resource_id: str) -> dict[str, str]:
        return dict(zip(("InstanceArn", "RegionName"), resource_id.split(","), strict=True))

    def _describe(self, resource_id: str) -> Any:
        return found(lambda: self.provider.sso("describe_region", **self._params(resource_id)))


class InstanceAccessControlAttributes(Resource):
    """Attributes for access control, a set of keys with sources. Its id is the instance's ARN."""

    type_name = "aws_ssoadmin_instance_access_control_attributes"
    arguments = ("instance_arn", "attribute")
    error_of_another_delete = "ResourceNotFoundException"

    def create(self, config: Attributes) -> str:
        self._put("create_instance_access_control_attribute_configuration", config)
        arn: str = config["instance_arn"]
        return arn

    def read(self, resource_id: str) -> dict[str, Any] | None:
        answer = found(
            lambda: self.provider.sso(
                "describe_instance_access_control_attribute_configuration", InstanceArn=resource_id
            )
        )
        configuration = (answer or {}).get("InstanceAccessControlAttributeConfiguration", {})
        attributes = configuration.get("AccessControlAttributes")
        if not answer or not attributes:
            return None
        return {
            "instance_arn": resource_id,
            "attribute": {one["Key"]: set(one["Value"]["Source"]) for one in attributes},
            "status": answer["Status"],
            "status_reason": answer.get("StatusReason"),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        self._put("update_instance_access_control_attribute_configuration", new)

    def delete(self, resource_id: str) -> None:
        self.provider.sso(
            "delete_instance_access_control_attribute_configuration", InstanceArn=resource_id
        )

    def _put(self, operation: str, config: Attributes) -> None:
        attributes = [
            {"Key": key, "Value": {"Source": sorted(sources)}}
            for key, sources in config["attribute"].items()
        ]
        self.provider.sso(
            operation,
            InstanceArn=config["instance_arn"],
            InstanceAccessControlAttributeConfiguration={"AccessControlAttributes": attributes},
        )
