"""What a person reads after `genkan up` has started."""

import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genkan import __version__

_SHOWN = 12
_SERVICES = (
    ("SSO_OIDC", "SSO"),
    ("STS", "SSO_ADMIN"),
    ("IDENTITYSTORE", "IAM"),
    ("ORGANIZATIONS", "CLOUDTRAIL"),
)


def banner(described: Mapping[str, Any], path: Path) -> str:
    """Where to go and as whom, from the contents of `sandbox.json`, which is at `path`.

    The administrator's key is in the file only.
    """
    return f"""
  Genkan {__version__}: a sandbox organization of {len(described["accounts"])} accounts

  Access portal   {described["start_url"]}{_authority(described.get("ca_file"))}
{_people(described["users"])}

  For the AWS CLI v2 and SDKs
    export {_variables(described)}
    aws configure sso        start URL {described["aws_start_url"]}, region {described["region"]}

  Everything a script needs, the administrator's access key included
    {path}

  Data in {path.parent}; Ctrl-C stops, starting again keeps everything.
"""


def _authority(ca_file: str | None) -> str:
    return f"\n  Trust           {ca_file}" if ca_file else ""


def _people(users: Sequence[Mapping[str, str]]) -> str:
    if not users:
        return "  Nobody has a password to sign in with"
    width = max(_columns(user["user_name"]) for user in users[:_SHOWN])
    lines = [
        f"    {user['user_name']}{' ' * (width - _columns(user['user_name']))}   {user['password']}"
        for user in users[:_SHOWN]
    ]
    if more := len(users) - len(lines):
        lines.append(f"    … and {more} more, in the file named below")
    return "\n".join(["  Sign in as      (user name, password)", *lines])


def _variables(described: Mapping[str, Any]) -> str:
    lines = [
        " ".join(f"AWS_ENDPOINT_URL_{name}={described['base_url']}" for name in pair)
        for pair in _SERVICES
    ]
    if "ca_file" in described:
        lines.append(f"AWS_CA_BUNDLE={shlex.quote(described['ca_file'])}")
    return " \\\n           ".join(lines)


def _columns(text: str) -> int:
    """How wide a terminal shows it: CJK characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
