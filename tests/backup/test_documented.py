"""The pages for administrators name commands and options that exist."""

import re

import click
import pytest

from genkan.cli import main
from tests.tree.files import ROOT

_COMMAND = re.compile(r"\bgenkan ((?:keys )?[a-z]+)((?: +[^ `\n]+)*)")
_OPTION = re.compile(r"--[a-z][a-z-]+")
PAGES = ("backup.md", "keys.md")


def options_of(name: str) -> set[str]:
    """The options of a command, which must exist."""
    command: click.Command = main
    for word in name.split():
        assert isinstance(command, click.Group), name
        found = command.get_command(click.Context(command), word)
        assert found is not None, f"genkan {name}"
        command = found
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_takes_the_options_shown(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    shown = _COMMAND.findall(code)
    assert len(shown) > 8
    for name, rest in shown:
        assert set(_OPTION.findall(rest)) <= options_of(name), f"genkan {name}{rest}"


def test_every_command_about_keys_and_backups_is_described() -> None:
    text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES)
    for name in ("backup", "restore", "keys list", "keys rotate", "keys rewrap"):
        assert f"genkan {name}" in text
        for option in options_of(name) - {"-h", "--help", "file"}:
            assert option in text, f"{name} {option}"
