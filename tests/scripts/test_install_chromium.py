"""Chromium is installed where that is allowed, and asked for in one line where it is not."""

import pytest

from scripts import debian, install_chromium


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_chromium, "chromium", lambda: None)
    monkeypatch.setattr(install_chromium, "has_japanese_font", lambda: False)
    monkeypatch.setattr(install_chromium, "has_library", lambda name: False)


def test_an_ordinary_user_is_told_what_to_install(
    bare_machine: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "may_install", lambda: False)
    with pytest.raises(SystemExit) as end:
        install_chromium.main()
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "apt-get install chromium fontconfig fonts-noto-cjk libatomic1" in line


def test_an_installation_that_fails_is_one_line(
    bare_machine: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(packages: list[str]) -> None:
        raise debian.CommandError("E: Unable to locate package chromium")

    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", refuse)
    with pytest.raises(SystemExit):
        install_chromium.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert "Unable to locate package" in line


def test_nothing_is_installed_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(packages: list[str]) -> None:
        raise AssertionError(f"installed {packages}")

    monkeypatch.setattr(install_chromium, "chromium", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(install_chromium, "has_japanese_font", lambda: True)
    monkeypatch.setattr(install_chromium, "has_library", lambda name: True)
    monkeypatch.setattr(debian, "install", forbidden)
    install_chromium.main()
