"""Starting again keeps everything; `--fresh` keeps nothing."""

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.faults.lives import Cradle, Life, copy_of
from tests.sandbox.contents import files_of, rows_of
from tests.support.person import Person, device_token, role_credentials
from tests.support.server import ANSWER_SECONDS, START_SECONDS


class Belongings:
    """Things of every kind that somebody has made or got from a running sandbox."""

    def __init__(self, life: Life) -> None:
        self.facts = life.facts
        self.directory = life.data_dir
        self.port = life.port
        instance = {"InstanceArn": life.facts["instance_arn"]}
        self.user_id = life.client("identitystore").create_user(
            IdentityStoreId=life.facts["identity_store_id"],
            UserName="newcomer",
            DisplayName="New Comer",
            Name={"GivenName": "New", "FamilyName": "Comer"},
        )["UserId"]
        made = life.client("sso-admin").create_permission_set(**instance, Name="Newest")
        self.permission_set_arn = made["PermissionSet"]["PermissionSetArn"]
        self.token = device_token(life, "hanako")
        self.session = role_credentials(life, "hanako", "sakura-web-prod", "ReadOnlyAccess")
        self.person = Person(life, "alex")
        self.person.sign_in()

    def missing(self, life: Life) -> list[str]:
        """Those that are gone."""
        checks: dict[str, Callable[[], bool]] = {
            "facts": lambda: life.facts == self.facts,
            "user": lambda: succeeds(
                life.client("identitystore").describe_user,
                IdentityStoreId=life.facts["identity_store_id"],
                UserId=self.user_id,
            ),
            "permission set": lambda: succeeds(
                life.client("sso-admin").describe_permission_set,
                InstanceArn=self.facts["instance_arn"],
                PermissionSetArn=self.permission_set_arn,
            ),
            "access token": lambda: portal_accounts(life, self.token["accessToken"]).is_success,
            "refresh token": lambda: self.refresh(life).is_success,
            "role session": lambda: succeeds(life.client("sts", self.session).get_caller_identity),
            "interactive session": lambda: "/signout" in self.person.http.get("/start").text,
        }
        return [name for name, check in checks.items() if not check()]

    def refresh(self, life: Life) -> httpx.Response:
        return httpx.post(
            f"{life.url}/token",
            json={
                "clientId": self.token["clientId"],
                "clientSecret": self.token["clientSecret"],
                "grantType": "refresh_token",
                "refreshToken": self.token["refreshToken"],
            },
            timeout=ANSWER_SECONDS,
        )


def portal_accounts(life: Life, token: str) -> httpx.Response:
    return httpx.get(
        f"{life.url}/assignment/accounts",
        headers={"x-amz-sso_bearer_token": token},
        timeout=ANSWER_SECONDS,
    )


def succeeds(call: Any, **params: Any) -> bool:
    try:
        call(**params)
    except ClientError:
        return False
    return True


