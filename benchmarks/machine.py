"""Where the figures come from: the machine and the versions, named; and the bare password hash."""

import contextlib
import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from argon2 import PasswordHasher

from genkan.signin.hashing import Parameters
from scripts.install_postgresql import programs


def describe(runs: int, seconds: float) -> str:
    """One paragraph."""
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {_processor()}, {os.cpu_count()} cores,"
        f" {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}; CPython"
        f" {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_postgresql()},"
        f" moto {version('moto')}. Median of {runs} runs of {seconds:g} seconds each; load average"
        f" before: {os.getloadavg()[0]:.1f}."
    )


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) / 1024**2
    return 0.0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _postgresql() -> str:
    folder = programs()
    if folder is None:
        return "no PostgreSQL"
    told = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return f"PostgreSQL {told.stdout.split()[2]}"


def bare_hash_ms(times: int = 60) -> float:
    """Milliseconds of processor time for one comparison with the sign-in's own parameters.

    Under the sign-in's conditions: as many threads as its pool has, pinned to one core.
    """
    chosen = Parameters()
    hasher = PasswordHasher(
        time_cost=chosen.time_cost,
        memory_cost=chosen.memory_kib,
        parallelism=chosen.parallelism,
    )
    stored = hasher.hash("a password")
    with ThreadPoolExecutor(hashing_threads()) as pool, on_one_core():
        list(pool.map(hasher.verify, [stored] * 8, ["a password"] * 8))
        began = time.process_time()
        list(pool.map(hasher.verify, [stored] * times, ["a password"] * times))
        return (time.process_time() - began) / times * 1000


def hashing_threads() -> int:
    """How many threads the sign-in's pool has here."""
    return min(4, os.cpu_count() or 1)


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """Every thread that is started meanwhile, and this one, on the first core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
