"""A password sign-in beside the bare hash: what each costs, and which threads the rest is spent in.

The hash is measured between the runs, on the server's core, since what a core does in a second
differs from minute to minute by more than what is to be seen. The audit trail is sealed before, so
that a sign-in pays for its own records alone.
"""

import contextlib
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import load, machine, sites
from benchmarks.operations import Measured
from benchmarks.sites import Site

_WARM_SECONDS = 0.5
_HASHES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The middle run with one data set. `hash_ms`: the bare hash, the median between the runs.

    `hashing_ms`, `loop_ms` and `rest_ms` are processor time of each sign-in: of the threads that
    hash, of the event loop, and of all others, of which the writer is the only busy one.
    """

    data: str
    result: load.Result
    hash_ms: float
    hashing_ms: float
    loop_ms: float
    rest_ms: float


def measured(site: Site, data: str, operation: Measured, runs: int, seconds: float) -> SignIn:
    """Sign in again and again, a hash by itself in between; raises `load.Wrong`."""
    hashes, found = [_bare_hash_ms(site)], []
    for duration in (_WARM_SECONDS, *[seconds] * runs):
        found.append(_run(site, data, operation, duration))
        hashes.append(_bare_hash_ms(site))
    middle = sorted(found[1:], key=lambda one: one.result.rate)[(runs - 1) // 2]
    return replace(middle, hash_ms=statistics.median(hashes))


def _run(site: Site, data: str, operation: Measured, seconds: float) -> SignIn:
    flows = operation.make(site, operation.connections, 1)
    sites.settled(site)
    (pid,) = site.pids
    before = _thread_seconds(pid)
    result = load.run(site.ports, flows, seconds=seconds, pids=site.pids)
    after = _thread_seconds(pid)
    spent = {thread: total - before.get(thread, 0.0) for thread, total in after.items()}
    return split(data, result, spent, main=pid)


def split(data: str, result: load.Result, spent: Mapping[int, float], *, main: int) -> SignIn:
    """What one run says, without the bare hash; `spent`: seconds of each thread, by its number."""
    each = 1000 / result.operations
    others = sorted((total for thread, total in spent.items() if thread != main), reverse=True)
    hashing = machine.hashing_threads()
    return SignIn(
        data=data,
        result=result,
        hash_ms=0.0,
        hashing_ms=sum(others[:hashing]) * each,
        loop_ms=spent.get(main, 0.0) * each,
        rest_ms=sum(others[hashing:]) * each,
    )


def _bare_hash_ms(site: Site) -> float:
    sites.unpin()
    found = machine.bare_hash_ms(_HASHES)
    sites.pin(site.pids)
    return found


def _thread_seconds(pid: int) -> dict[int, float]:
    """Processor time of each thread of a process, as Linux tells; the main one has its number."""
    found = {}
    for file in Path("/proc").glob(f"{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError):  # It ended meanwhile.
            found[int(file.parent.name)] = int(file.read_text().split()[0]) / 1e9
    return found
