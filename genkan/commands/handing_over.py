"""Handing over what can be told only once, to the terminal or into a new file.

A file belongs to the installation whose keys are in it: it is gone where that was not made, and
stays where nobody can say.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

import click

from genkan.commands.printing import settle_output
from genkan.settings import SettingsRefused

_NOT_USED = "what was made is not used: call this again"


@dataclass(slots=True)
class Handing:
    """`over` takes keys and passwords, durably once it returns.

    `kept`: the installation may be ready, so that what was handed over may be all that opens it.
    """

    over: Callable[[dict[str, Any]], None]
    kept: bool = False


@contextmanager
def handing_over(output: Path | None) -> Iterator[Handing]:
    """To the terminal, or into the new file.

    `SettingsRefused` when there is no terminal, or the file is there or cannot be made, before
    anything else is; after a failure, a SIGTERM among them, the file is gone unless it is `kept`.
    """
    if output is None:
        if sys.stdout is None:
            raise SettingsRefused("there is nothing to print keys to: open it, or give --output")
        yield Handing(lambda made: _tell(_text(made)))
        return
    before = signal.signal(signal.SIGTERM, _told_to_stop)
    try:
        with _new_file(output) as file:
            handing = Handing(lambda made: _write(file, output, _text(made)))
            try:
                yield handing
            except BaseException:
                if not handing.kept:
                    output.unlink(missing_ok=True)
                raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _told_to_stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one must not cut the tidying up off
    raise SystemExit(128 + number)


def _new_file(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SettingsRefused(f"{path} exists already") from None
    except OSError as error:
        raise SettingsRefused(f"cannot write {path}: {error.strerror}") from None
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _tell(text: str) -> None:
    try:
        click.echo(text, nl=False)
    except OSError as error:
        settle_output()
        raise SettingsRefused(f"cannot print: {error.strerror}; {_NOT_USED}") from None


def _write(file: TextIO, path: Path, text: str) -> None:
    from genkan.db.files import make_durable

    try:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise SettingsRefused(f"cannot write {path}: {error.strerror}; {_NOT_USED}") from None
    make_durable(path.absolute().parent)


def _text(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
