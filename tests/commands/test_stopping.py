"""Being told to stop at any moment, also in the middle of waiting for it."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from genkan.commands.stopping import told_to_stop

PATIENCE_SECONDS = 60
SIGNALS = [signal.SIGTERM, signal.SIGINT]

WAITS_SHORTLY_AND_OFTEN = """
from genkan.commands.stopping import told_to_stop

for _ in range(200):
    with told_to_stop() as stopping:
        print("waiting", flush=True)
        while not stopping.wait(0):
            pass
print("done", flush=True)
"""


def _tell_soon(number: signal.Signals) -> threading.Timer:
    timer = threading.Timer(0.05, os.kill, (os.getpid(), number))
    timer.start()
    return timer


@pytest.mark.parametrize("number", SIGNALS)
def test_told_while_it_waits_it_wakes_at_once(number: signal.Signals) -> None:
    with told_to_stop() as stopping:
        timer = _tell_soon(number)
        begun = time.monotonic()
        assert stopping.wait(PATIENCE_SECONDS)
        timer.join()
    assert time.monotonic() - begun < PATIENCE_SECONDS


def test_told_before_it_waits_it_does_not_wait() -> None:
    with told_to_stop() as stopping:
        os.kill(os.getpid(), signal.SIGTERM)
        begun = time.monotonic()
        assert stopping.asked
        assert stopping.wait(PATIENCE_SECONDS)
        assert stopping.wait(PATIENCE_SECONDS)
    assert time.monotonic() - begun < PATIENCE_SECONDS


def test_told_nothing_it_goes_on_after_its_time() -> None:
    with told_to_stop() as stopping:
        assert not stopping.wait(0.01)
        assert not stopping.asked


def test_told_in_the_middle_of_anything_it_never_waits_for_itself() -> None:
    """A signal hits any instruction of `wait`, where a lock could be held."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITS_SHORTLY_AND_OFTEN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        guard = threading.Timer(PATIENCE_SECONDS, process.kill)
        guard.start()
        while process.stdout.readline() == "waiting\n":
            process.send_signal(signal.SIGTERM)
        _, complained = process.communicate()
        guard.cancel()
        assert (process.returncode, complained) == (0, "")


@pytest.mark.parametrize("number", SIGNALS)
def test_told_twice_it_does_what_it_did_before(number: signal.Signals) -> None:
    told: list[int] = []
    before = signal.signal(number, lambda received, frame: told.append(received))
    try:
        with told_to_stop() as stopping:
            os.kill(os.getpid(), number)
            assert (stopping.asked, told) == (True, [])
            os.kill(os.getpid(), number)
            assert told == [number]
        os.kill(os.getpid(), number)
        assert told == [number, number]
    finally:
        signal.signal(number, before)


def test_afterwards_nothing_is_left_of_it() -> None:
    free = _first_free_descriptor()
    handlers = [signal.getsignal(number) for number in SIGNALS]
    with told_to_stop():
        assert _first_free_descriptor() != free
    assert [signal.getsignal(number) for number in SIGNALS] == handlers
    assert _first_free_descriptor() == free


def _first_free_descriptor() -> int:
    found = os.open(os.devnull, os.O_RDONLY)
    os.close(found)
    return found
