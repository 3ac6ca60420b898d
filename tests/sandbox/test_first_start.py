"""The first start: cut off anywhere, the next one makes a complete organization."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.faults.chaos import SEED
from tests.faults.lives import Cradle, Life, Step
from tests.perform.dump import dump
from tests.sandbox.contents import counts_of

SIGKILLED = -9
RANDOM_MOMENTS = 5
_TOGETHER = ("claim", "finish")
LAST_STEPS = [
    Step("RememberFacts", "committed", 1),
    Step("MarkReady", "ran", 1),
    Step("MarkReady", "committed", 1),
]


def is_complete(life: Life, seeded: Path) -> bool:
    """As many rows of everything as an organization has whose making nobody disturbed."""
    assert counts_of(life.data_dir / "genkan.sqlite") == counts_of(seeded / "genkan.sqlite")
    assert counts_of(life.data_dir / "seed.sqlite") == counts_of(seeded / "seed.sqlite")
    assert life.client("sts").get_caller_identity()["Account"]
    life.reset()
    return True


def test_killed_at_any_moment_of_its_first_start_it_is_complete_after_the_next(
    cradle: Cradle, seeded: Path, tmp_path: Path
) -> None:
    steps = steps_of_a_first_start(cradle, tmp_path)
    # The worker claims and ends several jobs at a time, how many depends on the machine.
    certain = [step for step in steps if step.name not in _TOGETHER or step.occurrence == 1]
    chosen = sorted(random.Random(SEED).sample(certain[:-1], RANDOM_MOMENTS), key=steps.index)
    # Each start after a kill begins anew, so one directory serves for all moments.
    directory = tmp_path / "data"
    for step in (*chosen, *LAST_STEPS[:-1]):
        life = Life(cradle, directory, die_at=step).begin()
        assert life.end() == SIGKILLED, step
        assert not (directory / "sandbox.json").exists(), step
    life = Life(cradle, directory).start()
    assert is_complete(life, seeded)
    life.stop(kill=True)


def test_killed_when_all_was_made_but_not_told_it_keeps_what_was_made(
    cradle: Cradle, seeded: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "data"
    assert Life(cradle, directory, die_at=LAST_STEPS[-1]).begin().end() == SIGKILLED
    assert not (directory / "sandbox.json").exists()
    made = dump(directory / "genkan.sqlite")["instances"]
    life = Life(cradle, directory).start()
    assert dump(directory / "genkan.sqlite")["instances"] == made
    assert is_complete(life, seeded)
    life.stop(kill=True)


@pytest.mark.parametrize("left", ["key.partial", "seed.partial", ".sandbox.json.partial"])
def test_half_a_file_of_a_start_that_was_cut_off_is_not_in_the_way(
    cradle: Cradle, seeded: Path, tmp_path: Path, left: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / left).write_bytes(b"half")
    life = Life(cradle, tmp_path / "data").start()
    assert is_complete(life, seeded)
    assert not (tmp_path / "data" / left).exists()
    life.stop(kill=True)


def steps_of_a_first_start(cradle: Cradle, tmp_path: Path) -> list[Step]:
    steps = tmp_path / "steps"
    Life(cradle, tmp_path / "whole", steps=steps).start().stop(kill=True)
    found = [Step(*json.loads(line)) for line in steps.read_text().splitlines()]
    assert set(LAST_STEPS) <= set(found)
    return found


class Trail:
    """What the management account's trail tells after a first start."""

    def __init__(self, life: Life) -> None:
        pages = life.client("cloudtrail").get_paginator("lookup_events").paginate()
        self.records = [
            json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]
        ]

    def of(self, name: str, source: str) -> list[dict[str, Any]]:
        """The records of one operation, which all succeeded."""
        found = [
            record
            for record in self.records
            if record["eventName"] == name and record["eventSource"] == f"{source}.amazonaws.com"
        ]
        assert [record for record in found if "errorCode" in record] == []
        return found


def test_everything_in_the_seed_has_the_audit_record_of_the_operation_that_made_it(
    life: Life,
) -> None:
    trail, admin, store = Trail(life), life.client("sso-admin"), life.client("identitystore")
    instance = {"InstanceArn": life.facts["instance_arn"]}
    directory = {"IdentityStoreId": life.facts["identity_store_id"]}

    users = {one["UserId"] for one in every(store, "list_users", "Users", **directory)}
    created = trail.of("CreateUser", "identitystore")
    assert sorted(record["responseElements"]["userId"] for record in created) == sorted(users)

    groups = {one["GroupId"] for one in every(store, "list_groups", "Groups", **directory)}
    created = trail.of("CreateGroup", "identitystore")
    assert sorted(record["responseElements"]["groupId"] for record in created) == sorted(groups)

    members = [
        (group, one["MemberId"]["UserId"])
        for group in groups
        for one in every(
            store, "list_group_memberships", "GroupMemberships", **directory, GroupId=group
        )
    ]
    created = trail.of("CreateGroupMembership", "identitystore")
    assert len(created) == len(members) > 0

    sets = set(every(admin, "list_permission_sets", "PermissionSets", **instance))
    created = trail.of("CreatePermissionSet", "sso")
    assert sorted(
        record["responseElements"]["permissionSet"]["permissionSetArn"] for record in created
    ) == sorted(sets)

    assigned = [
        (account["id"], arn, one["PrincipalType"], one["PrincipalId"])
        for account in life.facts["accounts"]
        for arn in sets
        for one in every(
            admin,
            "list_account_assignments",
            "AccountAssignments",
            **instance,
            AccountId=account["id"],
            PermissionSetArn=arn,
        )
    ]
    asked = [record["requestParameters"] for record in trail.of("CreateAccountAssignment", "sso")]
    members_of = ("targetId", "permissionSetArn", "principalType", "principalId")
    assert sorted(tuple(one[name] for name in members_of) for one in asked) == sorted(assigned)


def test_no_secret_of_the_seed_is_in_the_trail(life: Life) -> None:
    told = json.dumps(Trail(life).records, ensure_ascii=False)
    secrets = [user["password"] for user in life.facts["users"]]
    secrets.append(life.facts["administrator"]["secret_access_key"])
    secrets.append(life.facts["reset_url"].rpartition("/")[2])
    assert [secret for secret in secrets if secret in told] == []


def test_a_member_accounts_trail_does_not_tell_of_the_others(life: Life) -> None:
    account = life.account("sakura-web-prod")
    keys = life.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole",
        RoleSessionName="tests",
    )["Credentials"]
    member = life.client(
        "cloudtrail",
        {
            "access_key_id": keys["AccessKeyId"],
            "secret_access_key": keys["SecretAccessKey"],
            "session_token": keys["SessionToken"],
        },
    )
    events = member.lookup_events()["Events"]
    accounts = {json.loads(one["CloudTrailEvent"])["recipientAccountId"] for one in events}
    assert accounts <= {account}


def every(client: Any, operation: str, member: str, **params: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**params)
    return [one for page in pages for one in page[member]]
