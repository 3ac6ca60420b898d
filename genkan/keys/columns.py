"""Every binary column of the schema: sealed, hashed, wrapped or plain.

The only list of what rotation has to seal anew. A test compares it with the schema: a new column
that is not listed here, or listed and never sealed, fails.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A column of sealed values. `place` is the slice's own format, `{}` for each key column."""

    table: str
    column: str
    key: tuple[str, ...]
    place: str


SEALED = (
    SealedColumn(
        table="access_keys",
        column="secret_sealed",
        key=("access_key_id",),
        place="access_keys.secret:{}",
    ),
    SealedColumn(
        table="signing_keys",
        column="private_key_sealed",
        key=("key_id",),
        place="signing_keys.private_key:{}",
    ),
    SealedColumn(
        table="role_sessions",
        column="secret_sealed",
        key=("access_key_id",),
        place="role_sessions.secret:{}",
    ),
    SealedColumn(
        table="sandbox_facts",
        column="sealed",
        key=("name",),
        place="sandbox_facts.sealed:{}",
    ),
)

HASHED = frozenset(
    {
        "access_tokens.token_hash",
        "authorization_codes.client_key",
        "authorization_codes.code_hash",
        "device_authorizations.client_key",
        "device_authorizations.device_code_hash",
        "device_authorizations.user_code_hash",
        "interactive_sessions.token_hash",
        "refresh_tokens.token_hash",
        "role_sessions.token_hash",
        "sign_in_attempts.counter_key",
        "token_grants.client_key",
        "used_assertions.assertion_hash",
    }
)
"""SHA-256 of what has full entropy, or keyed hashes of what has not."""

WRAPPED = frozenset({"data_keys.wrapped"})
"""Keys under the key-encryption key: `genkan keys rewrap` changes them."""

PLAIN: frozenset[str] = frozenset()
"""Nothing secret."""
