"""Every requirement is pinned with hashes; pins agree with each other and with pyproject.toml."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree.files import ROOT, own_files

PINNED = sorted((ROOT / "requirements").glob("*.txt"))
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(path: Path) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a compiled file with its hashes; anything unexpected is an error."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text()).replace("\\\n", " ")
    result = []
    for line in filter(None, map(str.strip, text.splitlines())):
        requirement, *hashes = re.split(r"\s+(?=--)", line)
        result.append((Requirement(requirement), hashes))
    return result


def pins(path: Path) -> dict[str, set[str]]:
    """Versions by package; several where platforms need different ones."""
    found: dict[str, set[str]] = {}
    for requirement, _ in entries(path):
        found.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier))
    return found


def test_there_are_pinned_requirements() -> None:
    assert {path.name for path in PINNED} == {"build.txt", "run.txt", "test.txt", "aws-cli.txt"}


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_requirement_has_one_version_and_hashes(path: Path) -> None:
    for requirement, hashes in entries(path):
        assert re.fullmatch(r"==[\w.!+-]+", str(requirement.specifier)), requirement
        assert requirement.url is None
        assert hashes
        assert all(_HASH.fullmatch(value) for value in hashes), requirement


def project() -> dict[str, Any]:
    """The `[project]` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def optional() -> list[str]:
    """What the extras ask for. Tests need it all, so test.txt pins it."""
    return [text for extra in project()["optional-dependencies"].values() for text in extra]


@pytest.mark.parametrize(
    ("asked", "name"), [(project()["dependencies"], "run"), (optional(), "test")]
)
def test_the_projects_dependencies_are_pinned_within_their_bounds(
    asked: list[str], name: str
) -> None:
    pinned = pins(ROOT / "requirements" / f"{name}.txt")
    assert asked
    for text in asked:
        wanted = Requirement(text)
        versions = pinned.get(canonicalize_name(wanted.name))
        assert versions, f"{wanted.name} is not in {name}.txt: run `make requirements`"
        for version in versions:
            assert wanted.specifier.contains(version.removeprefix("=="), prereleases=True), text


def test_tests_run_with_the_pins_of_run_time() -> None:
    run, test = (pins(ROOT / "requirements" / f"{name}.txt") for name in ("run", "test"))
    assert run.keys() & test.keys()
    assert {name: test[name] for name in run.keys() & test.keys()} == {
        name: run[name] for name in run.keys() & test.keys()
    }


@pytest.mark.parametrize("name", ["build", "test", "aws-cli"])
def test_what_is_asked_for_is_pinned(name: str) -> None:
    folder = ROOT / "requirements"
    asked = [
        Requirement(line)
        for line in (folder / f"{name}.in").read_text().splitlines()
        if line and not line.startswith(("#", "-c"))
    ]
    pinned = pins(folder / f"{name}.txt")
    assert asked
    for wanted in asked:
        for version in pinned[canonicalize_name(wanted.name)]:
            assert wanted.specifier.contains(version.removeprefix("==")), wanted


def imported_by(top: str) -> set[str]:
    """The first names of everything that a folder's modules import."""
    found: set[str] = set()
    for path in own_files():
        if path.suffix == ".py" and path.is_relative_to(ROOT / top):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found.update(alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"genkan", "scripts", "tests", "benchmarks"}


@pytest.mark.parametrize(
    ("top", "names"),
    [
        ("genkan", ["run"]),
        ("scripts", ["run", "test"]),
        ("tests", ["run", "test"]),
        ("benchmarks", ["run", "test"]),
    ],
)
def test_what_is_imported_is_pinned(top: str, names: list[str]) -> None:
    """A package that only happens to be installed is missing on the next machine."""
    pinned = {package for name in names for package in pins(ROOT / "requirements" / f"{name}.txt")}
    pinned |= {canonicalize_name(Requirement(text).name) for text in optional()}
    distributions = packages_distributions()
    imported = imported_by(top)
    assert imported
    unpinned = [
        module
        for module in sorted(imported)
        if not pinned & {canonicalize_name(name) for name in distributions.get(module, [module])}
    ]
    assert unpinned == []
