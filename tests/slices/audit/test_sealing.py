"""The chain: every record in one batch, and whatever is done to it is found, on both engines."""

import pytest

from genkan.audit import store as audit_store
from genkan.audit.batches import Sealer, batch_digest
from genkan.audit.sealing import LATE_MS, SealingFailed, draft_batch, seal
from genkan.core.vault import Vault, new_key
from tests.slices.audit.chain import (
    RECORDER,
    a_call,
    chain,
    happen,
    ids,
    kept_head,
    many,
    sealed,
    three_batches,
    verified,
)
from tests.support.engines import POSTGRES
from tests.support.store import Store


def change(store: Store, sql: str, *parameters: object) -> None:
    """What somebody does who can write to the database."""
    with store.write() as tx:
        assert tx.run(sql, *parameters) >= 1


def test_a_sealed_chain_is_good_and_its_tail_is_named(store: Store) -> None:
    assert verified(store).problems == []
    three_batches(store)
    happen(store, 2)
    report = verified(store, kept_head(store))
    assert report.problems == []
    assert (report.batches, report.records, report.unsealed) == (3, 12, 2)


def test_a_batch_holds_a_thousand_records_and_sealing_goes_on_to_the_end(store: Store) -> None:
    many(store, 2001)
    assert sealed(store) == (3, 2001)
    assert store.rows("SELECT records FROM audit_batches ORDER BY sequence") == [
        (1000,),
        (1000,),
        (1,),
    ]
    assert verified(store).problems == []
    assert sealed(store) == (0, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("record", "{}"),
        ("event_time", 1),
        ("account_id", "999999999999"),
        ("event_name", "Other"),
        ("event_source", "other"),
        ("user_name", "other"),
        ("access_key_id", "other"),
        ("read_only", 1),
        ("resources", "\nA\tb\n"),
    ],
)
def test_a_changed_record_is_found_whichever_column_it_is(
    store: Store, column: str, value: object
) -> None:
    three_batches(store)
    victim = ids(store, 2)[1]
    change(store, f"UPDATE audit_events SET {column} = ? WHERE event_id = ?", value, victim)
    report = verified(store)
    assert report.problems == [f"record {victim} of batch 2 was changed"]
    assert (report.batches, report.records) == (2, 8)


def test_a_removed_record_is_found(store: Store) -> None:
    three_batches(store)
    victim = ids(store, 3)[3]
    change(store, "DELETE FROM audit_events WHERE event_id = ?", victim)
    assert verified(store).problems == [f"record {victim} of batch 3 was removed"]


def test_a_record_that_was_taken_out_of_its_batch_is_found(store: Store) -> None:
    three_batches(store)
    victim = ids(store, 1)[0]
    change(store, "UPDATE audit_events SET batch = 0 WHERE event_id = ?", victim)
    assert verified(store).problems[0] == f"record {victim} of batch 1 was taken out of its batch"


def test_a_record_that_was_inserted_into_a_batch_is_found(store: Store) -> None:
    three_batches(store)
    happen(store, 1)
    (forged,) = ids(store, 0)
    change(store, "UPDATE audit_events SET batch = 2 WHERE event_id = ?", forged)
    assert verified(store).problems == [f"record {forged} was inserted into batch 2"]


def test_a_record_that_was_inserted_into_the_past_is_found_and_not_sealed(store: Store) -> None:
    three_batches(store)
    happen(store, 1)
    late = store.clock.now - LATE_MS - 60_000
    change(store, "UPDATE audit_events SET event_time = ? WHERE batch = 0", late)
    assert sealed(store) == (0, 0)
    (problem,) = verified(store).problems
    assert problem.startswith("1 record inserted: they appeared after their time had been sealed")
    assert sealed(store, late=True) == (1, 1)
    assert verified(store).problems == []


def test_a_record_that_committed_late_is_in_the_next_batch(store: Store) -> None:
    happen(store, 3)
    before = store.clock.now
    store.clock.advance(seconds=5)
    happen(store, 1)
    assert sealed(store) == (1, 4)
    store.clock.now = before
    happen(store, 1)
    assert sealed(store) == (1, 1)
    report = verified(store)
    assert (report.problems, report.records) == ([], 5)


@pytest.mark.parametrize("engine", [POSTGRES])
def test_a_transaction_that_is_open_while_others_are_sealed_is_in_the_next_batch(
    store: Store,
) -> None:
    """As between nodes: what began first commits last."""
    other = store.another()
    with other.write() as open_one:
        RECORDER.record(open_one, a_call("Slow"), None)
        happen(store, 3)
        assert sealed(store) == (1, 3)
        assert verified(store).unsealed == 0
    assert verified(store).unsealed == 1
    assert sealed(store) == (1, 1)
    report = verified(store)
    assert (report.problems, report.batches, report.records) == ([], 2, 4)
    other.close()


def test_a_batch_removed_from_the_middle_is_found(store: Store) -> None:
    three_batches(store)
    change(store, "DELETE FROM audit_batches WHERE sequence = 2")
    assert verified(store).problems == ["batch 2 was removed, with 4 records left"]
    change(store, "DELETE FROM audit_events WHERE batch = 2")
    assert verified(store).problems == ["batch 2 was removed"]


