"""Rates at the front of a real application, with the clock of the rates in hand.

Time passes for the buckets only when a test says so, so what is refused does not depend on how fast
the machine is. `tests/fronts/aws/test_throttling.py` has real clients on a real server.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from genkan.core.call import Anonymous, Call, Operation, Origin, Owner, Public, Signer
from genkan.core.errors import Throttled
from genkan.core.ids import request_id
from genkan.core.rates import RATES, Rate
from genkan.core.token_bucket import SECOND
from genkan.credentials.operations import CREATE_ACCESS_KEY
from genkan.fronts.aws.gateway import Gateway
from genkan.fronts.aws.services import SERVICES
from genkan.fronts.aws.throttling import RECORDS_AT_ONCE, Throttle
from genkan.iam import operations as iam
from genkan.oauth.operations import DECIDE_DEVICE_REQUEST, READ_DEVICE_REQUEST
from genkan.protocols.aws.wire import Response
from tests.fronts.aws.oidc import ACCOUNT_ACCESS, DEVICE_CODE
from tests.fronts.aws.samples import sample
from tests.fronts.aws.wire import Keys, scope_of
from tests.fronts.aws.world import MEMBER
from tests.perform.dump import AUDIT, changes, dump
from tests.perform.house import ORIGIN, House, as_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

OIDC = SERVICES["sso-oidc"].operations
ADDRESS = "198.51.100.7"


class Front:
    """A gateway with rates of its own; `now` is their clock, in nanoseconds."""

    def __init__(self, house: House, rates: tuple[Rate, ...] = RATES) -> None:
        self.house = house
        self.now = 5 * SECOND
        self.throttle = Throttle(rates, clock=lambda: self.now)
        self.gateway = Gateway(house.app, self.throttle)

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.now += int(seconds * SECOND)

    async def ask(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        keys: Keys | None = None,
        source_ip: str = ADDRESS,
    ) -> Response:
        """One good request, by default the sample's, and its answer."""
        world = self.house.world
        given = sample(world, service, operation) if params is None else params
        sent = world.wire.request(service, operation, given)
        if SERVICES[service].authentication == "signature":
            sent = world.wire.sign(sent, keys or world.wire.administrator, scope_of(service))
        elif SERVICES[service].authentication == "bearer":
            sent = sent.with_header("x-amz-sso_bearer_token", world.more["token"])
        origin = replace(ORIGIN, request_id=request_id(), source_ip=source_ip)
        return await self.gateway.answer(as_request(sent, world.wire.host), origin)

    async def ask_often(self, number: int, *asked: Any, **options: Any) -> list[str]:
        """As many requests one after the other; the error of each, empty for none."""
        return [error(await self.ask(*asked, **options)) for _ in range(number)]


def error(response: Response) -> str:
    """The code of an error; empty for an answer."""
    if response.status < 400:
        return ""
    if response.body.startswith(b"<"):
        return response.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()
    return dict(response.headers)[b"x-amzn-errortype"].decode()


async def member_keys(house: House) -> Keys:
    """The administrator of a member account."""
    answer = await house.do(
        SERVICES["sts"].operations["AssumeRole"],
        house.callers["administrator"],
        role_arn=f"arn:aws:iam::{house.world.account(MEMBER)}:role/OrganizationAccountAccessRole",
        role_session_name="throttled",
    )
    given = answer.credentials
    return {
        "access_key_id": given.access_key_id,
        "secret_access_key": given.secret_access_key,
        "session_token": given.session_token,
    }


async def user_without_rights(house: House) -> Keys:
    """A user of the management account."""
    owner = Owner(reason="test")
    who = {"account_id": house.world.management, "user_name": f"idle-{request_id()[:8]}"}
    await house.do(iam.CREATE_USER, owner, **who)
    key = await house.do(CREATE_ACCESS_KEY, owner, **who)
    return {
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key,
    }


