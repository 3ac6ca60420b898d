"""aws_identitystore_user, _group and _group_membership. Ids are `STORE/ID`."""

from typing import Any

from tests.terraform.provider import found
from tests.terraform.resource import Attributes, Resource

_TEXTS = {
    "display_name": "DisplayName",
    "nickname": "NickName",
    "locale": "Locale",
    "preferred_language": "PreferredLanguage",
    "profile_url": "ProfileUrl",
    "timezone": "Timezone",
    "title": "Title",
    "user_type": "UserType",
}
_NAME = {
    "given_name": "GivenName",
    "family_name": "FamilyName",
    "formatted": "Formatted",
    "middle_name": "MiddleName",
    "honorific_prefix": "HonorificPrefix",
    "honorific_suffix": "HonorificSuffix",
}
_VALUE = {"value": "Value", "type": "Type", "primary": "Primary"}
_ADDRESS = {
    "street_address": "StreetAddress",
    "locality": "Locality",
    "region": "Region",
    "postal_code": "PostalCode",
    "country": "Country",
    "formatted": "Formatted",
    "type": "Type",
    "primary": "Primary",
}
#: Blocks of at most one, and what is in them.
_BLOCKS = {
    "emails": ("Emails", _VALUE),
    "phone_numbers": ("PhoneNumbers", _VALUE),
    "addresses": ("Addresses", _ADDRESS),
}


def _expand(block: Attributes, names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in block.items() if value is not None}


def _flatten(found: Attributes, names: dict[str, str]) -> dict[str, Any]:
    read = {name: found[member] for name, member in names.items() if member in found}
    return read | ({"primary": found.get("Primary", False)} if "primary" in names else {})


def _camel(member: str) -> str:
    return member[0].lower() + member[1:]


class User(Resource):
    """A person. Only a changed user name replaces it."""

    type_name = "aws_identitystore_user"
    arguments = ("identity_store_id", "user_name", "name", *_TEXTS, *_BLOCKS)

    def create(self, config: Attributes) -> str:
        params: dict[str, Any] = {
            member: config[name] for name, member in _TEXTS.items() if config.get(name)
        }
        for name, (member, names) in _BLOCKS.items():
            if config.get(name):
                params[member] = [_expand(block, names) for block in config[name]]
        answer = self.provider.store(
            "create_user",
            IdentityStoreId=config["identity_store_id"],
            UserName=config["user_name"],
            Name=_expand(config["name"], _NAME),
            **params,
        )
        return f"{config['identity_store_id']}/{answer['UserId']}"

    def read(self, resource_id: str) -> dict[str, Any] | None:
        store, user_id = resource_id.split("/")
        user = found(
            lambda: self.provider.store("describe_user", IdentityStoreId=store, UserId=user_id)
        )
        if user is None:
            return None
        state = {name: user.get(member) for name, member in _TEXTS.items()}
        for name, (member, names) in _BLOCKS.items():
            state[name] = [_flatten(block, names) for block in user.get(member, [])] or None
        return state | {
            "identity_store_id": user["IdentityStoreId"],
            "user_id": user["UserId"],
            "user_name": user["UserName"],
            "name": _flatten(user["Name"], _NAME),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        store, user_id = resource_id.split("/")
        operations = [
            {"AttributePath": path, "AttributeValue": value}
            for path, before, value in _fields(old, new)
            if before != value
        ]
        self.provider.store(
            "update_user", IdentityStoreId=store, UserId=user_id, Operations=operations
        )

    def delete(self, resource_id: str) -> None:
        store, user_id = resource_id.split("/")
        found(lambda: self.provider.store("delete_user", IdentityStoreId=store, UserId=user_id))


def _fields(old: Attributes, new: Attributes) -> list[tuple[str, Any, Any]]:
    """Each attribute path with its value before and after; None takes one away."""
    fields = [
        (_camel(member), old.get(name), new.get(name) or None) for name, member in _TEXTS.items()
    ]
    fields += [
        (f"name.{_camel(member)}", old["name"].get(name), new["name"].get(name))
        for name, member in _NAME.items()
    ]
    for name, (member, names) in _BLOCKS.items():
        before, after = (
            [{_camel(key): value for key, value in _expand(block, names).items()} for block in side]
            for side in (old.get(name) or [], new.get(name) or [])
        )
        fields.append((_camel(member), before or None, after or None))
    return fields


class Group(Resource):
    """A group."""

    type_name = "aws_identitystore_group"
    arguments = ("identity_store_id", "display_name", "description")

    def create(self, config: Attributes) -> str:
        answer = self.provider.store(
            "create_group",
            IdentityStoreId=config["identity_store_id"],
            DisplayName=config["display_name"],
            Description=config.get("description"),
        )
        return f"{answer['IdentityStoreId']}/{answer['GroupId']}"

    def read(self, resource_id: str) -> dict[str, Any] | None:
        store, group_id = resource_id.split("/")
        group = found(
            lambda: self.provider.store("describe_group", IdentityStoreId=store, GroupId=group_id)
        )
        if group is None:
            return None
        return {
            "identity_store_id": group["IdentityStoreId"],
            "group_id": group["GroupId"],
            "display_name": group["DisplayName"],
            "description": group.get("Description"),
        }

    def update(self, resource_id: str, old: Attributes, new: Attributes) -> None:
        store, group_id = resource_id.split("/")
        operations = [
            {"AttributePath": path, "AttributeValue": new.get(name) or ""}
            for name, path in {"description": "description", "display_name": "displayName"}.items()
            if new.get(name) != old.get(name)
        ]
        self.provider.store(
            "update_group", IdentityStoreId=store, GroupId=group_id, Operations=operations
        )

    def delete(self, resource_id: str) -> None:
        store, group_id = resource_id.split("/")
        found(lambda: self.provider.store("delete_group", IdentityStoreId=store, GroupId=group_id))


class GroupMembership(Resource):
    """A person in a group."""

    type_name = "aws_identitystore_group_membership"
    arguments = ("identity_store_id", "group_id", "member_id")

    def create(self, config: Attributes) -> str:
        answer = self.provider.store(
            "create_group_membership",
            IdentityStoreId=config["identity_store_id"],
            GroupId=config["group_id"],
            MemberId={"UserId": config["member_id"]},
        )
        return f"{config['identity_store_id']}/{answer['MembershipId']}"

    def read(self, resource_id: str) -> dict[str, Any] | None:
        store, membership_id = resource_id.split("/")
        membership = found(
            lambda: self.provider.store(
                "describe_group_membership", IdentityStoreId=store, MembershipId=membership_id
            )
        )
        if membership is None:
            return None
        return {
            "identity_store_id": membership["IdentityStoreId"],
            "group_id": membership["GroupId"],
            "member_id": membership["MemberId"]["UserId"],
            "membership_id": membership["MembershipId"],
        }

    def delete(self, resource_id: str) -> None:
        store, membership_id = resource_id.split("/")
        found(
            lambda: self.provider.store(
                "delete_group_membership", IdentityStoreId=store, MembershipId=membership_id
            )
        )
