"""Records of the credentials slice."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A long-term key of an IAM user; `secret_access_key` never shows in a repr."""

    access_key_id: str
    account_id: str
    user_name: str
    secret_access_key: str = field(repr=False)
    status: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with its certificate, both PEM."""

    key_id: str
    purpose: str
    private_key: bytes = field(repr=False)
    certificate: str
    created_at: int
