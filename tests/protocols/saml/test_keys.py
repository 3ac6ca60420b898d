"""Signing keys and their certificates."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from genkan.protocols.saml.keys import (
    KeyPair,
    generate_signing_key,
    is_strong_rsa,
    load_signing_key,
)

NOW = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)


def made(name: str = "sso.example.org", **parameters: object) -> KeyPair:
    return generate_signing_key(name, now=NOW, serial_number=7, **parameters)  # type: ignore[arg-type]


def certificate_of(private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder(name, name, private_key.public_key(), 1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(private_key, hashes.SHA256())


def pem(private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_new_key_is_rsa_2048_with_a_sha_256_certificate_of_five_years() -> None:
    certificate = x509.load_pem_x509_certificate(made().certificate_pem)
    public_key = certificate.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    assert public_key.key_size == 2048
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    assert certificate.not_valid_before_utc == NOW.replace(microsecond=0)
    assert certificate.not_valid_after_utc == datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
    assert certificate.serial_number == 7


def test_the_certificate_names_genkan_and_signs_itself() -> None:
    certificate = x509.load_pem_x509_certificate(made().certificate_pem)
    assert certificate.subject.rfc4514_string() == "CN=sso.example.org,O=Genkan"
    assert certificate.issuer == certificate.subject
    certificate.verify_directly_issued_by(certificate)


def test_the_certificate_cannot_issue_others() -> None:
    certificate = x509.load_pem_x509_certificate(made().certificate_pem)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_two_keys_are_different() -> None:
    assert made().private_key_pem != made().private_key_pem


def test_a_private_key_never_shows_in_a_repr() -> None:
    pair = made()
    assert "PRIVATE" not in repr(pair)
    assert "private_key" not in repr(load_signing_key(pair.private_key_pem, pair.certificate_pem))


@pytest.mark.parametrize("key_size", [1024, 2047, 16_384])
def test_a_key_size_out_of_bounds_is_not_made(key_size: int) -> None:
    with pytest.raises(ValueError):
        made(key_size=key_size)


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_common_name_out_of_bounds_is_not_certified(name: str) -> None:
    with pytest.raises(ValueError):
        made(name)


def test_a_time_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError):
        generate_signing_key("x", now=NOW.replace(tzinfo=None), serial_number=1)


def test_a_certificate_of_another_key_does_not_load() -> None:
    with pytest.raises(ValueError):
        load_signing_key(made().private_key_pem, made().certificate_pem)


def test_a_key_that_is_not_rsa_does_not_load() -> None:
    private_key = ec.generate_private_key(ec.SECP256R1())
    certificate = certificate_of(private_key).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(ValueError):
        load_signing_key(pem(private_key), certificate)


def test_rsa_1024_is_not_strong() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    certificate = certificate_of(weak)
    assert not is_strong_rsa(certificate)
    with pytest.raises(ValueError):
        load_signing_key(pem(weak), certificate.public_bytes(serialization.Encoding.PEM))