def test_a_chain_renumbered_over_a_gap_is_found(store: Store) -> None:
    three_batches(store)
    change(store, "DELETE FROM audit_batches WHERE sequence = 2")
    change(store, "DELETE FROM audit_events WHERE batch = 2")
    change(store, "UPDATE audit_batches SET sequence = 2 WHERE sequence = 3")
    change(store, "UPDATE audit_events SET batch = 2 WHERE batch = 3")
    assert verified(store).problems == ["batch 2 was changed"]


def test_a_chain_that_lost_its_beginning_is_found(store: Store) -> None:
    three_batches(store)
    change(store, "DELETE FROM audit_batches WHERE sequence < 3")
    change(store, "DELETE FROM audit_events WHERE batch IN (1, 2)")
    assert verified(store).problems == ["batches 1 to 2 were removed"]


def test_batches_removed_from_the_end_are_found_by_their_records_or_a_kept_head(
    store: Store,
) -> None:
    three_batches(store)
    head = kept_head(store)
    change(store, "DELETE FROM audit_batches WHERE sequence = 3")
    (problem,) = verified(store).problems
    assert problem == ("the chain was cut off after batch 2: 4 records of batches that are missing")
    change(store, "DELETE FROM audit_events WHERE batch = 3")
    assert verified(store).problems == []
    assert verified(store, head).problems == [
        "batch 3 of the kept head is missing: the chain ends with batch 2"
    ]


def test_an_end_that_was_made_anew_is_found_with_a_kept_head(store: Store) -> None:
    three_batches(store)
    head = kept_head(store)
    change(store, "DELETE FROM audit_batches WHERE sequence = 3")
    change(store, "DELETE FROM audit_events WHERE batch = 3")
    happen(store, 1)
    sealed(store)
    assert verified(store).problems == []
    assert verified(store, head).problems == [
        "batch 3 is not the one that the kept head was taken of"
    ]


@pytest.mark.parametrize(
    "set_to",
    [
        "records = 5",
        "made_at = 1",
        "first_time = 1",
        "last_time = 1",
        "horizon = 1",
        "members = '[]'",
        "members = 'nonsense'",
        f"previous = '{'a' * 64}'",
        f"digest = '{'a' * 64}'",
    ],
)
def test_a_changed_batch_is_found(store: Store, set_to: str) -> None:
    three_batches(store)
    change(store, f"UPDATE audit_batches SET {set_to} WHERE sequence = 2")
    assert verified(store).problems[0] == "batch 2 was changed"


def test_a_signature_of_another_key_is_found(store: Store) -> None:
    three_batches(store)
    change(store, "UPDATE audit_batches SET signature = 'AAAA' WHERE sequence = 3")
    assert verified(store).problems == ["batch 3 was not signed with this installation's key"]


def test_a_record_and_its_batch_made_anew_without_the_key_are_found(store: Store) -> None:
    """Whoever can write everywhere can make digests agree, but no signature."""
    three_batches(store)
    change(store, "DELETE FROM audit_batches WHERE sequence = 3")
    change(store, "UPDATE audit_events SET user_name = 'nobody' WHERE batch = 3")
    change(store, "UPDATE audit_events SET batch = 0 WHERE batch = 3")
    forger = Sealer(Vault(new_key()))
    with store.write() as tx:
        draft = draft_batch(tx)
        assert draft is not None
        made = seal(tx, forger, draft, store.clock.now)
        assert made is not None
        found = audit_store.next_batch(tx, 3)
        assert found is not None
        assert batch_digest(*found) == made.digest
    assert verified(store).problems == ["batch 3 was not signed with this installation's key"]


def test_two_sealers_of_the_same_records_make_one_batch(store: Store) -> None:
    happen(store, 3)
    with chain(store) as (_, sealer):
        with store.write() as tx:
            one, other = draft_batch(tx), draft_batch(tx)
        assert one is not None
        assert other is not None
        with store.write() as tx:
            assert seal(tx, sealer, one, tx.now) is not None
        with store.write() as tx:
            assert seal(tx, sealer, other, tx.now) is None
    report = verified(store)
    assert (report.problems, report.batches, report.records) == ([], 1, 3)


def test_a_record_that_vanishes_while_it_is_sealed_undoes_the_batch(store: Store) -> None:
    happen(store, 3)
    with chain(store) as (_, sealer):
        with store.write() as tx:
            draft = draft_batch(tx)
        assert draft is not None
        change(store, "DELETE FROM audit_events WHERE event_id = ?", draft.members[0][0])
        with pytest.raises(SealingFailed), store.write() as tx:
            seal(tx, sealer, draft, tx.now)
    assert store.count("audit_batches") == 0
    assert sealed(store) == (1, 2)


def test_sealing_adds_no_statement_to_a_record(store: Store) -> None:
    with store.watched() as seen, store.write() as tx:
        RECORDER.record(tx, a_call(), None)
    assert [sql.split()[0] for sql, _ in seen] == ["INSERT"]


def test_what_is_not_sealed_is_found_without_reading_what_is(store: Store) -> None:
    three_batches(store)
    happen(store, 2)
    with store.watched() as seen, store.write() as tx:
        assert draft_batch(tx) is not None
    for sql, parameters in seen:
        assert store.data.whole_reads(sql, parameters) == [] or "audit_batches" in sql
        assert store.data.sorts(sql, parameters) == []
