"""`genkan up --seed` and `genkan export`, as a person runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from genkan.sandbox.export import ALWAYS_LEFT_OUT
from genkan.sandbox.seed_reader import read_seed
from tests.support.person import Person, role_credentials
from tests.support.server import Server, free_port

SEED = """\
settings:
  region: eu-west-1
  instance_name: corp
  instance_alias: corp-portal
  instance_tags: {team: identity}
  access_control_attributes:
    CostCenter: ${path:enterprise.costCenter}
  instance_id: ssoins-00000000000000aa
  identity_store_id: d-00000000aa
  organization_id: o-aaaaaaaaaa
  root_id: r-aaaa
organization:
  management_account: {name: Main, email: main@example.com, id: "111111111111", alias: main}
  units:
    - name: Workloads
      id: ou-aaaa-00000001
      units:
        - name: Production
          id: ou-aaaa-00000002
          accounts:
            - name: Shop
              email: shop@example.com
              id: "012345678901"
              alias: shop
              environment: production
              colour: red
              customer_managed_policies:
                - name: Orders
                  path: /teams/
                  document: &orders
                    Version: 2012-10-17
                    Statement: [{Effect: Allow, Action: "iam:GetRole", Resource: "*"}]
users:
  - user_name: ana
    id: 00000000-0000-7000-8000-00000000000a
    display_name: Ana Silva
    name: {given_name: Ana, family_name: Silva}
    password: Corr3ct-horse
    enterprise: {department: Sales, employee_number: "7"}
  - user_name: gone
    display_name: Gone
    name: {given_name: G, family_name: One}
    status: DISABLED
    password: Corr3ct-horse
  - user_name: robot
    display_name: Robot
    name: {given_name: R, family_name: Obot}
    password: null
  - user_name: made-up
    display_name: Made Up
    name: {given_name: M, family_name: Up}
groups:
  - display_name: Shopkeepers
    id: 00000000-0000-7000-8000-0000000000aa
    members: [{user: ana, id: 00000000-0000-7000-8000-000000000aaa}]
permission_sets:
  - name: Shopkeeper
    id: ps-00000000000000aa
    session_duration: PT2H
    customer_managed_policies: [{name: Orders, path: /teams/}]
    permissions_boundary: {customer_managed_policy: {name: Orders, path: /teams/}}
    tags: {team: shop}
assignments:
  - {group: Shopkeepers, permission_set: Shopkeeper, units: [Production]}
