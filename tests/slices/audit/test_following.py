"""`genkan audit export --follow` as a SIEM's shipper: rotated, stopped, killed, begun again.

Real processes on both engines. Whatever happens, each record is in the output once, in the order of
the chain.
"""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.keys.command import begin
from tests.slices.audit.chain import exported, happen, in_order, sealed, three_batches
from tests.slices.audit.command import Command
from tests.support.server import Server
from tests.support.store import Store

PATIENCE_SECONDS = 60


def until(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for it, as long as the process runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def following(
    command: Command, *words: str | Path, end: int = signal.SIGTERM
) -> Iterator["subprocess.Popen[str]"]:
    """A process that follows, ended by a signal; its exit status is in the process then."""
    process = command.begin("export", "--follow", *words)
    try:
        yield process
    finally:
        process.send_signal(end)
        process.wait(timeout=PATIENCE_SECONDS)
        assert process.stdout is not None
        assert process.stderr is not None


def lines_of(*paths: Path) -> int:
    return sum(len(path.read_text().splitlines()) for path in paths if path.exists())


def more(store: Store, count: int) -> None:
    """So many records in a batch of their own."""
    happen(store, count)
    assert sealed(store) == (1, count)


# --- stopped and begun again ----------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_that_is_told_to_stop_goes_on_where_it_ended(
    store: Store, command: Command, tmp_path: Path, end: signal.Signals
) -> None:
    state, told = tmp_path / "state", ""
    for expected in (3, 5):
        more(store, expected)
        with following(command, "--state", state, end=end) as process:
            until(lambda: state.exists() and _after(state) == _batches(store), process)
        out, complained = process.communicate()
        assert (process.returncode, complained) == (0, "")
        assert len(exported(out)) == expected
        told += out
    assert exported(told) == in_order(store)


def _after(state: Path) -> int:
    found: int = json.loads(state.read_text())["after"]
    return found


def _batches(store: Store) -> int:
    ((count,),) = store.rows("SELECT COUNT(*) FROM audit_batches")
    found: int = count
    return found


def test_a_stream_without_a_state_ends_by_saying_where_to_go_on(
    store: Store, command: Command
) -> None:
    three_batches(store)
    process = command.begin("export", "--follow")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(12)]
    process.send_signal(signal.SIGTERM)
    out = process.stdout.read()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    _, complained = process.communicate()
    assert complained == "the next export goes on with --after 3\n"
    assert exported("".join(lines) + out) == in_order(store)


def test_told_to_stop_in_the_middle_it_ends_with_a_whole_batch(
    store: Store, command: Command, tmp_path: Path
) -> None:
    """Nobody reads, so the pipe is full and the process waits in the middle of a batch."""
    state = tmp_path / "state"
    for _ in range(4):
        more(store, 100)
    process = command.begin("export", "--follow", "--state", state)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out = process.stdout.read()
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
    process.communicate()
    got = exported(first + out)
    assert len(got) == 100 * _after(state)
    assert got == in_order(store)[: len(got)]
    rest = command.said("export", "--state", state)
    assert got + exported(rest) == in_order(store)


def test_a_second_signal_ends_it_at_once(store: Store, command: Command, tmp_path: Path) -> None:
    """Also when nobody reads what it writes."""
    state = tmp_path / "state"
    more(store, 1000)  # far more than a pipe takes, so that the batch is never written whole
    process = command.begin("export", "--state", state)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None:
        assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    assert process.returncode == -signal.SIGTERM
    process.communicate()


# --- killed ---------------------------------------------------------------------------------------


