"""Counting attempts: which counts one belongs to, and moving them (`throttle` has the rule)."""

import hashlib
import hmac
from dataclasses import dataclass, replace

from genkan.core.vault import Vault
from genkan.db.database import Tx
from genkan.signin import store, throttle

_MOST_ROWS = 50_000
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Counters:
    """The counts of one attempt: its own, and of the user name from all networks together.

    `of_user_name` is None for a recognised browser, whose failures are not a stranger's.
    """

    own: bytes
    of_user_name: bytes | None


def counters(
    vault: Vault, *, identity_store_id: str, folded_name: str, source: str, browser_id: str | None
) -> Counters:
    """The keys under which an attempt is counted: keyed hashes of names, existing or not."""
    key = vault.derive("sign-in attempts")
    name = f"{identity_store_id}\0{folded_name}"
    if browser_id is not None:
        return Counters(_digest(key, f"browser\0{browser_id}\0{name}"), None)
    return Counters(_digest(key, f"pair\0{source}\0{name}"), _digest(key, f"name\0{name}"))


def standing(tx: Tx, key: bytes) -> throttle.Count:
    """The count of a key as it stands now."""
    return throttle.current(store.find_count(tx, key), tx.now)


def count(tx: Tx, keys: Counters) -> tuple[throttle.Count, bool]:
    """Count one attempt unless it must wait: its own count then, and whether it may be made."""
    own = standing(tx, keys.own)
    free = throttle.FREE_ATTEMPTS
    if keys.of_user_name is not None:
        of_name = standing(tx, keys.of_user_name)
        free = throttle.free_attempts(of_name)
        if not throttle.wait_seconds(own, tx.now):
            _put(tx, keys.of_user_name, throttle.counted(of_name, tx.now, free=None))
    if throttle.wait_seconds(own, tx.now):
        return own, False
    after = throttle.counted(own, tx.now, free=free)
    _put(tx, keys.own, after)
    return after, True


def give_back(tx: Tx, keys: Counters) -> None:
    """An attempt succeeded: clear its own count, and take it back from the user name's."""
    store.delete_count(tx, keys.own)
    if keys.of_user_name is None:
        return
    of_name = standing(tx, keys.of_user_name)
    if of_name.attempts <= 1:
        store.delete_count(tx, keys.of_user_name)
    else:
        store.put_count(tx, keys.of_user_name, replace(of_name, attempts=of_name.attempts - 1))


def _put(tx: Tx, key: bytes, count: throttle.Count) -> None:
    store.put_count(tx, key, count)
    if count.attempts == 1:
        store.purge_counts(tx, tx.now - throttle.FORGET_AFTER_MS)
        # One new key in 256, chosen by a hash that nobody outside can compute, bounds the table.
        if key[0] == 0:
            store.keep_newest_counts(tx, _MOST_ROWS)


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_KEY_BYTES]
