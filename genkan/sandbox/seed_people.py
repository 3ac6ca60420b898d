"""Writing a seed's people: users, groups and memberships of one identity store, passwords."""

import asyncio
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET

from genkan.core.call import Operation
from genkan.identity_store import operations as identity_store
from genkan.sandbox.document import Network
from genkan.sandbox.document_people import Group, Member, User
from genkan.sandbox.seed_door import Seeder
from genkan.sandbox.seed_members import user_members
from genkan.signin.operations import SET_PASSWORD

_WIRE = {operation.name: operation for operation in identity_store.OPERATIONS}

Ids = dict[str, str]
"""Ids by name."""


async def make_people(
    seeder: Seeder, identity_store_id: str, users: Sequence[User], groups: Sequence[Group]
) -> tuple[Ids, Ids]:
    """Make users, and groups with their members; the ids of both."""
    user_ids: Ids = {}
    for user in users:
        made = await seeder.do(
            _WIRE["CreateUser"],
            identity_store_id=identity_store_id,
            user_id=user.id or None,
            **user_members(user),
        )
        user_ids[user.user_name] = made.user_id
        if user.status != "ENABLED":
            await seeder.do(
                identity_store.SET_USER_STATUS,
                identity_store_id=identity_store_id,
                user_id=made.user_id,
                status=user.status,
            )
    group_ids = {
        group.display_name: await _group(seeder, identity_store_id, group, user_ids)
        for group in groups
    }
    return user_ids, group_ids


async def _group(seeder: Seeder, identity_store_id: str, group: Group, user_ids: Ids) -> str:
    made = await seeder.do(
        _WIRE["CreateGroup"],
        identity_store_id=identity_store_id,
        group_id=group.id or None,
        display_name=group.display_name,
        description=group.description or None,
        external_ids=[{"issuer": one.issuer, "id": one.id} for one in group.external_ids],
    )
    for entry in group.members:
        member = entry if isinstance(entry, Member) else Member(user=entry)
        await seeder.do(
            _WIRE["CreateGroupMembership"],
            identity_store_id=identity_store_id,
            group_id=made.group_id,
            member_id={"user_id": user_ids[member.user]},
            membership_id=member.id or None,
        )
    group_id: str = made.group_id
    return group_id


async def restrict(seeder: Seeder, identity_store_id: str, network: Network) -> None:
    """Let the identity store be called from these addresses only."""
    update: Operation = _WIRE["UpdateIdentityStore"]
    await seeder.do(
        update,
        identity_store_id=identity_store_id,
        network_configuration={
            "vpce_access_required": False,
            "api_allow_source_ips": network.api_allow_source_ips,
            "scim_allow_source_ips": network.scim_allow_source_ips,
        },
    )


async def make_passwords(
    seeder: Seeder, users: Sequence[User], user_ids: Mapping[str, str]
) -> dict[str, str]:
    """The passwords of those users that have one, given or made up, now theirs."""
    passwords = {
        user.user_name: _password() if user.password is UNSET else user.password
        for user in users
        if user.password is not None
    }
    digests = await _hashed(passwords.values())
    for user_name, digest in zip(passwords, digests, strict=True):
        await seeder.do(SET_PASSWORD, user_id=user_ids[user_name], password_hash=digest)
    return passwords


async def _hashed(passwords: Iterable[str]) -> list[str]:
    from genkan.signin.hashing import hash_password

    at_a_time = asyncio.Semaphore(os.cpu_count() or 1)

    async def hashed(password: str) -> str:
        async with at_a_time:
            return await asyncio.to_thread(hash_password, password)

    return await asyncio.gather(*map(hashed, passwords))


def _password() -> str:
    """Readable, within the policy of reference §6.2, over 60 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz"
    blocks = ["".join(secrets.choice(letters) for _ in range(4)) for _ in range(3)]
    return f"{blocks[0].title()}-{blocks[1]}-{blocks[2]}-{secrets.randbelow(90) + 10}"
