"""SIGKILL while many assignments are made together: each that was accepted is there, once."""

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Stage
from tests.faults.lives import Cradle, Life, Step, copy_of
from tests.faults.lost import Lost, answered
from tests.faults.scene import READ_ONLY, until

ACCOUNTS, SETS = 4, 3
SIGKILLED = -9


@pytest.mark.parametrize(
    "step",
    [
        Step("BeginRoleWork", "ran", 7),
        Step("ApplyChanges", "ran", 5),
        Step("ApplyChanges", "committed", 1),
        Step("SettleRoleWork", "ran", 4),
        Step("finish", "ran", 1),
    ],
    ids=str,
)
def test_of_many_creations_each_that_was_accepted_is_done_once(
    cradle: Cradle, stage: Stage, tmp_path: Path, step: Step
) -> None:
    directory = copy_of(stage.before, tmp_path / "data")
    life = Life(cradle, directory, port=stage.port, die_at=step).start()
    wanted = _without_roles(life, stage)
    with ThreadPoolExecutor(ACCOUNTS * SETS) as threads:
        accepted = [one for one in threads.map(_ask, _clients(stage, wanted)) if one is not None]
    assert life.end() == SIGKILLED
    life = Life(cradle, directory, port=stage.port).start()
    requests = stage.witness.requests
    until(lambda: all(one["Status"] != "IN_PROGRESS" for one in requests("creation")))
    ended = requests("creation")
    assert {one["Status"] for one in ended} == {"SUCCEEDED"}
    assert {one["RequestId"] for one in accepted} <= {one["RequestId"] for one in ended}
    until(lambda: not life.jobs_left())
    life.stop(kill=True)
    pairs = {(one["TargetId"], one["PermissionSetArn"].rpartition("/")[2]) for one in ended}
    assert len(pairs) == len(ended)
    assert _standing(directory) >= Counter(pairs)
    assert not _standing(directory) - Counter(set(_standing(directory)))


def _without_roles(life: Life, stage: Stage) -> list[tuple[str, str]]:
    """(account, permission set) where no role stands: new permission sets, several accounts."""
    admin, instance = life.client("sso-admin"), {"InstanceArn": stage.scene.facts["instance_arn"]}
    arns = []
    for number in range(SETS):
        made = admin.create_permission_set(**instance, Name=f"AtOnce{number}")
        arn = made["PermissionSet"]["PermissionSetArn"]
        admin.attach_managed_policy_to_permission_set(
            **instance, PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY
        )
        arns.append(arn)
    accounts = [one["Id"] for one in life.client("organizations").list_accounts()["Accounts"]]
    return [(account, arn) for account in accounts[:ACCOUNTS] for arn in arns]


def _clients(stage: Stage, wanted: list[tuple[str, str]]) -> list[tuple[Any, dict[str, str]]]:
    assignment = stage.scene.assignment
    return [
        (stage.witness.admin, {**assignment, "TargetId": account, "PermissionSetArn": arn})
        for account, arn in wanted
    ]


def _ask(one: tuple[Any, dict[str, str]]) -> dict[str, Any] | None:
    admin, assignment = one
    with suppress(Lost), answered():
        answer = admin.create_account_assignment(**assignment)
        status: dict[str, Any] = answer["AccountAssignmentCreationStatus"]
        return status
    return None


def _standing(directory: Path) -> Counter[tuple[str, str]]:
    """How many roles stand for each account and permission set."""
    with closing(sqlite3.connect(directory / "genkan.sqlite")) as raw:
        rows = raw.execute(
            "SELECT s.account_id, s.permission_set_id FROM permission_sets AS p"
            " JOIN provisioned_permission_sets AS s ON s.permission_set_id = p.permission_set_id"
            " JOIN iam_roles AS r ON r.account_id = s.account_id"
            " AND r.role_name LIKE 'AWSReservedSSO\\_' || p.name || '\\_%' ESCAPE '\\'"
            " WHERE s.content_hash <> ''"
        ).fetchall()
    return Counter(rows)
