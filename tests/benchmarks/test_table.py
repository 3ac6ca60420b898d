"""The page's figures: the right run is chosen, and what fell short is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import machine, reads
from benchmarks.load import Result
from benchmarks.signing_in import SignIn, split
from benchmarks.table import BEGIN, END, Facts, Figure, Memory, NoMarks, middle, rewrite, section
from tests.tree.files import ROOT

FACTS = Facts(
    machine="Measured on a machine.",
    first_answer=0.5,
    reads=frozenset({"DescribeUser"}),
    writes=frozenset({"CreateUser"}),
)


def _result(rate: float, cpu_us: float = 100.0) -> Result:
    return Result(int(rate), 1.0, p50=1.0, p95=2.0, p99=123.4, cpu_us=cpu_us)


def _figure(
    operation: str,
    rate: float,
    cpu_us: float = 100.0,
    *,
    server: str = "SQLite",
    nodes: int = 1,
    data: str = "small",
) -> Figure:
    return Figure(
        server=server,
        nodes=nodes,
        data=data,
        operation=operation,
        connections=16,
        result=_result(rate, cpu_us),
    )


def _line(text: str, beginning: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {beginning}"))


def test_the_middle_run_is_the_median_by_rate() -> None:
    runs = [_result(rate) for rate in (30, 10, 20)]
    assert middle(runs).rate == 20
    assert middle([*runs, _result(40)]).rate == 20


def test_every_figure_has_a_row() -> None:
    memory = Memory(server="SQLite", nodes=1, data="small", after_start=60.2, after_load=90.8)
    text = section(FACTS, [_figure("GetCallerIdentity", 7654.3)], [memory])
    row = "| GetCallerIdentity | small | 16 | 7,654 | 1.0 | 2.0 | 123 | 100 |"
    assert row in text.splitlines()
    assert "| SQLite | small | 60 | 91 |" in text.splitlines()
    assert text.startswith("Measured on a machine.")
    assert "0.50 s" in text


@pytest.mark.parametrize(("rate", "said"), [(5_000, "reached"), (4_999, "**not reached**")])
def test_ten_times_moto_is_reached_or_not(rate: float, said: str) -> None:
    figures = [_figure("DescribeUser", rate), _figure("DescribeUser", 500, server="moto")]
    assert _line(section(FACTS, figures, []), "DescribeUser at least 10").endswith(f"| {said} |")


@pytest.mark.parametrize(("cpu_us", "said"), [(120.0, "reached"), (121.0, "**not reached**")])
def test_a_read_of_the_large_set_costs_as_much_as_of_the_small_or_not(
    cpu_us: float, said: str
) -> None:
    figures = [_figure("DescribeUser", 1), _figure("DescribeUser", 1, cpu_us, data="large")]
    assert _line(section(FACTS, figures, []), "SQLite, DescribeUser").endswith(f"| {said} |")


@pytest.mark.parametrize(("rate", "said"), [(3_001, "reached"), (3_000, "**not reached**")])
def test_three_thousand_writes_are_reached_or_not(rate: float, said: str) -> None:
    text = section(FACTS, [_figure("CreateUser", rate)], [])
    assert _line(text, "CreateUser, small").endswith(f"| {said} |")


@pytest.mark.parametrize(("rate", "said"), [(160, "reached"), (159, "**not reached**")])
def test_two_nodes_are_so_much_quicker_than_one_or_not(rate: float, said: str) -> None:
    figures = [
        _figure("CreateToken", 100, server="PostgreSQL"),
        _figure("CreateToken", rate, server="PostgreSQL", nodes=2),
    ]
    facts = replace(FACTS, cores=2)
    assert _line(section(facts, figures, []), "CreateToken, small: two").endswith(f"| {said} |")


def test_two_nodes_are_not_blamed_for_cores_that_one_keeps_busy() -> None:
    figures = [
        _figure("CreateToken", 1_000, cpu_us=1_300.0, server="PostgreSQL"),
        _figure("CreateToken", 1_100, server="PostgreSQL", nodes=2),
    ]
    for cores, said in ((2, "cores do not allow"), (4, "**not reached**")):
        text = section(replace(FACTS, cores=cores), figures, [])
        line = _line(text, "CreateToken, small: two")
        assert line.endswith(f"| 1.10 times; one keeps 1.3 cores busy | {said} |")


@pytest.mark.parametrize(("cpu_us", "said"), [(21_000.0, "reached"), (21_100.0, "**not reached**")])
def test_a_sign_in_costs_its_hash_and_little_more_or_not(cpu_us: float, said: str) -> None:
    one = SignIn(
        data="small",
        result=_result(40, cpu_us),
        hash_ms=20.0,
        hashing_ms=19.5,
        loop_ms=0.6,
        rest_ms=0.9,
    )
    text = section(FACTS, [], [], sign_ins=[one])
    assert _line(text, "password sign-in, small: the bare").endswith(f"| {said} |")
    assert f"| small | {cpu_us / 1000:.1f} | 20.0 | 19.5 | 0.6 | 0.9 |" in text.splitlines()


def test_of_a_sign_ins_threads_the_busiest_hash_and_the_first_is_the_loop() -> None:
    count = machine.hashing_threads()
    hashing = {100 + number: 0.8 for number in range(count)}
    found = split("small", _result(40), {7: 1.2, 8: 0.4, 9: 0.2, **hashing}, main=7)
    assert found.hashing_ms == pytest.approx(20.0 * count)
    assert (found.loop_ms, found.rest_ms) == (pytest.approx(30.0), pytest.approx(15.0))


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter.\n")
    rewrite(page, "new")
    rewrite(page, "newer")
    assert page.read_text() == f"# Before\n\n{BEGIN}\n\nnewer\n\n{END}\n\nAfter.\n"


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_page_without_its_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(NoMarks):
        rewrite(page, "new")
    assert page.read_text() == text


def test_the_page_has_its_marks() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    assert text.count(BEGIN) == text.count(END) == 1


def _read(operation: str, rate: float, cpu_us: float = 300.0) -> reads.Figure:
    return reads.Figure(
        service="identitystore",
        operation=operation,
        targets=16,
        items=100.0,
        result=replace(_result(rate, cpu_us), body_bytes=54_321.0),
    )


def test_reads_that_are_all_quick_enough_are_told_with_the_slowest() -> None:
    text = section(FACTS, [], [], [_read("ListUsers", 2_100), _read("ListGroups", 2_500)])
    line = _line(text, "every read operation")
    assert "all 2; least ListUsers with 2,100" in line
    assert line.endswith("| reached |")
    assert "| ListUsers | 16 | 100 | 54,321 | 2,100 | 1.0 | 123 | 300 |" in text.splitlines()


def test_reads_that_are_not_are_named_slowest_first() -> None:
    figures = [_read("ListGroups", 1_900), _read("IsMemberInGroups", 3_000)]
    text = section(FACTS, [], [], [*figures, _read("ListUsers", 900, 1_111.0)])
    line = _line(text, "every read operation")
    assert "1 of 3; not ListUsers 900 (1,111 µs), ListGroups 1,900 (300 µs)" in line
    assert "**not reached**" in line


def test_without_reads_nothing_is_said_of_them() -> None:
    assert "very read operation" not in section(FACTS, [], [])