@pytest.fixture(scope="module")
def owned(cradle: Cradle, seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    """Belongings in a data directory to copy."""
    life = Life(cradle, copy_of(seeded, tmp_path_factory.mktemp("owned") / "data")).start()
    belongings = Belongings(life)
    life.stop(kill=True)
    return belongings


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_everything_is_kept_over_a_restart(
    cradle: Cradle, owned: Belongings, tmp_path: Path, by: signal.Signals
) -> None:
    directory = copy_of(owned.directory, tmp_path / "data")
    life = Life(cradle, directory, port=owned.port).start()
    life.signal(by)
    assert life.end() == (-by if by is signal.SIGKILL else 0)
    again = Life(cradle, directory, port=owned.port).start()
    assert owned.missing(again) == []
    assert Person(again, "maria").sign_in().is_success
    again.stop(kill=True)


def test_a_stopped_sandbox_starts_again_without_writing_anything(
    cradle: Cradle, seeded: Path, directory: Path
) -> None:
    before = rows_of(seeded / "genkan.sqlite")
    life = Life(cradle, directory).start()
    life.stop()
    assert rows_of(directory / "genkan.sqlite") == before
    assert "ERROR" not in life.log()


def test_a_deleted_facts_file_is_written_again_readable_by_nobody_else(
    cradle: Cradle, directory: Path
) -> None:
    path = directory / "sandbox.json"
    before = json.loads(path.read_text())
    path.unlink()
    life = Life(cradle, directory, port=int(before["base_url"].rpartition(":")[2])).start()
    life.stop(kill=True)
    assert life.facts == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_facts_file_that_others_may_read_is_closed_again(cradle: Cradle, directory: Path) -> None:
    path = directory / "sandbox.json"
    path.chmod(0o644)
    life = Life(cradle, directory).start()
    life.stop(kill=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_port_changes_addresses_and_nothing_else(
    cradle: Cradle, seeded: Path, directory: Path
) -> None:
    before = json.loads((seeded / "sandbox.json").read_text())
    life = Life(cradle, directory).start()
    assert life.facts["base_url"] == life.url != before["base_url"]
    local = {"base_url", "start_url", "reset_url"}
    assert all(life.facts[name].startswith(life.url) for name in local)
    assert {name: value for name, value in life.facts.items() if name not in local} == {
        name: value for name, value in before.items() if name not in local
    }
    assert life.client("sts").get_caller_identity()["Account"]
    life.stop(kill=True)


def test_fresh_makes_another_organization_with_another_key(
    cradle: Cradle, life: Life, directory: Path
) -> None:
    old, old_key = life.facts, (directory / "key").read_bytes()
    life.stop()
    fresh = Life(cradle, directory, port=life.port, fresh=True).start()
    for name in ("instance_arn", "identity_store_id", "management_account_id", "reset_url"):
        assert fresh.facts[name] != old[name]
    assert {one["id"] for one in fresh.facts["accounts"]}.isdisjoint(
        one["id"] for one in old["accounts"]
    )
    assert {one["password"] for one in fresh.facts["users"]}.isdisjoint(
        one["password"] for one in old["users"]
    )
    assert (directory / "key").read_bytes() != old_key
    assert succeeds(fresh.client("sts").get_caller_identity)
    assert not succeeds(fresh.client("sts", old["administrator"]).get_caller_identity)
    fresh.stop(kill=True)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("genkan.sqlite", b"no database" * 1000),
        ("key", b"short"),
        ("key", bytes(32)),
        ("key", None),
        ("seed.sqlite", None),
    ],
)
def test_fresh_makes_a_new_organization_of_a_damaged_one(
    cradle: Cradle, directory: Path, file: str, content: bytes | None
) -> None:
    if content is None:
        (directory / file).unlink()
    else:
        (directory / file).write_bytes(content)
    life = Life(cradle, directory, fresh=True).start()
    assert succeeds(life.client("sts").get_caller_identity)
    life.reset()
    life.stop(kill=True)


def test_a_second_process_on_the_directory_is_refused_and_the_first_goes_on(
    life: Life, directory: Path
) -> None:
    before = files_of(directory)
    for extra in ([], ["--fresh"]):
        second = subprocess.run(
            [sys.executable, "-m", "genkan.cli", "up", "--data-dir", directory, *extra],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
            env={"GENKAN_PORT": str(life.port + 1), "PATH": ""},
        )
        assert second.returncode == 1
        assert second.stderr == f"Error: another process uses {directory}\n"
        assert second.stdout == ""
    assert files_of(directory) == before
    assert succeeds(life.client("sts").get_caller_identity)


def test_a_reset_after_a_restart_leaves_the_seed_and_ends_what_was_got_before(
    cradle: Cradle, owned: Belongings, tmp_path: Path
) -> None:
    directory = copy_of(owned.directory, tmp_path / "data")
    life = Life(cradle, directory, port=owned.port).start()
    life.reset()
    assert rows_of(directory / "genkan.sqlite") == rows_of(directory / "seed.sqlite")
    everything = owned.missing(life)
    assert set(everything) == {
        "user",
        "permission set",
        "access token",
        "refresh token",
        "role session",
        "interactive session",
    }
    life.stop(kill=True)