async def registered(house: House) -> dict[str, str]:
    """A client, as members of a request."""
    made = await house.do(
        OIDC["RegisterClient"],
        Anonymous(),
        client_name="tests",
        client_type="public",
        scopes=[ACCOUNT_ACCESS],
    )
    return {"clientId": made.client_id, "clientSecret": made.client_secret}


async def approved(house: House, client: Mapping[str, str]) -> dict[str, str]:
    """What CreateToken is asked with for a device that a person approved."""
    started = await house.do(
        OIDC["StartDeviceAuthorization"],
        Anonymous(),
        client_id=client["clientId"],
        client_secret=client["clientSecret"],
        start_url=house.facts["start_url"],
    )
    person, code = house.callers["person"], {"user_code": started.user_code}
    shown = await house.do(READ_DEVICE_REQUEST, person, **code)
    await house.do(DECIDE_DEVICE_REQUEST, person, **code, request_id=shown.request_id, approve=True)
    return {**client, "grantType": DEVICE_CODE, "deviceCode": started.device_code}


# --- what is refused, and when it is not any more ------------------------------------------------


async def test_a_second_has_room_for_its_rate_and_then_for_one_at_a_time(house: House) -> None:
    front = Front(house)
    asked = ("sso-admin", "ListInstances")
    assert await front.ask_often(25, *asked) == [""] * 20 + ["ThrottlingException"] * 5
    front.pass_(0.05)
    assert await front.ask_often(2, *asked) == ["", "ThrottlingException"]
    front.pass_(1)
    assert await front.ask_often(21, *asked) == [""] * 20 + ["ThrottlingException"]
    assert front.throttle.refused == {**dict.fromkeys((r.name for r in RATES), 0), "sso-admin": 7}


async def test_operations_of_sso_admin_share_one_rate(house: House) -> None:
    front = Front(house)
    instance = {"InstanceArn": house.world.instance}
    assert await front.ask_often(10, "sso-admin", "ListPermissionSets", instance) == [""] * 10
    assert await front.ask_often(11, "sso-admin", "ListInstances") == [
        *[""] * 10,
        "ThrottlingException",
    ]


async def test_each_operation_of_an_identity_store_has_its_own(house: House) -> None:
    front = Front(house)
    store = {"IdentityStoreId": house.world.store}
    full = [""] * 20 + ["ThrottlingException"]
    assert await front.ask_often(21, "identitystore", "ListUsers", store) == full
    assert await front.ask_often(21, "identitystore", "ListGroups", store) == full


async def test_without_rates_nothing_is_refused(house: House) -> None:
    front = Front(house)
    front.gateway = Gateway(house.app)
    assert await front.ask_often(60, "sso-admin", "ListInstances") == [""] * 60
    assert await front.ask_often(60, "sts", "GetCallerIdentity") == [""] * 60


async def test_each_node_counts_what_it_answers_itself(house: House) -> None:
    one, other = Front(house), Front(house)
    full = [""] * 20 + ["ThrottlingException"]
    assert await one.ask_often(21, "sso-admin", "ListInstances") == full
    assert await other.ask_often(21, "sso-admin", "ListInstances") == full


async def test_what_has_no_published_rate_is_never_refused(house: House) -> None:
    front = Front(house)
    for asked in (("sso", "ListAccounts"), ("organizations", "ListAccounts"), ("iam", "ListRoles")):
        assert await front.ask_often(100, *asked) == [""] * 100


# --- as each protocol writes it -------------------------------------------------------------------


def one_a_second(service: str) -> Rate:
    return Rate(name="test", service=service, per_second=1, scope="address")


