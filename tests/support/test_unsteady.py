"""What lets processes stand still lets them go on again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import ANSWER_SECONDS
from tests.support.unsteady import Freezer, descendants, frozen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A shell that answers each line with the same line."""
    process = subprocess.Popen(
        ["sh", "-c", "while read line; do echo $line; done"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield process
    process.communicate(timeout=ANSWER_SECONDS)


def state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for(process: int, *, stopped: bool) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while (state(process) == "T") is not stopped:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def is_alive(child: subprocess.Popen[str]) -> bool:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("a line\n")
    return child.stdout.readline() == "a line\n"


def test_a_process_stands_still_and_goes_on(child: subprocess.Popen[str]) -> None:
    assert is_alive(child)
    with frozen(child.pid):
        wait_for(child.pid, stopped=True)
    wait_for(child.pid, stopped=False)
    assert is_alive(child)


def test_a_childs_child_is_a_descendant_and_this_process_is_none(
    child: subprocess.Popen[str],
) -> None:
    assert child.pid in descendants(os.getpid())
    assert child.pid in descendants(os.getppid())
    assert os.getpid() not in descendants(os.getpid())
    assert descendants(child.pid) == []


def test_the_end_of_it_leaves_nobody_stopped(child: subprocess.Popen[str]) -> None:
    beside = Freezer(os.getpid())
    beside.start()
    assert all(is_alive(child) for _ in range(10))
    beside.end()
    wait_for(child.pid, stopped=False)
    assert is_alive(child)


def test_nothing_happens_to_a_process_that_is_gone() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait(ANSWER_SECONDS)
    with frozen(gone.pid):
        assert gone.pid not in descendants(os.getpid())
