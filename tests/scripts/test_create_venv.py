"""Making the virtual environment says in one line what is missing, and leaves no half of it."""

import subprocess
import sys
from pathlib import Path

from tests.tree.files import ROOT


def create(python: str, venv: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ROOT / "scripts" / "create_venv.sh"), python, str(venv)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{venv.parent}:/usr/bin:/bin", "HOME": str(venv.parent)},
    )


def program(path: Path, script: str) -> str:
    """A stand-in for a program of the machine, found before the real one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_missing_python_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    assert "apt-get install python3" in refusal(create("no-such-python", tmp_path / "venv"))


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = program(
        tmp_path / "python", 'case "$1" in --version) echo Python 3.10.4;; *) exit 1;; esac'
    )
    line = refusal(create(old, tmp_path / "venv"))
    assert "3.11 or newer is needed, this is Python 3.10.4" in line


WITHOUT_ENSUREPIP = 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac'


def test_a_python_without_ensurepip_is_refused_to_ordinary_users(tmp_path: Path) -> None:
    lame = program(tmp_path / "python", WITHOUT_ENSUREPIP)
    program(tmp_path / "id", "echo 1000")
    program(tmp_path / "apt-get", f"touch {tmp_path}/called")
    line = refusal(create(lame, tmp_path / "venv"))
    assert "as root, run: apt-get install python3-venv" in line
    assert not (tmp_path / "called").exists()


def test_root_is_told_when_the_package_cannot_be_installed(tmp_path: Path) -> None:
    lame = program(tmp_path / "python", WITHOUT_ENSUREPIP)
    program(tmp_path / "id", "echo 0")
    program(tmp_path / "apt-get", "echo no network >&2; exit 100")
    done = create(lame, tmp_path / "venv")
    assert done.returncode == 1
    assert "apt-get install python3-venv failed" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_broken_attempt_leaves_no_environment_behind(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    broken = program(
        tmp_path / "python", f'case "$1" in -m) mkdir -p {venv}/bin; exit 1;; *) exit 0;; esac'
    )
    assert "failed" in refusal(create(broken, venv))
    assert not venv.exists()


def test_a_working_environment_is_left_as_it_is(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    program(venv / "bin" / "python", 'test "$*" = "-m pip --version"')
    assert create(sys.executable, venv).returncode == 0
    assert [path.name for path in venv.iterdir()] == ["bin"]


def test_an_environment_without_pip_is_made_anew(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    program(venv / "bin" / "python", "exit 1")
    maker = program(
        tmp_path / "python", f'case "$1" in -m) mkdir {venv} && touch {venv}/new;; *) exit 0;; esac'
    )
    assert create(maker, venv).returncode == 0
    assert [path.name for path in venv.iterdir()] == ["new"]
