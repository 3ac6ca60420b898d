"""Two real releases of AWS CLI v2 for the tests, unpacked into a cache folder.

Owns: the pinned releases, where they live, and proving that each one runs. `new` has the start-URL
rule (2.35.13 and later), `old` has not. Both are Debian's package `awscli`, taken from the mirror
that this machine's apt is configured with, and run on the tests' Python with the dependencies of
`requirements/aws-cli.txt`. Leaves to others: using them (`tests/clients/aws_cli.py`).
Invariants: the machine's own packages are not touched; nothing runs whose SHA-256 is neither pinned
here nor vouched for by Debian's signed package lists; a release appears in the cache whole or not
at all.

Layout: `<cache>/aws-cli/<version>/bin/aws`; `<cache>/aws-cli/new` and `old` point at those in use.
"""

import fcntl
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts import debian

Slot = Literal["new", "old"]

_ROOT = Path(__file__).resolve().parent.parent
_REQUIREMENTS = _ROOT / "requirements" / "aws-cli.txt"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PROBE = ["sso-oidc", "register-client", "--generate-cli-skeleton", "input"]

#: From here on a start URL must lead to AWS (reference: AWS CLI's changelog, 2.35.13).
_START_URL_RULE = (2, 35, 13)


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned `.deb`: Debian's version and the file's SHA-256 in hexadecimal."""

    version: str
    sha256: str

    @property
    def pool_path(self) -> str:
        """Where a Debian archive keeps the file, below the archive's address."""
        return f"pool/main/a/awscli/awscli_{self.version}_all.deb"


@dataclass(frozen=True, slots=True)
class Release:
    """A slot, its pins (the first that the mirror has is taken), and the suites of successors."""

    slot: Slot
    pinned: tuple[Package, ...]
    suites: tuple[str, ...]

    def admits(self, version: str) -> bool:
        """Whether `version` may stand in for the pins: on the same side of the start-URL rule."""
        return has_start_url_rule(version) == (self.slot == "new")


RELEASES = (
    Release(
        slot="new",
        pinned=(
            Package("2.38.1-1", "35f01c9e17d0517e2afa2190d90c7c4844c0fa5da4ef2edc0878e00bc470a09a"),
            Package(
                "2.36.17-1", "1eb14e9b9bbbfbfd0009eff8c77ae744a3099786943b40fb323f878d81658942"
            ),
        ),
        suites=("testing", "sid"),
    ),
    Release(
        slot="old",
        pinned=(
            Package("2.23.6-1", "09645cccbeece0553786ea7532d28901a9e7375d761fe5676490dbb4e7180569"),
        ),
        suites=("trixie",),
    ),
)


class UnavailableError(Exception):
    """A release can be had neither as pinned nor as a successor; the text says why, in one line."""


def has_start_url_rule(version: str) -> bool:
    """Whether AWS CLI `version` (in Debian's form, `2.36.17-1`) refuses start URLs outside AWS."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if numbers is None:
        raise ValueError(f"not a version of AWS CLI: {version}")
    return tuple(int(number) for number in numbers.groups()) >= _START_URL_RULE


def cache_folder() -> Path:
    """`genkan/aws-cli` in `$XDG_CACHE_HOME` or `~/.cache`; without either, the tree's `.cache`."""
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    home = os.environ.get("HOME", "")
    if Path(xdg).is_absolute():
        base = Path(xdg) / "genkan"
    elif Path(home).is_absolute() and os.access(home, os.W_OK):
        base = Path(home) / ".cache" / "genkan"
    else:
        base = _ROOT / ".cache"
    return base / "aws-cli"


def executable(slot: Slot) -> Path:
    """The `aws` command of a slot; it exists once this script has run."""
    return cache_folder() / slot / "bin" / "aws"


def fingerprint(release: Release) -> str:
    """What an installed release was made from; another value means: make it again."""
    parts = [package.sha256 for package in release.pinned]
    parts.append(hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest())
    return " ".join([*parts, "python{}.{}".format(*sys.version_info)]) + "\n"


def is_installed(cache: Path, release: Release) -> bool:
    """Whether the slot holds what the pin asks for, and its Python is still there."""
    folder = cache / release.slot
    try:
        made_from = (folder / "made-from").read_text()
    except OSError:
        return False
    return made_from == fingerprint(release) and (folder / "venv" / "bin" / "python").exists()


def download(release: Release, into: Path) -> tuple[Path, str]:
    """A package as pinned, or the suites' newest if the pins have left the mirror; its version."""
    if not debian.has_apt():
        raise UnavailableError(
            "it is unpacked from Debian's package awscli, and this machine has no apt"
        )
    for package in release.pinned:
        for site in debian.mirrors():
            try:
                return debian.download(
                    f"{site}/{package.pool_path}", package.sha256, into
                ), package.version
            except debian.CommandError:
                continue
    return download_successor(release, into)


