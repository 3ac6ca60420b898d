"""A real sandbox or node in this process, with callers of every kind, to call the door itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from genkan.core.app import App
from genkan.core.call import (
    Anonymous,
    Call,
    Caller,
    Iam,
    Operation,
    Origin,
    Owner,
    Person,
    Signer,
    Worker,
)
from genkan.core.clock import system_clock
from genkan.core.ids import request_id
from genkan.credentials.operations import CREATE_ACCESS_KEY
from genkan.db.place import Place
from genkan.fronts.aws.services import SERVICES
from genkan.iam import operations as iam
from genkan.oauth.operations import DECIDE_DEVICE_REQUEST, READ_DEVICE_REQUEST
from genkan.perform import perform
from genkan.protocols.aws import codec
from genkan.protocols.aws.model import load
from genkan.protocols.aws.wire import Request
from genkan.signin.hashing import HashingPool
from genkan.signin.password_check import sign_in_with_password
from genkan.signin.records import SignedIn
from genkan.sts.operations import RESOLVE_ACCESS_KEY
from tests.fronts.aws.samples import sample
from tests.fronts.aws.wire import Sent, Wire
from tests.fronts.aws.world import MEMBER, NOBODY, World
from tests.support.assembled import Assembled

STRANGERS_ACCOUNT = "999999999999"
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
ORIGIN = Origin(request_id="00000000-0000-4000-8000-000000000000")


@dataclass(slots=True)
class House:
    """The application and who may come to its door. `database` is where its rows are."""

    app: App
    database: Place
    facts: dict[str, Any]
    world: World
    stop: Callable[[], Awaitable[None]]
    callers: dict[str, Caller] = field(default_factory=dict)

    async def do(self, operation: Operation, caller: Caller, /, **params: Any) -> Any:
        """Through the door."""
        return await perform(self.app, a_call(operation, caller, params))

    def params(self, operation: Operation) -> dict[str, Any]:
        """Good parameters for whatever the operation's access asks of them."""
        if not isinstance(operation.access, Iam):
            return {}
        if operation.name == "SetUserStatus":
            user = {"identity_store_id": self.world.store, "user_id": self.world.users["ken"]}
            return {**user, "status": "DISABLED"}
        service = next(
            model
            for model, service in SERVICES.items()
            if any(one.run is operation.run for one in service.operations.values())
        )
        sent = self.world.wire.request(
            service, operation.name, sample(self.world, service, operation.name)
        )
        model = load(service).operation(operation.name)
        assert model is not None
        return codec.decode(model, as_request(sent, self.world.wire.host))


def a_call(operation: Operation, caller: Caller, params: Mapping[str, Any]) -> Call:
    """A call as a front would make it."""
    return Call(
        operation=operation,
        params=params,
        caller=caller,
        origin=replace(ORIGIN, request_id=request_id()),
        event_source="test.amazonaws.com",
    )


def as_request(sent: Sent, host: str) -> Request:
    """What the server would see of a request."""
    path, _, query = sent.target.partition("?")
    headers = [(name.lower().encode(), value.encode()) for name, value in sent.headers]
    return Request(
        method=sent.method,
        path=path.encode(),
        query=query.encode(),
        headers=[(b"host", host.encode()), *headers],
        body=sent.body,
    )


async def open_house(engine: str, directory: Path) -> House:
    """Start a sandbox on SQLite or a node on PostgreSQL, and find or make its callers."""
    assembled = Assembled(engine, directory, system_clock)
    await assembled.assembly.start()
    server, facts = assembled.outside, assembled.outside.read_facts()
    house = House(
        app=assembled.assembly.app,
        database=server.place,
        facts=facts,
        world=_world(facts, server.port),
        stop=assembled.assembly.stop,
    )
    house.callers["administrator"] = await _signer(house, facts["administrator"]["access_key_id"])
    house.callers |= {
        "anonymous": Anonymous(),
        "person": await _person(house),
        "worker": Worker(kind="SomethingElse", job_id=NOBODY, fence=1),
        "member": await _member(house),
        "stranger": await _stranger(house),
    }
    house.world.more["token"] = await _access_token(house)
    return house


