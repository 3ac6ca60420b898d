"""The judge is not blind: whatever is spoiled in a store after a quiet run is named."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.chaos import SEED, Run
from tests.faults.journal import Act
from tests.faults.site import Site
from tests.faults.verdict import Rows, judge

_WANTED = {"CreateUser", "UpdateUser", "CreateGroup", "CreateToken", "SignIn"} | {
    "CreatePermissionSet",
    "CreateAccountAssignment",
    "DeleteAccountAssignment",
}


_MADE = (
    "SELECT id FROM users WHERE user_name LIKE 'load-%'",
    "SELECT id FROM groups WHERE display_name LIKE 'load-%'",
    "SELECT permission_set_id FROM permission_sets WHERE name LIKE 'L-%'",
)
_ENOUGH = 3
"""Each of the two actors that make these may take one away before it stops."""


@dataclass(frozen=True)
class Quiet:
    """A run in which nothing went wrong, and its store at rest."""

    run: Run
    file: Path


@pytest.fixture(scope="module")
def quiet(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quiet]:
    folder = tmp_path_factory.mktemp("quiet")
    with site.sqlite(folder) as nodes:
        nodes.start()
        run = Run(nodes, folder, SEED, {"nothing": lambda dice: None})
        assert run.under(until_all_was_done(run)) == []
        nodes.stop()
        yield Quiet(run, Path(nodes.database.removeprefix("sqlite:")))


def until_all_was_done(run: Run) -> Iterator[str]:
    """Nothing, as often as it takes for an act of each kind and for something to spoil."""
    rows = Rows(run.nodes.database)
    for _ in range(100):
        yield "nothing"
        done = {act.name for act in run.journal.acts if act.done}
        if done >= _WANTED and all(len(rows.all(sql)) >= _ENOUGH for sql in _MADE):
            return
    raise AssertionError("some kind of act was never done")


def acts_of(quiet: Quiet, name: str) -> list[Act]:
    return [act for act in quiet.run.journal.acts if act.name == name and act.done]


def spoiled(quiet: Quiet, tmp_path: Path, *statements: str) -> list[str]:
    """What the judge says of a copy of the store after these statements."""
    copy = tmp_path / "spoiled.sqlite"
    with sqlite3.connect(quiet.file) as raw, sqlite3.connect(copy) as target:
        raw.backup(target)
        for statement in statements:
            assert target.execute(statement).rowcount > 0, statement
    return judge(quiet.run.journal, f"sqlite:{copy}")


_SPOILED = {
    "a lost user": (
        "DELETE FROM users WHERE id = (SELECT MAX(id) FROM users WHERE user_name LIKE 'load-%')",
        "users recorded but not there",
    ),
    "a lost change": (
        "UPDATE users SET display_name = 'other' WHERE user_name LIKE 'load-%'",
        "names of users recorded but not there",
    ),
    "a lost group": (
        "DELETE FROM groups WHERE display_name LIKE 'load-%'",
        "groups recorded but not there",
    ),
    "a lost permission set": (
        "DELETE FROM permission_sets WHERE permission_set_id ="
        " (SELECT MAX(permission_set_id) FROM permission_sets WHERE name LIKE 'L-%')",
        "permission sets recorded but not there",
    ),
    "a wrong count": ("UPDATE identity_stores SET user_count = user_count + 1", "user_count"),
    "a lost role": (
        "DELETE FROM iam_roles WHERE role_id ="
        " (SELECT MAX(role_id) FROM iam_roles WHERE path LIKE '/aws-reserved/%')",
        "roles in the accounts recorded but not there",
    ),
    "a second role": (
        "INSERT INTO iam_roles SELECT account_id, role_name || 'x', role_key || 'x', path,"
        " role_id || 'x', trust_policy, description, max_session_duration, boundary_arn, tags,"
        " created_at FROM iam_roles WHERE path LIKE '/aws-reserved/%' LIMIT 1",
        "roles in the accounts there but not recorded",
    ),
    "a role that nobody has": (
        "DELETE FROM assignments WHERE (account_id, permission_set_id) ="
        " (SELECT account_id, permission_set_id FROM assignments LIMIT 1)",
        "roles for what is assigned there but not recorded",
    ),
    "a half-made role": (
        "UPDATE provisioned_permission_sets SET content_hash = '' WHERE role_arn ="
        " (SELECT MAX(role_arn) FROM provisioned_permission_sets)",
        "never finished",
    ),
    "a request without an end": (
        "UPDATE assignment_requests SET status = 'IN_PROGRESS' WHERE request_id ="
        " (SELECT MAX(request_id) FROM assignment_requests)",
        "never ended",
    ),
    "a failed request": (
        "UPDATE assignment_requests SET status = 'FAILED', failure_reason = 'why not'"
        " WHERE request_id = (SELECT MAX(request_id) FROM assignment_requests)",
        "failed: why not",
    ),
    "a job left": (
        "INSERT INTO jobs VALUES ('x', 'ProvisionRole', '{}', '', 'dead', 12, 0, 0, 0, '', 0)",
        "jobs left",
    ),
    "policies of no role": (
        "INSERT INTO iam_role_policies VALUES ('1', 'nobody', 'p', '{}')",
        "policies of no role",
    ),
    "a membership of nobody": (
        "INSERT INTO group_memberships SELECT 'x', id, 'nobody', 'nobody', 0, ''"
        " FROM identity_stores",
        "memberships of nobody",
    ),
    "a grant whose refresh token is gone": (
        "DELETE FROM refresh_tokens WHERE used_at = 0",
        "grants without exactly one living refresh token",
    ),
}


@pytest.mark.parametrize("what", _SPOILED)
def test_what_is_spoiled_in_the_store_is_named(quiet: Quiet, tmp_path: Path, what: str) -> None:
    statement, sentence = _SPOILED[what]
    assert any(sentence in found for found in spoiled(quiet, tmp_path, statement))


def test_a_record_that_is_missing_is_named(quiet: Quiet, tmp_path: Path) -> None:
    agent = acts_of(quiet, "CreateToken")[0].agent
    statement = f'DELETE FROM audit_events WHERE record LIKE \'%"userAgent":"{agent}"%\''
    found = spoiled(quiet, tmp_path, statement)
    assert any(one.startswith(f"acknowledged but not recorded: {agent} ") for one in found)


def test_a_record_that_is_there_twice_is_named(quiet: Quiet, tmp_path: Path) -> None:
    agent = acts_of(quiet, "CreateUser")[0].agent
    columns = (
        "event_time, account_id, event_name, event_source, user_name, access_key_id, read_only"
    )
    found = spoiled(
        quiet,
        tmp_path,
        f"INSERT INTO audit_events (event_id, {columns}, record) SELECT 'again', {columns}, record"
        f' FROM audit_events WHERE record LIKE \'%"userAgent":"{agent}"%\'',
    )
    assert any(one.startswith(f"recorded twice: {agent} ") for one in found)
    assert any("an event id occurs twice" in one for one in found)


def test_a_role_that_does_not_say_what_was_provisioned_is_named(
    quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(f"sqlite:{quiet.file}")
    ((one, role), *_) = rows.all(
        "SELECT permission_set_id, role_name FROM provisioned_permission_sets"
    )
    monkeypatch.setitem(quiet.run.journal.provisioned, f"arn/{one}", '{"Version":"2012-10-17"}')
    assert any(found.startswith(f"role {role} says") for found in spoiled(quiet, tmp_path))


def test_an_untouched_copy_is_good(quiet: Quiet, tmp_path: Path) -> None:
    assert spoiled(quiet, tmp_path) == []
