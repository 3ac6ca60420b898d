"""Killed or told to stop in the middle of many writes: every acknowledged one is there, once."""

import concurrent.futures
import contextlib
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults.chaos import SEED
from tests.faults.conftest import Stage
from tests.faults.lives import Cradle, Life, Step, copy_of
from tests.faults.load import Acknowledged, Load
from tests.faults.lost import Lost, answered
from tests.faults.scene import Witness, until

SIGKILLED, TERMINATED = -9, 0
KILLS = 5
GROUP = 8


def test_what_was_acknowledged_before_any_of_many_kills_is_there_once(
    cradle: Cradle, stage: Stage, tmp_path: Path
) -> None:
    directory = copy_of(stage.before, tmp_path / "data")
    life = Life(cradle, directory, port=stage.port).start()
    dice = random.Random(SEED)
    with Load(life) as load:
        for _ in range(KILLS):
            load.wait_for(dice.randint(10, 40))
            time.sleep(dice.random() / 50)
            life.stop(kill=True)
            assert life.ended == SIGKILLED
            life = Life(cradle, directory, port=stage.port).start()
        load.wait_for(10)
    assert load.cut_off >= 1
    all_is_there_once(stage.witness, load.acknowledged, life)
    life.stop(kill=True)


def test_a_server_told_to_stop_under_load_keeps_what_it_acknowledged(
    cradle: Cradle, stage: Stage, tmp_path: Path
) -> None:
    directory = copy_of(stage.before, tmp_path / "data")
    life = Life(cradle, directory, port=stage.port).start()
    with Load(life) as load:
        load.wait_for(60)
        life.signal(signal.SIGTERM)
        assert life.end() == TERMINATED
    assert "Traceback" not in life.log()
    assert "ERROR" not in life.log()
    life = Life(cradle, directory, port=stage.port).start()
    all_is_there_once(stage.witness, load.acknowledged, life)
    life.stop(kill=True)


@pytest.mark.parametrize(
    ("step", "there"),
    [
        (Step("CreateUser", "ran", 1 + GROUP // 2), 1),
        (Step("CreateUser", "ran", 1 + GROUP), 1),
        (Step("CreateUser", "committed", 2), 1 + GROUP),
    ],
    ids=str,
)
def test_a_group_of_writes_is_there_as_a_whole_or_not_at_all(
    cradle: Cradle, stage: Stage, tmp_path: Path, step: Step, there: int
) -> None:
    directory = copy_of(stage.before, tmp_path / "data")
    # The first write is committed alone and has the others wait, which are then one group.
    together = ("CreateUser", GROUP)
    steps = tmp_path / "steps"
    life = Life(
        cradle, directory, port=stage.port, die_at=step, together=together, steps=steps
    ).start()
    acknowledged = Acknowledged()
    with concurrent.futures.ThreadPoolExecutor(1 + GROUP) as pool:
        asked = [pool.submit(create_user, life, "load-first")]
        until(lambda: steps.exists() and "waiting" in steps.read_text())
        asked += [pool.submit(create_user, life, f"load-{number}") for number in range(GROUP)]
        made = dict(one.result() for one in asked)
    acknowledged.users = {name: user_id for name, user_id in made.items() if user_id}
    assert life.end() == SIGKILLED
    assert acknowledged.users.keys() <= {"load-first"}
    life = Life(cradle, directory, port=stage.port).start()
    assert len(load_users(life)) == there
    all_is_there_once(stage.witness, acknowledged, life)
    life.stop(kill=True)


def create_user(life: Life, name: str) -> tuple[str, str]:
    with contextlib.suppress(Lost), answered():
        made = life.client("identitystore").create_user(
            IdentityStoreId=life.facts["identity_store_id"],
            UserName=name,
            DisplayName=name,
            Name={"GivenName": "A", "FamilyName": "B"},
        )
        return name, made["UserId"]
    return name, ""


def all_is_there_once(witness: Witness, acknowledged: Acknowledged, life: Life) -> None:
    """Also what was done but not acknowledged has exactly its one audit record."""
    until(lambda: not life.jobs_left())
    users, sets, requests = load_users(life), load_sets(life), load_requests(witness)
    assert acknowledged.users.items() <= users.items()
    assert acknowledged.permission_sets.items() <= sets.items()
    assert set(acknowledged.assignments.values()) <= requests.keys()
    assert set(requests.values()) <= {"SUCCEEDED"}
    assert set(acknowledged.refusals) <= {"ThrottlingException"}
    assert recorded(witness, "CreateUser", "userId") == once(users.values())
    assert recorded(witness, "CreatePermissionSet", "permissionSetArn") == once(sets.values())
    assert recorded(witness, "CreateAccountAssignment", "requestId") == once(requests.keys())


def once(ids: Any) -> Counter[str]:
    counted: Counter[str] = Counter(ids)
    assert set(counted.values()) <= {1}
    return counted


def load_users(life: Life) -> dict[str, str]:
    pages = life.client("identitystore").get_paginator("list_users")
    return {
        user["UserName"]: user["UserId"]
        for page in pages.paginate(IdentityStoreId=life.facts["identity_store_id"])
        for user in page["Users"]
        if user["UserName"].startswith("load-")
    }


def load_sets(life: Life) -> dict[str, str]:
    admin = life.client("sso-admin")
    instance = {"InstanceArn": life.facts["instance_arn"]}
    pages = admin.get_paginator("list_permission_sets").paginate(**instance)
    named = {
        admin.describe_permission_set(**instance, PermissionSetArn=arn)["PermissionSet"][
            "Name"
        ]: arn
        for page in pages
        for arn in page["PermissionSets"]
    }
    return {name: arn for name, arn in named.items() if name.startswith("load-")}


def load_requests(witness: Witness) -> dict[str, str]:
    return {one["RequestId"]: one["Status"] for one in witness.requests("creation")}


def recorded(witness: Witness, event_name: str, member: str) -> Counter[str]:
    """How often each id occurs in the new records of acts of this name that succeeded."""
    return Counter(
        found
        for record in witness.records(event_name)
        if "errorCode" not in record
        for found in members(record["responseElements"], member)
    )


def members(document: Any, name: str) -> list[str]:
    """Every member of this name, however deep."""
    if not isinstance(document, dict):
        return []
    found = [document[name]] if name in document else []
    return found + [deep for value in document.values() for deep in members(value, name)]
