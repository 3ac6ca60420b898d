"""The certificate in use, exchanged for a newer one while the server runs.

A new connection takes the context that is in use when it comes; those that stand keep theirs, so
an exchange drops nobody. Leaves accepting connections to `listener`.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from genkan.tls.authority import LocalAuthority

LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger("genkan.tls")

_Stamp = tuple[tuple[int, int, int] | None, ...]


class CertificateRefused(Exception):
    """Certificate and key cannot be used; one sentence for whoever runs the server."""


class Certificates:
    """A certificate file and its key file, watched.

    Constructing loads the files; `CertificateRefused` says what is wrong with them. `renew` runs
    before each look. Whatever name a client asks for, this certificate is shown: the client then
    says in its own words that it is for another host, and who does not check is refused by `asgi`.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        *,
        renew: Callable[[], object] = lambda: None,
    ) -> None:
        self._certificate = certificate
        self._key = key
        self._renew = renew
        self._said = ""
        self._seen = self._used = self._stamp()
        self.context = _load(certificate, key)

    async def watch(self) -> None:
        """Look after the files until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            self.look()

    def look(self) -> None:
        """Renew what is due, and take files that have changed and have settled since.

        Files that are refused leave what is in use; that is said once for each change.
        """
        self._try_to_renew()
        stamp = self._stamp()
        # A certificate is often written a moment before its key: only what rests is read.
        settled, self._seen = stamp == self._seen, stamp
        if not settled or stamp == self._used:
            return
        self._used = stamp
        try:
            self.context = _load(self._certificate, self._key)
        except CertificateRefused as refused:
            _log.error("%s; the certificate in use stays", refused)
        else:
            _log.info("a new certificate is in use")

    def _try_to_renew(self) -> None:
        said = ""
        try:
            self._renew()
        except OSError as error:
            said = f"the certificate cannot be renewed: {error.strerror}: {error.filename}"
        if said and said != self._said:
            _log.error("%s", said)
        self._said = said

    def _stamp(self) -> _Stamp:
        return tuple(_stamp_of(path) for path in (self._certificate, self._key))


def of_authority(authority: LocalAuthority) -> Certificates:
    """The certificate of a local authority, made or renewed as need be; `CertificateRefused`."""
    try:
        authority.ensure()
    except OSError as error:
        raise CertificateRefused(f"cannot use {error.filename}: {error.strerror}") from None

    def renew() -> None:
        if authority.is_due():
            authority.ensure()

    return Certificates(authority.server_file, authority.server_file, renew=renew)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    _check(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The library checks once more that the two belong together. Without a password given, it
        # would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise CertificateRefused(f"cannot use {certificate} with {key}: {reason}") from None
    return context


def _check(certificate: Path, key: Path) -> None:
    """Say in words what the library would say in codes."""
    shown = _certificate_in(certificate)
    try:
        private = serialization.load_pem_private_key(_read(key), None)
        together = shown.public_key() == private.public_key()
    except UnsupportedAlgorithm as error:
        raise CertificateRefused(f"cannot use {certificate} with {key}: {error}") from None
    except TypeError:
        raise CertificateRefused(f"the key in {key} is encrypted") from None
    except ValueError:
        raise CertificateRefused(f"{key} holds no private key in PEM form") from None
    if not together:
        raise CertificateRefused(
            f"the certificate in {certificate} and the key in {key} do not belong together"
        )
    now = datetime.now(UTC)
    if shown.not_valid_after_utc <= now:
        raise CertificateRefused(
            f"the certificate in {certificate} ended on {shown.not_valid_after_utc:%Y-%m-%d}"
        )


def _certificate_in(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read(path))[0]
    except ValueError:
        raise CertificateRefused(f"{path} holds no certificate in PEM form") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateRefused(f"cannot read {path}: {error.strerror}") from None
