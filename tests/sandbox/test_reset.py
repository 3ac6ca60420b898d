"""Reset: the seed exactly, whatever runs at that moment, and for nobody without the secret."""

import concurrent.futures
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.adjustable import Knobs, held
from tests.perform.dump import changes, dump
from tests.sandbox.contents import rows_of
from tests.support.person import (
    Person,
    access_token,
    device_token,
    register_client,
    role_credentials,
)
from tests.support.server import ANSWER_SECONDS, Server

pytestmark = pytest.mark.sandbox_only("the sandbox itself")
BURST = 15
ROUNDS = 4
QUIET_SECONDS = 0.3
READ_ONLY = "ReadOnlyAccess"


def is_the_seed(server: Server) -> bool:
    """Nothing but the seed is in the store."""
    seed = rows_of(server.data_dir / "seed.sqlite")
    assert changes(seed, rows_of(server.data_dir / "genkan.sqlite")) == {}
    return True


def stays_the_seed(server: Server) -> bool:
    """Nothing but the seed is in the store, also a moment later."""
    assert is_the_seed(server)
    time.sleep(QUIET_SECONDS)  # whatever still ran would write now
    assert is_the_seed(server)
    assert dump(server.data_dir / "genkan.sqlite")["jobs"] == frozenset()
    return True


@pytest.fixture
def holdable(tmp_path: Path) -> Iterator[tuple[Server, Knobs]]:
    """A server whose worker can be made to wait."""
    yield from held(Server, tmp_path)


def create_user(server: Server, name: str) -> str:
    made = server.client("identitystore").create_user(
        IdentityStoreId=server.facts["identity_store_id"],
        UserName=name,
        DisplayName=name,
        Name={"GivenName": "A", "FamilyName": "B"},
    )
    user_id: str = made["UserId"]
    return user_id


def test_a_reset_leaves_exactly_the_seed(server: Server) -> None:
    create_user(server, "newcomer")
    server.client("identitystore").delete_user(
        IdentityStoreId=server.facts["identity_store_id"], UserId=server.user("ken")["user_id"]
    )
    device_token(server, "hanako")
    seed = rows_of(server.data_dir / "seed.sqlite")
    touched = changes(seed, rows_of(server.data_dir / "genkan.sqlite"))
    assert {"users", "passwords", "audit_events", "interactive_sessions", "token_grants"} <= set(
        touched
    )
    server.reset()
    assert is_the_seed(server)


def test_ids_keys_and_passwords_are_as_before(server: Server) -> None:
    file = server.data_dir / "sandbox.json"
    before = file.read_bytes()
    server.client("identitystore").delete_user(
        IdentityStoreId=server.facts["identity_store_id"], UserId=server.user("ken")["user_id"]
    )
    server.reset()
    assert file.read_bytes() == before
    found = server.client("identitystore").describe_user(
        IdentityStoreId=server.facts["identity_store_id"], UserId=server.user("ken")["user_id"]
    )
    assert found["UserName"] == "ken"
    assert "/signout" in Person(server, "ken").sign_in().text
    assert server.client("sts").get_caller_identity()["Account"]


def test_what_was_created_since_is_gone_for_every_reader(server: Server) -> None:
    user_id = create_user(server, "newcomer")
    made = server.client("sso-admin").create_permission_set(
        InstanceArn=server.facts["instance_arn"], Name="Newest"
    )
    server.reset()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        server.client("identitystore").describe_user(
            IdentityStoreId=server.facts["identity_store_id"], UserId=user_id
        )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        server.client("sso-admin").describe_permission_set(
            InstanceArn=server.facts["instance_arn"],
            PermissionSetArn=made["PermissionSet"]["PermissionSetArn"],
        )
    create_user(server, "newcomer")


def test_tokens_and_sessions_of_every_kind_are_dead(server: Server) -> None:
    person = Person(server, "hanako")
    assert "/signout" in person.sign_in().text
    token = device_token(server, "hanako")
    session = role_credentials(server, "hanako", "sakura-web-prod", READ_ONLY)
    started = httpx.post(
        f"{server.url}/device_authorization",
        json={**register_client(server), "startUrl": server.facts["start_url"]},
        timeout=ANSWER_SECONDS,
    ).json()
    server.reset()
    assert "/signout" not in person.http.get("/start", follow_redirects=True).text
    assert portal_accounts(server, token["accessToken"]).status_code == 401
    assert refresh(server, token).status_code == 400
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        server.client("sts", session).get_caller_identity()
    fresh = Person(server, "hanako")
    fresh.sign_in()
    page = fresh.http.get("/device", params={"user_code": started["userCode"]})
    confirmed = fresh.post_form(page, "/device", step="confirm", user_code=started["userCode"])
    assert "/device/consent" not in confirmed.text


def test_a_lock_out_is_forgotten(server: Server) -> None:
    for _ in range(12):
        Person(server, "maria", password="Wrong-one-12345").sign_in()
    assert "/signout" not in Person(server, "maria").sign_in().text
    server.reset()
    assert "/signout" in Person(server, "maria").sign_in().text


