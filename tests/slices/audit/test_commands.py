"""`genkan audit` as a person types it, on both engines."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from genkan.core.vault import new_key
from genkan.keys import rotation
from genkan.keys.kek import write_key_file
from tests.slices.audit.chain import (
    chain,
    exported,
    happen,
    ids,
    in_order,
    many,
    sealed,
    three_batches,
    verified,
)
from tests.slices.audit.command import Command
from tests.support.store import KEK, Store

# --- verify and head ------------------------------------------------------------------------------


def test_verify_says_how_much_is_good_and_what_is_not_sealed(
    store: Store, command: Command
) -> None:
    three_batches(store)
    happen(store, 1)
    said = command.said("verify")
    assert said == "3 batches with 12 records good, 0 problems; 1 record not sealed yet.\n"


def test_verify_ends_with_1_and_a_line_a_problem(store: Store, command: Command) -> None:
    three_batches(store)
    victim = ids(store, 2)[0]
    with store.write() as tx:
        tx.run("DELETE FROM audit_events WHERE event_id = ?", victim)
        tx.run("DELETE FROM audit_batches WHERE sequence = 3")
    status, said, _ = command.run("verify")
    assert status == 1
    assert said.splitlines() == [
        f"record {victim} of batch 2 was removed",
        "the chain was cut off after batch 2: 4 records of batches that are missing",
        "1 batch with 4 records good, 2 problems; 0 records not sealed yet.",
    ]


def test_a_head_that_was_kept_convicts_a_chain_that_was_cut_off(
    store: Store, command: Command, tmp_path: Path
) -> None:
    three_batches(store)
    kept = tmp_path / "head.json"
    kept.write_text(command.said("head"))
    assert json.loads(kept.read_text())["sequence"] == 3
    happen(store, 1)
    sealed(store)
    command.said("verify", "--head", kept)
    with store.write() as tx:
        tx.run("DELETE FROM audit_batches WHERE sequence > 2")
        tx.run("DELETE FROM audit_events WHERE batch > 2")
    command.said("verify")
    status, said, _ = command.run("verify", "--head", kept)
    assert status == 1
    assert "batch 3 of the kept head is missing" in said


@pytest.mark.parametrize("change", [{"sequence": 1}, {"sealed_at": 1}, {"signature": "AAAA"}, None])
def test_a_head_that_nobody_here_signed_is_refused(
    store: Store, command: Command, tmp_path: Path, change: dict[str, Any] | None
) -> None:
    three_batches(store)
    kept = tmp_path / "head.json"
    head = json.loads(command.said("head"))
    kept.write_text("nonsense" if change is None else json.dumps({**head, **change}))
    status, said, complained = command.run("verify", "--head", kept)
    assert (status, said) == (1, "")
    assert complained.startswith("Error: the ")


def test_there_is_no_head_of_nothing(command: Command) -> None:
    assert command.run("head") == (1, "", "Error: nothing is sealed yet\n")


def test_a_rotated_and_a_rewrapped_key_leave_the_chain_verifiable(
    store: Store, command: Command
) -> None:
    three_batches(store)
    with chain(store) as (database, _):
        rotation.rotate(database, KEK, now=store.clock.now)
    happen(store, 1)
    assert command.said("seal") == "1 record sealed in 1 batch.\n"
    said = command.said("verify")
    assert said.startswith("4 batches with 13 records good, 0 problems")


def test_another_installations_key_is_refused(
    store: Store, command: Command, tmp_path: Path
) -> None:
    three_batches(store)
    key_file = next(
        path for path in tmp_path.iterdir() if path.suffix == ".key" or path.name == "key"
    )
    key_file.unlink()
    write_key_file(key_file, new_key())
    status, said, complained = command.run("verify")
    assert (status, said) == (1, "")
    assert "is not the key of this database" in complained


# --- sealing, killed anywhere ---------------------------------------------------------------------


@pytest.mark.parametrize("statement", [1, 2, 7, 12, 13, 20])
def test_sealing_that_is_killed_leaves_a_chain_that_goes_on(
    store: Store, command: Command, statement: int
) -> None:
    many(store, 1500)  # eleven statements for the first batch, six for the second
    process = command.begin("seal", die_at=statement)
    process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if statement < 18 else 0)
    left = verified(store)
    assert left.problems == []
    assert (left.batches, left.unsealed) == {
        1: (0, 1500),
        2: (0, 1500),
        7: (0, 1500),
        12: (1, 500),
        13: (1, 500),
        20: (2, 0),
    }[statement]
    command.said("seal")
    assert command.said("verify").startswith("2 batches with 1500 records good, 0 problems")


# --- export ---------------------------------------------------------------------------------------


def test_export_prints_every_record_once_in_the_order_of_the_chain(
    store: Store, command: Command
) -> None:
    three_batches(store)
    happen(store, 2)
    status, said, told = command.run("export")
    assert status == 0
    assert exported(said) == in_order(store)
    assert len(exported(said)) == 14
    assert told == "the next export goes on with --after 4\n"
    assert command.run("export", "--after", "4")[:2] == (0, "")
    happen(store, 1)
    assert len(exported(command.said("export", "--after", "4"))) == 1


def test_a_line_is_the_record_itself(store: Store, command: Command) -> None:
    happen(store, 1)
    said = command.said("export")
    assert [(said.rstrip("\n"),)] == store.rows("SELECT record FROM audit_events")


def test_a_record_that_commits_late_is_exported_all_the_same(
    store: Store, command: Command
) -> None:
    happen(store, 2)
    first = exported(command.said("export"))
    store.clock.advance(seconds=-1)
    happen(store, 1, seconds=0)
    rest = exported(command.said("export", "--after", "1"))
    assert len(rest) == 1
    assert set(first + rest) == set(in_order(store))


def test_export_is_bounded_by_times(store: Store, command: Command) -> None:
    happen(store, 10)
    times = [time for (time,) in store.rows("SELECT event_time FROM audit_events ORDER BY 1")]
    since, until = (f"2027-01-15T08:00:{(time // 1000) % 60:02d}Z" for time in (times[3], times[6]))
    assert times[0] == 1_800_000_001_000  # the second that the two above are made of
    assert len(exported(command.said("export", "--since", since))) == 7
    assert len(exported(command.said("export", "--until", until))) == 7
    assert len(exported(command.said("export", "--since", since, "--until", until))) == 4
    status, _, complained = command.run("export", "--since", "yesterday")
    assert status == 2
    assert "is no time" in complained


def test_an_export_to_a_file_goes_on_where_its_state_says(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    three_batches(store)
    assert command.said("export", "--output", output, "--state", state) == ""
    assert output.stat().st_mode & 0o777 == 0o600
    happen(store, 2)
    command.said("export", "--output", output, "--state", state)
    command.said("export", "--output", output, "--state", state)
    assert exported(output.read_text()) == in_order(store)


def test_an_output_that_cannot_hold_records_is_refused_before_anything_is_written(
    store: Store, command: Command, tmp_path: Path
) -> None:
    three_batches(store)
    same, pipe = tmp_path / "out.jsonl", tmp_path / "pipe"
    status, _, complained = command.run("export", "--output", same, "--state", same)
    assert (status, same.exists()) == (2, False)
    assert "--output and --state name the same file" in complained
    os.mkfifo(pipe)
    status, _, complained = command.run("export", "--output", pipe)
    assert (status, complained) == (
        1,
        f"Error: {pipe} is no file: leave out --output to print the records\n",
    )


def test_a_reader_that_goes_away_ends_an_export_without_a_word(
    store: Store, command: Command, tmp_path: Path
) -> None:
    three_batches(store)
    process = command.begin("export", "--state", tmp_path / "state")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(60) == 1
    assert exported(command.said("export", "--state", tmp_path / "state")) == in_order(store)


def test_what_a_killed_export_left_beyond_its_state_is_cut_off(
    store: Store, command: Command, tmp_path: Path
) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    three_batches(store)
    command.said("export", "--output", output, "--state", state)
    with output.open("a") as file:
        file.write('{"eventID": "half of a ba')
    happen(store, 2)
    command.said("export", "--output", output, "--state", state)
    assert exported(output.read_text()) == in_order(store)


def test_an_export_of_a_chain_that_was_made_anew_is_refused(store: Store, command: Command) -> None:
    three_batches(store)
    status, said, complained = command.run("export", "--after", "9")
    assert (status, said) == (1, "")
    assert complained.startswith("Error: the chain ends before batch 9")


def test_export_follows_what_comes(store: Store, command: Command, tmp_path: Path) -> None:
    output, state = tmp_path / "out.jsonl", tmp_path / "state"
    happen(store, 2)
    process = command.begin("export", "--follow", "--output", output, "--state", state)
    deadline = time.monotonic() + 60
    for expected in (2, 5):
        while not output.exists() or len(output.read_text().splitlines()) < expected:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        happen(store, 3)
        sealed(store)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    command.said("export", "--output", output, "--state", state)
    assert exported(output.read_text()) == in_order(store)
    assert len(in_order(store)) == 8


# --- prune ----------------------------------------------------------------------------------------


def test_pruning_removes_old_batches_and_the_rest_stays_verifiable(
    store: Store, command: Command, tmp_path: Path
) -> None:
    three_batches(store)
    kept = tmp_path / "head.json"
    kept.write_text(command.said("head"))
    # The times of the second batch begin with the fifth second, those of the third with the ninth.
    said = command.said("prune", "--before", "2027-01-15T08:00:09Z")
    assert said == "8 records removed in 2 batches.\n"
    assert len(in_order(store)) == 4
    assert command.said("verify", "--head", kept) == (
        "1 batch with 4 records good, 0 problems; 0 records not sealed yet."
        " 8 records were pruned.\n"
    )
    happen(store, 1)
    assert len(exported(command.said("export"))) == 5
    assert command.said("verify").startswith("2 batches with 5 records good, 0 problems")


def test_the_last_batch_is_never_pruned(store: Store, command: Command) -> None:
    three_batches(store)
    assert command.said("prune", "--before", "2100-01-01") == "8 records removed in 2 batches.\n"
    assert command.said("prune", "--before", "2100-01-01") == "0 records removed in 0 batches.\n"


def test_pruning_does_not_cover_up_what_was_removed_before(store: Store, command: Command) -> None:
    three_batches(store)
    with store.write() as tx:
        tx.run("DELETE FROM audit_batches WHERE sequence = 1")
        tx.run("DELETE FROM audit_events WHERE batch = 1")
    status, _, complained = command.run("prune", "--before", "2100-01-01")
    assert status == 1
    assert complained.startswith("Error: batch 2 is not good")
    assert verified(store).problems == ["batch 1 was removed"]


@pytest.mark.parametrize("column", ["sequence", "digest", "records", "pruned_at"])
def test_a_changed_marker_of_a_pruning_is_found(
    store: Store, command: Command, column: str
) -> None:
    three_batches(store)
    command.said("prune", "--before", "2027-01-15T08:00:09Z")
    value = "'" + "a" * 64 + "'" if column == "digest" else f"{column} - 1"
    with store.write() as tx:
        tx.run(f"UPDATE audit_pruned SET {column} = {value}")
    status, said, _ = command.run("verify")
    assert status == 1
    assert "of the pruned batches up to" in said