@pytest.mark.parametrize(
    ("service", "operation", "status", "code", "body"),
    [
        ("sso-admin", "ListInstances", 400, "ThrottlingException", {"Message": "Rate exceeded"}),
        (
            "identitystore",
            "ListUsers",
            400,
            "ThrottlingException",
            {"Message": "Rate exceeded", "RetryAfterSeconds": 1, "RequestId": ...},
        ),
        ("cloudtrail", "LookupEvents", 400, "ThrottlingException", {"Message": "Rate exceeded"}),
        (
            "organizations",
            "ListRoots",
            400,
            "TooManyRequestsException",
            {"Message": "Rate exceeded"},
        ),
        ("sso", "ListAccounts", 429, "TooManyRequestsException", {"message": "Rate exceeded"}),
        (
            "sso-oidc",
            "RegisterClient",
            400,
            "SlowDownException",
            {"error": "slow_down", "error_description": "Rate exceeded"},
        ),
    ],
)
async def test_each_service_refuses_in_its_own_words(
    house: House, service: str, operation: str, status: int, code: str, body: dict[str, Any]
) -> None:
    front = Front(house, (one_a_second(service),))
    assert error(await front.ask(service, operation)) == ""
    response = await front.ask(service, operation)
    headers = dict(response.headers)
    assert (response.status, error(response)) == (status, code)
    found = json.loads(response.body)
    if headers[b"content-type"] == b"application/x-amz-json-1.1":
        assert found.pop("__type") == code
    if "RequestId" in body:
        body = {**body, "RequestId": headers[b"x-amzn-requestid"].decode()}
    assert found == body


@pytest.mark.parametrize(
    ("service", "operation"), [("sts", "GetCallerIdentity"), ("iam", "ListRoles")]
)
async def test_the_query_protocol_says_throttling(
    house: House, service: str, operation: str
) -> None:
    front = Front(house, (one_a_second(service),))
    assert error(await front.ask(service, operation)) == ""
    response = await front.ask(service, operation)
    text = response.body.decode()
    assert response.status == 400
    assert "<Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>" in text


async def test_retry_after_seconds_is_true(house: House) -> None:
    rate = Rate(name="test", service="identitystore", per_second=1, scope="store")
    front = Front(house, (rate,))
    store = {"IdentityStoreId": house.world.store}
    assert error(await front.ask("identitystore", "ListUsers", store)) == ""
    front.pass_(0.4)
    response = await front.ask("identitystore", "ListUsers", store)
    front.pass_(json.loads(response.body)["RetryAfterSeconds"])
    assert error(await front.ask("identitystore", "ListUsers", store)) == ""


# --- whose it is ----------------------------------------------------------------------------------


async def test_one_account_does_not_use_up_anothers(house: House) -> None:
    front = Front(house)
    keys = await member_keys(house)
    full = [""] * 20 + ["ThrottlingException"]
    assert await front.ask_often(21, "sso-admin", "ListInstances", keys=keys) == full
    assert await front.ask_often(21, "sso-admin", "ListInstances") == full
    assert await front.ask_often(3, "cloudtrail", "LookupEvents", {}, keys=keys) == full[18:]
    assert await front.ask_often(3, "cloudtrail", "LookupEvents", {}) == full[18:]


async def test_all_keys_of_an_account_share_its_rate(house: House) -> None:
    front = Front(house)
    first, second = await member_keys(house), await member_keys(house)
    assert await front.ask_often(20, "sso-admin", "ListInstances", keys=first) == [""] * 20
    answer = await front.ask("sso-admin", "ListInstances", keys=second)
    assert error(answer) == "ThrottlingException"


async def test_who_may_not_spends_nothing_of_who_may(house: House) -> None:
    """An attacker with a key of the account, or of another, cannot slow its administrators."""
    front = Front(house)
    asked = ("sso-admin", "ListPermissionSets", {"InstanceArn": house.world.instance})
    for keys in (await user_without_rights(house), await member_keys(house)):
        assert await front.ask_often(30, *asked, keys=keys) == ["AccessDeniedException"] * 30
    forged = {**house.world.wire.administrator, "secret_access_key": "x" * 40}
    assert await front.ask_often(30, *asked, keys=forged) == ["InvalidSignatureException"] * 30
    assert await front.ask_often(21, *asked) == [""] * 20 + ["ThrottlingException"]


