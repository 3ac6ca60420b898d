"""The documents name only what exists: files, commands, targets."""

import re
from pathlib import Path

import pytest

from tests.tree.files import ROOT, own_files, relative

DOCUMENTS = [
    path
    for path in own_files()
    if path.suffix == ".md" and (path.parent == ROOT or path.is_relative_to(ROOT / "docs"))
]
_PATH = re.compile(
    r"`((?:genkan|tests|scripts|docs|requirements|benchmarks)/[\w./-]*[\w/]|Makefile|\.ci/run)`"
)
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_MAKE = re.compile(r"\bmake ((?!PYTHON=)[a-z][a-z-]*)\b(?!=)")


def code_in(text: str) -> str:
    """What a document shows as code: fenced blocks and `spans`."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))


def make_targets() -> set[str]:
    """The targets that the Makefile declares as commands."""
    phony = re.findall(r"(?m)^\.PHONY:(.*)$", (ROOT / "Makefile").read_text())
    return {target for line in phony for target in line.split()}


def test_every_command_target_of_the_makefile_is_explained_or_internal() -> None:
    explained = set(
        re.findall(r"(?m)^([a-z-]+):.*## \S", (ROOT / "Makefile").read_text()),
    )
    assert make_targets() - explained <= {"clients"}
    assert explained <= make_targets()


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_documents_name_make_targets_that_exist(path: Path) -> None:
    named = set(_MAKE.findall(code_in(path.read_text(encoding="utf-8"))))
    assert named - make_targets() == set()


def test_continuous_integration_runs_make_test_on_all_engines() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    commands = [line for line in script.splitlines() if not line.startswith("#")]
    assert _MAKE.findall("\n".join(commands)) == ["test-all"]
    assert "set -eu" in commands
    recipe = re.search(r"(?m)^test-all:.*\n\t(.*)$", (ROOT / "Makefile").read_text())
    assert recipe is not None
    assert recipe[1].startswith("@GENKAN_TEST_ENGINES=all ")
    assert recipe[1].endswith(" $(MAKE) --no-print-directory test")


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_documents_name_files_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = [ROOT / name for name in _PATH.findall(text)]
    named += [path.parent / name for name in _LINK.findall(text)]
    assert [str(file) for file in named if not file.exists()] == []


def test_every_journey_lists_files_that_exist() -> None:
    journeys = ROOT / "docs" / "journeys.md"
    if not journeys.exists():
        pytest.skip("docs/journeys.md is not written yet")
    sections = re.split(r"(?m)^## ", journeys.read_text(encoding="utf-8"))[1:]
    assert sections
    for section in sections:
        files = _PATH.findall(section)
        assert files, f"names no file: {section.splitlines()[0]}"
        assert [name for name in files if not (ROOT / name).exists()] == []
