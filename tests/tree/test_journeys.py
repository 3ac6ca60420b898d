"""The journeys name files that exist and functions that are in them, in an unbroken order."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.tree.files import ROOT

JOURNEYS = ROOT / "docs" / "journeys.md"
EXPECTED = {
    "AWS call",
    "Sign-in",
    "SAML to an account",
    "CLI login by PKCE",
    "CLI login by device code",
    "Provisioning",
    "Reset",
}
_STEP = re.compile(r"`(genkan/[\w/]+\.py)`: ((?:`\w+`(?:, )?)+)")
_FILE = re.compile(r"`(genkan/[^`]+)`")
_NUMBER = re.compile(r"(?m)^(\d+)\. (.*)$")


def sections(text: str) -> dict[str, str]:
    """Each journey's text by its title; what comes before the first is the door's, under ""."""
    first, *others = re.split(r"(?m)^## ", text)
    return {"": first, **{part.partition("\n")[0].strip(): part for part in others}}


def steps(text: str) -> list[tuple[str, str]]:
    """(file, function) of every step, in order."""
    return [
        (path, name)
        for path, names in _STEP.findall(text)
        for name in re.findall(r"`(\w+)`", names)
    ]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The functions and methods of a module, nested ones included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def missing(text: str) -> list[str]:
    """Steps whose file, or whose function in that file, is not there."""
    found = []
    for name, function in steps(text):
        path = ROOT / name
        if not path.exists() or function not in functions_of(path):
            found.append(f"{name}: {function}")
    return found


TEXT = JOURNEYS.read_text(encoding="utf-8")
SECTIONS = sections(TEXT)


def test_every_journey_of_the_design_is_written() -> None:
    assert SECTIONS.keys() - {""} == EXPECTED


@pytest.mark.parametrize("title", SECTIONS)
def test_every_step_names_a_function_that_exists(title: str) -> None:
    assert len(steps(SECTIONS[title])) >= 4
    assert missing(SECTIONS[title]) == []


@pytest.mark.parametrize("title", SECTIONS)
def test_every_file_named_is_named_with_a_function(title: str) -> None:
    named = {path for path, _ in steps(SECTIONS[title])}
    assert set(_FILE.findall(SECTIONS[title])) == named


@pytest.mark.parametrize("title", SECTIONS)
def test_steps_are_numbered_in_order_and_say_what_happens(title: str) -> None:
    numbered = _NUMBER.findall(SECTIONS[title])
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))
    for _, text in numbered:
        assert re.search(r"\. \S.*\.$|^The operation", text), text


def test_a_missing_file_and_a_missing_function_are_found() -> None:
    assert missing("1. `genkan/nowhere.py`: `perform`. X.") == ["genkan/nowhere.py: perform"]
    assert missing("1. `genkan/perform.py`: `nothing`. X.") == ["genkan/perform.py: nothing"]
    assert missing("1. `genkan/perform.py`: `perform`. X.") == []
