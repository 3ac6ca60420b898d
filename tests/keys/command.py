"""The command itself, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_OURS = ("GENKAN_KEY", "GENKAN_KEY_FILE", "GENKAN_NEW_KEY", "GENKAN_NEW_KEY_FILE")


def begin(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `genkan …`."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    return subprocess.Popen(
        [sys.executable, "-m", "genkan.cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, **(environment or {})},
    )


def genkan(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """What `genkan …` prints; it must end well."""
    process = begin(*arguments, environment=environment)
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert complaint == ""
    return printed


def refusal(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """The one line that `genkan …` ends with; it must fail."""
    process = begin(*arguments, environment=environment)
    printed, complaint = process.communicate(timeout=60)
    assert process.returncode == 1, printed + complaint
    assert printed == ""
    assert complaint.startswith("Error: ")
    assert complaint.count("\n") == 1, complaint
    return complaint.removeprefix("Error: ").strip()
