"""A refresh of the service models says which operations and shapes came, went and changed."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore
import pytest

from scripts import refresh_models

#: An old model: what is done to it has come into botocore's, or gone from it, since.
Ageing = Callable[[dict[str, Any]], None]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped models, in a place where they may be changed."""
    place = tmp_path / "models"
    shutil.copytree(refresh_models.TARGET, place)
    monkeypatch.setattr(refresh_models, "TARGET", place)
    return place


def aged(place: Path, service: str, ageing: Ageing) -> None:
    """Make a shipped model an older one."""
    path = place / f"{service}.json"
    model = json.loads(path.read_text("utf-8"))
    ageing(model)
    path.write_text(refresh_models.rendered(model), "utf-8")


def refreshed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[str]]:
    """The exit code of the script and the lines it prints."""
    monkeypatch.setattr(sys, "argv", ["refresh_models.py", *arguments])
    code = refresh_models.main()
    return code, capsys.readouterr().out.splitlines()


def contents(place: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in place.iterdir()}


def _an_older_release(model: dict[str, Any]) -> None:
    del model["operations"]["ListRegions"]
    model["operations"]["ListWishes"] = model["operations"]["ListInstances"]
    model["operations"]["DescribeRegion"]["errors"].remove("ResourceNotFoundException")
    model["shapes"]["PermissionSetName"]["max"] = 16


DIFFERENCE = [
    "sso-admin: + operation ListRegions",
    "sso-admin: - operation ListWishes",
    "sso-admin: ~ operation DescribeRegion",
    "sso-admin: ~ shape PermissionSetName",
]


def test_what_is_shipped_is_botocores(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refreshed(monkeypatch, capsys, "--check") == (
        0,
        [f"botocore {botocore.__version__}: no change"],
    )


def test_a_check_prints_the_difference_and_writes_nothing(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aged(shipped, "sso-admin", _an_older_release)
    before = contents(shipped)
    assert refreshed(monkeypatch, capsys, "--check") == (
        1,
        [*DIFFERENCE, f"botocore {botocore.__version__}: changed"],
    )
    assert contents(shipped) == before


def test_a_refresh_prints_the_difference_and_writes_the_newer_models(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = contents(shipped)
    aged(shipped, "sso-admin", _an_older_release)
    (shipped / "sso.json").unlink()
    code, lines = refreshed(monkeypatch, capsys)
    assert (code, lines) == (
        0,
        [*DIFFERENCE, "sso: new, 4 operations", f"botocore {botocore.__version__}: changed"],
    )
    assert contents(shipped) == wanted
