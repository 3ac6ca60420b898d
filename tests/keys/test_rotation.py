"""Rotation: every value under the new key, the old one gone, nothing lost wherever it stops."""

import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg
import pytest

from genkan.core.vault import Unsealable, key_id_of, new_key
from genkan.credentials import operations as credentials
from genkan.db.database import Connection
from genkan.db.direct import DirectDatabase
from genkan.keys import rotation
from genkan.keys import store as rows
from genkan.keys.columns import SEALED
from genkan.keys.kek import KeyEncryptionKey, KeyRefused
from genkan.keys.ring import open_vault
from genkan.sandbox import facts
from tests.keys.conftest import opened
from tests.support.engines import POSTGRES, SQLITE
from tests.support.store import KEK, MANAGEMENT, NOW, Store

T = TypeVar("T")
Beside = Callable[[], DirectDatabase]
MANY = 3 * rotation.BATCH + 7


def fill(store: Store, count: int = 5) -> dict[str, str]:
    """Sealed values in three tables; secrets of access keys by id."""
    with store.write() as tx:
        made = [
            credentials.create_access_key(tx, account_id=MANAGEMENT, user_name=f"user{number}")
            for number in range(count)
        ]
        credentials.create_signing_key(tx, purpose="test", private_key=b"PEM", certificate="")
        facts.mark_begun(tx)
    return {key.access_key_id: key.secret_access_key for key in made}


def assert_whole(store: Store, secrets: dict[str, str]) -> None:
    """Everything opens, for a process that has been running and for one that starts now."""
    for vault in (store.services.vault, open_vault(store.data.connection, KEK)):
        fresh = Store(store.data, store.clock)
        fresh.services = type(store.services)(
            vault=vault, events=store.events, deployment=store.services.deployment
        )
        with fresh.write() as tx:
            for key_id, secret in secrets.items():
                found = credentials.find_access_key(tx, key_id)
                assert found is not None
                assert found.secret_access_key == secret
            assert credentials.signing_key(tx, purpose="test").private_key == b"PEM"


def keys_used(store: Store) -> set[str]:
    """The ids of data keys under which there are values."""
    return {
        key_id_of(sealed).hex()
        for column in SEALED
        for (sealed,) in store.rows(f"SELECT {column.column} FROM {column.table}")
    }


def data_keys(store: Store) -> dict[str, str]:
    return {
        key.key_id: key.state
        for key in rows.all_keys(store.data.connection)
        if key.purpose == "seal"
    }


def rotate(database: DirectDatabase, **options: object) -> rotation.Rotation:
    return rotation.rotate(
        database,
        KEK,
        now=NOW + 1,
        pause=lambda taken: None,
        **options,  # type: ignore[arg-type]
    )


def test_every_value_is_sealed_anew_and_the_old_key_is_gone(store: Store, beside: Beside) -> None:
    secrets = fill(store)
    (old,) = data_keys(store)
    done = rotate(beside())
    assert done.retired == (old,)
    assert done.resealed == len(secrets) + 2
    assert data_keys(store) == {done.active: "active"}
    assert keys_used(store) == {done.active}
    assert_whole(store, secrets)


def test_more_values_than_one_batch_holds_are_all_sealed_anew(store: Store, beside: Beside) -> None:
    secrets = fill(store, MANY)
    done = rotate(beside())
    assert done.resealed == MANY + 2
    assert keys_used(store) == {done.active}
    assert_whole(store, secrets)


def test_an_empty_database_is_rotated_too(store: Store, beside: Beside) -> None:
    done = rotate(beside())
    assert done.resealed == 0
    assert data_keys(store) == {done.active: "active"}


def test_what_is_derived_stays_the_same(store: Store, beside: Beside) -> None:
    before = store.services.vault.derive("oauth client id")
    token = store.services.vault.cipher("page tokens").seal(b"position", "query")
    rotate(beside())
    later = open_vault(store.data.connection, KEK)
    assert later.derive("oauth client id") == before
    assert later.cipher("page tokens").open(token, "query") == b"position"