async def test_one_address_does_not_use_up_anothers(house: House) -> None:
    front = Front(house)
    full = [""] * 20 + ["SlowDownException"]
    asked = ("sso-oidc", "RegisterClient")
    for address in ("198.51.100.7", "198.51.100.8", "2001:db8::1", "2001:db8:1::1"):
        assert await front.ask_often(21, *asked, source_ip=address) == full


async def test_the_many_addresses_of_one_ipv6_customer_are_one(house: House) -> None:
    front = Front(house)
    found = [
        error(await front.ask("sso-oidc", "RegisterClient", source_ip=f"2001:db8:0:{number:x}::1"))
        for number in range(40)
    ]
    assert found == [""] * 20 + ["SlowDownException"] * 20


async def test_one_client_does_not_use_up_anothers(house: House) -> None:
    front = Front(house)
    first, second = await registered(house), await registered(house)
    wanted = {"grantType": "refresh_token", "refreshToken": "invented"}
    found = await front.ask_often(81, "sso-oidc", "CreateToken", {**first, **wanted})
    assert found[:80] == ["InvalidGrantException"] * 80
    assert found[80] == "SlowDownException"
    answer = await front.ask("sso-oidc", "CreateToken", {**second, **wanted})
    assert error(answer) == "InvalidGrantException"
    start = {**first, "startUrl": house.facts["start_url"]}
    answer = await front.ask("sso-oidc", "StartDeviceAuthorization", start)
    assert error(answer) == ""


async def test_who_does_not_know_a_clients_secret_spends_nothing_of_it(house: House) -> None:
    front = Front(house)
    client = await registered(house)
    wanted = {"grantType": "refresh_token", "refreshToken": "invented"}
    guessed = {**client, **wanted, "clientSecret": "guessed"}
    found = await front.ask_often(300, "sso-oidc", "CreateToken", guessed)
    assert found == ["InvalidClientException"] * 300
    answer = await front.ask("sso-oidc", "CreateToken", {**client, **wanted})
    assert error(answer) == "InvalidGrantException"


async def test_only_what_is_granted_spends_the_instances_rate(house: House) -> None:
    """Anybody may register a client and invent codes, and nobody must be kept out by that."""
    rate = Rate(
        name="test", service="sso-oidc", operations=("CreateToken",), per_second=1, scope="instance"
    )
    front = Front(house, (rate,))
    client = await registered(house)
    invented = {**client, "grantType": "refresh_token", "refreshToken": "invented"}
    found = await front.ask_often(20, "sso-oidc", "CreateToken", invented)
    assert found == ["InvalidGrantException"] * 20
    first, second = await approved(house, client), await approved(house, client)
    assert error(await front.ask("sso-oidc", "CreateToken", first)) == ""
    assert error(await front.ask("sso-oidc", "CreateToken", second)) == "SlowDownException"
    front.pass_(1)
    assert error(await front.ask("sso-oidc", "CreateToken", second)) == ""


async def test_what_one_rate_refuses_costs_nothing_of_the_other(house: House) -> None:
    own = Rate(name="own", service="sso-oidc", per_second=2, scope="client")
    everybody = Rate(name="everybody", service="sso-oidc", per_second=1, scope="instance")
    front = Front(house, (own, everybody))
    client, other = await registered(house), await registered(house)
    assert error(await front.ask("sso-oidc", "CreateToken", await approved(house, other))) == ""
    grant = await approved(house, client)
    assert await front.ask_often(9, "sso-oidc", "CreateToken", grant) == ["SlowDownException"] * 9
    assert front.throttle.refused == {"own": 0, "everybody": 9}
    front.pass_(1)
    assert error(await front.ask("sso-oidc", "CreateToken", grant)) == ""


# --- what it leaves behind ------------------------------------------------------------------------


def records(before: Any, after: Any) -> list[dict[str, Any]]:
    """The records that were made between."""
    return [
        json.loads(next(cell for cell in row if str(cell).startswith("{")))
        for row in after[AUDIT] - before[AUDIT]
    ]


