"""SIGKILL in every phase of an assignment: what was acknowledged is there once after a restart."""

import contextlib
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.chaos import some
from tests.faults.conftest import Stage
from tests.faults.lives import Cradle, Life, Step, copy_of
from tests.faults.lost import Lost, answered
from tests.faults.scene import (
    INLINE,
    POWER_USER,
    READ_ONLY,
    SET_NAME,
    Witness,
    recorded_suffixes,
    until,
)

SIGKILLED = -9
LIVES_AT_MOST = 60
TRIED = 8
"""Steps that are tried of each act; all of them in `make test-all`."""
CHANGES_SEEN_FROM = 6
"""A life's first steps are claim and BeginRoleWork, each ran and committed; then come changes."""

CREATION = [
    "CreateAccountAssignment",
    "claim",
    "BeginRoleWork",
    "ApplyChanges",
    "SettleRoleWork",
    "finish",
]
DELETION = [
    "DeleteAccountAssignment",
    "claim",
    "BeginRoleWork",
    "ApplyChanges",
    "SettleRoleWork",
    "finish",
]


def test_a_creation_killed_at_any_step_is_done_once_or_was_never_accepted(
    cradle: Cradle, stage: Stage, tmp_path: Path
) -> None:
    steps = steps_of(cradle, stage.port, stage.before, tmp_path, stage.witness.creation)
    assert [step.name for step in steps] == twice(CREATION)
    for step in some(steps, TRIED):
        directory = copy_of(stage.before, tmp_path / str(step))
        accepted = killed_at(cradle, stage.port, directory, step, stage.witness.creation)
        suffixes = recorded_suffixes(directory, stage.scene)
        life = Life(cradle, directory, port=stage.port).start()
        if step == Step("CreateAccountAssignment", "ran", 1):
            assert accepted is None
            nothing_was_created(stage)
        else:
            created_once(stage, life, accepted, suffixes)
        life.stop(kill=True)


def test_a_deletion_killed_at_any_step_is_done_once_or_was_never_accepted(
    cradle: Cradle, stage: Stage, tmp_path: Path
) -> None:
    steps = steps_of(cradle, stage.port, stage.after, tmp_path, stage.witness.deletion)
    assert [step.name for step in steps] == twice(DELETION)
    for step in some(steps, TRIED):
        directory = copy_of(stage.after, tmp_path / str(step))
        accepted = killed_at(cradle, stage.port, directory, step, stage.witness.deletion)
        life = Life(cradle, directory, port=stage.port).start()
        if step == Step("DeleteAccountAssignment", "ran", 1):
            assert accepted is None
            nothing_was_deleted(stage)
        else:
            deleted_once(stage, life, accepted)
        life.stop(kill=True)


def test_a_creation_whose_server_dies_at_every_step_in_turn_still_ends(
    cradle: Cradle, stage: Stage, tmp_path: Path
) -> None:
    directory = copy_of(stage.before, tmp_path / "data")
    killed_at(
        cradle,
        stage.port,
        directory,
        Step("CreateAccountAssignment", "committed", 1),
        stage.witness.creation,
    )
    for number in range(1, LIVES_AT_MOST):
        life = Life(cradle, directory, port=stage.port, die_at=Step("*", "", number)).begin()
        until(functools.partial(is_over, life))
        life.stop(kill=True)
        assert life.ended == SIGKILLED
        if life.jobs_left() == 0:
            break
    assert CHANGES_SEEN_FROM < number < LIVES_AT_MOST - 1
    suffixes = recorded_suffixes(directory, stage.scene)
    life = Life(cradle, directory, port=stage.port).start()
    created_once(stage, life, None, suffixes)
    life.stop(kill=True)


def is_over(life: Life) -> bool:
    return not life.running() or life.jobs_left() == 0


def steps_of(
    cradle: Cradle, port: int, seeded: Path, tmp_path: Path, act: Callable[[], Any]
) -> list[Step]:
    """What an act that nobody disturbs goes through."""
    steps = tmp_path / "steps"
    life = Life(cradle, copy_of(seeded, tmp_path / "whole"), port=port, steps=steps).start()
    act()
    until(lambda: '["finish", "committed"' in steps.read_text())
    life.stop(kill=True)
    return [Step(*json.loads(line)) for line in steps.read_text().splitlines()]