"""


class Seeded(Server):
    """`genkan up` with more options."""

    def __init__(
        self,
        data_dir: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data_dir, environment=environment)
        self._command += options


def genkan(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "genkan.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def up(data_dir: Path, *options: str | Path, **more: Mapping[str, str]) -> str:
    """A start that must be refused; what it says on standard error."""
    done = genkan("up", "--port", str(free_port()), "--data-dir", data_dir, *options, **more)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def seed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seed") / "seed.yaml"
    path.write_text(SEED)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, seed_file: Path) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("seeded") / "data"
    started = Seeded(data_dir, "--seed", str(seed_file)).start()
    yield started
    started.stop()


def test_what_the_seed_gives_is_what_sandbox_json_tells(server: Server) -> None:
    facts = server.facts
    assert facts["region"] == "eu-west-1"
    assert facts["instance_arn"] == "arn:aws:sso:::instance/ssoins-00000000000000aa"
    assert facts["identity_store_id"] == "d-00000000aa"
    assert facts["management_account_id"] == "111111111111"
    assert facts["aws_start_url"] == "https://corp-portal.awsapps.com/start"
    assert facts["accounts"] == [
        {"id": "012345678901", "name": "Shop", "alias": "shop"},
        {"id": "111111111111", "name": "Main", "alias": "main"},
    ]
    assert server.user("ana")["password"] == "Corr3ct-horse"
    assert server.user("ana")["user_id"] == "00000000-0000-7000-8000-00000000000a"


def test_every_member_of_a_user_is_there(server: Server) -> None:
    described = server.client("identitystore").describe_user(
        IdentityStoreId="d-00000000aa",
        UserId="00000000-0000-7000-8000-00000000000a",
        Extensions=["aws:identitystore:enterprise"],
    )
    assert described["Extensions"] == {
        "aws:identitystore:enterprise": {"department": "Sales", "employeeNumber": "7"}
    }
    (membership,) = server.client("identitystore").list_group_memberships(
        IdentityStoreId="d-00000000aa", GroupId="00000000-0000-7000-8000-0000000000aa"
    )["GroupMemberships"]
    assert membership["MembershipId"] == "00000000-0000-7000-8000-000000000aaa"


def test_accounts_stand_in_their_units(server: Server) -> None:
    organizations = server.client("organizations")
    (account,) = organizations.list_accounts_for_parent(ParentId="ou-aaaa-00000002")["Accounts"]
    assert account["Id"] == "012345678901"
    (parent,) = organizations.list_parents(ChildId="ou-aaaa-00000002")["Parents"]
    assert parent["Id"] == "ou-aaaa-00000001"


def test_the_assignment_opens_the_account_with_the_policies_described(server: Server) -> None:
    keys = role_credentials(server, "ana", "shop", "Shopkeeper")
    caller = server.client("sts", keys).get_caller_identity()
    assert caller["Account"] == "012345678901"
    role_name = caller["Arn"].split("/")[1]
    iam = server.client("iam", keys)
    role = iam.get_role(RoleName=role_name)["Role"]
    assert role["Path"] == "/aws-reserved/sso.amazonaws.com/eu-west-1/"
    boundary = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == "arn:aws:iam::012345678901:policy/teams/Orders"
    with pytest.raises(iam.exceptions.ClientError, match="AccessDenied"):
        iam.list_roles()


def test_only_those_with_a_password_who_are_enabled_may_sign_in(server: Server) -> None:
    assert "Shop" in Person(server, "ana").sign_in().text
    assert "Shop" not in Person(server, "gone").sign_in().text
    assert "robot" not in {user["user_name"] for user in server.facts["users"]}
    assert "made-up" in {user["user_name"] for user in server.facts["users"]}
    assert Person(server, "made-up").sign_in().url.path == "/start"


def test_the_pages_name_the_seeded_organization(server: Server) -> None:
    page = Person(server, "ana").http.get("/start").text
    assert "Main" in page
    assert "ana" in page
    assert "hanako" not in page


@pytest.mark.parametrize(
    ("event_name", "service"),
    [
        ("CreateOrganization", "organizations"),
        ("CreateAccount", "organizations"),
        ("EnableAWSServiceAccess", "organizations"),
        ("CreatePolicy", "iam"),
        ("CreateGroup", "identitystore"),
        ("CreatePermissionSet", "sso"),
    ],
)
def test_what_the_seed_did_is_told_as_an_event_of_the_service(
    server: Server, event_name: str, service: str
) -> None:
    events = server.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": event_name}]
    )["Events"]
    assert {event["EventSource"] for event in events} == {f"{service}.amazonaws.com"}


def test_a_reset_puts_the_seeded_organization_back(server: Server) -> None:
    store = server.client("identitystore")
    store.create_group(IdentityStoreId="d-00000000aa", DisplayName="More")
    server.reset()
    groups = store.list_groups(IdentityStoreId="d-00000000aa")["Groups"]
    assert [group["DisplayName"] for group in groups] == ["Shopkeepers"]


def test_an_export_of_the_running_server_makes_the_same_organization_again(
    server: Server, tmp_path: Path
) -> None:
    exported = tmp_path / "exported.yaml"
    done = genkan("export", "--data-dir", server.data_dir, "--output", exported)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Not in the file: {ALWAYS_LEFT_OUT}\n"
    assert "Corr3ct-horse" not in exported.read_text()
    assert server.user("made-up")["password"] not in exported.read_text()
    again = Seeded(tmp_path / "again", "--seed", str(exported)).start()
    try:
        for member in ("region", "instance_arn", "identity_store_id", "accounts", "aws_start_url"):
            assert again.facts[member] == server.facts[member]
        assert {user["user_name"]: user["user_id"] for user in again.facts["users"]} == {
            user["user_name"]: user["user_id"] for user in server.facts["users"]
        }
        assert again.user("ana")["password"] != "Corr3ct-horse"
        keys = role_credentials(again, "ana", "shop", "Shopkeeper")
        assert again.client("sts", keys).get_caller_identity()["Account"] == "012345678901"
    finally:
        again.stop(kill=True)
    killed = genkan("export", "--data-dir", tmp_path / "again")
    assert killed.stdout == exported.read_text()


def test_an_export_is_utf_8_whatever_the_terminal_takes(server: Server) -> None:
    server.client("identitystore").create_group(IdentityStoreId="d-00000000aa", DisplayName="受付")
    done = genkan(
        "export", "--data-dir", server.data_dir, environment={"PYTHONIOENCODING": "ascii"}
    )
    server.reset()
    assert done.returncode == 0, done.stderr
    assert "name: 受付" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_an_export_that_the_terminal_does_not_take_says_why(server: Server) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "genkan.cli", "export", "--data-dir", server.data_dir],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "Error: cannot write the output: No space left on device\n"


def test_an_export_without_ids_has_none(server: Server, tmp_path: Path) -> None:
    done = genkan("export", "--data-dir", server.data_dir, "--no-ids")
    (tmp_path / "bare.yaml").write_text(done.stdout)
    document = read_seed(tmp_path / "bare.yaml")
    assert document.settings.region == "eu-west-1"
    assert "00000000-" not in done.stdout
    assert "012345678901" not in done.stdout


def test_an_export_of_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    done = genkan("export", "--data-dir", tmp_path / "nothing")
    assert done.returncode == 1
    assert done.stderr == f"Error: {tmp_path / 'nothing'} holds no organization\n"
    assert not (tmp_path / "nothing").exists()


def test_a_seed_with_mistakes_makes_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SEED.replace("units: [Production]", "units: [Prodution]").replace("red", "rot"))
    said = up(tmp_path / "data", "--seed", bad).splitlines()
    assert said[0].startswith(f"{bad}:26:23: organization.units[0].units[0].accounts[0].colour: ")
    assert said[1].endswith('there is no unit "Prodution"; did you mean "Production"?')
    assert said[2:] == ["2 mistakes; nothing was made"]
    assert not (tmp_path / "data").exists()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, seed_file: Path) -> Path:
    """The directory of a stopped sandbox."""
    data_dir = tmp_path_factory.mktemp("kept") / "data"
    Seeded(data_dir, "--seed", str(seed_file)).start().stop()
    return data_dir


def contents(directory: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_seed_over_an_organization_is_refused_and_changes_nothing(
    kept: Path, seed_file: Path
) -> None:
    before = contents(kept)
    assert up(kept, "--seed", seed_file) == (
        f"Error: {kept} holds an organization already, and --seed makes a new one: choose another"
        " --data-dir, or forget that one with --fresh\n"
    )
    assert contents(kept) == before


def test_a_seed_with_mistakes_does_not_forget_what_fresh_would(kept: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SEED.replace("users:", "usres:"))
    before = contents(kept)
    assert "did you mean users?" in up(kept, "--fresh", "--seed", bad)
    assert contents(kept) == before


def test_fresh_with_a_seed_makes_the_new_organization(kept: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("organization: {management_account: {name: New, email: new@example.com}}\n")
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, content in contents(kept).items():
        (copy / name).write_bytes(content)
    started = Seeded(copy, "--fresh", "--seed", str(other)).start()
    try:
        assert [account["name"] for account in started.facts["accounts"]] == ["New"]
        assert started.facts["users"] == []
        assert started.facts["region"] == "us-east-1"
    finally:
        started.stop()
    assert "Nobody has a password" in started.log()


def test_the_region_stays_when_the_sandbox_starts_again(kept: Path) -> None:
    started = Seeded(kept).start()
    try:
        assert started.facts["region"] == "eu-west-1"
        role_credentials(started, "ana", "shop", "Shopkeeper")
    finally:
        started.stop()
    assert json.loads((kept / "sandbox.json").read_text())["region"] == "eu-west-1"


def test_another_region_in_the_environment_is_refused(kept: Path, seed_file: Path) -> None:
    other = {"GENKAN_REGION": "ap-northeast-1"}
    refusal = "Error: GENKAN_REGION says ap-northeast-1, but the organization is in eu-west-1\n"
    assert up(kept, environment=other) == refusal
    assert up(kept.parent / "new", "--seed", seed_file, environment=other) == refusal
    assert not (kept.parent / "new").exists()


def test_a_seed_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    assert up(tmp_path / "data", "--seed", missing) == (
        f"Error: cannot read {missing}: No such file or directory\n"
    )
    assert not (tmp_path / "data").exists()