@pytest.mark.parametrize("change", ["wrong", "longer", "shorter", "empty"])
def test_a_wrong_secret_is_not_found_and_changes_nothing(server: Server, change: str) -> None:
    create_user(server, "newcomer")
    path, _, secret = server.facts["reset_url"].rpartition("/")
    tried = {
        "wrong": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        "longer": secret + "A",
        "shorter": secret[:-1],
        "empty": "",
    }[change]
    before = dump(server.data_dir / "genkan.sqlite")
    answer = httpx.post(f"{path}/{tried}", timeout=ANSWER_SECONDS)
    assert answer.status_code == 404
    assert secret not in answer.text
    assert changes(before, dump(server.data_dir / "genkan.sqlite")) == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_resets(server: Server, method: str) -> None:
    create_user(server, "newcomer")
    before = dump(server.data_dir / "genkan.sqlite")
    answer = httpx.request(method, server.facts["reset_url"], timeout=ANSWER_SECONDS)
    assert answer.status_code == 405
    assert changes(before, dump(server.data_dir / "genkan.sqlite")) == {}


def test_a_reset_amid_a_burst_of_assignments_leaves_no_trace_of_them(server: Server) -> None:
    for _ in range(ROUNDS):
        with burst_of_assignments(server):
            server.reset()
        assert stays_the_seed(server)
    assert "Traceback" not in server.log()


def test_jobs_that_wait_at_a_reset_leave_no_trace(holdable: tuple[Server, Knobs]) -> None:
    server, knobs = holdable
    for _ in range(ROUNDS):
        knobs.hold()
        with burst_of_assignments(server):
            assert dump(server.data_dir / "genkan.sqlite")["jobs"]
            server.reset()
        knobs.release()
        assert stays_the_seed(server)
    assert "Traceback" not in server.log()


def test_the_worker_goes_on_after_a_reset(server: Server) -> None:
    with burst_of_assignments(server):
        server.reset()
    admin = server.client("sso-admin")
    request = assign(server, admin, server.account("sakura-security"))
    wait_for(server, admin, request)
    token = access_token(server, "ken")
    accounts = portal_accounts(server, token).json()["accountList"]
    assert server.account("sakura-security") in {one["accountId"] for one in accounts}


def test_many_resets_at_once_and_one_after_another_leave_the_seed(server: Server) -> None:
    create_user(server, "newcomer")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(server.reset) for _ in range(16)]:
            done.result()
    assert is_the_seed(server)
    for _ in range(5):
        create_user(server, "newcomer")
        server.reset()
    assert is_the_seed(server)


def test_readers_never_see_half_of_a_reset(server: Server) -> None:
    store = server.client("identitystore")
    directory = {"IdentityStoreId": server.facts["identity_store_id"]}
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        resets = pool.submit(reset_often, server)
        while not resets.done():
            seen.add(len(store.list_users(**directory)["Users"]))
        resets.result()
    assert seen == {len(server.facts["users"])}


def reset_often(server: Server) -> None:
    for _ in range(10):
        server.reset()


def portal_accounts(server: Server, token: str) -> httpx.Response:
    return httpx.get(
        f"{server.url}/assignment/accounts",
        headers={"x-amz-sso_bearer_token": token},
        timeout=ANSWER_SECONDS,
    )


def refresh(server: Server, token: dict[str, str]) -> httpx.Response:
    return httpx.post(
        f"{server.url}/token",
        json={
            "clientId": token["clientId"],
            "clientSecret": token["clientSecret"],
            "grantType": "refresh_token",
            "refreshToken": token["refreshToken"],
        },
        timeout=ANSWER_SECONDS,
    )


@contextlib.contextmanager
def burst_of_assignments(server: Server) -> Iterator[None]:
    """As many accepted requests as may run at a time, just accepted."""
    admin = server.client("sso-admin")
    instance = {"InstanceArn": server.facts["instance_arn"]}
    sets = [
        admin.create_permission_set(**instance, Name=f"Burst{number}")["PermissionSet"][
            "PermissionSetArn"
        ]
        for number in range(2)
    ]
    pairs = [
        (account["id"], arn)
        for arn in sets
        for account in server.facts["accounts"]
        if account["id"] != server.facts["management_account_id"]
    ][:BURST]
    for account_id, arn in pairs:
        with contextlib.suppress(ClientError):  # so many run already
            assign(server, admin, account_id, arn)
    yield


def assign(server: Server, admin: Any, account_id: str, arn: str | None = None) -> str:
    instance = {"InstanceArn": server.facts["instance_arn"]}
    if arn is None:
        sets = admin.list_permission_sets(**instance)["PermissionSets"]
        arn = next(
            one
            for one in sets
            if admin.describe_permission_set(**instance, PermissionSetArn=one)["PermissionSet"][
                "Name"
            ]
            == READ_ONLY
        )
    request_id: str = admin.create_account_assignment(
        **instance,
        TargetId=account_id,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=arn,
        PrincipalType="USER",
        PrincipalId=server.user("ken")["user_id"],
    )["AccountAssignmentCreationStatus"]["RequestId"]
    return request_id


def wait_for(server: Server, admin: Any, request_id: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        status = admin.describe_account_assignment_creation_status(
            InstanceArn=server.facts["instance_arn"],
            AccountAssignmentCreationRequestId=request_id,
        )["AccountAssignmentCreationStatus"]["Status"]
        if status == "SUCCEEDED":
            return
        time.sleep(0.01)
    raise AssertionError("the assignment does not succeed")