def twice(names: list[str]) -> list[str]:
    return [name for name in names for _ in ("ran", "committed")]


def killed_at(
    cradle: Cradle, port: int, directory: Path, step: Step, act: Callable[[], dict[str, Any]]
) -> dict[str, Any] | None:
    """Have the server die at a step of the act; what the act was answered, if it was."""
    life = Life(cradle, directory, port=port, die_at=step).start()
    accepted = None
    with contextlib.suppress(Lost), answered():
        accepted = act()
    assert life.end() == SIGKILLED, step
    return accepted


def created_once(
    stage: Stage, life: Life, accepted: dict[str, Any] | None, suffixes: list[str]
) -> None:
    witness, scene = stage.witness, stage.scene
    until(lambda: all(one["Status"] != "IN_PROGRESS" for one in witness.requests("creation")))
    (request,) = witness.requests("creation")
    assert request["Status"] == "SUCCEEDED"
    assert accepted is None or request["RequestId"] == accepted["RequestId"]
    (record,) = witness.records("CreateAccountAssignment")
    assert "errorCode" not in record
    assert witness.assignments() == [("USER", scene.ken_id)]
    (role,) = witness.roles()
    assert [role["RoleName"]] == (suffixes or [role["RoleName"]])
    says_what_the_set_says(witness, role["RoleName"])
    assert witness.open_session().is_success
    assert until(lambda: not life.jobs_left())


def says_what_the_set_says(witness: Witness, role_name: str) -> None:
    role = witness.iam.get_role(RoleName=role_name)["Role"]
    (provider,) = witness.iam.list_saml_providers()["SAMLProviderList"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    attached = witness.iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]
    (inline,) = witness.iam.list_role_policies(RoleName=role_name)["PolicyNames"]
    document = witness.iam.get_role_policy(RoleName=role_name, PolicyName=inline)["PolicyDocument"]
    assert statement["Principal"] == {"Federated": provider["Arn"]}
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == POWER_USER
    assert {one["PolicyArn"] for one in attached} == {
        READ_ONLY,
        f"arn:aws:iam::{witness.scene.account_id}:policy/DataLakeReaders",
    }
    assert document == json.loads(INLINE)


def nothing_was_created(stage: Stage) -> None:
    witness = stage.witness
    assert witness.requests("creation") == []
    assert witness.records("CreateAccountAssignment") == []
    assert witness.assignments() == []
    assert witness.roles() == []
    assert witness.open_session().status_code == 403


def deleted_once(stage: Stage, life: Life, accepted: dict[str, Any] | None) -> None:
    witness = stage.witness
    # Before the role goes: access ends with the answer.
    assert not witness.is_alive(stage.session)
    assert witness.assignments() == []
    assert witness.open_session().status_code == 403
    until(lambda: all(one["Status"] != "IN_PROGRESS" for one in witness.requests("deletion")))
    (request,) = witness.requests("deletion")
    assert request["Status"] == "SUCCEEDED"
    assert accepted is None or request["RequestId"] == accepted["RequestId"]
    (record,) = witness.records("DeleteAccountAssignment")
    assert "errorCode" not in record
    assert witness.roles() == []
    assert recorded_suffixes(life.data_dir, stage.scene) == []
    assert not witness.is_alive(stage.session)
    assert until(lambda: not life.jobs_left())


def nothing_was_deleted(stage: Stage) -> None:
    witness = stage.witness
    assert witness.requests("deletion") == []
    assert witness.records("DeleteAccountAssignment") == []
    assert witness.assignments() == [("USER", stage.scene.ken_id)]
    (role,) = witness.roles()
    says_what_the_set_says(witness, role["RoleName"])
    assert SET_NAME in role["RoleName"]
    assert witness.is_alive(stage.session)
    assert witness.open_session().is_success
