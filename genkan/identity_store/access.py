"""Who may call the identity store: the owning account, and on which resources IAM decides.

Resources are those of AWS's service authorization reference for `identitystore`; where one is
found by another attribute, the resource is the one found, and the wildcard when there is none, so
that nobody learns of a principal that they may not read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genkan.core import arns
from genkan.core.addresses import Network
from genkan.core.call import Call, Check, Iam, Owner, Person, Signer, Worker
from genkan.core.errors import Denied, Invalid
from genkan.db.database import Tx
from genkan.identity_store import network, store
from genkan.identity_store.lookup import group_id_by, user_id_by
from genkan.identity_store.refusals import no_identity_store

Resources = Callable[[Tx, Mapping[str, Any]], tuple[str, ...]]

ALL_USERS = arns.user("*")
ALL_GROUPS = arns.group("*")
ALL_MEMBERSHIPS = arns.membership("*")


@dataclass(frozen=True, slots=True)
class Named:
    """A store that exists: its id, the account that owns it, and from where it may be called."""

    identity_store_id: str
    owner_account_id: str
    api_sources: tuple[Network, ...] = ()

    @property
    def arn(self) -> str:
        """The store's ARN, which is also its IAM resource."""
        return arns.identity_store(self.owner_account_id, self.identity_store_id)


def find(tx: Tx, named: str) -> Named:
    """The store that an id or ARN names; `NotFound` when there is none."""
    identity_store_id = named.rpartition("/")[2]
    found = tx.remembered(("identity_store", identity_store_id), lambda: _read(tx, named))
    if named not in (identity_store_id, found.arn):
        raise no_identity_store(named)
    return found


def _read(tx: Tx, named: str) -> Named:
    found = store.find_identity_store(tx, named.rpartition("/")[2])
    if found is None:
        raise no_identity_store(named)
    return Named(
        found.identity_store_id,
        found.owner_account_id,
        network.sources(found.network_configuration.get("api_allow_source_ips", ())),
    )


def store_id(tx: Tx, named: str) -> str:
    """The id of the store that an id or ARN names; `NotFound` when there is none."""
    return find(tx, named).identity_store_id


def owner_of(tx: Tx, identity_store_id: str) -> str:
    """The account that owns the store named by id or ARN; `NotFound` when there is none."""
    return find(tx, identity_store_id).owner_account_id


def resource_id(named: str, kind: str) -> str:
    """The id in an id or ARN of a `kind` (user, group, membership)."""
    prefix = f"arn:aws:identitystore:::{kind}/"
    if named.startswith("arn:") and not named.startswith(prefix):
        raise Invalid(f"{named} is not the ARN of a {kind}.")
    return named.removeprefix(prefix)


def actor(tx: Tx) -> str:
    """The caller as CreatedBy and UpdatedBy name it."""
    match tx.call.caller:
        case Signer(arn=arn):
            return arn
        case Person(user_id=user_id):
            return user_id
        case Worker(kind=kind):
            return kind
        case Owner(reason=reason):
            return reason
        case _:
            raise AssertionError("an unproven caller reached a write")


def iam(action: str, *resources: Resources, members_may_read: bool = False) -> Iam:
    """`identitystore:<action>` on the store and on `resources`."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        wanted = [find(tx, call.params["identity_store_id"]).arn]
        for resource in resources:
            wanted += resource(tx, call.params)
        return (Check(action=f"identitystore:{action}", resources=tuple(wanted)),)

    return Iam(checks=checks, owner=owner, members_may_read=members_may_read, delegable=True)


def owner(tx: Tx, call: Call) -> str:
    """`Iam.owner` of every operation that takes `identity_store_id`.

    `Denied` from an address that the store's network configuration leaves out, whoever asks.
    """
    found = find(tx, call.params["identity_store_id"])
    if found.api_sources and not network.within(call.origin.source_ip, found.api_sources):
        caller = call.caller.arn if isinstance(call.caller, Signer) else "anonymous"
        raise Denied(
            f"User: {caller} is not authorized to perform: identitystore:{call.operation.name} on"
            f" resource: {found.arn} with an explicit deny in the network configuration of the"
            " identity store"
        )
    return found.owner_account_id


def the_user(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The user named by UserId or MemberId."""
    named = params["user_id"] if "user_id" in params else params["member_id"]["user_id"]
    return (arns.user(resource_id(named, "user")),)


def the_group(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The group named by GroupId."""
    return (arns.group(resource_id(params["group_id"], "group")),)


def the_groups(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups named by GroupIds."""
    return tuple(arns.group(resource_id(named, "group")) for named in params["group_ids"])


def the_membership(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The membership named by MembershipId, with its group and its user."""
    membership_id = resource_id(params["membership_id"], "membership")
    found = store.find_membership(tx, store_id(tx, params["identity_store_id"]), membership_id)
    if found is None:
        return (arns.membership(membership_id), ALL_GROUPS, ALL_USERS)
    return (arns.membership(membership_id), arns.group(found.group_id), arns.user(found.user_id))


def the_membership_between(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The membership of the user in the group, both named."""
    found = store.find_membership_between(
        tx,
        store_id(tx, params["identity_store_id"]),
        group_id=resource_id(params["group_id"], "group"),
        user_id=resource_id(params["member_id"]["user_id"], "user"),
    )
    return (arns.membership(found.membership_id) if found else ALL_MEMBERSHIPS,)


def the_user_found(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The user that AlternateIdentifier finds."""
    identity_store_id = store_id(tx, params["identity_store_id"])
    found = user_id_by(tx, identity_store_id, params["alternate_identifier"])
    return (arns.user(found) if found else ALL_USERS,)


def the_group_found(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The group that AlternateIdentifier finds."""
    identity_store_id = store_id(tx, params["identity_store_id"])
    found = group_id_by(tx, identity_store_id, params["alternate_identifier"])
    return (arns.group(found) if found else ALL_GROUPS,)


def all_users(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Every user, as a list asks for it."""
    return (ALL_USERS,)


def all_groups(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Every group, as a list asks for it."""
    return (ALL_GROUPS,)


def all_memberships(tx: Tx, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Every membership, as a list asks for it."""
    return (ALL_MEMBERSHIPS,)