@pytest.mark.parametrize(
    ("operation", "read_only"), [("CreatePermissionSet", False), ("ListPermissionSets", True)]
)
async def test_a_refused_request_leaves_its_record_and_nothing_else(
    house: House, operation: str, read_only: bool
) -> None:
    front = Front(house)
    await front.ask_often(20, "sso-admin", "ListInstances")
    before = dump(house.database)
    instance = {"InstanceArn": house.world.instance}
    name = {} if read_only else {"Name": "TooFast"}
    response = await front.ask("sso-admin", operation, {**instance, **name})
    assert error(response) == "ThrottlingException"
    after = dump(house.database)
    assert changes(before, after) == {AUDIT: (1, 0)}
    (record,) = records(before, after)
    assert record["errorCode"] == "ThrottlingException"
    assert record["errorMessage"] == "Rate exceeded"
    assert (record["eventName"], record["readOnly"]) == (operation, read_only)
    assert record["eventSource"] == "sso.amazonaws.com"
    assert record["requestID"] == dict(response.headers)[b"x-amzn-requestid"].decode()
    assert record["userIdentity"]["accountId"] == house.world.management
    assert record["sourceIPAddress"] == ADDRESS
    assert record["requestParameters"] is None
    assert record["responseElements"] is None


async def test_a_flood_is_no_flood_of_records(house: House) -> None:
    front = Front(house)
    keys = await member_keys(house)
    await front.ask_often(20, "sso-admin", "ListInstances")
    await front.ask_often(20, "sso-admin", "ListInstances", keys=keys)
    before = dump(house.database)
    await front.ask_often(60, "sso-admin", "ListInstances")
    await front.ask_often(1, "sso-admin", "ListInstances", keys=keys)
    found = records(before, dump(house.database))
    accounts = [record["recipientAccountId"] for record in found]
    assert accounts.count(house.world.management) == RECORDS_AT_ONCE
    assert accounts.count(house.world.account(MEMBER)) == 1
    assert front.throttle.refused["sso-admin"] == 61
    front.pass_(1)
    await front.ask_often(60, "sso-admin", "ListInstances")
    assert len(records(before, dump(house.database))) == len(found) + 1


async def test_strangers_leave_few_records(house: House) -> None:
    front = Front(house)
    await front.ask_often(20, "sso-oidc", "RegisterClient")
    before = dump(house.database)
    answers = await front.ask_often(20, "sso-oidc", "RegisterClient")
    assert answers == ["SlowDownException"] * 20
    after = dump(house.database)
    assert changes(before, after) == {AUDIT: (RECORDS_AT_ONCE, 0)}
    for record in records(before, after):
        assert record["errorCode"] == "SlowDownException"
        assert record["userIdentity"]["type"] == "Unknown"
        assert record["requestParameters"] is None


async def test_a_request_whose_transaction_is_lost_is_counted_once() -> None:
    """On either engine an operation may have to run again, and its caller asked once."""
    ran: list[str] = []
    operation = Operation(
        name="LookupEvents", run=lambda tx: ran.append("ran"), access=Public(reason="test")
    )
    call = Call(
        operation=operation,
        params={},
        caller=Signer(account_id="1" * 12, arn="a", user_id="u", access_key_id="k"),
        origin=Origin(request_id="r"),
        event_source="cloudtrail.amazonaws.com",
    )

    async def write(call: Call, work: Any, refused: Any) -> Any:
        for _ in range(4):
            work(None)
        return work(None)

    app: Any = SimpleNamespace(
        db=SimpleNamespace(write=write),
        record=lambda tx, call, outcome: None,
        admits=lambda call, outcome: True,
    )
    throttle = Throttle(clock=lambda: 0)
    for _ in range(2):
        await throttle.perform(app, SERVICES["cloudtrail"], call)
    assert len(ran) == 10
    app.db.write = _refusing_once
    with pytest.raises(Throttled):
        await throttle.perform(app, SERVICES["cloudtrail"], call)


async def _refusing_once(call: Call, work: Any, refused: Any = None) -> Any:
    return work(None)
