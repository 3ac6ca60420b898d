"""Users of IAM with long-term keys: their own identity policies limit them, and nothing else.

No operation makes them yet, so they are made by the process itself before the server starts.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from genkan.core.call import Owner
from genkan.core.clock import system_clock
from genkan.credentials.operations import CREATE_ACCESS_KEY
from genkan.iam.operations import ATTACH_USER_POLICY, CREATE_USER
from genkan.perform import perform
from tests.effects.limited import MANAGEMENT, may
from tests.fronts.aws.world import READ_ONLY, SECURITY_AUDIT, Clients, World, read_world
from tests.perform.house import a_call
from tests.support.assembled import Assembled
from tests.support.server import Server

OWNER = Owner(reason="test")
MEMBER = "sakura-web-dev"
ALL = "arn:aws:iam::aws:policy/AdministratorAccess"
#: User → the account and the policies.
USERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "everything": (MANAGEMENT, (ALL,)),
    "reader": (MANAGEMENT, (READ_ONLY,)),
    "auditor": (MANAGEMENT, (SECURITY_AUDIT, READ_ONLY)),
    "nobody": (MANAGEMENT, ()),
    "outsider": (MEMBER, (ALL,)),
}


@pytest.fixture(scope="module")
def users(
    wire_engine: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, dict[str, Clients]]]:
    """A running server, and clients of each user."""
    server, keys = asyncio.run(_make(wire_engine, tmp_path_factory.mktemp("users") / "data"))
    server.start()
    try:
        yield read_world(server), {name: Clients(server, key) for name, key in keys.items()}
    finally:
        server.stop()


async def _make(engine: str, directory: Path) -> tuple[Server, dict[str, dict[str, str]]]:
    assembled = Assembled(engine, directory, system_clock)
    await assembled.assembly.start()
    app, facts = assembled.assembly.app, assembled.outside.read_facts()
    accounts = {entry["alias"]: entry["id"] for entry in facts["accounts"]}
    keys = {}
    for name, (alias, policies) in USERS.items():
        who = {"account_id": accounts[alias], "user_name": name}
        await perform(app, a_call(CREATE_USER, OWNER, who))
        for policy in policies:
            attached = {**who, "policy_arn": policy}
            await perform(app, a_call(ATTACH_USER_POLICY, OWNER, attached))
        key = await perform(app, a_call(CREATE_ACCESS_KEY, OWNER, who))
        keys[name] = {
            "access_key_id": key.access_key_id,
            "secret_access_key": key.secret_access_key,
        }
    await assembled.assembly.stop()
    return assembled.outside, keys


#: Whether each may list permission sets, create one, read users, list roles of its own account.
RIGHTS = {
    "everything": (True, True, True, True),
    "reader": (True, False, True, True),
    "auditor": (True, False, True, True),
    "nobody": (False, False, False, False),
    # Every right in an account that administers nothing: members may read people alone (§1.7).
    "outsider": (False, False, True, True),
}


@pytest.mark.parametrize("name", USERS)
def test_a_user_may_what_its_identity_policies_allow(
    users: tuple[World, dict[str, Clients]], name: str
) -> None:
    world, clients = users
    own = clients[name]
    assert own.sts.get_caller_identity()["Arn"].endswith(f":user/{name}")
    at = {"InstanceArn": world.instance}
    assert RIGHTS[name] == (
        may(own.sso_admin.list_permission_sets, **at),
        may(own.sso_admin.create_permission_set, **at, Name=name),
        may(own.identitystore.list_users, IdentityStoreId=world.store),
        may(own.iam.list_roles),
    )
