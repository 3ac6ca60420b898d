"""The sandbox's own authority: trusted for its names alone, kept, and renewed in time."""

import ssl
import stat
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from genkan.core.clock import as_datetime
from genkan.tls.authority import CA_LIFETIME, RENEWED_BEFORE, SERVER_LIFETIME, LocalAuthority
from genkan.tls.certificates import of_authority
from tests.support.store import SettableClock
from tests.tls.certificates import shake_hands, shown_by, trusting, write_pair


@pytest.fixture
def clock() -> SettableClock:
    """Begins now, since clients compare with the real time."""
    return SettableClock(int(time.time() * 1000))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "tls"


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def server_certificate(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / "server.pem").read_bytes())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "sso.example.org"])
def test_a_client_that_trusts_the_authority_accepts_every_own_name(
    directory: Path, clock: SettableClock, host: str
) -> None:
    authority = LocalAuthority(directory, ["sso.example.org"], clock)
    server = of_authority(authority).context
    assert shake_hands(server, trusting(authority.ca_file), host).version() == "TLSv1.3"


def test_a_base_address_may_be_an_ip_address(directory: Path, clock: SettableClock) -> None:
    authority = LocalAuthority(directory, ["10.1.2.3"], clock)
    server = of_authority(authority).context
    assert shake_hands(server, trusting(authority.ca_file), "10.1.2.3").version()
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(server, trusting(authority.ca_file), "10.1.2.4")


def test_a_client_that_asks_for_another_name_finds_that_it_is_not_the_one(
    directory: Path, clock: SettableClock
) -> None:
    authority = LocalAuthority(directory, [], clock)
    server = of_authority(authority).context
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(server, trusting(authority.ca_file), "sso.example.org")


@pytest.mark.parametrize("name", ["bank.example", "localhost.example", "example"])
def test_its_key_is_no_use_for_names_of_others(
    directory: Path, tmp_path: Path, clock: SettableClock, name: str
) -> None:
    authority = LocalAuthority(directory, [], clock)
    authority.ensure()
    ca = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    key = serialization.load_pem_private_key((directory / "ca-key.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    forged = tmp_path / "forged.pem", tmp_path / "forged.key"
    write_pair(*forged, name=name, issuer=(ca, key))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*forged)
    client = ssl.create_default_context(cafile=str(authority.ca_file))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(server, client, name)


def test_private_keys_are_readable_by_their_owner_only(
    directory: Path, clock: SettableClock
) -> None:
    LocalAuthority(directory, [], clock).ensure()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {"ca.pem": 0o644, "ca-key.pem": 0o600, "server.pem": 0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert b"PRIVATE KEY" not in (directory / "ca.pem").read_bytes()


def test_what_stands_is_kept(directory: Path, clock: SettableClock) -> None:
    assert LocalAuthority(directory, [], clock).ensure()
    before = contents(directory)
    clock.advance(seconds=3600)
    assert not LocalAuthority(directory, [], clock).ensure()
    assert contents(directory) == before


def test_the_server_certificate_is_renewed_before_it_ends_and_trust_stays(
    directory: Path, clock: SettableClock
) -> None:
    authority = LocalAuthority(directory, [], clock)
    certificates = of_authority(authority)
    before = contents(directory)
    first = shown_by(certificates.context)
    clock.advance(seconds=(SERVER_LIFETIME - RENEWED_BEFORE).total_seconds() - 10)
    certificates.look()
    assert contents(directory) == before
    clock.advance(seconds=20)
    certificates.look()
    certificates.look()
    second = shown_by(certificates.context)
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > as_datetime(clock()) + RENEWED_BEFORE
    assert contents(directory)["ca.pem"] == before["ca.pem"]


def test_an_authority_that_would_end_before_its_certificate_is_made_anew(
    directory: Path, clock: SettableClock
) -> None:
    LocalAuthority(directory, [], clock).ensure()
    before = contents(directory)
    clock.advance(seconds=(CA_LIFETIME - SERVER_LIFETIME).total_seconds() + 10)
    assert LocalAuthority(directory, [], clock).ensure()
    assert contents(directory)["ca.pem"] != before["ca.pem"]
    assert server_certificate(directory).not_valid_after_utc > as_datetime(clock())


def test_another_base_host_gets_an_authority_that_may_speak_for_it(
    directory: Path, clock: SettableClock
) -> None:
    LocalAuthority(directory, ["a.example"], clock).ensure()
    authority = LocalAuthority(directory, ["b.example"], clock)
    server = of_authority(authority).context
    assert shake_hands(server, trusting(authority.ca_file), "b.example").version()


def test_going_back_to_loopback_keeps_the_authority(directory: Path, clock: SettableClock) -> None:
    LocalAuthority(directory, ["a.example"], clock).ensure()
    before = contents(directory)
    assert LocalAuthority(directory, [], clock).ensure()
    after = contents(directory)
    assert after["ca.pem"] == before["ca.pem"]
    assert after["server.pem"] != before["server.pem"]


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "server.pem"])
@pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\nx\n", None])
def test_a_damaged_file_is_made_anew(
    directory: Path, clock: SettableClock, name: str, damage: bytes | None
) -> None:
    LocalAuthority(directory, [], clock).ensure()
    if damage is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(damage)
    authority = LocalAuthority(directory, [], clock)
    server = of_authority(authority).context
    assert shake_hands(server, trusting(authority.ca_file), "localhost").version()


def test_a_server_certificate_of_another_authority_is_replaced(
    directory: Path, tmp_path: Path, clock: SettableClock
) -> None:
    LocalAuthority(directory, [], clock).ensure()
    LocalAuthority(tmp_path / "other", [], clock).ensure()
    (directory / "server.pem").write_bytes((tmp_path / "other" / "server.pem").read_bytes())
    authority = LocalAuthority(directory, [], clock)
    server = of_authority(authority).context
    assert shake_hands(server, trusting(authority.ca_file), "localhost").version()
