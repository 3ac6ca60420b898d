"""Registered clients: signed, self-contained ids and secrets (RegisterClient, reference §8.3).

A client id is what the client said about itself, with a MAC; its secret is another MAC over the id.
Both come from the installation's key, so that they hold after a restart, on every node and after a
reset, and registering costs no row. Clients are public (RFC 6749 §2.1): the secret proves only that
the id was ours to give; what guards a grant is PKCE or the device code.

Redirect URIs are `http` on a loopback address only (RFC 8252 §7.3): anybody may register, so any
other address would make the consent page a way to send a code to a stranger's server.
"""

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence

import msgspec

from genkan.core import ids
from genkan.core.vault import Vault, same, token_hash
from genkan.oauth import errors
from genkan.oauth.records import Client, Rejected

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a word of RFC 6749
GRANT_TYPES = (AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN)
ACCOUNT_ACCESS = "sso:account:access"
SCOPES = frozenset(
    {
        ACCOUNT_ACCESS,
        "codewhisperer:analysis",
        "codewhisperer:completions",
        "codewhisperer:conversations",
        "codewhisperer:taskassist",
        "codewhisperer:transformations",
        "codecatalyst:read_write",
        "verified_access:application:connect",
        "redshift:connect",
        "datazone:domain:access",
        "nosqlworkbench:datamodeladviser",
        "transform:read_write",
    }
)
"""The scopes that public clients may register on AWS (reference §8.3)."""

LIFETIME_MS = 90 * 24 * 3600 * 1000
_MOST_SCOPES = 25
_MOST_REDIRECT_URIS = 5
_LONGEST_NAME = 256
_LONGEST_URL = 512
_LONGEST_ID = 8192
_MAC_BYTES = 32
_LOOPBACK = re.compile(
    r"http://(127\.0\.0\.1|\[::1\]|localhost)(?::([1-9][0-9]{0,4}))?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?",
    re.ASCII,
)


class _Statement(msgspec.Struct, array_like=True, frozen=True):
    """What a client id carries; the nonce makes every registration another client."""

    version: int
    name: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    issuer_url: str | None
    issued_at: int
    nonce: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Statement).decode


def register(
    vault: Vault,
    now: int,
    *,
    client_name: str,
    client_type: str,
    scopes: Sequence[str],
    redirect_uris: Sequence[str],
    grant_types: Sequence[str],
    issuer_url: str | None,
) -> tuple[str, str] | Rejected:
    """A new client's id and secret, or what is wrong with what it said. The URL is the caller's."""
    problem = _problem(client_name, client_type, scopes, redirect_uris, grant_types)
    if problem is not None:
        return problem
    if issuer_url is not None and len(issuer_url) > _LONGEST_URL:
        return errors.INVALID_START_URL
    statement = _Statement(
        version=1,
        name=client_name,
        scopes=tuple(dict.fromkeys(scopes)),
        redirect_uris=tuple(dict.fromkeys(redirect_uris)),
        grant_types=tuple(dict.fromkeys(grant_types)),
        issuer_url=issuer_url,
        issued_at=now,
        nonce=ids.token(size=9),
    )
    payload = _encode(statement)
    client_id = _text(_mac(vault, "oauth client id", payload) + payload)
    return client_id, _secret(vault, client_id)


def find(vault: Vault, now: int, client_id: str) -> Client | None:
    """The client of an id that we signed and that has not expired, else None."""
    raw = _raw(client_id) if len(client_id) <= _LONGEST_ID else b""
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not same(mac, _mac(vault, "oauth client id", payload)):
        return None
    # Base64 has more than one spelling of the same bytes: only ours is this client's id.
    if _text(raw) != client_id:
        return None
    statement = _decode(payload)
    expires_at = statement.issued_at + LIFETIME_MS
    if expires_at <= now:
        return None
    return Client(
        client_key=token_hash(client_id),
        client_name=statement.name,
        scopes=statement.scopes,
        redirect_uris=statement.redirect_uris,
        grant_types=statement.grant_types,
        issuer_url=statement.issuer_url,
        expires_at=expires_at,
    )


def authenticate(vault: Vault, now: int, client_id: str, client_secret: str) -> Client | None:
    """The client of an id whose secret is given."""
    if not same(client_secret, _secret(vault, client_id)):
        return None
    return find(vault, now, client_id)


def may_use(client: Client, grant_type: str) -> bool:
    """Whether the client registered for a grant type; without any, the device flow is meant."""
    if not client.grant_types:
        return grant_type == DEVICE_CODE or (grant_type == REFRESH_TOKEN and refreshes(client))
    return grant_type in client.grant_types


def refreshes(client: Client) -> bool:
    """Whether tokens of this client come with a refresh token (reference §0, finding 6)."""
    return bool(client.scopes) and (not client.grant_types or REFRESH_TOKEN in client.grant_types)


def redirects_to(client: Client, redirect_uri: str) -> bool:
    """Whether a redirect URI is registered, its port ignored (RFC 8252 §7.3)."""
    wanted = _without_port(redirect_uri)
    return wanted is not None and any(
        _without_port(registered) == wanted for registered in client.redirect_uris
    )


def _problem(
    client_name: str,
    client_type: str,
    scopes: Sequence[str],
    redirect_uris: Sequence[str],
    grant_types: Sequence[str],
) -> Rejected | None:
    if client_type != "public":
        return errors.invalid_client_metadata("Invalid client type provided")
    if not 0 < len(client_name) <= _LONGEST_NAME or not _printable(client_name):
        return errors.invalid_client_metadata("Invalid client name provided")
    if len(scopes) > _MOST_SCOPES or not SCOPES.issuperset(scopes):
        return errors.invalid_scope()
    if not set(grant_types) <= set(GRANT_TYPES):
        return errors.unsupported_grant_type()
    if len(redirect_uris) > _MOST_REDIRECT_URIS:
        return errors.invalid_redirect_uri()
    if any(_without_port(uri) is None for uri in redirect_uris):
        return errors.invalid_redirect_uri()
    if AUTHORIZATION_CODE in grant_types and not redirect_uris:
        return errors.invalid_redirect_uri()
    return None


def _without_port(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK.fullmatch(uri) if len(uri) <= _LONGEST_URL else None
    if match is None or int(match[2] or 1) > 65535:
        return None
    return match[1], match[3] or ""


def _printable(text: str) -> bool:
    """No controls, and none of the characters that turn the reading direction of a page around."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in text)


def _secret(vault: Vault, client_id: str) -> str:
    return _text(_mac(vault, "oauth client secret", client_id.encode("utf-8", "replace")))


def _mac(vault: Vault, purpose: str, data: bytes) -> bytes:
    return hmac.digest(vault.derive(purpose), data, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
