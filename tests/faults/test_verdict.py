"""The judge is not blind: whatever is spoiled in a store after a quiet run is named."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.faults.chaos import SEED, Run
from tests.faults.journal import REFUSED, Act
from tests.faults.leftovers import Rows
from tests.faults.site import Site
from tests.faults.verdict import is_read, judge

_WANTED = {"CreateUser", "CreateToken", "SignIn", "CreateAccountAssignment"} | {
    "DeleteAccountAssignment",
    "UpdatePermissionSet",
}
_MADE = (
    "SELECT id FROM users WHERE user_name LIKE 'load-directory-%'",
    "SELECT id FROM groups WHERE display_name LIKE 'load-directory-%'",
    "SELECT permission_set_id FROM permission_sets WHERE name LIKE 'L-%'",
    "SELECT permission_set_id FROM permission_sets WHERE name LIKE 'load-%'",
    "SELECT application_id FROM applications WHERE name LIKE 'load-applications-%'",
    "SELECT issuer_id FROM trusted_token_issuers",
    "SELECT policy_arn FROM iam_policies WHERE policy_name LIKE 'load-%'",
)
_ENOUGH = 2
"""Whose they are may take one away before it stops."""


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
    for _ in range(300):
        yield "nothing"
        done = {act.name for act in run.journal.acts if act.done}
        # A session is kept where its assignment is, and so its role.
        kept = any(actor.sessions for actor in run.access)
        made = all(len(rows.all(sql)) >= _ENOUGH for sql in _MADE)
        if kept and made and refusals(run) and done >= _WANTED:
            return
    raise AssertionError("some kind of act was never done")


def refusals(run: Run) -> list[Act]:
    """The refused acts that have a record."""
    acts = run.journal.acts
    return [act for act in acts if act.service and act.outcome == REFUSED and not is_read(act)]


def acts_of(quiet: Quiet, name: str) -> list[Act]:
    return [act for act in quiet.run.journal.acts if act.name == name and act.done]


def spoiled(quiet: Quiet, tmp_path: Path, *statements: str) -> list[str]:
    """What the judge says of a copy of the store after these statements."""
    copy = tmp_path / "spoiled.sqlite"
    with sqlite3.connect(quiet.file) as raw, sqlite3.connect(copy) as target:
        raw.backup(target)
        for statement in statements:
            assert target.execute(statement).rowcount > 0, statement
    return judge(quiet.run.journal, f"sqlite:{copy}", quiet.run.before)


_SPOILED = {
    "a lost user": (
        "DELETE FROM users WHERE id = (SELECT MAX(id) FROM users WHERE user_name LIKE 'load-%')",
        "users recorded but not there",
    ),
    "a lost change": (
        "UPDATE users SET display_name = 'other' WHERE user_name LIKE 'load-%'",
        "users recorded but not there",
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
    "a lost application": (
        "DELETE FROM applications WHERE application_id ="
        " (SELECT MAX(application_id) FROM applications)",
        "applications recorded but not there",
    ),
    "a changed application": (
        "UPDATE applications SET status = 'GONE'",
        "applications there but not recorded",
    ),
    "a configuration that nobody put": (
        "UPDATE applications SET assignment_required = 1 - assignment_required",
        "assignments required there but not recorded",
    ),
    "background sessions that nobody put": (
        "UPDATE applications SET background_sessions = 'PERHAPS'",
        "background sessions there but not recorded",
    ),
    "an application's assignment that nobody made": (
        "INSERT INTO application_assignments SELECT application_id, 'x', 'USER' FROM applications",
        "application assignments there but not recorded",
    ),
    "a grant that nobody put": (
        "INSERT INTO application_parts SELECT application_id, 'grant', 'x', '{}' FROM applications",
        "application parts there but not recorded",
    ),
    "a part of no application": (
        "INSERT INTO application_parts VALUES ('apl-x', 'grant', 'x', '{}')",
        "parts of no application",
    ),
    "a lost issuer": (
        "DELETE FROM trusted_token_issuers WHERE issuer_id ="
        " (SELECT MAX(issuer_id) FROM trusted_token_issuers)",
        "issuers recorded but not there",
    ),
    "a tag that nobody put": (
        "UPDATE permission_sets SET tags = '[[\"load-z\",\"x\"]]' WHERE name LIKE 'load-%'",
        "tags there but not recorded",
    ),
    "a Region that never settled": (
        "INSERT INTO instance_regions SELECT id, 'us-gov-west-1', 'ADDING', 0 FROM instances"
        " WHERE kind = 'ORGANIZATION'",
        "regions there but not recorded",
    ),
    "other attributes": (
        "INSERT INTO instance_access_control_attributes SELECT id, '[]' FROM instances"
        " WHERE kind = 'ORGANIZATION' ON CONFLICT (instance_id) DO UPDATE SET attributes = '[]'",
        "attributes there but not recorded",
    ),
    "an instance in a passing state": (
        "UPDATE instances SET kind = 'ACCOUNT', status = 'CREATE_IN_PROGRESS'",
        "instances there but not recorded",
    ),
    "another name of the instance": (
        "UPDATE instances SET name = 'x' WHERE kind = 'ORGANIZATION'",
        "organization instance recorded but not there",
    ),
    "a managed policy that nobody attached": (
        "INSERT INTO permission_set_managed_policies SELECT permission_set_id, 'x'"
        " FROM permission_sets WHERE name LIKE 'load-%'",
        "managed policies there but not recorded",
    ),
    "a reference that nobody attached": (
        "INSERT INTO permission_set_customer_policies SELECT permission_set_id, '/', 'x'"
        " FROM permission_sets WHERE name LIKE 'load-%'",
        "customer policies there but not recorded",
    ),
    "an inline policy that nobody put": (
        "UPDATE permission_sets SET inline_policy = '{\"x\":1}' WHERE name LIKE 'load-%'",
        "inline policies there but not recorded",
    ),
    "a boundary that nobody put": (
        "UPDATE permission_sets SET boundary = '{\"x\":\"y\"}' WHERE name LIKE 'load-%'",
        "boundaries there but not recorded",
    ),
    "a delegation that nobody made": (
        "INSERT INTO delegated_administrators VALUES ('1', 'x', 0)",
        "delegations there but not recorded",
    ),
    "a service that nobody trusts": (
        "INSERT INTO organization_service_access VALUES ('x', 0)",
        "trusted services there but not recorded",
    ),
    "a control policy that nobody made": (
        "INSERT INTO organization_policies VALUES ('p-x', 'load-x', '',"
        ' \'{"Statement":[{"Action":"iam:x"}]}\', \'{}\')',
        "control policies there but not recorded",
    ),
    "an account's policy in another version": (
        "UPDATE iam_policies SET default_version_id = 'v9' WHERE policy_name LIKE 'load-%'",
        "policies there but not recorded",
    ),
    "a version that says something else": (
        "UPDATE iam_policy_versions SET document = '{}' WHERE policy_arn LIKE '%/load-%'",
        "policy versions there but not recorded",
    ),
    "a role that says something else": (
        "UPDATE iam_roles SET boundary_arn = 'x' WHERE role_name LIKE 'AWSReservedSSO_L-%'",
        "boundary='x'",
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
        " FROM identity_stores LIMIT 1",
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


def test_a_refusal_without_its_record_is_named(quiet: Quiet, tmp_path: Path) -> None:
    agent = refusals(quiet.run)[0].agent
    statement = f'DELETE FROM audit_events WHERE record LIKE \'%"userAgent":"{agent}"%\''
    found = spoiled(quiet, tmp_path, statement)
    assert any(one.startswith(f"its refusal is not recorded: {agent} ") for one in found)


def test_two_things_of_one_token_are_named(quiet: Quiet, tmp_path: Path) -> None:
    acts = [act for act in acts_of(quiet, "CreateApplication") if "ClientToken" in act.asked]
    one, other = acts[0], next(act for act in acts if act.asked != acts[0].asked)
    acts = quiet.run.journal.acts
    token = {"ClientToken": other.asked["ClientToken"]}
    acts[acts.index(one)] = replace(one, asked={**one.asked, **token})
    try:
        found = spoiled(quiet, tmp_path)
    finally:
        acts[[act.agent for act in acts].index(one.agent)] = one
    assert any(one.startswith("one token, several things") for one in found)


def test_an_untouched_copy_is_good(quiet: Quiet, tmp_path: Path) -> None:
    assert spoiled(quiet, tmp_path) == []
