"""What stands beside Identity Center: control policies, delegation, an account's own policies."""

import json
from typing import Any

from tests.faults.deeds import account_policies
from tests.faults.deeds.deed import (
    Answer,
    Deed,
    Fact,
    Hand,
    Nothing,
    Params,
    Room,
    there,
)
from tests.faults.paper import Key, Paper, found

_SSO = "sso.amazonaws.com"
_RAM = "ram.amazonaws.com"
_CONFIG = "config.amazonaws.com"
_TYPE = "SERVICE_CONTROL_POLICY"
_FIRST, _SECOND = account_policies.OWNER, "sakura-data-prod"
"""Accounts that are limited and delegated to."""
_LIMITED = ("ListRoles", "ListPolicies", "ListSAMLProviders")
"""What control policies deny, each another one: so a denial says which of them limits."""


def _organizations(name: str, **more: Any) -> Deed:
    return Deed(service="organizations", name=name, **more)


def _account(hand: Hand) -> str:
    return hand.server.account(hand.dice.choice((_FIRST, _SECOND)))


def _alias(hand: Hand, account_id: str) -> str:
    return next(one for one in (_FIRST, _SECOND) if hand.server.account(one) == account_id)


# Delegation


def _trusted(hand: Hand) -> Params:
    hand.missing("trusted services", _RAM)
    return {"ServicePrincipal": _RAM}


def _distrusted(hand: Hand) -> Params:
    hand.one("trusted services", _RAM)
    return {"ServicePrincipal": _RAM}


def _delegated(hand: Hand) -> Params:
    account, service = _account(hand), hand.dice.choice((_SSO, _CONFIG))
    hand.one("trusted services", service)
    if any(of == service for _, of in hand.paper.of("delegations")):
        raise Nothing  # Identity Center takes one only
    return {"AccountId": account, "ServicePrincipal": service}


def _taken_back(hand: Hand) -> Params:
    account, service = hand.one("delegations")
    return {"AccountId": account, "ServicePrincipal": service}


def _delegation(asked: Params) -> Key:
    return asked["AccountId"], asked["ServicePrincipal"]


# Control policies


def _denial(action: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": f"iam:{action}", "Resource": "*"}],
        }
    )


def _denied(content: str) -> str:
    action: str = json.loads(content)["Statement"][0]["Action"]
    return action.removeprefix("iam:")


def _a_control(hand: Hand) -> Params:
    taken = {value[2] for value in hand.paper.of("control policies").values()}
    free = [action for action in _LIMITED if action not in taken]
    if not free:
        raise Nothing
    return {
        "Name": hand.a_name(),
        "Description": "A",
        "Content": _denial(hand.dice.choice(free)),
        "Type": _TYPE,
    }


def _make_control(paper: Paper, asked: Params, answer: Answer) -> None:
    value = (asked["Name"], asked["Description"], _denied(asked["Content"]))
    paper.put("control policies", found(answer, "Id"), value=value)


def _change_control(paper: Paper, asked: Params, answer: Answer) -> None:
    before = paper.get("control policies", asked["PolicyId"])
    if before is not None:
        after = (before[0], asked["Description"], before[2])
        paper.put("control policies", asked["PolicyId"], value=after)


def _attached(hand: Hand) -> Params:
    hand.one("policy types", _TYPE)
    target, policy = _account(hand), hand.one("control policies")[0]
    hand.missing("control attachments", target, policy)
    return {"PolicyId": policy, "TargetId": target}


def _detached(hand: Hand) -> Params:
    target, policy = hand.one("control attachments")
    return {"PolicyId": policy, "TargetId": target}


def _attachment(asked: Params) -> Key:
    return asked["TargetId"], asked["PolicyId"]


def _control_removed(hand: Hand) -> Params:
    policy = hand.one("control policies")[0]
    if any(of == policy for _, of in hand.paper.of("control attachments")):
        raise Nothing
    return {"PolicyId": policy}


def _type(hand: Hand, *, enabled: bool) -> Params:
    if (hand.paper.get("policy types", _TYPE) is not None) != enabled:
        raise Nothing
    return {"RootId": hand.one("roots")[0], "PolicyType": _TYPE}


def _forget_attachments(paper: Paper, asked: Params, answer: Answer) -> None:
    paper.drop("policy types", _TYPE)
    paper.clear("control attachments")


