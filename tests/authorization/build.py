"""Short ways to write policies, principals and questions in tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from genkan.authorization import (
    Decision,
    Document,
    PolicyKind,
    PolicySet,
    PolicySource,
    Principal,
    PrincipalKind,
    Request,
    decide,
    parse,
)

ACCOUNT = "111111111111"
OTHER_ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/alice"
USER = f"arn:aws:iam::{ACCOUNT}:user/bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
PERMISSION_SET = "arn:aws:sso:::permissionSet/ssoins-1111111111111111/ps-2222222222222222"

role_session = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=SESSION,
    account=ACCOUNT,
    issuer_arn=ROLE,
    unique_id="AROAEXAMPLEEXAMPLE01:alice",
)
iam_user = Principal(
    kind=PrincipalKind.USER, arn=USER, account=ACCOUNT, unique_id="AIDAEXAMPLEEXAMPLE01"
)
root_user = Principal(kind=PrincipalKind.ROOT, arn=ROOT, account=ACCOUNT)

ALLOW_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def text(*statements: Mapping[str, Any], version: str | None = "2012-10-17") -> str:
    document: dict[str, Any] = {"Version": version} if version else {}
    document["Statement"] = list(statements)
    return json.dumps(document)


def doc(
    *statements: Mapping[str, Any],
    kind: PolicyKind = PolicyKind.IDENTITY,
    version: str | None = "2012-10-17",
) -> Document:
    return parse(text(*statements, version=version), kind)


def source(
    *statements: Mapping[str, Any], kind: PolicyKind = PolicyKind.IDENTITY, label: str = "inline"
) -> PolicySource:
    return PolicySource(label, doc(*statements, kind=kind))


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def ask(
    action: str,
    policies: PolicySet,
    *resources: str,
    principal: Principal = role_session,
    context: Mapping[str, Any] | None = None,
) -> Decision:
    request = Request(
        principal=principal, action=action, resources=resources or ("*",), context=context or {}
    )
    return decide(request, policies)


def identity(*statements: Mapping[str, Any]) -> PolicySet:
    return PolicySet(identity=(source(*statements),))
