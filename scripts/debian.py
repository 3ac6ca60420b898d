"""Debian's package tools, as the set-up scripts need them.

Owns: running apt and dpkg quietly with the machine's own configuration (mirror, proxy, keys), and
the one-line refusal that every set-up script ends with when it may not or cannot go on.
Leaves to others: which packages, and what is done with them.
Invariant: names no host. Every address comes from this machine's apt configuration.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

#: dpkg refuses to run without ldconfig and start-stop-daemon, which an ordinary PATH may lack.
_ENVIRONMENT = {
    **os.environ,
    "PATH": os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin",
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
}


class CommandError(Exception):
    """A command ended with a status other than 0; the text is the last line it wrote."""


def fail(sentence: str) -> NoReturn:
    """End the script with one line that says what is missing and how to get it."""
    print(f"genkan: {sentence}", file=sys.stderr)
    raise SystemExit(1)


def run(command: Sequence[str]) -> str:
    """Run `command`, return its standard output; `CommandError` with its last line if it fails."""
    try:
        done = subprocess.run(
            command, env=_ENVIRONMENT, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise CommandError(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CommandError(lines[-1] if lines else f"{command[0]}: status {done.returncode}")
    return done.stdout


def has_apt() -> bool:
    """Whether this machine installs its packages with apt."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def may_install() -> bool:
    """Whether this process may install packages for the whole machine."""
    return has_apt() and os.geteuid() == 0


def install(packages: Sequence[str]) -> None:
    """Install `packages` for the whole machine, without what they merely recommend."""
    run(["apt-get", "-q", "update"])
    run(["apt-get", "-q", "install", "-y", "--no-install-recommends", *packages])


def mirrors() -> list[str]:
    """The archives this machine takes its packages from, as addresses without a trailing slash."""
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"])
    return list(dict.fromkeys(line.rstrip("/") for line in sites.splitlines() if line))


def download(address: str, sha256: str, into: Path) -> Path:
    """Fetch one file with apt's settings (proxy, retries); refused unless its hash is `sha256`."""
    file = into / address.rpartition("/")[2]
    helper = ["/usr/lib/apt/apt-helper", "-o", "Acquire::Retries=2", "download-file"]
    run([*helper, address, str(file), f"SHA256:{sha256}"])
    return file
