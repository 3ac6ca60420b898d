"""What both kinds of settings have in common: refusals, the key-encryption key, single values."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from genkan.core.quotas import HIGHEST, NAMES, Quotas
from genkan.core.rates import Throttling

_ORIGIN = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::[1-9][0-9]{0,4})?",
    re.ASCII,
)
_TRUTHS = {"": False, "0": False, "false": False, "no": False} | dict.fromkeys(
    ("1", "true", "yes"), True
)
LogFormat = Literal["json", "text"]
RefusalRecords = Literal["limited", "all"]
LOG_LEVELS = ("debug", "info", "warning", "error")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsRefused(Exception):
    """A setting is unsafe or makes no sense; the message is for whoever starts the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetting:
    """Where the key-encryption key is given: `NAME` has its text, `NAME_FILE` names its file.

    A variable that is set counts as given even when it is empty: a secret that did not arrive must
    not be taken for one that nobody meant to give.
    """

    text: str | None = field(default=None, repr=False)
    file: Path | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is any."""
        return self.text is not None or self.file is not None


def key_setting(
    name: str = "GENKAN_KEY", environment: Mapping[str, str] | None = None
) -> KeySetting:
    """The key-encryption key as the environment gives it."""
    env = os.environ if environment is None else environment
    file = env.get(f"{name}_FILE")
    return KeySetting(text=env.get(name), file=Path(file) if file is not None else None)


def origin(name: str, value: str) -> str:
    """A base URL without a trailing slash, empty when not given.

    Host names answered, cookies and links follow from it: half a URL would loosen them.
    """
    value = value.rstrip("/")
    if value and not _ORIGIN.fullmatch(value):
        raise SettingsRefused(f"{name} {value} is not of the form http(s)://name[:port]")
    return value


def truth(name: str, value: str) -> bool:
    """A yes or a no."""
    if value.lower() not in _TRUTHS:
        raise SettingsRefused(f"{name} must be true or false")
    return _TRUTHS[value.lower()]


def log_level(name: str, value: str) -> str:
    """How much is logged."""
    if value.lower() not in LOG_LEVELS:
        raise SettingsRefused(f"{name} {value} is none of {', '.join(LOG_LEVELS)}")
    return value.lower()


def quotas(name: str, value: str) -> Quotas:
    """`users=200000, permission_sets=5000`: the quotas that are not AWS's."""
    given: dict[str, int] = {}
    for one in filter(None, (part.strip() for part in value.split(","))):
        quota, _, number = (part.strip() for part in one.partition("="))
        if quota not in NAMES:
            raise SettingsRefused(f"{name}: there is no quota {quota}, only {', '.join(NAMES)}")
        if not (number.isascii() and number.isdecimal() and 0 < int(number[:9]) <= HIGHEST):
            raise SettingsRefused(f"{name}: {one} is no number from 1 to {HIGHEST}")
        if quota in given:
            raise SettingsRefused(f"{name}: {quota} is given twice")
        given[quota] = int(number)
    return Quotas(**given)


def throttling(name: str, value: str) -> Throttling:
    """Whether requests beyond AWS's published rates are refused."""
    if value not in ("off", "aws"):
        raise SettingsRefused(f"{name} must be off or aws")
    return "aws" if value == "aws" else "off"


def refusal_records(name: str, value: str) -> RefusalRecords:
    """Which refusals of proven callers are recorded."""
    if value not in ("limited", "all"):
        raise SettingsRefused(f"{name} must be limited or all")
    return "all" if value == "all" else "limited"


def log_format(name: str, value: str) -> LogFormat:
    """How a line is written."""
    if value not in ("json", "text"):
        raise SettingsRefused(f"{name} {value} is neither json nor text")
    return "json" if value == "json" else "text"
