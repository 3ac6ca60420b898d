"""The machine's clock is set, forward or back, by minutes or hours, while a node runs."""

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from genkan.audit.sealing import SEAL_JOB
from tests.faults.leftovers import Rows
from tests.faults.lives import Step
from tests.faults.scene import until
from tests.faults.site import Knobs, Midwife, Site
from tests.support.nodes import Nodes
from tests.support.person import Person, device_token, forms_of, post
from tests.support.server import ANSWER_SECONDS

ALIAS = "sakura-data-dev"
SET_NAME = "Timely"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
WORK = f"SELECT 1 FROM jobs WHERE kind <> '{SEAL_JOB}'"
"""What `genkan init` recorded waits to be sealed until its time has come by the clock."""


@dataclass
class World:
    """A node on SQLite, and one clock for it and for whoever signs requests to it."""

    nodes: Nodes
    knobs: Knobs
    midwife: Midwife
    wrong_by_ms: int = 0

    def set_clock(self, wrong_by_ms: int) -> None:
        """The time is so much ahead of, or behind, what it should be."""
        self.wrong_by_ms = wrong_by_ms
        self.knobs.clock(wrong_by_ms)

    def now_ms(self) -> int:
        """What the node takes for the time."""
        return time.time_ns() // 1_000_000 + self.wrong_by_ms

    @property
    def assignment(self) -> dict[str, str]:
        """Of the permission set to Ken."""
        return {
            "InstanceArn": self.nodes.facts["instance_arn"],
            "TargetId": self.nodes.account(ALIAS),
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": self.permission_set_arn,
            "PrincipalType": "USER",
            "PrincipalId": self.nodes.user("ken")["user_id"],
        }

    permission_set_arn: str = ""

    def make_set(self) -> None:
        """The permission set."""
        made = self.nodes.client("sso-admin").create_permission_set(
            InstanceArn=self.nodes.facts["instance_arn"], Name=SET_NAME
        )
        self.permission_set_arn = made["PermissionSet"]["PermissionSetArn"]

    def give(self) -> str:
        """Ask for the assignment; the request's id."""
        asked = self.nodes.client("sso-admin").create_account_assignment(**self.assignment)
        request_id: str = asked["AccountAssignmentCreationStatus"]["RequestId"]
        return request_id

    def have_it_given(self) -> None:
        """Give it and wait until it is."""
        request_id = self.give()
        until(lambda: self.status(request_id) == "SUCCEEDED")

    def status(self, request_id: str) -> str:
        """Of that request."""
        described = self.nodes.client("sso-admin").describe_account_assignment_creation_status(
            InstanceArn=self.nodes.facts["instance_arn"],
            AccountAssignmentCreationRequestId=request_id,
        )
        status: str = described["AccountAssignmentCreationStatus"]["Status"]
        return status

    def credentials(self, token: str) -> httpx.Response:
        """Ken asks for credentials of the role."""
        return httpx.get(
            f"{self.nodes.url}/federation/credentials",
            params={"account_id": self.assignment["TargetId"], "role_name": SET_NAME},
            headers={"x-amz-sso_bearer_token": token},
            timeout=ANSWER_SECONDS,
        )

    def is_alive(self, given: dict[str, Any]) -> bool:
        """Whether a session is."""
        keys = {
            "access_key_id": given["accessKeyId"],
            "secret_access_key": given["secretAccessKey"],
            "session_token": given["sessionToken"],
        }
        try:
            self.nodes.client("sts", keys).get_caller_identity()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("InvalidClientTokenId", "ExpiredToken"):
                return False
            raise
        return True

    def refresh(self, token: dict[str, Any]) -> httpx.Response:
        """Exchange a refresh token."""
        asked = {name: token[name] for name in ("clientId", "clientSecret", "refreshToken")}
        return post(self.nodes, "/token", {**asked, "grantType": "refresh_token"})


