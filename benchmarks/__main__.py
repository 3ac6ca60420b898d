"""Measure everything and write the page's figures: `make bench`.

    python -m benchmarks [--runs 5] [--seconds 3] [--only sqlite,moto,postgres,reads]
                         [--sets small,large] [--operations NAME,NAME]

docs/benchmarks.md is rewritten by a whole run only; a part of it is printed.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import (
    assignments,
    dataset,
    load,
    machine,
    reads,
    signing_in,
    sites,
    stores,
    table,
)
from benchmarks.operations import OPERATIONS, Measured
from benchmarks.sites import Site

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
SETS = {"small": dataset.SMALL, "large": dataset.LARGE}
READS = "reads"
SERVERS = ("sqlite", "moto", "postgres", READS)
_WARM_SECONDS = 0.5
_MOST_A_SECOND = 7_000
"""Requests made beforehand for each second; no server here answers more writes."""


def main() -> None:
    """The command."""
    chosen = _arguments()
    facts = table.Facts(
        machine=machine.describe(chosen.runs, chosen.seconds),
        first_answer=_first_answer(chosen.runs) if "sqlite" in chosen.only else None,
        reads=frozenset(one.name for one in OPERATIONS if one.changes == "nothing"),
        writes=frozenset(one.name for one in OPERATIONS if one.changes == "rows"),
        cores=os.cpu_count() or 1,
    )
    figures: list[table.Figure] = []
    memories: list[table.Memory] = []
    sign_ins: list[signing_in.SignIn] = []
    failed = False
    for server, nodes, data, site in _sites(chosen.only, chosen.sets):
        after_start = site.memory_mib()
        for operation in OPERATIONS:
            if not _wanted(operation, site, chosen.operations):
                continue
            try:
                if operation.hashes and server == "SQLite":
                    told = signing_in.measured(site, data, operation, chosen.runs, chosen.seconds)
                    sign_ins.append(told)
                    result = told.result
                else:
                    result = _measured(site, operation, chosen.runs, chosen.seconds)
            except load.Wrong as wrong:
                failed = True
                _tell(f"{server:10} {nodes} {data:5} {operation.name:42} WRONG {wrong}")
                continue
            figures.append(
                table.Figure(
                    server=server,
                    nodes=nodes,
                    data=data,
                    operation=operation.name,
                    connections=operation.connections,
                    result=result,
                )
            )
            _tell(f"{server:10} {nodes} {data:5} {operation.name:42} {result.rate:9,.0f}/s")
        memories.append(
            table.Memory(
                server=server,
                nodes=nodes,
                data=data,
                after_start=after_start,
                after_load=site.memory_mib(),
            )
        )
    every_read: list[reads.Figure] = []
    if READS in chosen.only:
        every_read, mistaken = _every_read(chosen.operations)
        failed = failed or mistaken
    written = table.section(facts, figures, memories, every_read, sign_ins)
    if chosen.whole and not failed:
        bursts = assignments.section(assignments.SERVERS, chosen.runs)
        table.rewrite(PAGE, written)
        assignments.rewrite(PAGE, bursts)
        _tell(f"written to {PAGE}")
    else:
        print(written)
    if failed:
        raise SystemExit("an operation was answered wrongly: the page stays as it was")


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument(
        "--only", default=",".join(SERVERS), help="of sqlite,moto,postgres,reads"
    )
    arguments.add_argument("--sets", default=",".join(SETS), help="of small,large")
    arguments.add_argument("--operations", default="", help="names, or how they begin")
    chosen = arguments.parse_args()
    chosen.only = chosen.only.split(",")
    chosen.sets = chosen.sets.split(",")
    chosen.operations = [name for name in chosen.operations.split(",") if name]
    if unknown := {*chosen.only} - {*SERVERS} | {*chosen.sets} - {*SETS}:
        arguments.error(f"there is no {', '.join(sorted(unknown))}")
    chosen.whole = {*chosen.only} == {*SERVERS} and {*chosen.sets} == {*SETS}
    chosen.whole = chosen.whole and not chosen.operations
    return chosen


def _sites(only: list[str], sets: list[str]) -> Iterator[tuple[str, int, str, Site]]:
    if "sqlite" in only:
        for name in sets:
            with sites.on_sqlite(name, SETS[name]) as site:
                yield "SQLite", 1, name, site
    if "moto" in only:
        with sites.on_moto() as site:
            yield "moto", 1, "small", site
    if "postgres" in only:
        from benchmarks import nodes

        for name in sets:
            with nodes.installation(SETS[name]) as installation:
                for count in (1, 2):
                    with nodes.on_postgres(installation, count) as site:
                        yield "PostgreSQL", count, name, site
    sites.unpin()


def _wanted(operation: Measured, site: Site, names: list[str]) -> bool:
    if site.kind not in operation.kinds:
        return False
    return not names or any(operation.name.startswith(name) for name in names)


def _measured(site: Site, operation: Measured, runs: int, seconds: float) -> load.Result:
    if operation.changes == "nothing":
        # What making the requests wrote, and what ran before, is sealed first: a read pays for
        # itself alone, whatever the size of the data set.
        operation.make(site, operation.connections, 1)
        sites.settled(site)
    results = []
    for duration in (_WARM_SECONDS, *[seconds] * runs):
        flows = operation.make(site, operation.connections, int(duration * _MOST_A_SECOND))
        results.append(
            load.run(
                site.ports,
                flows,
                seconds=duration,
                pids=site.pids,
                database_pids=site.database_pids,
            )
        )
    return table.middle(results[1:])


def _every_read(names: list[str]) -> tuple[list[reads.Figure], bool]:
    """The figures of every read operation on a fresh large data set; whether one was wrong."""
    figures, mistaken = [], False
    with sites.on_sqlite("large", dataset.LARGE) as site:
        sites.settled(site)
        for read in reads.READS:
            if names and not any(read.operation.startswith(name) for name in names):
                continue
            try:
                figures.append(reads.measured(site, read))
            except load.Wrong as told:
                mistaken = True
                _tell(f"{read.operation:54} WRONG {told}")
                continue
            result = figures[-1].result
            _tell(
                f"{read.operation:54} {result.rate:9,.0f}/s {result.cpu_us:7,.0f} µs"
                f" {result.body_bytes:9,.0f} bytes"
            )
    sites.unpin()
    return figures, mistaken


def _first_answer(runs: int) -> float:
    with tempfile.TemporaryDirectory(prefix="genkan-bench-") as directory:
        data_dir = stores.sqlite_directory("small", dataset.SMALL, Path(directory) / "data")
        return statistics.median(sites.first_answer(data_dir) for _ in range(runs))


def _tell(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
