"""PostgreSQL's programs are found, installed where that is allowed, or asked for in one line."""

from pathlib import Path

import pytest

from scripts import debian, install_postgresql


def server_programs(folder: Path, *, version: str = "15.1") -> Path:
    """Stand-ins for the programs of one release."""
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No PostgreSQL anywhere; the folder stands for Debian's."""
    monkeypatch.setattr(install_postgresql, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(install_postgresql, "_CREATE_CLUSTER", tmp_path / "createcluster.conf")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_debians_newest_release_is_taken(bare_machine: Path) -> None:
    for version in ("9.6", "13", "15"):
        newest = server_programs(bare_machine / "debian" / version / "bin")
    (bare_machine / "debian" / "17" / "bin").mkdir(parents=True)  # Client programs alone.
    assert install_postgresql.programs() == newest


@pytest.mark.parametrize(("version", "found"), [("16.2", True), ("12.9", False), ("", False)])
def test_a_release_on_the_path_is_taken_if_it_is_new_enough(
    bare_machine: Path, version: str, found: bool
) -> None:
    folder = server_programs(bare_machine / "bin", version=version)
    # The stand-in is a script: it needs a shell, not the path.
    assert install_postgresql.programs() == (folder if found else None)


def test_an_ordinary_user_is_told_what_to_install(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "may_install", lambda: False)
    with pytest.raises(SystemExit):
        install_postgresql.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert "as root, run: apt-get install postgresql" in line


def test_the_package_makes_no_cluster_and_the_machines_settings_stay(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = bare_machine / "createcluster.conf"
    during: dict[str, str] = {}

    def install(packages: list[str]) -> None:
        if packages == ["postgresql-common"]:
            settings.write_text("ssl = on\n")
        else:
            during["settings"] = settings.read_text()
            server_programs(bare_machine / "debian" / "15" / "bin")

    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", install)
    install_postgresql.main()
    assert "\ncreate_main_cluster = false\n" in during["settings"]
    assert settings.read_text() == "ssl = on\n"


def test_an_installation_that_fails_is_one_line_and_the_settings_stay(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = bare_machine / "createcluster.conf"
    settings.write_text("ssl = on\n")

    def install(packages: list[str]) -> None:
        if packages == ["postgresql"]:
            raise debian.CommandError("E: Unable to locate package postgresql")

    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", install)
    with pytest.raises(SystemExit):
        install_postgresql.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert "Unable to locate package" in line
    assert settings.read_text() == "ssl = on\n"


def test_nothing_is_installed_when_nothing_is_missing(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(packages: list[str]) -> None:
        raise AssertionError(f"installed {packages}")

    server_programs(bare_machine / "debian" / "15" / "bin")
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", forbidden)
    install_postgresql.main()
