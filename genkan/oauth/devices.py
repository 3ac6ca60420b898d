"""The device authorization grant (RFC 8628): a code in the terminal, a decision in the browser.

A device code says by itself when it expires, so a client that wakes up late is told so although the
row is gone. A user code has eight letters of twenty: guessing one of a few thousand open codes
takes millions of tries, and a person is given ten wrong ones in ten minutes.

The interval is one second, but clients poll before they show the code and again at once
(reference §8.5), so up to four polls may come together before `slow_down` is said.
"""

import base64
import hashlib
import hmac
import re
import secrets

from genkan.core import ids
from genkan.core.vault import Vault, same, token_hash
from genkan.db.database import Tx
from genkan.oauth import errors, store, tokens
from genkan.oauth.persons import browser_session
from genkan.oauth.records import (
    Client,
    DeviceAuthorization,
    DeviceDecision,
    DeviceRequest,
    DeviceRequestProblem,
    DeviceState,
    Rejected,
    StartedDeviceAuthorization,
    Token,
)
from genkan.signin import operations as signin
from genkan.signin.throttle import network

LIFETIME_MS = 600_000
INTERVAL_MS = 1000
OPEN_OF_ONE_SOURCE = 100
OPEN_ALTOGETHER = 20_000
WRONG_GUESSES = 10
GUESSING_WINDOW_MS = 600_000
_POLLS_TOGETHER = 4
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_USER_CODE = re.compile(f"[{_LETTERS}]{{8}}", re.ASCII)
_LONGEST_CODE = 256


def start(tx: Tx, client: Client) -> StartedDeviceAuthorization | Rejected:
    """New codes for a client; `slow_down` when its address or everybody has too many open."""
    # Expired rows stay for their lifetime once more, so that the page can say "expired".
    store.purge_devices(tx, tx.now - LIFETIME_MS)
    source = network(tx.call.origin.source_ip)
    if (
        store.count_devices_of(tx, source) >= OPEN_OF_ONE_SOURCE
        or store.count_devices(tx) >= OPEN_ALTOGETHER
    ):
        return errors.SLOW_DOWN
    expires_at = tx.now + LIFETIME_MS
    device_code = _device_code(tx.vault, expires_at)
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(8))
    kept = store.insert_device(
        tx,
        DeviceAuthorization(
            request_id=ids.request_id(),
            client_key=client.client_key,
            client_name=client.client_name,
            scopes=client.scopes,
            source=source,
            state=DeviceState.PENDING,
            user_id="",
            session_id="",
            next_poll_at=tx.now,
            created_at=tx.now,
            expires_at=expires_at,
        ),
        device_code_hash=token_hash(device_code),
        user_code_hash=_user_code_hash(tx.vault, user_code),
    )
    if not kept:  # The code is taken: one in a million at the worst. The client will come again.
        return errors.SLOW_DOWN
    shown = _shown(user_code)
    page = f"{tx.deployment.base_url}/device"
    return StartedDeviceAuthorization(
        device_code=device_code,
        user_code=shown,
        verification_uri=page,
        verification_uri_complete=f"{page}?user_code={shown}",
        expires_in=LIFETIME_MS // 1000,
        interval=INTERVAL_MS // 1000,
    )


def poll(tx: Tx, client: Client, device_code: str) -> Token | Rejected:
    """CreateToken with a device code: pending, refused, run out, or the one token."""
    expires_at = _expiry(tx.vault, device_code)
    if expires_at is None:
        return errors.INVALID_GRANT
    device = store.find_device_by_device_code(tx, token_hash(device_code))
    if device is not None and not same(device.client_key, client.client_key):
        return errors.INVALID_GRANT
    if expires_at <= tx.now:
        return errors.EXPIRED_TOKEN
    if device is None:
        return errors.INVALID_GRANT
    if device.state == DeviceState.DENIED:
        return errors.ACCESS_DENIED
    if device.state == DeviceState.APPROVED:
        return _redeem(tx, client, device)
    return _wait(tx, device)


