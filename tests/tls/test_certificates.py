"""Given certificates: what is wrong is said in words, and an exchange is all or nothing."""

import logging
import ssl
from pathlib import Path

import pytest

from genkan.tls.certificates import CertificateRefused, Certificates
from tests.tls.certificates import shown_by, write_pair


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key."""
    found = tmp_path / "server.crt", tmp_path / "server.key"
    write_pair(*found)
    return found


def refusal(certificate: Path, key: Path) -> str:
    with pytest.raises(CertificateRefused) as refused:
        Certificates(certificate, key)
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_missing_files_are_named(files: tuple[Path, Path]) -> None:
    certificate, key = files
    nothing = key.with_name("nothing")
    assert refusal(nothing, key) == f"cannot read {nothing}: No such file or directory"
    assert refusal(certificate, nothing) == f"cannot read {nothing}: No such file or directory"


def test_what_is_no_pem_is_named(files: tuple[Path, Path]) -> None:
    certificate, key = files
    assert refusal(key, key) == f"{key} holds no certificate in PEM form"
    assert refusal(certificate, certificate) == f"{certificate} holds no private key in PEM form"


def test_an_encrypted_key_is_refused_and_no_password_asked_for(files: tuple[Path, Path]) -> None:
    certificate, key = files
    write_pair(certificate, key, password=b"secret")
    assert refusal(certificate, key) == f"the key in {key} is encrypted"


def test_a_key_of_another_certificate_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    write_pair(tmp_path / "other.crt", other)
    assert refusal(files[0], other) == (
        f"the certificate in {files[0]} and the key in {other} do not belong together"
    )


def test_a_certificate_that_has_ended_is_refused(files: tuple[Path, Path]) -> None:
    certificate, key = files
    ended = f"{write_pair(certificate, key, days=-1).not_valid_after_utc:%Y-%m-%d}"
    assert refusal(certificate, key) == f"the certificate in {certificate} ended on {ended}"


def test_nothing_older_than_tls_1_2_is_spoken(files: tuple[Path, Path]) -> None:
    assert Certificates(*files).context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_changed_files_are_used_once_they_have_settled(files: tuple[Path, Path]) -> None:
    certificates = Certificates(*files)
    first = certificates.context
    second = write_pair(*files)
    certificates.look()
    assert certificates.context is first, "perhaps still being written"
    certificates.look()
    assert shown_by(certificates.context).serial_number == second.serial_number


def test_unchanged_files_are_not_read_again(files: tuple[Path, Path]) -> None:
    certificates = Certificates(*files)
    first = certificates.context
    for _ in range(5):
        certificates.look()
    assert certificates.context is first


def test_bad_files_leave_what_is_in_use_and_are_told_once(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = files
    certificates = Certificates(certificate, key)
    first = certificates.context
    write_pair(certificate, key.with_name("elsewhere"))
    for _ in range(5):
        certificates.look()
    assert certificates.context is first
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert said == [
        f"the certificate in {certificate} and the key in {key} do not belong together;"
        " the certificate in use stays"
    ]


def test_good_files_after_bad_ones_are_used(files: tuple[Path, Path]) -> None:
    certificate, key = files
    certificates = Certificates(certificate, key)
    certificate.unlink()
    certificates.look()
    certificates.look()
    second = write_pair(certificate, key)
    certificates.look()
    certificates.look()
    assert shown_by(certificates.context).serial_number == second.serial_number


def test_a_renewal_that_fails_is_told_once_until_it_succeeds(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    full = [True]

    def renew() -> None:
        if full[0]:
            raise OSError(28, "No space left on device", "server.pem")

    certificates = Certificates(*files, renew=renew)
    for _ in range(3):
        certificates.look()
    full[0] = False
    certificates.look()
    full[0] = True
    certificates.look()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["the certificate cannot be renewed: No space left on device: server.pem"] * 2
