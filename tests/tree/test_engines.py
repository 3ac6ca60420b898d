"""On which engines the tests run: what is chosen is what was asked for, the same each time."""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache

import pytest

from tests.support.wire_engines import SAMPLE, SAMPLE_OF_MANY, is_sampled, is_second_twin
from tests.tree.files import ROOT

#: Of the wire, for the sandbox alone, and of slices.
FILES = ("tests/security/test_host_names.py", "tests/db/test_jobs.py")
ALONE = "test_its_own_names_are_answered"
TWINS = "tests/commands/test_init.py"
IDS = [f"tests/room/test_words.py::test_a_word[{number}-postgres]" for number in range(4000)]


@cache
def collected(*files: str, **environment: str) -> list[str]:
    """The ids of the tests that a session of these files would run, of `FILES` unless told."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("GENKAN_TEST")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest"),
            *("-n", "0", "-q", "--collect-only"),
            *(files or FILES),
        ],
        cwd=ROOT,
        env=bare | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def of_engine(ids: Iterable[str], file: str, engine: str) -> set[str]:
    found = (test_id for test_id in ids if test_id.startswith(f"{file}::") and engine in test_id)
    return {test_id.replace(engine, "") for test_id in found}


def test_about_the_wanted_part_is_in_the_sample_and_always_the_same() -> None:
    sample = {test_id for test_id in IDS if is_sampled(test_id, "")}
    assert 0.8 * SAMPLE < len(sample) / len(IDS) < 1.2 * SAMPLE
    assert sample == {test_id for test_id in IDS if is_sampled(test_id, "")}
    smaller = {test_id for test_id in IDS if is_sampled(test_id, "", SAMPLE_OF_MANY)}
    assert set() < smaller < sample


def test_another_seed_is_another_sample() -> None:
    one, other = ({test_id for test_id in IDS if is_sampled(test_id, seed)} for seed in ("", "2"))
    assert len(one & other) < len(one) / 2


def test_all_means_both_engines_for_all_but_what_is_the_sandbox_alone() -> None:
    ids = collected(GENKAN_TEST_ENGINES="all")
    for file in FILES:
        both = {test_id for test_id in ids if ALONE not in test_id}
        assert of_engine(both, file, "[sqlite") == of_engine(both, file, "[postgres") != set()
    alone = [test_id for test_id in ids if ALONE in test_id]
    assert alone == [f"{FILES[0]}::{ALONE}[sqlite]"]


def test_by_default_slices_run_on_both_engines_and_of_the_wire_a_sample_on_postgresql() -> None:
    ids = collected()
    wire, slices = FILES
    assert of_engine(ids, slices, "[sqlite") == of_engine(ids, slices, "[postgres") != set()
    sampled = of_engine(ids, wire, "[postgres")
    assert sampled < of_engine(ids, wire, "[sqlite")
    everything = collected(GENKAN_TEST_ENGINES="all")
    possible = {test_id for test_id in everything if wire in test_id and "[postgres" in test_id}
    seeds = [str(number) for number in range(100)]
    chosen = {one for one in possible for seed in seeds if is_sampled(one, seed)}
    assert chosen == possible, "a test that no seed would choose"


@pytest.mark.parametrize(
    ("test_id", "second"),
    [
        ("tests/commands/test_init.py::test_a[postgres-b]", True),
        ("tests/commands/test_init.py::test_a[sqlite-b]", False),
        ("tests/commands/test_init.py::test_only[postgres]", False),
        ("tests/journeys/test_aws_cli_use.py::test_a[old-sqlite]", True),
        ("tests/journeys/test_aws_cli_use.py::test_other[old-en-sqlite]", False),
        ("tests/journeys/test_consent.py::test_a[old]", False),
        ("tests/slices/test_init.py::test_a[postgres-b]", False),
    ],
)
def test_a_twin_is_a_test_that_another_one_is_like(test_id: str, second: bool) -> None:
    ids = [
        "tests/commands/test_init.py::test_a[sqlite-b]",
        "tests/journeys/test_aws_cli_use.py::test_a[new-sqlite]",
        "tests/journeys/test_aws_cli_use.py::test_other[new-ja-sqlite]",
        "tests/journeys/test_consent.py::test_a[new]",
        "tests/slices/test_init.py::test_a[sqlite-b]",
    ]
    assert is_second_twin(test_id, [*ids, test_id]) is second


def test_by_default_of_twins_that_start_processes_a_sample_runs_and_all_of_them_on_demand() -> None:
    some, everything = collected(TWINS), collected(TWINS, GENKAN_TEST_ENGINES="all")
    first, second = (
        [one for one in everything if word in one] for word in ("[sqlite", "[postgres")
    )
    assert set(first) < set(some) < set(everything)
    assert 0 < len(set(second) & set(some)) < len(second) / 2


@pytest.mark.parametrize(("engine", "other"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_one_engine_may_be_asked_for(engine: str, other: str) -> None:
    ids = collected(GENKAN_TEST_ENGINES=engine)
    assert [one for one in ids if f"[{other}" in one and ALONE not in one] == []
    assert of_engine(ids, FILES[1], f"[{engine}")
    assert any("test_no_route_answers" in test_id for test_id in ids)
