"""Principal and NotPrincipal: who is meant, and how strongly."""

from __future__ import annotations

from typing import Any

import pytest

from genkan.authorization import PolicyKind, Principal, PrincipalKind
from genkan.authorization.principals import Match
from tests.authorization.build import (
    ACCOUNT,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    doc,
    iam_user,
    role_session,
    root_user,
)

anonymous = Principal(kind=PrincipalKind.ANONYMOUS)
service = Principal(kind=PrincipalKind.SERVICE, arn="sso.amazonaws.com")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
saml = Principal(kind=PrincipalKind.FEDERATED, arn=PROVIDER)
FEDERATED_USER = f"arn:aws:sts::{ACCOUNT}:federated-user/carol"
federated_user = Principal(
    kind=PrincipalKind.FEDERATED_USER, arn=FEDERATED_USER, account=ACCOUNT, issuer_arn=USER
)


def match(principal: Principal, element: Any) -> Match | None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Principal": element}
    compiled = doc(statement, kind=PolicyKind.RESOURCE).statements[0].principals
    assert compiled is not None
    return compiled.match(principal)


@pytest.mark.parametrize(
    ("principal", "element", "expected"),
    [
        (role_session, "*", Match.DIRECT),
        (anonymous, "*", Match.DIRECT),
        (service, "*", Match.DIRECT),
        (saml, "*", Match.DIRECT),
        (role_session, {"AWS": "*"}, Match.DIRECT),
        (anonymous, {"AWS": "*"}, Match.DIRECT),
        (service, {"AWS": "*"}, None),
        (saml, {"AWS": "*"}, None),
        (role_session, {"AWS": SESSION}, Match.DIRECT),
        (role_session, {"AWS": ROLE}, Match.ROLE),
        (role_session, {"AWS": "AROAEXAMPLEEXAMPLE01"}, Match.ROLE),
        (role_session, {"AWS": ROOT}, Match.ACCOUNT),
        (role_session, {"AWS": ACCOUNT}, Match.ACCOUNT),
        (role_session, {"AWS": [ROOT, SESSION]}, Match.DIRECT),
        (role_session, {"AWS": OTHER_ACCOUNT}, None),
        (role_session, {"AWS": ROLE.lower()}, None),
        (role_session, {"AWS": USER}, None),
        (role_session, {"Service": "sso.amazonaws.com"}, None),
        (iam_user, {"AWS": USER}, Match.DIRECT),
        (iam_user, {"AWS": "AIDAEXAMPLEEXAMPLE01"}, Match.DIRECT),
        (iam_user, {"AWS": ACCOUNT}, Match.ACCOUNT),
        (root_user, {"AWS": ROOT}, Match.DIRECT),
        (root_user, {"AWS": ACCOUNT}, Match.DIRECT),
        (federated_user, {"AWS": FEDERATED_USER}, Match.DIRECT),
        (federated_user, {"AWS": USER}, Match.ROLE),
        (service, {"Service": "sso.amazonaws.com"}, Match.DIRECT),
        (service, {"Service": "ec2.amazonaws.com"}, None),
        (saml, {"Federated": PROVIDER}, Match.DIRECT),
        (saml, {"Federated": PROVIDER + "2"}, None),
        (saml, {"AWS": ACCOUNT}, None),
        (anonymous, {"AWS": ACCOUNT}, None),
        (anonymous, {"Service": "sso.amazonaws.com"}, None),
    ],
)
def test_principal_element(principal: Principal, element: Any, expected: Match | None) -> None:
    assert match(principal, element) is expected


@pytest.mark.parametrize(
    ("principal", "listed", "spared"),
    [
        (role_session, [ROOT, ROLE, SESSION], True),
        (role_session, [ACCOUNT, ROLE, SESSION], True),
        (role_session, [ROLE, SESSION], False),
        (role_session, [ROOT, ROLE], False),
        (role_session, [ROOT], False),
        (iam_user, [ROOT, USER], True),
        (iam_user, [USER], False),
        (iam_user, [ROOT], False),
        (root_user, [ROOT], True),
        (anonymous, [ROOT], False),
        (service, [ROOT], False),
    ],
)
def test_not_principal_spares_only_who_is_listed_with_role_and_account(
    principal: Principal, listed: list[str], spared: bool
) -> None:
    statement = {"Effect": "Deny", "Action": "s3:*", "NotPrincipal": {"AWS": listed}}
    compiled = doc(statement, kind=PolicyKind.RESOURCE).statements[0].principals
    assert compiled is not None
    assert compiled.excepts(principal) is spared
