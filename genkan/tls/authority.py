"""A certificate authority for one sandbox, and the certificate that its server shows.

Made on the first start and kept in the data directory, so that trust given to `ca.pem` lasts. The
authority may only speak for the sandbox's own names (RFC 5280 §4.2.1.10): whoever gets hold of its
key can impersonate nobody else to those who trust it.
"""

import contextlib
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from genkan.core.clock import Clock, as_datetime

CA_FILE = "ca.pem"
CA_KEY_FILE = "ca-key.pem"
SERVER_FILE = "server.pem"
"""Key and certificate in one file, so that both are exchanged at once."""

CA_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(hours=1)
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class LocalAuthority:
    """The authority in `directory`. `hosts` are names and addresses beside the loopback's."""

    def __init__(self, directory: Path, hosts: Iterable[str], clock: Clock) -> None:
        self._directory = directory
        self._hosts = tuple(dict.fromkeys((*_OWN_NAMES, *hosts)))
        self._clock = clock
        self.ca_file = directory / CA_FILE
        self.server_file = directory / SERVER_FILE
        self._renew_at: datetime | None = None

    def ensure(self) -> bool:
        """Make what is missing, due or for other names; whether anything was made. OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = self._find_authority()
        made = authority is None
        if authority is None:
            authority = self._make_authority()
        standing = None if made else self._standing_server(authority)
        if standing is None:
            standing = self._make_server(authority)
            made = True
        self._renew_at = standing.not_valid_after_utc - RENEWED_BEFORE
        return made

    def is_due(self) -> bool:
        """Whether the server's certificate is to be renewed by now."""
        return self._renew_at is None or self._now() >= self._renew_at

    def _lasts(self, certificate: x509.Certificate) -> timedelta:
        return certificate.not_valid_after_utc - self._now()

    def _now(self) -> datetime:
        return as_datetime(self._clock())

    def _find_authority(self) -> _Pair | None:
        found = _read(self.ca_file, self._directory / CA_KEY_FILE)
        if found is None or self._lasts(found.certificate) < SERVER_LIFETIME:
            return None
        try:
            allowed = found.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        except x509.ExtensionNotFound:
            return None
        permitted = allowed.value.permitted_subtrees or []
        return found if set(_constraints(self._hosts)) <= set(permitted) else None

    def _standing_server(self, authority: _Pair) -> x509.Certificate | None:
        found = _read(self.server_file, self.server_file)
        if found is None or self._lasts(found.certificate) <= RENEWED_BEFORE:
            return None
        try:
            found.certificate.verify_directly_issued_by(authority.certificate)
            names = found.certificate.extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
        except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
            return None
        right = set(names.value) == set(_names(self._hosts))
        return found.certificate if right else None

    def _make_authority(self) -> _Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        now = self._now()
        subject = _subject(f"Genkan sandbox authority, {now:%Y-%m-%d}")
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        certificate = (
            _builder(subject, subject, key.public_key(), now, CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(
                x509.NameConstraints(
                    permitted_subtrees=_constraints(self._hosts), excluded_subtrees=None
                ),
                critical=True,
            )
            .add_extension(identifier, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        _write(self._directory / CA_KEY_FILE, _pem_of_key(key), 0o600)
        _write(self.ca_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return _Pair(certificate, key)

    def _make_server(self, authority: _Pair) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_key = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key())
        certificate = (
            _builder(
                _subject("Genkan sandbox"),
                authority.certificate.subject,
                key.public_key(),
                self._now(),
                SERVER_LIFETIME,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_names(self._hosts)), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key),
                critical=False,
            )
            .sign(authority.key, hashes.SHA256())
        )
        shown = certificate.public_bytes(serialization.Encoding.PEM)
        _write(self.server_file, _pem_of_key(key) + shown, 0o600)
        return certificate


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _BACKDATED)
        .not_valid_after(now.astimezone(UTC) + lifetime)
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    return [
        x509.DNSName(host) if (address := _address(host)) is None else x509.IPAddress(address)
        for host in hosts
    ]


def _constraints(hosts: Iterable[str]) -> list[x509.GeneralName]:
    """What may be spoken for: a name with what lies below it, an address alone."""
    return [
        x509.DNSName(host)
        if (address := _address(host)) is None
        else x509.IPAddress(ipaddress.ip_network(address))
        for host in hosts
    ]


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _read(certificate_file: Path, key_file: Path) -> _Pair | None:
    """A pair that belongs together, or None for anything else, damaged files included."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            public_key = key.public_key()
            if certificate.public_key() == public_key:
                return _Pair(certificate, key)
    return None


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others in between."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
