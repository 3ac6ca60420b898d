"""Whatever keeps a command from its work is one line, and no traceback."""

import click
import pytest

from genkan.commands.directory import refusals
from genkan.db.failures import Contended, OutcomeUnknown, Unsuitable
from genkan.settings import SettingsRefused


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (SettingsRefused("no key"), "no key"),
        (Unsuitable("another program's"), "another program's"),
        (Contended("in the way"), "in the way"),
        (OutcomeUnknown("the connection was lost"), "the connection was lost: it may have been"),
        (PermissionError(13, "Permission denied", "/x"), "cannot use /x: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(raised: Exception, says: str) -> None:
    @refusals
    def command() -> None:
        raise raised

    with pytest.raises(click.ClickException) as told:
        command()
    assert told.value.message.startswith(says)