def download_successor(release: Release, into: Path) -> tuple[Path, str]:
    """The newest package that the suites offer, verified by apt against Debian's archive keys."""
    if not _KEYRING.exists():
        raise UnavailableError(f"Debian's archive keys are missing ({_KEYRING})")
    problems = []
    for site in debian.mirrors():
        for suite in release.suites:
            try:
                found = _download_newest(site, suite, into)
            except debian.CommandError as error:
                problems.append(str(error))
                continue
            version = found.name.split("_")[1]
            if release.admits(version):
                return found, version
            problems.append(f"{suite} offers only {version}")
    raise UnavailableError(problems[0] if problems else "apt is configured with no mirror")


def _download_newest(site: str, suite: str, into: Path) -> Path:
    """Fetch `awscli` from one suite, with lists and caches apart from the machine's own."""
    folder = Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=into))
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {site} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": str(folder / "sources.list"),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache": str(folder),
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "APT::Get::List-Cleanup": "false",
        "APT::Update::Error-Mode": "any",
    }
    apt_get = ["apt-get", "-q"]
    for name, value in options.items():
        apt_get += ["-o", f"{name}={value}"]
    debian.run([*apt_get, "update"])
    # apt-get writes into the working directory, which `env -C` sets for it alone.
    debian.run(["env", "-C", str(folder), *apt_get, "download", "awscli"])
    packages = list(folder.glob("awscli_*.deb"))
    if len(packages) != 1:
        raise debian.CommandError(f"{suite} has no package awscli")
    return packages[0]


def unpack(package: Path, version: str, folder: Path) -> None:
    """Fill `folder` with the package, a virtual environment for its dependencies, and `bin/aws`."""
    tree = folder / "package"
    debian.run(["dpkg-deb", "-x", str(package), str(tree)])
    shutil.rmtree(tree / "usr" / "share", ignore_errors=True)
    environment = folder / "venv"
    debian.run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-qq"]
    debian.run(
        [*pip, "--python", str(python), "install", "--require-hashes", "-r", str(_REQUIREMENTS)]
    )
    site_packages = next((environment / "lib").glob("python*/site-packages"))
    modules = tree / "usr" / "lib" / "python3" / "dist-packages"
    # Relative, because the folder moves to its final place as a whole.
    (site_packages / "awscli.pth").write_text(os.path.relpath(modules, site_packages) + "\n")
    command = folder / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(
        "#!/bin/sh\n"
        'here=$(dirname "$(readlink -f "$0")")/..\n'
        'exec "$here/venv/bin/python" -I "$here/package/usr/bin/aws" "$@"\n'
    )
    command.chmod(0o755)
    prove(command, version)


def prove(command: Path, version: str) -> None:
    """Run the command: it must name its version and answer from the models of SSO."""
    upstream = version.rpartition("-")[0]
    if f"aws-cli/{upstream} " not in debian.run([str(command), "--version"]):
        raise debian.CommandError(f"{command} is not AWS CLI {upstream}")
    if "issuerUrl" not in debian.run([str(command), "--region", "eu-west-1", *_PROBE]):
        raise debian.CommandError(f"AWS CLI {upstream} does not know its own models")


def install(cache: Path, release: Release) -> str:
    """Download, unpack, prove, and only then put a release in its place; returns its version."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=cache) as scratch:
        package, version = download(release, Path(scratch))
        folder = Path(scratch) / "folder"
        folder.mkdir()
        unpack(package, version, folder)
        (folder / "made-from").write_text(fingerprint(release))
        final = cache / version.rpartition("-")[0]
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
        pointer = Path(scratch) / "pointer"
        pointer.symlink_to(final.name)
        pointer.replace(cache / release.slot)
    return version


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Hold the cache's lock: two clones may be set up at the same time."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_or_fail(cache: Path, release: Release) -> None:
    """Install a release; one line if its pin is stale, one line if nothing can be had."""
    wanted = release.pinned[0].version
    print(f"Installing AWS CLI {wanted} into {cache} …", flush=True)
    try:
        version = install(cache, release)
    except (UnavailableError, debian.CommandError, OSError) as error:
        debian.fail(
            f"the tests need AWS CLI {wanted}, which could not be installed: {error}; "
            "run them on Debian with apt's mirror in reach"
        )
    if version != wanted:
        print(
            f"genkan: AWS CLI {wanted}, pinned in scripts/install_aws_cli.py, has left the mirror; "
            f"{version} stands in for it"
        )


def main() -> None:
    """Install what is missing, or say in one line what and how to get it."""
    cache = cache_folder()
    if all(is_installed(cache, release) for release in RELEASES):
        return
    with alone(cache):
        for release in RELEASES:
            if not is_installed(cache, release):
                install_or_fail(cache, release)


if __name__ == "__main__":
    main()