FACTS = (
    Fact(
        kind="roots",
        sql="SELECT root_id FROM organizations",
        stored=lambda row: [(row, True)],
        service="organizations",
        name="DescribeOrganization",
        asks=lambda hand, key: {},
        told=there,
    ),
    Fact(
        kind="trusted services",
        sql="SELECT service_principal FROM organization_service_access",
        stored=lambda row: [(row, True)],
        service="organizations",
        name="ListAWSServiceAccessForOrganization",
        asks=lambda hand, key: {},
        told=lambda key, answer: (
            key[0] in {one["ServicePrincipal"] for one in answer["EnabledServicePrincipals"]}
            or None
        ),
    ),
    Fact(
        kind="delegations",
        sql="SELECT account_id, service_principal FROM delegated_administrators",
        stored=lambda row: [(row, True)],
        # Of Identity Center's own the effect is looked at: the delegate may, or may not.
        operation=lambda hand, key: (
            ("sso-admin", "ListPermissionSets")
            if key[1] == _SSO
            else ("organizations", "ListDelegatedServicesForAccount")
        ),
        asks=lambda hand, key: (
            {"InstanceArn": hand.instance} if key[1] == _SSO else {"AccountId": key[0]}
        ),
        told=lambda key, answer: (
            key[1] == _SSO
            or key[1] in {one["ServicePrincipal"] for one in answer["DelegatedServices"]}
            or None
        ),
        by=lambda hand, key: _alias(hand, key[0]) if key[1] == _SSO else "",
    ),
    Fact(
        kind="policy types",
        sql="SELECT policy_type FROM organization_policy_types",
        stored=lambda row: [(row, True)],
        service="organizations",
        name="ListRoots",
        asks=lambda hand, key: {},
        told=lambda key, answer: (
            key[0] in {one["Type"] for one in answer["Roots"][0]["PolicyTypes"]} or None
        ),
    ),
    Fact(
        kind="control policies",
        sql="SELECT policy_id, name, description, content FROM organization_policies"
        " WHERE name LIKE 'load-%'",
        stored=lambda row: [(row[:1], (row[1], row[2], _denied(row[3])))],
        service="organizations",
        name="DescribePolicy",
        asks=lambda hand, key: {"PolicyId": key[0]},
        told=lambda key, answer: (
            found(answer, "Name"),
            found(answer, "Description"),
            _denied(answer["Policy"]["Content"]),
        ),
    ),
    Fact(
        # The effect is looked at: whether the account's administrator is denied.
        kind="control attachments",
        sql="SELECT a.target_id, a.policy_id FROM organization_policy_attachments AS a"
        " JOIN organization_policies AS p ON p.policy_id = a.policy_id"
        " WHERE p.name LIKE 'load-%'",
        stored=lambda row: [(row, True)],
        operation=lambda hand, key: ("iam", _action_of(hand, key[1])),
        asks=lambda hand, key: {},
        told=lambda key, answer: None,
        denied=True,
        by=lambda hand, key: _alias(hand, key[0]),
    ),
    *account_policies.FACTS,
)


def _action_of(hand: Hand, policy: str) -> str:
    value = hand.paper.get("control policies", policy)
    return value[2] if value is not None else "GetUser"


ROOM = Room(
    name="organization",
    members=(_FIRST, _SECOND),
    facts=FACTS,
    deeds=(
        _organizations(
            "EnableAWSServiceAccess",
            asks=_trusted,
            effect=lambda paper, asked, answer: paper.put(
                "trusted services", asked["ServicePrincipal"]
            ),
            often=0.5,
        ),
        _organizations(
            "DisableAWSServiceAccess",
            asks=_distrusted,
            effect=lambda paper, asked, answer: paper.drop(
                "trusted services", asked["ServicePrincipal"]
            ),
            often=0.5,
        ),
        _organizations(
            "RegisterDelegatedAdministrator",
            asks=_delegated,
            effect=lambda paper, asked, answer: paper.put("delegations", *_delegation(asked)),
        ),
        _organizations(
            "DeregisterDelegatedAdministrator",
            asks=_taken_back,
            effect=lambda paper, asked, answer: paper.drop("delegations", *_delegation(asked)),
            often=0.6,
        ),
        _organizations("CreatePolicy", asks=_a_control, effect=_make_control, insists=False),
        _organizations(
            "UpdatePolicy",
            asks=lambda hand: {
                "PolicyId": hand.one("control policies")[0],
                "Description": hand.a_name(),
            },
            effect=_change_control,
        ),
        _organizations(
            "AttachPolicy",
            asks=_attached,
            effect=lambda paper, asked, answer: paper.put(
                "control attachments", *_attachment(asked)
            ),
            often=2,
        ),
        _organizations(
            "DetachPolicy",
            asks=_detached,
            effect=lambda paper, asked, answer: paper.drop(
                "control attachments", *_attachment(asked)
            ),
        ),
        _organizations(
            "DeletePolicy",
            asks=_control_removed,
            effect=lambda paper, asked, answer: paper.end(asked["PolicyId"]),
            often=0.5,
        ),
        _organizations(
            "EnablePolicyType",
            asks=lambda hand: _type(hand, enabled=False),
            effect=lambda paper, asked, answer: paper.put("policy types", _TYPE),
            often=2,
        ),
        _organizations(
            "DisablePolicyType",
            asks=lambda hand: _type(hand, enabled=True),
            effect=_forget_attachments,
            often=0.15,
        ),
        *account_policies.DEEDS,
        _organizations(
            "RegisterDelegatedAdministrator",
            asks=lambda hand: {"AccountId": hand.management, "ServicePrincipal": _SSO},
            refused="ConstraintViolationException",
            often=0.3,
        ),
        _organizations(
            "DeletePolicy",
            asks=lambda hand: {"PolicyId": "p-0123456789"},
            refused="PolicyNotFoundException",
            often=0.3,
        ),
    ),
)