def read_request(tx: Tx, *, user_code: str) -> DeviceRequest | DeviceRequestProblem:
    """What a person is asked to decide for a code typed or followed; wrong codes are counted."""
    session = browser_session(tx)
    guesses, counted_from = store.find_guesses(tx, session.person.user_id)
    window_ends = counted_from + GUESSING_WINDOW_MS
    if window_ends <= tx.now:
        guesses, window_ends = 0, tx.now + GUESSING_WINDOW_MS
    if guesses >= WRONG_GUESSES:
        wait = -(-(window_ends - tx.now) // 1000)
        return DeviceRequestProblem(problem="too_many", retry_after_seconds=wait)
    device = _find(tx, user_code)
    if device is None:
        store.put_guesses(tx, session.person.user_id, guesses + 1, window_ends - GUESSING_WINDOW_MS)
        return DeviceRequestProblem(problem="unknown")
    if device.expires_at <= tx.now or device.state != DeviceState.PENDING:
        return DeviceRequestProblem(problem="expired")
    return DeviceRequest(
        request_id=device.request_id,
        user_code=_shown(_plain(user_code)),
        client_name=device.client_name,
        scopes=device.scopes,
        lasts_seconds=max(0, session.expires_at - tx.now) // 1000,
    )


def decide_request(tx: Tx, *, user_code: str, request_id: str, approve: bool) -> DeviceDecision:
    """Approve or deny, once, under the person's own browser session.

    `request_id` is what the person was shown for the code, so that consent given to one client can
    never reach another that got the same code later.
    """
    session = browser_session(tx)
    device = _find(tx, user_code)
    if device is None or not same(device.request_id, request_id):
        return DeviceDecision(outcome="expired", audit_outcome="Failure")
    decided = store.decide_device(
        tx,
        device.request_id,
        state=DeviceState.APPROVED if approve else DeviceState.DENIED,
        user_id=session.person.user_id,
        session_id=session.person.session_id,
    )
    if not decided:
        return DeviceDecision(
            outcome="expired", client_name=device.client_name, audit_outcome="Failure"
        )
    return DeviceDecision(
        outcome="approved" if approve else "denied", client_name=device.client_name
    )


def shown_user_code(typed: str) -> str | None:
    """A code as pages show it, `ABCD-EFGH`, however it was typed; None when it cannot be one."""
    plain = _plain(typed)
    return _shown(plain) if _USER_CODE.fullmatch(plain) else None


def _redeem(tx: Tx, client: Client, device: DeviceAuthorization) -> Token | Rejected:
    session = signin.live_session(tx, device.session_id)
    # Of two polls at once, the row is there for one.
    if not store.take_device(tx, device.request_id):
        return errors.INVALID_GRANT
    if session is None or session.person.user_id != device.user_id:
        return errors.ACCESS_DENIED
    return tokens.give(tx, client, session=session, scopes=device.scopes, grant_id=ids.request_id())


def _wait(tx: Tx, device: DeviceAuthorization) -> Rejected:
    due = max(device.next_poll_at, tx.now)
    if due - tx.now > (_POLLS_TOGETHER - 1) * INTERVAL_MS:
        return errors.SLOW_DOWN
    store.note_poll(tx, device.request_id, due + INTERVAL_MS)
    return errors.AUTHORIZATION_PENDING


def _find(tx: Tx, user_code: str) -> DeviceAuthorization | None:
    plain = _plain(user_code)
    if not _USER_CODE.fullmatch(plain):
        return None
    return store.find_device_by_user_code(tx, _user_code_hash(tx.vault, plain))


def _plain(user_code: str) -> str:
    return "".join(c for c in user_code[:_LONGEST_CODE].upper() if c.isalnum())


def _shown(user_code: str) -> str:
    return f"{user_code[:4]}-{user_code[4:]}"


def _user_code_hash(vault: Vault, user_code: str) -> bytes:
    return hmac.digest(vault.derive("oauth user code"), user_code.encode(), hashlib.sha256)


def _device_code(vault: Vault, expires_at: int) -> str:
    text = f"{ids.token()}.{expires_at}"
    return f"{text}.{_signature(vault, text)}"


def _expiry(vault: Vault, device_code: str) -> int | None:
    """When a code that we gave expires; None for any other text."""
    text, _, signature = device_code[:_LONGEST_CODE].rpartition(".")
    if not same(signature, _signature(vault, text)):
        return None
    return int(text.rpartition(".")[2])


def _signature(vault: Vault, text: str) -> str:
    key = vault.derive("oauth device code")
    digest = hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:18]).decode("ascii")