def test_a_running_process_seals_with_the_new_key_at_once(store: Store, beside: Beside) -> None:
    secrets = fill(store)
    done = rotate(beside())
    secrets |= fill(store, 1)
    assert keys_used(store) == {done.active}
    assert_whole(store, secrets)


def test_a_process_that_missed_three_rotations_opens_everything(
    store: Store, beside: Beside
) -> None:
    secrets = fill(store)
    for _ in range(3):
        rotate(beside())
    assert len(data_keys(store)) == 1
    assert_whole(store, secrets)


class _Interrupted(Exception):
    pass


class Stopping:
    """A database whose user dies before or after its n-th transaction."""

    def __init__(self, real: DirectDatabase, steps: int, *, committed: bool) -> None:
        self._real = real
        self._left = steps
        self._committed = committed

    def read(self, work: Callable[[Connection], T]) -> T:
        return self._real.read(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        self._left -= 1
        if self._left < 0 and not self._committed:
            raise _Interrupted
        value = self._real.write(work)
        if self._left < 0:
            raise _Interrupted
        return value

    def scrub(self) -> None:
        self._real.scrub()

    def close(self) -> None:
        self._real.close()


@pytest.mark.parametrize("committed", [False, True])
def test_a_rotation_that_was_interrupted_anywhere_is_finished_by_the_next(
    store: Store, beside: Beside, committed: bool
) -> None:
    secrets = fill(store, rotation.BATCH + 1)
    database = beside()
    interruptions = 0
    for steps in range(100):
        before = data_keys(store)
        try:
            rotate(Stopping(database, steps, committed=committed))
        except _Interrupted:
            interruptions += 1
        else:
            break
        assert_whole(store, secrets)
        under_way = [key for key, state in data_keys(store).items() if state == "retiring"]
        assert len(under_way) <= 1
        done = rotate(database)
        assert len(data_keys(store)) == 1
        # What was begun is finished; another key is not made on top of it.
        if under_way:
            assert done.retired == tuple(under_way)
            assert done.active not in before
        assert keys_used(store) == {done.active}
        assert_whole(store, secrets)
    # Begin, two batches of access keys, one each of signing keys and facts, retire.
    assert interruptions == 6


def test_two_rotations_at_once_end_with_one_key_and_everything_under_it(store: Store) -> None:
    secrets = fill(store, MANY)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            database = opened(store)  # Connections of SQLite belong to their thread.
            rotate(database)
            database.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(data_keys(store)) == 1
    assert keys_used(store) == set(data_keys(store))
    assert_whole(store, secrets)


@pytest.mark.parametrize("engine", [POSTGRES])
def test_a_value_sealed_by_a_transaction_that_saw_the_old_key_is_never_lost(
    store: Store, beside: Beside
) -> None:
    """The one way to lose a secret: sealed with the old key, committed after it was retired.

    SQLite has one writer: nobody holds a write open beside a rotation.
    """
    secrets = fill(store)
    database = beside()
    late: dict[str, str] = {}
    try:
        with store.write() as tx:
            key = credentials.create_access_key(tx, account_id=MANAGEMENT, user_name="late")
            late = {key.access_key_id: key.secret_access_key}
            rotate(database)
    except psycopg.errors.SerializationFailure:
        late = {}
    assert_whole(store, secrets | late)
    assert len(data_keys(store)) == 1
    assert not late, "the old key was gone, so that transaction had to be run again"


def test_a_value_that_does_not_open_keeps_the_old_key_and_is_named(
    store: Store, beside: Beside
) -> None:
    secrets = fill(store, rotation.BATCH + 5)
    lost = sorted(secrets)[3]
    (sealed,) = store.rows("SELECT secret_sealed FROM access_keys WHERE access_key_id = ?", lost)[0]
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with store.write() as tx:
        tx.run("UPDATE access_keys SET secret_sealed = ? WHERE access_key_id = ?", damaged, lost)
    with pytest.raises(rotation.RotationFailed, match=f"1 sealed values .* access_keys {lost}"):
        rotate(beside())
    assert sorted(data_keys(store).values()) == ["active", "retiring"]
    with store.write() as tx:
        tx.run("DELETE FROM access_keys WHERE access_key_id = ?", lost)
    del secrets[lost]
    rotate(beside())
    assert len(data_keys(store)) == 1
    assert_whole(store, secrets)


def test_a_failed_rotation_tells_no_secret(store: Store, beside: Beside) -> None:
    secrets = fill(store)
    with store.write() as tx:
        for key_id in secrets:
            tx.run(
                "UPDATE access_keys SET access_key_id = ? WHERE access_key_id = ?",
                f"X{key_id}",
                key_id,
            )
    with pytest.raises(rotation.RotationFailed) as failed:
        rotate(beside())
    assert not any(secret in str(failed.value) for secret in secrets.values())


def test_another_key_encryption_key_changes_nothing(store: Store, beside: Beside) -> None:
    fill(store)
    before = store.everything()
    wrong = KeyEncryptionKey("GENKAN_KEY", new_key())
    with pytest.raises(KeyRefused):
        rotation.rotate(beside(), wrong, now=NOW, pause=lambda taken: None)
    with pytest.raises(KeyRefused):
        rotation.rewrap(beside(), wrong, KeyEncryptionKey("new", new_key()))
    assert store.everything() == before


# ── the key-encryption key ────────────────────────────────────────────────────────────────────────


def test_after_a_rewrap_the_new_key_opens_everything_and_the_old_one_nothing(
    store: Store, beside: Beside
) -> None:
    secrets = fill(store)
    sealed_before = keys_used(store)
    new = KeyEncryptionKey("new", new_key())
    assert rotation.rewrap(beside(), KEK, new) == 2
    assert keys_used(store) == sealed_before
    with pytest.raises(KeyRefused):
        open_vault(store.data.connection, KEK)
    opened = open_vault(store.data.connection, new)
    assert opened.derive("csrf") == store.services.vault.derive("csrf")
    with store.write() as tx:
        for key_id, secret in secrets.items():
            row = tx.one("SELECT secret_sealed FROM access_keys WHERE access_key_id = ?", key_id)
            assert row is not None
            bound = opened.within(store.data.connection)
            assert bound.open(row[0], f"access_keys.secret:{key_id}") == secret.encode()


def test_a_rewrap_done_twice_changes_nothing_the_second_time(store: Store, beside: Beside) -> None:
    new = KeyEncryptionKey("new", new_key())
    rotation.rewrap(beside(), KEK, new)
    before = store.everything()
    assert rotation.rewrap(beside(), KEK, new) == 0
    assert rotation.rewrap(beside(), new, new) == 0
    assert store.everything() == before


def test_a_running_process_goes_on_after_a_rewrap(store: Store, beside: Beside) -> None:
    secrets = fill(store)
    rotation.rewrap(beside(), KEK, KeyEncryptionKey("new", new_key()))
    secrets |= fill(store, 1)
    with store.write() as tx:
        for key_id, secret in secrets.items():
            found = credentials.find_access_key(tx, key_id)
            assert found is not None
            assert found.secret_access_key == secret


def test_a_process_with_the_old_key_does_not_seal_after_a_rotation_by_the_new_one(
    store: Store, beside: Beside
) -> None:
    """It says which key it has, instead of sealing with something that nobody else can open."""
    fill(store)
    new = KeyEncryptionKey("new", new_key())
    rotation.rewrap(beside(), KEK, new)
    rotation.rotate(beside(), new, now=NOW + 1, pause=lambda taken: None)
    with pytest.raises(Unsealable, match="old key-encryption key"):
        fill(store, 1)


@pytest.mark.parametrize("engine", [SQLITE])
def test_old_wraps_are_gone_from_the_files(store: Store, beside: Beside) -> None:
    fill(store, 50)
    (root,) = store.rows("SELECT wrapped FROM data_keys WHERE purpose = 'root'")[0]
    directory = store.data.path.parent  # type: ignore[attr-defined]
    assert any(root in path.read_bytes() for path in directory.iterdir())
    rotation.rewrap(beside(), KEK, KeyEncryptionKey("new", new_key()))
    assert not any(root in path.read_bytes() for path in directory.iterdir())
