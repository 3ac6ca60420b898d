"""What was seeded is exported as it was described, and seeds the same organization again."""

import asyncio
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from genkan.assembly.sandbox import Sandbox, export_organization
from genkan.core import ids
from genkan.core.call import Call, Origin, Owner
from genkan.identity_store import operations as identity_store
from genkan.perform import perform
from genkan.permission_sets import operations as permission_sets
from genkan.sandbox.directory import open_directory
from genkan.sandbox.document import SeedDocument
from genkan.sandbox.export import ExportRefused
from genkan.sandbox.sample import SAMPLE_FILE, sample_document
from genkan.sandbox.seed_mistakes import SeedRefused
from genkan.sandbox.seed_order import in_order, without_ids
from genkan.sandbox.seed_reader import parse_seed
from genkan.sandbox.seed_text import text_of
from genkan.settings import SandboxSettings
from tests.sandbox_seed.documents import documents
from tests.sandbox_seed.making import exported_after_seeding, run, seeded


@settings(deadline=None, max_examples=6)
@given(document=documents())
def test_what_is_seeded_is_exported_as_the_same_document(document: SeedDocument) -> None:
    assert exported_after_seeding(document) == in_order(document)


@pytest.fixture(scope="module")
def sample_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped sandbox with the sample organization; not to be changed."""
    return seeded(tmp_path_factory.mktemp("sample"), sample_document())


@pytest.fixture
def data_dir(sample_directory: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(sample_directory, tmp_path / "data"))


def test_the_sample_organization_is_exported_as_it_is_written(data_dir: Path) -> None:
    exported = export_organization(data_dir).document
    wanted = in_order(parse_seed(SAMPLE_FILE.read_bytes()))
    wanted.settings.region = "us-east-1"
    assert without_ids(exported) == wanted
    assert exported_after_seeding(exported) == exported


async def perform_by_owner(sandbox: Sandbox, operations: Any, wanted: str, /, **params: Any) -> Any:
    (operation,) = (one for one in operations.OPERATIONS if one.name == wanted)
    call = Call(
        operation=operation,
        params=params,
        caller=Owner(reason="test"),
        origin=Origin(request_id=ids.request_id()),
        event_source="test.amazonaws.com",
    )
    return await perform(sandbox.app, call)


def test_what_was_done_since_is_exported_from_under_a_running_server(data_dir: Path) -> None:
    async def change(sandbox: Sandbox) -> SeedDocument:
        told = sandbox.described
        store_id, instance_arn = told["identity_store_id"], told["instance_arn"]
        await perform_by_owner(
            sandbox,
            identity_store,
            "CreateUser",
            identity_store_id=store_id,
            user_name="new",
            display_name="New",
            name={"given_name": "N", "family_name": "Ew"},
        )
        listed = await perform_by_owner(
            sandbox, permission_sets, "ListPermissionSets", instance_arn=instance_arn
        )
        for arn in listed["permission_sets"]:
            await perform_by_owner(
                sandbox,
                permission_sets,
                "UpdatePermissionSet",
                instance_arn=instance_arn,
                permission_set_arn=arn,
                session_duration="PT2H",
            )
        return (await asyncio.to_thread(export_organization, data_dir)).document

    exported = run(SandboxSettings(port=8420, data_dir=data_dir), change)
    (new,) = (user for user in exported.users if user.user_name == "new")
    assert new.password is None, "a user of the API has no password"
    assert {one.session_duration for one in exported.permission_sets} == {"PT2H"}
    assert exported == export_organization(data_dir).document, "stopped or running, it is the same"


def test_units_with_ids_say_what_the_root_is() -> None:
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.organization.units[0].id = "ou-abcd-00000001"
    assert exported_after_seeding(document).settings.root_id == "r-abcd"


def test_a_policy_that_an_account_does_not_have_is_told_since_a_seed_needs_it(
    data_dir: Path,
) -> None:
    async def refer(sandbox: Sandbox) -> None:
        instance_arn = sandbox.described["instance_arn"]
        listed = await perform_by_owner(
            sandbox, permission_sets, "ListPermissionSets", instance_arn=instance_arn
        )
        for arn in listed["permission_sets"]:
            await perform_by_owner(
                sandbox,
                permission_sets,
                "AttachCustomerManagedPolicyReferenceToPermissionSet",
                instance_arn=instance_arn,
                permission_set_arn=arn,
                customer_managed_policy_reference={"name": "Nowhere", "path": "/"},
            )

    run(SandboxSettings(port=8420, data_dir=data_dir), refer)
    exported = export_organization(data_dir)
    told = [phrase for phrase in exported.left_out if "/Nowhere" in phrase]
    (account,) = (
        unit.accounts[0].id
        for unit in exported.document.organization.units
        if unit.name == "Sandbox"
    )
    assert len(told) == len(set(told))
    assert (
        f'permission set "AdministratorAccess": the policy /Nowhere of account {account}, which is'
        " not there; without it the file cannot be seeded"
    ) in told
    with pytest.raises(SeedRefused) as refused:
        parse_seed(text_of(exported.document).encode())
    assert len(refused.value.mistakes) >= len(told)


def test_the_region_that_the_instance_is_in_anyway_is_not_added() -> None:
    """Which one that is, the process decides where the seed does not."""
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.settings.added_regions = ["us-east-1", "eu-west-1"]
    exported = exported_after_seeding(document).settings
    assert (exported.region, exported.added_regions) == ("us-east-1", ["eu-west-1"])


def test_an_export_leaves_no_trace_in_the_directory(data_dir: Path) -> None:
    before = {path.name: path.read_bytes() for path in data_dir.iterdir()}
    export_organization(data_dir)
    assert {path.name: path.read_bytes() for path in data_dir.iterdir()} == before


def test_an_export_needs_no_key_and_no_right_to_write(data_dir: Path) -> None:
    (data_dir / "key").unlink()
    for path in data_dir.iterdir():
        path.chmod(stat.S_IRUSR)
    data_dir.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert export_organization(data_dir).document.users
    finally:
        data_dir.chmod(stat.S_IRWXU)


def test_a_directory_without_an_organization_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match="holds no organization"):
        export_organization(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_which_nothing_was_made_yet_is_refused(tmp_path: Path) -> None:
    open_directory(tmp_path / "data", fresh=False, now=0).held.close()
    with pytest.raises(ExportRefused, match="there is no organization yet"):
        export_organization(tmp_path / "data")


def test_half_of_an_organization_is_refused(data_dir: Path) -> None:
    raw = sqlite3.connect(data_dir / "genkan.sqlite")
    raw.execute("DELETE FROM sandbox_facts WHERE name = 'ready'")
    raw.commit()
    raw.close()
    with pytest.raises(ExportRefused, match="the organization is not complete"):
        export_organization(data_dir)


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "genkan.sqlite").write_bytes(b"not a database at all, but long enough to be read")
    with pytest.raises(ExportRefused, match="cannot be read"):
        export_organization(tmp_path)


def test_a_store_of_another_release_is_refused(data_dir: Path) -> None:
    raw = sqlite3.connect(data_dir / "genkan.sqlite")
    raw.execute("DELETE FROM schema_migrations WHERE number = 1")
    raw.commit()
    raw.close()
    with pytest.raises(ExportRefused, match="not made by this release"):
        export_organization(data_dir)
