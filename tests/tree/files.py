"""Walks the repository's own files.

Owns: which files count as the project's (everything but what tools leave behind). No git is needed,
so that the rules also hold for an unpacked archive.
"""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_LEFT_BY_TOOLS = {"build", "dist", "var", "screenshots", "__pycache__", "node_modules"}
_HIDDEN_BUT_OURS = {".ci", ".importlinter", ".gitignore"}


def is_ours(name: str) -> bool:
    """Whether a file or folder of this name is part of the project."""
    if name.startswith("."):
        return name in _HIDDEN_BUT_OURS
    return name not in _LEFT_BY_TOOLS and not name.endswith(".egg-info")


def own_files() -> Iterator[Path]:
    """Every file of the project, in a stable order."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if is_ours(name))
        for name in sorted(files):
            if is_ours(name):
                yield Path(folder) / name


def own_text(path: Path) -> str | None:
    """The text of a file; `None` when it is not UTF-8 text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def relative(path: Path) -> str:
    """A file's name as the project writes it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()
