"""Where the figures come from: the machine and the versions, named; and the bare password hash."""

import os
import platform
import sqlite3
import statistics
import subprocess
import time
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


def bare_hash_ms(times: int = 40) -> float:
    """Milliseconds of processor time for one comparison with the sign-in's own parameters."""
    chosen = Parameters()
    hasher = PasswordHasher(
        time_cost=chosen.time_cost,
        memory_cost=chosen.memory_kib,
        parallelism=chosen.parallelism,
    )
    stored = hasher.hash("a password")
    spent = []
    for _ in range(times):
        began = time.process_time()
        hasher.verify(stored, "a password")
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)
