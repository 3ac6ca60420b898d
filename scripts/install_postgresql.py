"""PostgreSQL's server programs for the tests that run on both engines, from Debian's packages.

Owns: finding `initdb`, `pg_ctl` and `postgres`, and installing them where it may (root on Debian).
Leaves to others: making clusters and running servers (`tests/support/postgresql.py`).
Invariant: makes no cluster and starts no server; changes nothing when the programs are there.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts import debian

_DEBIAN = Path("/usr/lib/postgresql")
_CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_MINIMUM_MAJOR = 13


def programs() -> Path | None:
    """The folder of this machine's server programs: Debian's newest, or what `PATH` has."""
    versions = [
        (int(folder.parent.name), folder)
        for folder in _DEBIAN.glob("*/bin")
        if folder.parent.name.isdecimal() and _is_complete(folder)
    ]
    if versions:
        major, folder = max(versions)
        return folder if major >= _MINIMUM_MAJOR else None
    found = shutil.which("initdb")
    folder = Path(found).resolve().parent if found else Path()
    return folder if found and _is_complete(folder) and _major(folder) >= _MINIMUM_MAJOR else None


def _is_complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _PROGRAMS)


def _major(folder: Path) -> int:
    try:
        version = re.search(r"\d+", debian.run([str(folder / "postgres"), "--version"]))
    except debian.CommandError:
        return 0
    return int(version.group()) if version else 0


@contextmanager
def without_first_cluster() -> Iterator[None]:
    """Keep Debian's package from making and starting a cluster of its own while it is set up."""
    debian.install(["postgresql-common"])
    before = _CREATE_CLUSTER.read_text()
    _CREATE_CLUSTER.write_text(before + "\ncreate_main_cluster = false\n")
    try:
        yield
    finally:
        _CREATE_CLUSTER.write_text(before)


def main() -> None:
    """Install what is missing, or say in one line how to get it."""
    if programs() is not None:
        return
    if not debian.may_install():
        debian.fail(
            f"the tests need a PostgreSQL server, {_MINIMUM_MAJOR} or newer; "
            "as root, run: apt-get install postgresql"
        )
    print("Installing PostgreSQL …", flush=True)
    try:
        with without_first_cluster():
            debian.install(["postgresql"])
    except (debian.CommandError, OSError) as error:
        debian.fail(f"apt-get install postgresql failed ({error}); run it by hand, then try again")
    if programs() is None:
        debian.fail("apt-get install postgresql succeeded, yet its programs are not to be found")


if __name__ == "__main__":
    main()
