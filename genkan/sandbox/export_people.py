"""The people of an identity store as a seed describes them."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from genkan.db.database import Tx
from genkan.identity_store import groups, memberships, stores, users
from genkan.identity_store.attributes import ENTERPRISE
from genkan.sandbox.document import Network
from genkan.sandbox.document_people import ExternalId, Group, Member, User
from genkan.sandbox.export_pages import every
from genkan.sandbox.seed_members import user_of


def exported_users(tx: Tx, identity_store_id: str) -> dict[str, User]:
    """People by id, as if they had passwords."""
    described = every(
        users.list_users,
        "users",
        tx=tx,
        identity_store_id=identity_store_id,
        extensions=[ENTERPRISE],
    )
    return {one["user_id"]: user_of(one) for one in described}


def exported_groups(tx: Tx, identity_store_id: str, people: Mapping[str, User]) -> dict[str, Group]:
    """Groups by id, with their members."""
    return {
        one["group_id"]: Group(
            display_name=one["display_name"],
            id=one["group_id"],
            description=one.get("description") or "",
            external_ids=[
                ExternalId(issuer=pair["issuer"], id=pair["id"])
                for pair in one.get("external_ids") or ()
            ],
            members=[
                Member(
                    user=people[membership["member_id"]["user_id"]].user_name,
                    id=membership["membership_id"],
                )
                for membership in every(
                    memberships.list_group_memberships,
                    "group_memberships",
                    tx=tx,
                    identity_store_id=identity_store_id,
                    group_id=one["group_id"],
                )
            ],
        )
        for one in every(groups.list_groups, "groups", tx=tx, identity_store_id=identity_store_id)
    }


def exported_network(tx: Tx, identity_store_id: str) -> Network | UnsetType:
    """From where the store may be called, where that was ever said."""
    described = stores.describe_identity_store(tx, identity_store_id=identity_store_id)
    configuration = described.get("network_configuration")
    if configuration is None:
        return UNSET
    return Network(
        api_allow_source_ips=list(configuration.get("api_allow_source_ips", ())),
        scim_allow_source_ips=list(configuration.get("scim_allow_source_ips", ())),
    )