def _world(facts: dict[str, Any], port: int) -> World:
    """What samples name; what only must be well-formed is invented."""
    accounts = {entry["alias"]: entry["id"] for entry in facts["accounts"]}
    server: Any = SimpleNamespace(
        port=port, url=f"http://localhost:{port}", facts=facts, account=accounts.__getitem__
    )
    instance_id = facts["instance_arn"].rpartition("/")[2]
    permission_set = f"arn:aws:sso:::permissionSet/{instance_id}/ps-0123456789abcdef"
    names = ("creation", "deletion", "provisioning", "membership", "kept", "mates", "victims")
    made = dict.fromkeys((*names, "victim", "member"), NOBODY)
    return World(
        server=server,
        wire=Wire(server),
        admin=server,
        instance=facts["instance_arn"],
        store=facts["identity_store_id"],
        management=facts["management_account_id"],
        users={user["user_name"]: user["user_id"] for user in facts["users"]},
        groups={"Auditors": NOBODY},
        sets={"ReadOnlyAccess": permission_set},
        more={
            **made,
            "spare": permission_set,
            "doomed": permission_set,
            "role": "Role",
            "provider": f"arn:aws:iam::{accounts[MEMBER]}:saml-provider/Provider",
            "policy": f"arn:aws:iam::{accounts[MEMBER]}:policy/Policy",
            "root": "r-abcd",
            "unit": "ou-abcd-12345678",
            "account instance": facts["instance_arn"],
            "scp": "p-0123456789",
            "doomed scp": "p-0123456789",
        },
    )


async def _signer(house: House, access_key_id: str) -> Signer:
    found = await house.do(RESOLVE_ACCESS_KEY, Anonymous(), access_key_id=access_key_id)
    signer: Signer = found.signer
    return signer


async def _person(house: House) -> Person:
    pool = HashingPool()
    user = next(one for one in house.facts["users"] if one["user_name"] == "ken")
    signed_in = await sign_in_with_password(
        house.app,
        pool,
        user_name="ken",
        password=user["password"],
        workflow_id=NOBODY,
        origin=ORIGIN,
    )
    await pool.close()
    assert isinstance(signed_in, SignedIn)
    return signed_in.person


async def _access_token(house: House) -> str:
    """An access token of the person, for a device that the person approved."""
    oidc, person, nobody = SERVICES["sso-oidc"].operations, house.callers["person"], Anonymous()
    registered = await house.do(
        oidc["RegisterClient"],
        nobody,
        client_name="tests",
        client_type="public",
        scopes=["sso:account:access"],
    )
    client = {"client_id": registered.client_id, "client_secret": registered.client_secret}
    start_url = house.facts["start_url"]
    started = await house.do(
        oidc["StartDeviceAuthorization"], nobody, **client, start_url=start_url
    )
    code = {"user_code": started.user_code}
    shown = await house.do(READ_DEVICE_REQUEST, person, **code)
    await house.do(DECIDE_DEVICE_REQUEST, person, **code, request_id=shown.request_id, approve=True)
    token = await house.do(
        oidc["CreateToken"],
        nobody,
        **client,
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        device_code=started.device_code,
    )
    access_token: str = token.access_token
    return access_token


async def _member(house: House) -> Signer:
    """The administrator of a member account, by the role that AWS Organizations makes."""
    assume_role = SERVICES["sts"].operations["AssumeRole"]
    account = house.world.account(MEMBER)
    answer = await house.do(
        assume_role,
        house.callers["administrator"],
        role_arn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        role_session_name="member",
    )
    return await _signer(house, answer.credentials.access_key_id)


async def _stranger(house: House) -> Signer:
    """An administrator of an account that is not in the organization."""
    owner = Owner(reason="test")
    who = {"account_id": STRANGERS_ACCOUNT, "user_name": "stranger"}
    await house.do(iam.CREATE_USER, owner, **who)
    await house.do(iam.ATTACH_USER_POLICY, owner, **who, policy_arn=ADMINISTRATOR_ACCESS)
    key = await house.do(CREATE_ACCESS_KEY, owner, **who)
    return await _signer(house, key.access_key_id)


def harmless(operation: Operation, ran: list[str]) -> Operation:
    """The operation with its own way in, doing nothing but to say that it ran."""

    def run(tx: Any, **params: Any) -> None:
        ran.append(operation.name)

    return replace(operation, run=run)
