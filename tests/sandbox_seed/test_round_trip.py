"""Everything that an organization can have, exported and seeded: the APIs answer the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.place import new_place
from tests.sandbox_seed.rich import DEV, JWT_BEARER, enrich, member, told
from tests.sandbox_seed.test_up_seed import Seeded, genkan
from tests.support.server import Server


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with something of everything."""
    server = Server(tmp_path_factory.mktemp("rich") / "data").start()
    enrich(server)
    yield server
    server.stop(kill=True)


@pytest.fixture(scope="module")
def exported(rich: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exported") / "organization.yaml"
    done = genkan("export", "--data-dir", rich.data_dir, "--output", file)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 1, "nothing but what is never in a file"
    return file


@pytest.fixture(scope="module")
def again(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server seeded with the export."""
    data_dir = tmp_path_factory.mktemp("again") / "data"
    server = Seeded(data_dir, "--seed", str(exported)).start()
    yield server
    server.stop(kill=True)


def test_what_was_exported_and_seeded_answers_every_read_alike(rich: Server, again: Server) -> None:
    before, after = told(rich), told(again)
    assert before.keys() == after.keys()
    different = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert different == {}


def test_there_is_much_to_compare(rich: Server) -> None:
    """Equal answers prove nothing unless they told something."""
    answers = told(rich)
    assert len(answers) > 200
    refused = {key.split()[0] for key, answer in answers.items() if "error" in answer}
    assert refused <= {
        "describe_instance_access_control_attribute_configuration",  # no account instance has one
        "get_permissions_boundary_for_permission_set",  # most have none
    }
    told_of = str(answers)
    for word in ("No S3", "guardduty.amazonaws.com", "'v3'", "ap-south-1", "192.0.2.0/24", "taro"):
        assert word in told_of
    assert sum(key.startswith("describe_application ") for key in answers) == 4


def test_exported_again_it_is_the_same_file(again: Server, exported: Path) -> None:
    assert genkan("export", "--data-dir", again.data_dir).stdout == exported.read_text()


def test_versions_of_a_policy_are_numbered_on(again: Server) -> None:
    iam = member(again, DEV)("iam")
    arn = f"arn:aws:iam::{again.account(DEV)}:policy/teams/Rich"
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "s3:List*"
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document))
    assert made["PolicyVersion"]["VersionId"] == "v5"


def test_an_installation_is_made_of_it_on_either_engine(
    engine: str, exported: Path, tmp_path: Path
) -> None:
    place = new_place(engine, tmp_path)
    done = place.run("init", "--seed", str(exported))
    assert done.returncode == 0, done.stderr
    with place.direct() as database:
        counts = database.read(
            lambda rows: [
                rows.one(f"SELECT COUNT(*) FROM {table}", ())
                for table in ("instances", "applications", "organization_policies")
            ]
        )
    assert counts == [(2,), (4,), (2,)]


def test_without_ids_it_seeds_an_organization_of_its_own(rich: Server, tmp_path: Path) -> None:
    done = genkan("export", "--data-dir", rich.data_dir, "--no-ids")
    (tmp_path / "bare.yaml").write_text(done.stdout)
    other = Seeded(tmp_path / "other", "--seed", str(tmp_path / "bare.yaml")).start()
    try:
        assert other.facts["instance_arn"] != rich.facts["instance_arn"]
        bare = genkan("export", "--data-dir", other.data_dir, "--no-ids")
        assert bare.stdout == done.stdout
    finally:
        other.stop(kill=True)


def test_what_a_file_cannot_say_is_said(rich: Server, tmp_path: Path) -> None:
    """References to what was deleted, and what is not provisioned yet; the rest can be seeded."""
    admin, arn = rich.client("sso-admin"), rich.facts["instance_arn"]
    issuers = admin.list_trusted_token_issuers(InstanceArn=arn)["TrustedTokenIssuers"]
    gone = issuers[0]["TrustedTokenIssuerArn"]
    admin.delete_trusted_token_issuer(TrustedTokenIssuerArn=gone)
    named = {
        one["Name"]: one["ApplicationArn"]
        for one in admin.list_applications(InstanceArn=arn)["Applications"]
    }
    admin.delete_application(ApplicationArn=named["Plain"])
    for made in admin.list_permission_sets(InstanceArn=arn)["PermissionSets"]:
        described = admin.describe_permission_set(InstanceArn=arn, PermissionSetArn=made)
        if described["PermissionSet"]["Name"] == "Rich":
            admin.update_permission_set(
                InstanceArn=arn, PermissionSetArn=made, SessionDuration="PT4H"
            )
    done = genkan("export", "--data-dir", rich.data_dir, "--output", tmp_path / "left.yaml")
    said = [line.removeprefix("Not in the file: ") for line in done.stderr.splitlines()][1:]
    assert len(said) == 3
    assert f'application "Full: yes": a grant names {gone}, which was deleted' in said
    assert any(
        line.startswith('application "Full: yes": the scope sso:account:access') for line in said
    )
    assert any(line.startswith('permission set "Rich": what changed') for line in said)
    other = Seeded(tmp_path / "other", "--seed", str(tmp_path / "left.yaml")).start()
    try:
        full = other.client("sso-admin").get_application_grant(
            ApplicationArn=named["Full: yes"], GrantType=JWT_BEARER
        )
        authorized = full["Grant"]["JwtBearer"]["AuthorizedTokenIssuers"]
        assert [one["TrustedTokenIssuerArn"] for one in authorized] == [
            one["TrustedTokenIssuerArn"] for one in issuers[1:]
        ]
    finally:
        other.stop(kill=True)
