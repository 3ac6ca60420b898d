"""AWS CLI is installed as pinned or as Debian vouches for it, or refused in one line."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import debian, install_aws_cli
from scripts.install_aws_cli import (
    RELEASES,
    Package,
    Release,
    UnavailableError,
    cache_folder,
    download,
    executable,
    fingerprint,
    has_start_url_rule,
    is_installed,
    prove,
)

NEW = RELEASES[0]


@pytest.fixture
def refusing_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with apt and a mirror that has none of the pinned packages."""

    def refuse(address: str, sha256: str, into: Path) -> Path:
        raise debian.CommandError("404 Not Found")

    monkeypatch.setattr(debian, "has_apt", lambda: True)
    monkeypatch.setattr(debian, "mirrors", lambda: ["http://mirror.invalid/debian"])
    monkeypatch.setattr(debian, "download", refuse)
    monkeypatch.setattr(install_aws_cli, "_KEYRING", Path(__file__))


def offer(monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]) -> None:
    """Let suites offer versions, as apt would after checking their signatures."""

    def newest(site: str, suite: str, into: Path) -> Path:
        if suite not in versions:
            raise debian.CommandError(f"{suite} has no Release file")
        return into / f"awscli_{versions[suite]}_all.deb"

    monkeypatch.setattr(install_aws_cli, "_download_newest", newest)


@pytest.mark.parametrize(
    ("version", "ruled"), [("2.23.6-1", False), ("2.35.12-1", False), ("2.35.13-1", True)]
)
def test_the_start_url_rule_begins_with_2_35_13(version: str, ruled: bool) -> None:
    assert has_start_url_rule(version) is ruled


def test_every_pin_stands_on_its_side_of_the_start_url_rule() -> None:
    assert [release.slot for release in RELEASES] == ["new", "old"]
    for release in RELEASES:
        assert all(release.admits(package.version) for package in release.pinned)


def test_a_stale_pin_is_replaced_by_what_the_suite_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing_mirror: None
) -> None:
    offer(monkeypatch, {"testing": "2.40.0-1"})
    assert download(NEW, tmp_path)[1] == "2.40.0-1"


def test_a_successor_on_the_wrong_side_of_the_start_url_rule_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing_mirror: None
) -> None:
    offer(monkeypatch, {"testing": "2.34.0-1"})
    with pytest.raises(UnavailableError, match=r"testing offers only 2\.34\.0-1"):
        download(NEW, tmp_path)


def test_no_successor_is_taken_without_debians_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing_mirror: None
) -> None:
    offer(monkeypatch, {"testing": "2.40.0-1"})
    monkeypatch.setattr(install_aws_cli, "_KEYRING", tmp_path / "absent")
    with pytest.raises(UnavailableError, match="archive keys are missing"):
        download(NEW, tmp_path)


def test_a_machine_without_apt_is_told_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "has_apt", lambda: False)
    with pytest.raises(SystemExit) as end:
        install_aws_cli.install_or_fail(tmp_path, NEW)
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "this machine has no apt" in line
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source.deb"
    source.write_bytes(b"a package")
    into = tmp_path / "into"
    into.mkdir()
    pinned = hashlib.sha256(b"a package").hexdigest()
    assert debian.download(source.as_uri(), pinned, into).read_bytes() == b"a package"
    with pytest.raises(debian.CommandError):
        debian.download(source.as_uri(), "0" * 64, into)


def test_another_pin_means_install_again(tmp_path: Path) -> None:
    installed: Release = NEW
    python = tmp_path / "new" / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "new" / "made-from").write_text(fingerprint(installed))
    assert is_installed(tmp_path, installed)
    assert not is_installed(tmp_path, replace(installed, pinned=(Package("2.99.0-1", "0" * 64),)))
    python.unlink()
    assert not is_installed(tmp_path, installed)


def test_a_command_that_is_another_version_is_no_proof(tmp_path: Path) -> None:
    command = tmp_path / "aws"
    command.write_text("#!/bin/sh\necho aws-cli/1.2.3 Python\n")
    command.chmod(0o755)
    with pytest.raises(debian.CommandError, match=r"is not AWS CLI 2\.38\.1"):
        prove(command, "2.38.1-1")


def test_the_cache_is_where_the_machine_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "genkan" / "aws-cli"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert executable("old") == tmp_path / "xdg" / "genkan" / "aws-cli" / "old" / "bin" / "aws"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.delenv("HOME")
    assert cache_folder().relative_to(install_aws_cli._ROOT) == Path(".cache/aws-cli")