@pytest.fixture
def world(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    knobs = Knobs(tmp_path / "knobs")
    with site.sqlite(tmp_path, knobs=str(knobs.file)) as nodes:
        made = World(nodes, knobs, Midwife(site.cradle, knobs=str(knobs.file)))

        def the_same_time(**_: Any) -> datetime.datetime:
            return datetime.datetime.fromtimestamp(made.now_ms() / 1000, datetime.UTC).replace(
                tzinfo=None
            )

        monkeypatch.setattr("botocore.auth.get_current_datetime", the_same_time)
        nodes.start()
        made.make_set()
        yield made


def test_what_runs_out_while_the_clock_jumps_ahead_is_over_and_nothing_else(world: World) -> None:
    world.have_it_given()
    browser = Person(world.nodes, "ken")
    browser.sign_in()
    token = device_token(world.nodes, "ken")
    given = world.credentials(token["accessToken"]).raise_for_status().json()["roleCredentials"]
    left_ms = given["expiration"] - world.now_ms()

    world.set_clock(left_ms - MINUTE_MS)
    assert world.is_alive(given)
    world.set_clock(left_ms + 1_000)
    assert not world.is_alive(given)

    world.set_clock(token["expiresIn"] * 1000 + MINUTE_MS)
    assert world.credentials(token["accessToken"]).status_code == 401
    token = {**token, **world.refresh(token).raise_for_status().json()}
    assert world.credentials(token["accessToken"]).is_success
    assert not _asks_to_sign_in(browser)

    world.set_clock(9 * HOUR_MS)
    assert world.refresh(token).status_code == 400
    assert world.credentials(token["accessToken"]).status_code == 401
    assert _asks_to_sign_in(browser)


def _asks_to_sign_in(browser: Person) -> bool:
    forms = forms_of(browser.http.get("/start").text)
    return any(form["action"] == "/signin" for form in forms)


@pytest.mark.parametrize("jump_ms", [10 * MINUTE_MS, -10 * MINUTE_MS])
def test_a_session_ends_with_its_assignment_whatever_the_clock_did_in_between(
    world: World, jump_ms: int
) -> None:
    world.have_it_given()
    token = device_token(world.nodes, "ken")["accessToken"]
    given = world.credentials(token).raise_for_status().json()["roleCredentials"]
    world.set_clock(jump_ms)
    assert world.is_alive(given)
    later = world.credentials(token).raise_for_status().json()["roleCredentials"]
    world.set_clock(0)
    assert world.is_alive(later)
    world.nodes.client("sso-admin").delete_account_assignment(**world.assignment)
    for clock in (0, jump_ms):
        world.set_clock(clock)
        assert not world.is_alive(given)
        assert not world.is_alive(later)
        assert world.credentials(token).status_code == 403


@pytest.mark.parametrize("jump_ms", [10 * MINUTE_MS, -10 * MINUTE_MS])
@pytest.mark.parametrize("step", ["BeginRoleWork", "ApplyChanges"])
def test_a_job_in_the_middle_of_which_the_clock_was_set_is_done_once(
    world: World, step: str, jump_ms: int
) -> None:
    (node,) = world.nodes.serving
    node.kill()
    node.start(world.midwife.dying(Step(step, "committed", 1), SIGSTOP))
    asking = world.give()
    assert node.process is not None
    stat = Path(f"/proc/{node.process.pid}/stat")
    until(lambda: stat.read_text().rpartition(") ")[2].startswith("T"))
    world.set_clock(jump_ms)
    node.signal(SIGCONT)
    until(lambda: world.status(asking) != "IN_PROGRESS")
    assert world.status(asking) == "SUCCEEDED"
    rows = Rows(world.nodes.database)
    until(lambda: not rows.all(WORK))
    roles = rows.values("SELECT role_name FROM iam_roles")
    assert sum(f"_{SET_NAME}_" in role for role in roles) == 1


def test_a_job_left_by_a_process_whose_clock_was_ahead_is_done_by_the_next(world: World) -> None:
    (node,) = world.nodes.serving
    world.set_clock(3 * HOUR_MS)
    node.kill()
    node.start(world.midwife.dying(Step("CreateAccountAssignment", "committed", 1)))
    with pytest.raises(BotoCoreError):
        world.give()
    until(lambda: not node.running())
    world.set_clock(0)
    node.start(world.midwife)
    rows = Rows(world.nodes.database)
    until(lambda: not rows.all(WORK))
    assert rows.values("SELECT status FROM assignment_requests") == {"SUCCEEDED"}


def test_every_record_is_listed_once_although_the_clock_went_back(world: World) -> None:
    made = []
    for number, clock in enumerate((0, 5 * MINUTE_MS, 0, -5 * MINUTE_MS, 0)):
        world.set_clock(clock)
        for one in range(3):
            answer = world.nodes.client("identitystore").create_user(
                IdentityStoreId=world.nodes.facts["identity_store_id"],
                UserName=f"timely-{number}-{one}",
                DisplayName="A",
                Name={"GivenName": "A", "FamilyName": "B"},
            )
            made.append(answer["UserId"])
    world.set_clock(6 * MINUTE_MS)
    pages = (
        world.nodes.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}],
            PaginationConfig={"PageSize": 4},
        )
    )
    events = [event for page in pages for event in page["Events"]]
    times = [event["EventTime"] for event in events]
    assert times == sorted(times, reverse=True)
    assert len({event["EventId"] for event in events}) == len(events)
    listed = [user for user in made for event in events if user in event["CloudTrailEvent"]]
    assert sorted(listed) == sorted(made)
