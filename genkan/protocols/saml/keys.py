"""Signing keys: making one, and loading one for signing.

A key pair is made once for each instance, application or account (AWS: self-signed, RSA-2048,
SHA-256, five years; reference §3.4 and §5.4). The random numbers of the key itself are the only
thing here that is not a parameter. Storing the private key, encrypted, is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from genkan.protocols.saml.instants import utc

KEY_SIZE = 2048  # bits
MIN_KEY_SIZE = 2048  # of a key we sign with or pin; RSA-1024 is within reach of an attacker
MAX_KEY_SIZE = 8192  # a larger one only costs time
FIVE_YEARS = timedelta(days=5 * 365 + 1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What is stored: PKCS #8 private key and X.509 certificate, both PEM."""

    private_key_pem: bytes = field(repr=False)
    certificate_pem: bytes


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A loaded key pair. Loading checks the key, which costs milliseconds: keep the object."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate


def generate_signing_key(
    common_name: str,
    *,
    now: datetime,
    serial_number: int,
    organization: str = "Genkan",
    lifetime: timedelta = FIVE_YEARS,
    key_size: int = KEY_SIZE,
) -> KeyPair:
    """A new RSA key and its self-signed certificate, valid from `now` (whole seconds, UTC).

    `serial_number`: positive, at most 159 bits, from the caller's random source
    (`x509.random_serial_number()`). `common_name`: 1-64 characters. ValueError for anything else.
    """
    if not MIN_KEY_SIZE <= key_size <= MAX_KEY_SIZE:
        raise ValueError(f"an RSA key of {key_size} bits")
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=key_size)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    start = utc(now).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private_key.public_key())
        .serial_number(serial_number)
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    return KeyPair(
        private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def load_signing_key(private_key_pem: bytes, certificate_pem: bytes) -> SigningKey:
    """The pair, ready to sign. ValueError if it is not RSA, too small, or not a pair."""
    private_key = serialization.load_pem_private_key(private_key_pem, password=None)
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    if not isinstance(private_key, rsa.RSAPrivateKey) or not is_strong_rsa(certificate):
        raise ValueError("not an RSA key of a size that is trusted")
    if private_key.public_key() != certificate.public_key():
        raise ValueError("the certificate is of another key")
    return SigningKey(private_key, certificate)


def is_strong_rsa(certificate: x509.Certificate) -> bool:
    """Whether signatures by this certificate's key are worth checking (RSA, 2048-8192 bits)."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):  # of a kind or encoding that is not read
        return False
    return isinstance(key, rsa.RSAPublicKey) and MIN_KEY_SIZE <= key.key_size <= MAX_KEY_SIZE
