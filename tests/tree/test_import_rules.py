"""Our own contract type finds what it must find, and the import rules leave no package out."""

import configparser
from typing import Any

import grimp
import pytest

from scripts.import_contracts import OnlyContract
from tests.tree.files import ROOT


def graph_of(*imports: tuple[str, str]) -> grimp.ImportGraph:
    graph = grimp.ImportGraph()
    for name in ("app", "app.a", "app.a.store", "app.a.operations", "app.b", "app.b.store"):
        graph.add_module(name)
    graph.add_module("starlette", is_squashed=True)
    for importer, imported in imports:
        graph.add_import(
            importer=importer,
            imported=imported,
            line_number=1,
            line_contents=f"import {imported}",
        )
    return graph


def lines(graph: grimp.ImportGraph, **options: Any) -> list[str]:
    contract = OnlyContract("rule", session_options={}, contract_options=options)
    check = contract.check(graph, verbose=False)
    found: list[str] = check.metadata["lines"]
    assert check.kept == (not found)
    return found


def test_a_store_imported_by_another_slice_is_found() -> None:
    graph = graph_of(("app.a.operations", "app.b.store"), ("app.a.operations", "app.a.store"))
    assert lines(graph, modules=["app.*.store"]) == ["app.a.operations -> app.b.store (l.1)"]


def test_a_library_imported_outside_its_place_is_found() -> None:
    graph = graph_of(("app.a.operations", "starlette"), ("app.b", "starlette"))
    found = lines(graph, modules=["starlette", "not_there"], importers=["app.b", "app.c"])
    assert found == ["app.a.operations -> starlette (l.1)"]


def test_a_name_that_only_begins_alike_is_another_package() -> None:
    graph = graph_of(("app.b.store", "starlette"))
    assert lines(graph, modules=["starlette"], importers=["app.b.st"]) != []


@pytest.mark.parametrize("contract", ["layers", "protocols"])
def test_the_import_rules_place_every_package(contract: str) -> None:
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    assert rules.getboolean(f"importlinter:contract:{contract}", "exhaustive")
    ignored = rules.get(f"importlinter:contract:{contract}", "exhaustive_ignores", fallback="")
    assert ignored.split() in ([], ["fronts"])
