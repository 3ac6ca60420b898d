"""The scene, and whether the real Terraform plays, too.

`test_real_terraform.py` is collected only when GENKAN_TEST_TERRAFORM names a folder of providers
(see docs/terraform.md): neither Terraform nor its AWS provider can be had from a package index.
"""

import os

import pytest

from tests.support.server import Server
from tests.terraform.scene import Scene, set_up

collect_ignore = [] if os.environ.get("GENKAN_TEST_TERRAFORM") else ["test_real_terraform.py"]


@pytest.fixture
def scene(server: Server) -> Scene:
    """A clean organization and a provider for it."""
    return set_up(server)
