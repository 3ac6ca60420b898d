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
class Strangers:
    """What an attempt of an unrecognised browser counts for besides: keys of two counts."""

    user_name: bytes
    network: bytes


@dataclass(frozen=True, slots=True)
class Counters:
    """The counts of one attempt: its own, and those that it shares with other strangers.

    `shared` is None for a recognised browser, whose failures are not a stranger's.
    """

    own: bytes
    shared: Strangers | None


def counters(
    vault: Vault, *, identity_store_id: str, folded_name: str, source: str, browser_id: str | None
) -> Counters:
    """The keys under which an attempt is counted: keyed hashes of names, existing or not."""
    key = vault.derive("sign-in attempts")
    name = f"{identity_store_id}\0{folded_name}"
    if browser_id is not None:
        return Counters(_digest(key, f"browser\0{browser_id}\0{name}"), None)
    shared = Strangers(_digest(key, f"name\0{name}"), _digest(key, f"network\0{source}"))
    return Counters(_digest(key, f"pair\0{source}\0{name}"), shared)


def standing(tx: Tx, key: bytes) -> throttle.Count:
    """The count of a key as it stands now."""
    return throttle.current(store.find_count(tx, key), tx.now)


def count(tx: Tx, keys: Counters) -> tuple[throttle.Count, bool]:
    """Count one attempt unless it must wait: the count that decides, and whether it may be made."""
    own = standing(tx, keys.own)
    if throttle.wait_seconds(own, tx.now):
        return own, False
    free = throttle.FREE_ATTEMPTS
    if keys.shared is not None:
        of_network = throttle.of_this_window(store.find_count(tx, keys.shared.network), tx.now)
        if throttle.wait_seconds(of_network, tx.now):
            return of_network, False
        of_name = standing(tx, keys.shared.user_name)
        free = throttle.free_attempts(of_name)
        store.put_count(tx, keys.shared.network, throttle.counted_for_network(of_network, 1))
        _put(tx, keys.shared.user_name, throttle.counted(of_name, tx.now, free=None))
    after = throttle.counted(own, tx.now, free=free)
    _put(tx, keys.own, after)
    return after, True


def give_back(tx: Tx, keys: Counters) -> None:
    """An attempt succeeded: clear its own count, and take it back from those it shares."""
    store.delete_count(tx, keys.own)
    if keys.shared is None:
        return
    of_name = standing(tx, keys.shared.user_name)
    _put_or_forget(tx, keys.shared.user_name, replace(of_name, attempts=of_name.attempts - 1))
    of_network = throttle.of_this_window(store.find_count(tx, keys.shared.network), tx.now)
    _put_or_forget(tx, keys.shared.network, throttle.counted_for_network(of_network, -1))


def _put_or_forget(tx: Tx, key: bytes, count: throttle.Count) -> None:
    if count.attempts > 0:
        store.put_count(tx, key, count)
    else:
        store.delete_count(tx, key)


def _put(tx: Tx, key: bytes, count: throttle.Count) -> None:
    store.put_count(tx, key, count)
    if count.attempts == 1:
        store.purge_counts(tx, tx.now - throttle.FORGET_AFTER_MS)
        # One new key in 256, chosen by a hash that nobody outside can compute, bounds the table.
        if key[0] == 0:
            store.keep_newest_counts(tx, _MOST_ROWS)


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_KEY_BYTES]
