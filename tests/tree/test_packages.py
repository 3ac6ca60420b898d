"""The tree is the map: names say what is inside, and every module says what it owns."""

import ast
import fnmatch
import tomllib
from pathlib import Path

from tests.tree.files import ROOT, own_files, relative

#: Names under which anything could be put, so that nothing can be found.
_ATTICS = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
_ATTIC_FOLDERS = _ATTICS | {"services", "service"}

MODULES = [path for path in own_files() if path.suffix == ".py"]
PACKAGE_FILES = [path for path in own_files() if path.is_relative_to(ROOT / "genkan")]


def test_no_package_or_module_is_an_attic() -> None:
    attics = [
        relative(path)
        for path in PACKAGE_FILES
        if path.stem in _ATTICS or _ATTIC_FOLDERS & set(path.relative_to(ROOT).parts[:-1])
    ]
    assert attics == []


def may_be_silent(path: Path) -> bool:
    """An empty `__init__.py` among the tests only makes a folder a package."""
    return path.name == "__init__.py" and path.is_relative_to(ROOT / "tests")


def test_every_module_says_what_it_is() -> None:
    silent = [
        relative(path)
        for path in MODULES
        if not may_be_silent(path)
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE_FILES if path.suffix == ".py"}
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_everything_the_package_reads_is_installed_with_it() -> None:
    """`pip install genkan` ships what pyproject.toml names under package-data, and nothing else."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    shipped: set[Path] = set()
    for package, patterns in setuptools["package-data"].items():
        folder = ROOT.joinpath(*package.split("."))
        for pattern in patterns:
            shipped.update(folder.glob(pattern))
    left_out = [
        relative(path)
        for path in PACKAGE_FILES
        if path.suffix != ".py" and path not in shipped and not fnmatch.fnmatch(path.name, "*.md")
    ]
    assert left_out == []
