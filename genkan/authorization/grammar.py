"""The grammar of the strings inside a policy: Sid, action, resource ARN, condition key.

Owns which strings are well formed and AWS's sentence for those that are not. Leaves the structure
around them to `parse`. Source: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM
ARNs"; the sentences are IAM's.
"""

from __future__ import annotations

import re

from genkan.authorization import errors
from genkan.authorization.errors import PolicySyntaxError
from genkan.authorization.variables import (
    Template,
    VariableError,
    confine_to_arn_fields,
    template,
)

PARTITIONS = frozenset(
    {
        "*",
        "aws",
        "aws-cn",
        "aws-eusc",
        "aws-iso",
        "aws-iso-b",
        "aws-iso-e",
        "aws-iso-f",
        "aws-us-gov",
    }
)

_VENDOR = re.compile(r"[A-Za-z0-9.-]+|\*", re.ASCII)
_ACTION_NAME = re.compile(r"[A-Za-z0-9_*?.-]+", re.ASCII)
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_ARN_FIELDS = 6
_IAM_PATHS = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/",
    "server-certificate/", "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/",
    "access-report/",
)  # fmt: skip
_NEWER_IAM_PATHS = ("role-template/", "delegation-request/")
"""Seen in AWS's own policies, not in its sentence."""
_TRUST_ACTIONS = frozenset(
    {
        "assumerole",
        "assumerolewithsaml",
        "assumerolewithwebidentity",
        "assumeroot",
        "decodeauthorizationmessage",
        "getaccesskeyinfo",
        "getcalleridentity",
        "getfederationtoken",
        "getservicebearertoken",
        "getsessiontoken",
        "setcontext",
        "setsourceidentity",
        "tagsession",
    }
)


def check_sid(sid: str, path: str, *, free_text: bool) -> None:
    """IAM's Sids are alphanumeric; resource policies of other services may hold spaces."""
    well_formed = sid.isprintable() if free_text else _SID.fullmatch(sid) is not None
    if not well_formed:
        raise PolicySyntaxError(errors.SID_CHARACTERS, path)


def check_action(action: str, path: str) -> None:
    """`*`, or `vendor:Name` where the name may hold wildcards."""
    if action == "*":
        return
    vendor, colon, name = action.partition(":")
    if not colon:
        raise PolicySyntaxError(errors.NO_VENDOR, path)
    if ":" in name:
        raise PolicySyntaxError(errors.ONE_COLON, path)
    if not _VENDOR.fullmatch(vendor):
        raise PolicySyntaxError(f"Vendor {vendor[:64]} is not valid", path)
    if not _ACTION_NAME.fullmatch(name):
        raise PolicySyntaxError(errors.SYNTAX, path, f"{action[:64]!r} is not an action.")


def check_trust_action(action: str, path: str) -> None:
    """A trust policy speaks of sts actions only."""
    vendor, _, name = action.lower().partition(":")
    if vendor != "sts" or not (name in _TRUST_ACTIONS or "*" in name or "?" in name):
        raise PolicySyntaxError(errors.TRUST_ACTIONS, path)


def check_condition_key(key: str, path: str) -> None:
    """`vendor:name`; the vendor may be a host name (`token.actions.githubusercontent.com:sub`)."""
    vendor, colon, name = key.partition(":")
    if not (colon and vendor and name):
        raise PolicySyntaxError(errors.NO_VENDOR, path)
    if not key.isprintable():
        raise PolicySyntaxError(errors.SYNTAX, path, "A condition key holds control characters.")


def resource_template(resource: str, path: str, *, variables: bool) -> Template:
    """Check a Resource string and cut it into tokens; fields left out at its end become `*`.

    Raises:
        PolicySyntaxError: it is neither `*` nor an ARN with a known partition and a service.
    """
    try:
        if resource == "*":
            return template(resource, variables=False, wildcards=True)
        completed = _check_arn(resource, path)
        return confine_to_arn_fields(template(completed, variables=variables, wildcards=True))
    except VariableError as error:
        raise PolicySyntaxError(errors.SYNTAX, path, str(error)) from None


def _check_arn(resource: str, path: str) -> str:
    fields = resource.split(":", _ARN_FIELDS - 1)
    if fields[0] != "arn" or len(fields) == 1:
        raise PolicySyntaxError(f'Resource {resource[:64]} must be in ARN format or "*".', path)
    partition = fields[1]
    if partition not in PARTITIONS:
        shown = ":".join(fields + ["*"] * (_ARN_FIELDS - len(fields)))[:128]
        raise PolicySyntaxError(
            f'Partition "{partition[:64]}" is not valid for resource "{shown}".', path
        )
    if len(fields) == 2 or any(character in fields[2] for character in "*?$"):
        raise PolicySyntaxError(errors.NO_RESOURCE_VENDOR, path)
    if not _VENDOR.fullmatch(fields[2]) or not resource.isprintable():
        raise PolicySyntaxError(errors.LEGACY_PARSING, path)
    if len(fields) < _ARN_FIELDS and "" in fields:
        raise PolicySyntaxError(errors.LEGACY_PARSING, path)
    completed = fields + ["*"] * (_ARN_FIELDS - len(fields))
    _check_service_rules(resource, completed, path)
    return ":".join(completed)


def _check_service_rules(resource: str, fields: list[str], path: str) -> None:
    _, _, service, region, _, name = fields
    if service == "iam" and region not in ("", "*"):
        raise PolicySyntaxError(
            f"IAM resource {resource[:128]} cannot contain region information.", path
        )
    if service == "iam" and not _may_be_iam_path(name):
        raise PolicySyntaxError(
            f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.', path
        )


def _may_be_iam_path(name: str) -> bool:
    return name.startswith(("*", "$", *_IAM_PATHS, *_NEWER_IAM_PATHS)) or name == "root"
