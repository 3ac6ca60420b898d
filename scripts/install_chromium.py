"""Chromium and Japanese glyphs for the tests that act as a person, from Debian's packages.

Owns: finding Chromium, a font that has Japanese glyphs and what Playwright's driver links to, and
installing them where it may (root on Debian). Leaves to others: driving the browser
(`tests/clients/browser.py`).
Invariant: downloads no browser build of its own, and changes nothing when all is there.
"""

import ctypes
import shutil

from scripts import debian

#: Screenshots are looked at in Japanese too; without these glyphs they show empty boxes.
_FONT = "fonts-noto-cjk"


def chromium() -> str | None:
    """Path of this machine's Chromium, if it has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def has_japanese_font() -> bool:
    """Whether fontconfig knows a font with Japanese glyphs."""
    try:
        return bool(debian.run(["fc-list", ":lang=ja", "family"]).strip())
    except debian.CommandError:
        return False


def has_library(name: str) -> bool:
    """Whether the dynamic linker finds a shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_packages() -> list[str]:
    """Debian's names of what this machine lacks."""
    missing = []
    if chromium() is None:
        missing.append("chromium")
    if not has_japanese_font():
        missing += ["fontconfig", _FONT]
    # Of the Node.js inside Playwright's package; a minimal Debian has no such library.
    if not has_library("libatomic.so.1"):
        missing.append("libatomic1")
    return missing


def main() -> None:
    """Install what is missing, or say in one line how to get it."""
    packages = missing_packages()
    if not packages:
        return
    names = " ".join(packages)
    if not debian.may_install():
        debian.fail(f"the tests need {names}; as root, run: apt-get install {names}")
    print(f"Installing {names} …", flush=True)
    try:
        debian.install(packages)
    except debian.CommandError as error:
        debian.fail(f"apt-get install {names} failed ({error}); run it by hand, then try again")
    if missing_packages():
        debian.fail(f"apt-get install {names} succeeded, yet they are not to be found")


if __name__ == "__main__":
    main()
