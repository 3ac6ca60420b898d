"""The page's figures as Markdown: what was measured, and what was expected of it.

Pure but for `rewrite`, which replaces what stands between the two marks in docs/benchmarks.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import reads
from benchmarks.load import Result
from benchmarks.signing_in import SignIn

BEGIN = "<!-- figures: what stands between these marks is written by `make bench` -->"
END = "<!-- end of figures -->"
SAME_ANSWER = 1.2
MOTO_TIMES = 10.0
WRITES_A_SECOND = 3_000.0
READS_A_SECOND = 2_000.0
TWO_NODES = 1.6
ABOVE_HASH = 1.05
_NO_ROOM = "cores do not allow"
_ABOVE_THE_HASH = (
    "Processor time of each sign-in. The bare hash is measured between the runs, on the server's"
    " core. What stands above it is the request, on the event loop, and in the writer two durable"
    " transactions with three audit records: the attempt is counted before the hash, the session is"
    " made after it. At this rate nobody shares their commits, and a hash fills 19 MiB, so that all"
    " other code and data come from memory again: where nothing is hashed they cost half as much."
)


class NoMarks(Exception):
    """The page has not the two marks, each once and in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One operation on one server with one data set; `result` is the middle one of its runs.

    `server` is "SQLite", "moto" or "PostgreSQL"; `data` "small" or "large".
    """

    server: str
    nodes: int
    data: str
    operation: str
    connections: int
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident memory of a server's processes together, in MiB."""

    server: str
    nodes: int
    data: str
    after_start: float
    after_load: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What else was seen: seconds to the first answer.

    `machine` says where and when in one paragraph; `reads` names the operations that change
    nothing, `writes` those that wait for the disk. `cores`: processors that server, database and
    client share.
    """

    machine: str
    first_answer: float | None
    reads: frozenset[str]
    writes: frozenset[str]
    cores: int = 1


def middle(results: Sequence[Result]) -> Result:
    """The run whose rate is the median; of an even number, the slower of the two."""
    return sorted(results, key=lambda result: result.rate)[(len(results) - 1) // 2]


def section(
    facts: Facts,
    figures: Sequence[Figure],
    memories: Sequence[Memory],
    every_read: Sequence[reads.Figure] = (),
    sign_ins: Sequence[SignIn] = (),
) -> str:
    """Everything between the marks."""
    expected = _expected(facts, figures, every_read, sign_ins)
    parts = [facts.machine, "", "### What was expected", "", *expected]
    for server in ("SQLite", "PostgreSQL"):
        rows = [figure for figure in figures if figure.server == server]
        if rows:
            parts += ["", f"### {server}", "", *_operations(rows)]
    if sign_ins:
        parts += ["", "### Signing in beside the bare hash, on SQLite", "", *_beside_hash(sign_ins)]
    moto = [figure for figure in figures if figure.server == "moto"]
    if moto:
        parts += ["", "### moto's server, in the same run", "", *_operations(moto)]
    if every_read:
        title = "### Every read operation, on SQLite with the large data set"
        parts += ["", title, "", reads.CONDITIONS, "", *_every_read(every_read)]
    parts += ["", "### Memory and start", "", *_memory(facts, memories)]
    return "\n".join(parts)


def rewrite(page: Path, figures: str, begin: str = BEGIN, end: str = END) -> None:
    """Put the figures into the page, between its marks."""
    text = page.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise NoMarks(str(page))
    before, after = text[: text.index(begin)], text[text.index(end) :]
    page.write_text(f"{before}{begin}\n\n{figures}\n\n{after}", encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int) -> list[str]:
    """A table whose first `texts` columns are texts and whose others are numbers."""
    rule = ["---" if column < texts else "---:" for column in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def _operations(figures: Sequence[Figure]) -> list[str]:
    nodes = any(figure.nodes > 1 for figure in figures)
    database = any(figure.result.database_us for figure in figures)
    head = ["operation", "data", *(["nodes"] if nodes else []), "conn.", "a second"]
    head += ["p50 ms", "p95 ms", "p99 ms", "CPU µs each", *(["database µs"] if database else [])]
    rows = []
    for figure in figures:
        result = figure.result
        row = [figure.operation, figure.data, *([str(figure.nodes)] if nodes else [])]
        row += [str(figure.connections), f"{result.rate:,.0f}"]
        row += [_milliseconds(value) for value in (result.p50, result.p95, result.p99)]
        row += [f"{result.cpu_us:,.0f}", *([f"{result.database_us:,.0f}"] if database else [])]
        rows.append(row)
    return _table(head, rows, texts=2)


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _memory(facts: Facts, memories: Sequence[Memory]) -> list[str]:
    rows = [
        [
            f"{memory.server}, {memory.nodes} nodes" if memory.nodes > 1 else memory.server,
            memory.data,
            f"{memory.after_start:.0f}",
            f"{memory.after_load:.0f}",
        ]
        for memory in memories
    ]
    lines = _table(["server", "data", "MiB after start", "MiB after the load"], rows, texts=2)
    if facts.first_answer is not None:
        lines += ["", f"First answer on an existing data directory: {facts.first_answer:.2f} s."]
    return lines


def _every_read(figures: Sequence[reads.Figure]) -> list[str]:
    head = ["operation", "asks", "items", "bytes", "a second", "p50 ms", "p99 ms", "CPU µs each"]
    rows = [
        [
            figure.operation,
            f"{figure.targets}",
            "" if figure.items is None else f"{figure.items:,.0f}",
            f"{figure.result.body_bytes:,.0f}",
            f"{figure.result.rate:,.0f}",
            _milliseconds(figure.result.p50),
            _milliseconds(figure.result.p99),
            f"{figure.result.cpu_us:,.0f}",
        ]
        for figure in figures
    ]
    return _table(head, rows, texts=1)


def _reads_expected(figures: Sequence[reads.Figure]) -> list[list[str]]:
    if not figures:
        return []
    slow = [figure for figure in figures if figure.result.rate <= READS_A_SECOND]
    least = min(figures, key=lambda figure: figure.result.rate)
    if slow:
        named = ", ".join(
            f"{figure.operation} {figure.result.rate:,.0f} ({figure.result.cpu_us:,.0f} µs)"
            for figure in sorted(slow, key=lambda figure: figure.result.rate)
        )
        shown = f"{len(figures) - len(slow)} of {len(figures)}; not {named}"
    else:
        shown = f"all {len(figures)}; least {least.operation} with {least.result.rate:,.0f}"
    expected = f"every read operation, large: above {READS_A_SECOND:,.0f} a second on one core"
    return [[expected, shown, _said(not slow)]]


def _expected(
    facts: Facts,
    figures: Sequence[Figure],
    every_read: Sequence[reads.Figure],
    sign_ins: Sequence[SignIn],
) -> list[str]:
    rows = [*_beside_moto(figures), *_same_answer(facts, figures), *_reads_expected(every_read)]
    rows += [*_writes(facts, figures), *_nodes(facts, figures), *_hash(sign_ins)]
    return _table(["expected", "measured", ""], rows, texts=3)


def _said(reached: bool) -> str:
    return "reached" if reached else "**not reached**"


def _of(figures: Iterable[Figure], server: str, data: str, nodes: int = 1) -> dict[str, Figure]:
    return {
        figure.operation: figure
        for figure in figures
        if (figure.server, figure.data, figure.nodes) == (server, data, nodes)
    }


def _beside_moto(figures: Sequence[Figure]) -> list[list[str]]:
    ours, moto = _of(figures, "SQLite", "small"), _of(figures, "moto", "small")
    if not ("DescribeUser" in ours and "DescribeUser" in moto):
        return []
    times = ours["DescribeUser"].result.rate / moto["DescribeUser"].result.rate
    expected = f"DescribeUser at least {MOTO_TIMES:.0f} times moto"
    cpu = moto["DescribeUser"].result.cpu_us / ours["DescribeUser"].result.cpu_us
    shown = f"{times:.1f} times, with {cpu:.1f} times less CPU each"
    return [[expected, shown, _said(times >= MOTO_TIMES)]]


def _same_answer(facts: Facts, figures: Sequence[Figure]) -> list[list[str]]:
    rows = []
    for server in ("SQLite", "PostgreSQL"):
        small, large = _of(figures, server, "small"), _of(figures, server, "large")
        for name in small:
            if name not in facts.reads or name not in large:
                continue
            ratio = _work(large[name].result) / _work(small[name].result)
            expected = f"{server}, {name}: large at most {SAME_ANSWER} times small"
            rows.append([expected, f"{ratio:.2f} times the CPU", _said(ratio <= SAME_ANSWER)])
    return rows


def _work(result: Result) -> float:
    return result.cpu_us + result.database_us


def _writes(facts: Facts, figures: Sequence[Figure]) -> list[list[str]]:
    rows = []
    for data in ("small", "large"):
        for name, figure in _of(figures, "SQLite", data).items():
            if name in facts.writes:
                rate = figure.result.rate
                expected = f"{name}, {data}: above {WRITES_A_SECOND:,.0f} a second on SQLite"
                rows.append([expected, f"{rate:,.0f}", _said(rate > WRITES_A_SECOND)])
    return rows


def _nodes(facts: Facts, figures: Sequence[Figure]) -> list[list[str]]:
    rows = []
    for data in ("small", "large"):
        one = _of(figures, "PostgreSQL", data)
        for name, two in _of(figures, "PostgreSQL", data, nodes=2).items():
            if name in one:
                times = two.result.rate / one[name].result.rate
                expected = f"{name}, {data}: two nodes at least {TWO_NODES} times one"
                shown = f"{times:.2f} times; one keeps {one[name].result.cores:.1f} cores busy"
                # Where one node, its database and the client leave too little, two cannot do it.
                room = one[name].result.cores * TWO_NODES <= facts.cores
                said = _said(times >= TWO_NODES)
                rows.append([expected, shown, said if room or times >= TWO_NODES else _NO_ROOM])
    return rows


def _hash(sign_ins: Sequence[SignIn]) -> list[list[str]]:
    rows = []
    for one in sign_ins:
        spent = one.result.cpu_us / 1000
        expected = f"password sign-in, {one.data}: the bare hash and at most 5 % more"
        shown = f"{spent:.1f} ms of CPU, hash {one.hash_ms:.1f}"
        rows.append([expected, shown, _said(spent <= one.hash_ms * ABOVE_HASH)])
    return rows


def _beside_hash(sign_ins: Sequence[SignIn]) -> list[str]:
    head = ["data", "CPU ms each", "bare hash ms", "hashing threads", "event loop", "other threads"]
    rows = [
        [one.data, *(f"{value:.1f}" for value in (one.result.cpu_us / 1000, one.hash_ms))]
        + [f"{value:.1f}" for value in (one.hashing_ms, one.loop_ms, one.rest_ms)]
        for one in sign_ins
    ]
    return [*_table(head, rows, texts=1), "", _ABOVE_THE_HASH]
