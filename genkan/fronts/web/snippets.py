"""Text that a person pastes into a terminal or a file of the AWS CLI.

Pure. Every value goes into shell text unescaped, so each is checked against a safe alphabet first:
ValueError rather than a pasted command that does something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal

Shell = Literal["posix", "cmd", "powershell"]

_VALUE: Final = re.compile(r"[A-Za-z0-9+/=_-]{1,4096}", re.ASCII)
_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_URL: Final = re.compile(r"https?://[A-Za-z0-9./:\[\]_-]{1,2000}", re.ASCII)
_ASSIGNMENT: Final[Mapping[Shell, str]] = {
    "posix": 'export {name}="{value}"',
    "cmd": "SET {name}={value}",
    "powershell": '$Env:{name}="{value}"',
}
CREDENTIALS_FILE: Final[Mapping[Shell, str]] = {
    "posix": "~/.aws/credentials",
    "cmd": r"%USERPROFILE%\.aws\credentials",
    "powershell": r"$HOME\.aws\credentials",
}
CONFIG_FILE: Final[Mapping[Shell, str]] = {
    "posix": "~/.aws/config",
    "cmd": r"%USERPROFILE%\.aws\config",
    "powershell": r"$HOME\.aws\config",
}

Line = tuple[str, str, str, bool]
"""One line as (before the value, the value, after it, whether the value is secret), so that a page
can veil the value alone."""


def environment(
    shell: Shell, values: Iterable[tuple[str, str]], endpoint_url: str | None = None
) -> list[Line]:
    """Commands that set environment variables in a shell, from (name, value).

    `endpoint_url` is where such credentials are good, if that is not AWS: without it the next
    command would show them to AWS.
    """
    before, after = _ASSIGNMENT[shell].split("{value}")
    lines = [
        (before.format(name=name), _checked(_VALUE, value), after, _secret(name))
        for name, value in values
    ]
    if endpoint_url is not None:
        endpoint = before.format(name="AWS_ENDPOINT_URL"), _checked(_URL, endpoint_url)
        lines.append((*endpoint, after, False))
    return lines


def profile(
    name: str, values: Iterable[tuple[str, str]], endpoint_url: str | None = None
) -> list[Line]:
    """A section of the AWS credentials file, from (variable name, value); keys are in lower
    case. `endpoint_url` as for `environment`."""
    lines = [
        (f"[{_checked(_NAME, name)}]", "", "", False),
        *((f"{key.lower()}=", _checked(_VALUE, value), "", _secret(key)) for key, value in values),
    ]
    if endpoint_url is not None:
        lines.append(("endpoint_url=", _checked(_URL, endpoint_url), "", False))
    return lines


def sso_profile(
    *,
    name: str,
    start_url: str,
    region: str,
    account_id: str,
    role_name: str,
    endpoints: Iterable[tuple[str, str]] = (),
    endpoint_url: str | None = None,
) -> str:
    """Sections of the AWS config file for `aws sso login --profile <name>` (reference §8.5, §20).

    `endpoints` are those of single services; `endpoint_url` is every service's, as in
    `environment`. Both belong in the profile and not in the session: the CLI reads them from the
    active profile.
    """
    services = list(endpoints)
    lines = [
        "[sso-session genkan]",
        f"sso_start_url = {_checked(_URL, start_url)}",
        f"sso_region = {_checked(_NAME, region)}",
        "sso_registration_scopes = sso:account:access",
        "",
        f"[profile {_checked(_NAME, name)}]",
        "sso_session = genkan",
        f"sso_account_id = {_checked(_NAME, account_id)}",
        f"sso_role_name = {_checked(_NAME, role_name)}",
        f"region = {region}",
    ]
    if endpoint_url is not None:
        lines.append(f"endpoint_url = {_checked(_URL, endpoint_url)}")
    if services:
        lines += ["services = genkan", "", "[services genkan]"]
        for service, url in services:
            lines += [f"{_checked(_NAME, service)} =", f"  endpoint_url = {_checked(_URL, url)}"]
    return "\n".join(lines)


def _secret(name: str) -> bool:
    return name != "AWS_ACCESS_KEY_ID"


def _checked(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError("value has characters that do not belong into a shell command")
    return value
