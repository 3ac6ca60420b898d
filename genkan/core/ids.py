"""Identifiers in AWS's forms (reference §1.2, §3.4), all from the operating system's randomness."""

import base64
import secrets
import uuid

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_OF_BYTE = (_BASE32 * 8).encode()
_VARIANTS = "89ab"


def request_id() -> str:
    """A UUID (version 4), as x-amzn-RequestId and eventID are."""
    raw = secrets.token_bytes(16)
    text = raw.hex()
    variant = _VARIANTS[raw[8] >> 6]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def hex16() -> str:
    """Sixteen lower-case hex digits: role suffix, instance, permission set, SAML provider."""
    return secrets.token_hex(8)


def instance_id() -> str:
    """`ssoins-` and sixteen hex digits."""
    return f"ssoins-{hex16()}"


def permission_set_id() -> str:
    """`ps-` and sixteen hex digits."""
    return f"ps-{hex16()}"


def application_id() -> str:
    """`apl-` and sixteen hex digits."""
    return f"apl-{hex16()}"


def trusted_token_issuer_id() -> str:
    """`tti-` and a UUID."""
    return f"tti-{uuid.uuid4()}"


def identity_store_id() -> str:
    """`d-` and ten hex digits."""
    return f"d-{secrets.token_hex(5)}"


def resource_id() -> str:
    """A user, group or membership id: UUID-shaped, third group starting `70` as newer stores do."""
    raw = secrets.token_hex(16)
    return f"{raw[:8]}-{raw[8:12]}-70{raw[14:16]}-{raw[16:20]}-{raw[20:]}"


def unique_id(prefix: str) -> str:
    """An IAM unique id: `AKIA` or `ASIA` and 16 base-32 characters, any other prefix and 17."""
    length = 16 if prefix in ("AKIA", "ASIA") else 17
    return prefix + secrets.token_bytes(length).translate(_OF_BYTE).decode()


def secret_access_key() -> str:
    """Forty characters of base64, 240 bits."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def token(prefix: str = "", size: int = 32) -> str:
    """An unguessable URL-safe token of `size` random bytes behind `prefix`."""
    return prefix + secrets.token_urlsafe(size)


def account_id() -> str:
    """Twelve digits, the first not zero."""
    return str(secrets.randbelow(9 * 10**11) + 10**11)
