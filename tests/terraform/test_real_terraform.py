"""The real Terraform with its real AWS provider, where somebody has them (docs/terraform.md).

Takes two to three minutes, most of which the provider sleeps; `conftest.py` says when this is
collected.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.server import Server
from tests.terraform.scene import WITHOUT_POLICY

CONFIGURATION = Path(__file__).parent / "real" / "main.tf"
SECONDS = 200
NOTHING, CHANGES = 0, 2


class Terraform:
    """The program in a folder of its own, with the providers of GENKAN_TEST_TERRAFORM."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        mirror = json.dumps(os.environ["GENKAN_TEST_TERRAFORM"])
        settings = folder / "settings.tfrc"
        settings.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n"
        )
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        shutil.copy(CONFIGURATION, folder)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "TF_CLI_CONFIG_FILE": str(settings),
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __call__(self, *arguments: str, wanted: int = 0) -> str:
        """Run a command; what it writes."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == wanted, done.stdout + done.stderr
        return done.stdout

    def plan(self, version: str, wanted: int) -> str:
        """A plan that must find nothing to do, or changes."""
        return self("plan", "-no-color", "-detailed-exitcode", f"-var=v={version}", wanted=wanted)

    def apply(self, version: str) -> str:
        """Bring it about."""
        return self("apply", "-no-color", "-auto-approve", f"-var=v={version}")

    def managed(self) -> dict[str, str]:
        """The ids of all resources by address."""
        shown: dict[str, Any] = json.loads(self("show", "-json"))
        return {
            one["address"]: one["values"]["id"]
            for one in shown["values"]["root_module"]["resources"]
            if one["mode"] == "managed"
        }

    def import_all(self, ids: Mapping[str, str]) -> None:
        """Forget everything, and have the next apply import it by id."""
        self("state", "rm", "-no-color", *ids)
        blocks = [
            f"import {{\n  to = {address}\n  id = {json.dumps(resource_id)}\n}}\n"
            for address, resource_id in ids.items()
        ]
        (self._folder / "imports.tf").write_text("".join(blocks))


def test_terraform_makes_changes_imports_and_destroys_everything(
    server: Server, tmp_path: Path
) -> None:
    keys = server.facts["administrator"]
    terraform = Terraform(
        tmp_path,
        {
            "url": server.url,
            "key": keys["access_key_id"],
            "secret": keys["secret_access_key"],
            "account": server.account(WITHOUT_POLICY),
        },
    )
    terraform("init", "-no-color")
    terraform.apply("1")
    terraform.plan("1", NOTHING)
    terraform.apply("2")
    terraform.plan("2", NOTHING)
    found = json.loads(terraform("output", "-json", "found"))
    assert len(found["user_ids"]) == 1
    assert len(found["members"]) == len(found["assigned"]) == len(found["of_principal"]) == 1

    ids = terraform.managed()
    terraform.import_all(ids)
    imported = terraform.plan("2", CHANGES)
    assert f"Plan: {len(ids)} to import, 0 to add, 0 to change, 0 to destroy." in imported
    terraform.apply("2")
    terraform.plan("2", NOTHING)
    gone = terraform("destroy", "-no-color", "-auto-approve", "-var=v=2")
    assert f"Destroy complete! Resources: {len(ids)} destroyed." in gone
