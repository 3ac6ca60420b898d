"""Data keys live wrapped in the database and are found there by whoever needs them."""

import pytest

from genkan.core.vault import KEY_BYTES, Unsealable, key_id_of, new_key
from genkan.db.database import Connection
from genkan.keys import ring
from genkan.keys import store as rows
from genkan.keys.kek import KeyEncryptionKey, KeyRefused
from tests.support.store import KEK, Store

PLACE = "access_keys.secret:AKIAEXAMPLE"


def connection(of: Store) -> Connection:
    return of.data.connection


def test_the_database_holds_one_root_and_one_active_data_key(store: Store) -> None:
    keys = rows.all_keys(connection(store))
    assert sorted((key.purpose, key.state) for key in keys) == [
        ("root", "active"),
        ("seal", "active"),
    ]


def test_no_key_is_readable_in_its_row(store: Store) -> None:
    for row in store.rows("SELECT * FROM data_keys"):
        shown = repr(row).encode() + row[3]
        for key in store_keys(store):
            assert key not in shown
            assert key.hex().encode() not in shown
        assert KEK.key not in row[3]


def store_keys(of: Store) -> list[bytes]:
    found = [ring.unwrapped(key, KEK) for key in rows.all_keys(connection(of))]
    assert [len(key) for key in found] == [KEY_BYTES, KEY_BYTES]
    return found


def test_two_processes_open_what_the_other_sealed(store: Store) -> None:
    other = ring.open_vault(connection(store), KEK)
    with store.write() as tx:
        sealed = tx.vault.seal(b"secret", PLACE)
        assert other.within(connection(store)).open(sealed, PLACE) == b"secret"
    assert other.derive("csrf") == store.services.vault.derive("csrf")


def test_two_installations_share_no_key(store: Store) -> None:
    first = store.services.vault.derive("csrf")
    connection(store).run("DELETE FROM data_keys", ())
    ring.make_keys(connection(store), KEK, 0)
    assert ring.open_vault(connection(store), KEK).derive("csrf") != first


def test_a_data_key_added_meanwhile_is_found_and_seals(store: Store) -> None:
    running = store.services.vault
    with store.write() as tx:
        before = tx.vault.seal(b"old", PLACE)
    other_process = connection(store)
    rows.begin_retiring(other_process)
    rows.insert_key(other_process, ring.wrapped_key(new_key(), "seal", KEK, 1))
    with store.write() as tx:
        after = tx.vault.seal(b"new", PLACE)
        assert key_id_of(after) != key_id_of(before)
        assert running.within(other_process).open(before, PLACE) == b"old"
        assert running.within(other_process).open(after, PLACE) == b"new"


def test_a_second_active_data_key_is_refused_by_the_database(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        rows.insert_key(connection(store), ring.wrapped_key(new_key(), "seal", KEK, 1))


def test_another_key_encryption_key_is_refused(store: Store) -> None:
    wrong = KeyEncryptionKey("GENKAN_KEY", new_key())
    with pytest.raises(KeyRefused, match="GENKAN_KEY is not the key of this database"):
        ring.open_vault(connection(store), wrong)


def test_a_database_without_keys_is_refused(store: Store) -> None:
    connection(store).run("DELETE FROM data_keys", ())
    with pytest.raises(KeyRefused, match="has no keys"):
        ring.open_vault(connection(store), KEK)


def test_a_damaged_root_is_refused(store: Store) -> None:
    connection(store).run(
        "UPDATE data_keys SET wrapped = ? WHERE purpose = 'root'", (b"\x02" + bytes(72),)
    )
    with pytest.raises(KeyRefused, match="damaged"):
        ring.open_vault(connection(store), KEK)


def test_the_root_does_not_pass_for_a_data_key(store: Store) -> None:
    """Whoever writes rows must not make the root secret open what they chose."""
    root = store.rows("SELECT key_id FROM data_keys WHERE purpose = 'root'")[0][0]
    with store.write() as tx:
        sealed = tx.vault.seal(b"secret", PLACE)
        forged = sealed[:1] + bytes.fromhex(root) + sealed[9:]
        with pytest.raises(Unsealable):
            tx.vault.open(forged, PLACE)
    connection(store).run("UPDATE data_keys SET purpose = 'x' WHERE purpose = 'seal'", ())
    connection(store).run("UPDATE data_keys SET purpose = 'seal' WHERE purpose = 'root'", ())
    fresh = ring.KeyRing(KEK)
    with pytest.raises(Unsealable):
        fresh.opening(connection(store), bytes.fromhex(root))


def test_a_process_with_an_old_key_encryption_key_says_so(store: Store) -> None:
    sealed_by_old = ring.KeyRing(KEK)
    (row,) = store.rows("SELECT key_id FROM data_keys WHERE purpose = 'seal'")
    connection(store).run("UPDATE data_keys SET wrapped_by = 'another'", ())
    with pytest.raises(Unsealable, match="this process has an old key-encryption key"):
        sealed_by_old.opening(connection(store), bytes.fromhex(row[0]))