def test_a_file_has_every_record_once_however_often_its_exporter_is_killed(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    for number in range(5):
        more(store, 40)
        with following(
            command, "--output", output, "--state", state, end=signal.SIGKILL
        ) as process:
            # The first lines of a batch are enough: what is half done must not stay.
            wanted = 40 * number + 1
            until(lambda wanted=wanted: lines_of(output) >= wanted, process)  # type: ignore[misc]
        assert process.returncode == -signal.SIGKILL
        process.communicate()
    command.said("export", "--output", output, "--state", state)
    assert exported(output.read_text()) == in_order(store)
    assert len(in_order(store)) == 200


# --- rotated --------------------------------------------------------------------------------------


def test_a_file_that_is_renamed_while_it_follows_is_left_and_a_new_one_begun(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    rotated = [tmp_path / f"out.jsonl.{number}" for number in (2, 1)]
    with following(command, "--output", output, "--state", state) as process:
        for name in rotated:
            more(store, 3)
            until(lambda: lines_of(output) == 3, process)
            output.rename(name)
        more(store, 3)
        until(lambda: lines_of(output) == 3, process)
    assert process.wait() == 0
    more(store, 2)
    command.said("export", "--output", output, "--state", state)
    whole = "".join(path.read_text() for path in (*rotated, output))
    assert exported(whole) == in_order(store)
    assert output.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_copied_and_emptied_while_it_follows_goes_on(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state, copy = tmp_path / "out.jsonl", tmp_path / "state", tmp_path / "copy"
    with following(command, "--output", output, "--state", state) as process:
        more(store, 3)
        until(lambda: lines_of(output) == 3 and _after(state) == 1, process)
        copy.write_bytes(output.read_bytes())
        output.write_bytes(b"")
        more(store, 3)
        until(lambda: lines_of(output) == 3, process)
    command.said("export", "--output", output, "--state", state)
    assert exported(copy.read_text() + output.read_text()) == in_order(store)


@pytest.mark.parametrize("after", ["nothing there", "an empty file", "another file"])
def test_what_a_killed_export_left_is_cut_off_in_the_file_it_was_renamed_to(
    store: Store, command: Command, tmp_path: Path, after: str
) -> None:
    output, state, rotated = tmp_path / "out.jsonl", tmp_path / "state", tmp_path / "out.jsonl.1"
    more(store, 3)
    command.said("export", "--output", output, "--state", state)
    with output.open("a") as file:
        file.write('{"eventID": "half of a ba')
    output.rename(rotated)
    other = "x" * 10_000 + "\n"
    if after != "nothing there":
        output.write_text("" if after == "an empty file" else other)
    more(store, 2)
    command.said("export", "--output", output, "--state", state)
    text = output.read_text()
    if after == "another file":
        assert text.startswith(other)
        text = text.removeprefix(other)
    assert exported(rotated.read_text() + text) == in_order(store)


# --- pruned, put back -----------------------------------------------------------------------------


def test_what_was_pruned_before_it_was_exported_is_told_and_the_rest_comes(
    store: Store, command: Command, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    more(store, 1)
    first = exported(command.said("export", "--state", state))
    three_batches(store)
    command.said("prune", "--before", "2027-01-15T08:00:10Z")
    status, said, complained = command.run("export", "--state", state)
    assert status == 0
    assert complained == "batches 2 to 3 were pruned before they were exported\n"
    assert exported(said) == in_order(store)
    assert not set(first) & set(exported(said))


def test_what_was_exported_may_be_pruned_while_it_follows(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    three_batches(store)
    wanted = in_order(store)
    with following(command, "--output", output, "--state", state) as process:
        until(lambda: lines_of(output) == 12, process)
        assert command.said("prune", "--before", "2100-01-01").startswith("8 records removed")
        more(store, 2)
        until(lambda: lines_of(output) == 14, process)
    assert process.communicate()[1] == ""
    assert exported(output.read_text()) == [*wanted, *in_order(store)[-2:]]


def test_a_chain_that_is_put_back_while_it_is_followed_ends_the_export(
    store: Store, command: Command, tmp_path: Path
) -> None:
    """Otherwise it would wait for ever for numbers that are used again."""
    state = tmp_path / "state"
    three_batches(store)
    process = command.begin("export", "--follow", "--state", state)
    until(lambda: state.exists() and _after(state) == 3, process)
    with store.write() as tx:
        tx.run("DELETE FROM audit_batches WHERE sequence > 1")
        tx.run("DELETE FROM audit_events WHERE batch > 1")
    _, complained = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert complained.startswith("Error: the chain ends before batch 3")


@pytest.mark.parametrize("batches", [3, 5])
def test_another_chain_that_has_as_many_batches_is_not_gone_on_with(
    store: Store, command: Command, tmp_path: Path, batches: int
) -> None:
    """Whatever was in its first three would never be exported."""
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    three_batches(store)
    command.said("export", "--output", output, "--state", state)
    before = output.read_bytes(), state.read_bytes()
    with store.write() as tx:
        tx.run("DELETE FROM audit_batches")
        tx.run("DELETE FROM audit_events")
    for _ in range(batches):
        more(store, 2)
    status, _, complained = command.run("export", "--output", output, "--state", state)
    assert status == 1
    assert complained.startswith("Error: batch 3 is not the one that was exported")
    assert (output.read_bytes(), state.read_bytes()) == before


def test_a_state_of_before_batches_had_digests_goes_on(
    store: Store, command: Command, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    three_batches(store)
    state.write_text('{"after":2}')
    assert exported(command.said("export", "--state", state)) == in_order(store)[-4:]


# --- beside a server ------------------------------------------------------------------------------


@pytest.mark.sandbox_only("an installation has the same command, tried on its store above")
def test_nothing_is_lost_or_doubled_beside_a_server_that_goes_on_writing(server: Server) -> None:
    folder = server.data_dir.parent
    output, state = folder / "siem.jsonl", folder / "siem.state"
    client, store = server.client("identitystore"), server.facts["identity_store_id"]
    names: list[str] = []
    stopping = threading.Event()

    def write() -> None:
        while not stopping.is_set():
            name = f"followed-{len(names)}"
            client.create_group(IdentityStoreId=store, DisplayName=name)
            names.append(name)
            time.sleep(0.002)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for end in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            seen = lines_of(output)
            process = begin(
                "audit", "export", "--follow", "--data-dir", server.data_dir,
                "--output", output, "--state", state,
            )  # fmt: skip
            until(lambda seen=seen: lines_of(output) > seen, process)  # type: ignore[misc]
            process.send_signal(end)
            process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        stopping.set()
        writing.join()
    process = begin(
        "audit", "export", "--data-dir", server.data_dir, "--output", output, "--state", state
    )
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert len({record["eventID"] for record in records}) == len(records)
    created = [record for record in records if record["eventName"] == "CreateGroup"]
    mine = {record["requestID"] for record in created}
    assert len(mine) >= len(names) > 10
