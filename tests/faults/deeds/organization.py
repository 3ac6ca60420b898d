"""What stands beside Identity Center: control policies, delegation, an account's own policies."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.deeds.deed import (
    Answer,
    Deed,
    Fact,
    Hand,
    Nothing,
    Params,
    Room,
    Row,
    there,
)
from tests.faults.deeds.permission_sets import inline_policy
from tests.faults.paper import Key, Paper, Value, found

_SSO = "sso.amazonaws.com"
_RAM = "ram.amazonaws.com"
_CONFIG = "config.amazonaws.com"
_TYPE = "SERVICE_CONTROL_POLICY"
_FIRST, _SECOND = "sakura-log-archive", "sakura-data-prod"
"""Accounts that are limited and delegated to; the first one has policies of its own."""
_LIMITED = ("ListRoles", "ListPolicies", "ListSAMLProviders")
"""What control policies deny, each another one: so a denial says which of them limits."""


def _made(service: str) -> Callable[..., Deed]:
    def make(name: str, **more: Any) -> Deed:
        return Deed(service=service, name=name, **more)

    return make


_organizations, _iam = _made("organizations"), _made("iam")


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


# An account's own policies


def _a_policy(hand: Hand) -> Params:
    hand.room_for("policies")
    name = hand.a_name()
    return {"PolicyName": name, "PolicyDocument": inline_policy(name)}


def _make_policy(paper: Paper, asked: Params, answer: Answer) -> None:
    arn = found(answer, "Arn")
    paper.put("policies", arn, value="v1")
    paper.put("policy versions", arn, "v1", value=json.loads(asked["PolicyDocument"]))


def _a_version(hand: Hand) -> Params:
    arn = hand.one("policies")[0]
    hand.room_for("policy versions", arn, most=4)
    return {"PolicyArn": arn, "PolicyDocument": inline_policy(hand.a_name())}


def _make_version(paper: Paper, asked: Params, answer: Answer) -> None:
    document = json.loads(asked["PolicyDocument"])
    arn, version = asked["PolicyArn"], found(answer, "VersionId")
    paper.put("policy versions", arn, version, value=document)


def _version(hand: Hand) -> Params:
    arn, version = hand.one("policy versions")
    return {"PolicyArn": arn, "VersionId": version}


def _other_version(hand: Hand) -> Params:
    asked = _version(hand)
    if hand.paper.get("policies", asked["PolicyArn"]) == asked["VersionId"]:
        raise Nothing
    return asked


def _policy_removed(hand: Hand) -> Params:
    arn = hand.one("policies")[0]
    if sum(of == arn for of, _ in hand.paper.of("policy versions")) > 1:
        raise Nothing
    return {"PolicyArn": arn}


def _policy_tag(hand: Hand) -> Params:
    tag = {"Key": f"load-{hand.dice.choice('ab')}", "Value": hand.a_name()}
    return {"PolicyArn": hand.one("policies")[0], "Tags": [tag]}


def _tag_policy(paper: Paper, asked: Params, answer: Answer) -> None:
    for tag in asked["Tags"]:
        paper.put("policy tags", asked["PolicyArn"], tag["Key"], value=tag["Value"])


def _tag_removed(hand: Hand) -> Params:
    arn, key = hand.one("policy tags")
    return {"PolicyArn": arn, "TagKeys": [key]}


def _untag_policy(paper: Paper, asked: Params, answer: Answer) -> None:
    for key in asked["TagKeys"]:
        paper.drop("policy tags", asked["PolicyArn"], key)


def _policy_tags(row: Row) -> Iterable[tuple[Key, Value]]:
    tags = json.loads(row[1])
    for key, value in tags.items() if isinstance(tags, dict) else tags:
        yield (row[0], key), value


def _by_first(hand: Hand, key: Key) -> str:
    return _FIRST


_OURS = "WHERE p.policy_name LIKE 'load-%'"
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
    Fact(
        kind="policies",
        sql=f"SELECT p.policy_arn, p.default_version_id FROM iam_policies AS p {_OURS}",
        stored=lambda row: [(row[:1], row[1])],
        service="iam",
        name="GetPolicy",
        asks=lambda hand, key: {"PolicyArn": key[0]},
        told=lambda key, answer: answer["Policy"]["DefaultVersionId"],
        by=_by_first,
    ),
    Fact(
        kind="policy versions",
        sql="SELECT v.policy_arn, v.version_id, v.document FROM iam_policy_versions AS v"
        f" JOIN iam_policies AS p ON p.policy_arn = v.policy_arn {_OURS}",
        stored=lambda row: [(row[:2], json.loads(row[2]))],
        service="iam",
        name="GetPolicyVersion",
        asks=lambda hand, key: {"PolicyArn": key[0], "VersionId": key[1]},
        told=lambda key, answer: answer["PolicyVersion"]["Document"],
        by=_by_first,
    ),
    Fact(
        kind="policy tags",
        sql=f"SELECT p.policy_arn, p.tags FROM iam_policies AS p {_OURS}",
        stored=_policy_tags,
        service="iam",
        name="ListPolicyTags",
        asks=lambda hand, key: {"PolicyArn": key[0]},
        told=lambda key, answer: {one["Key"]: one["Value"] for one in answer["Tags"]}.get(key[1]),
        by=_by_first,
    ),
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
        _iam("CreatePolicy", asks=_a_policy, effect=_make_policy, insists=False, by=_FIRST),
        _iam(
            "CreatePolicyVersion",
            asks=_a_version,
            effect=_make_version,
            insists=False,
            may_be=frozenset({"LimitExceeded"}),  # by those whose answers were lost
            by=_FIRST,
        ),
        _iam(
            "SetDefaultPolicyVersion",
            asks=_version,
            effect=lambda paper, asked, answer: paper.put(
                "policies", asked["PolicyArn"], value=asked["VersionId"]
            ),
            by=_FIRST,
        ),
        _iam(
            "DeletePolicyVersion",
            asks=_other_version,
            effect=lambda paper, asked, answer: paper.drop(
                "policy versions", asked["PolicyArn"], asked["VersionId"]
            ),
            by=_FIRST,
        ),
        _iam(
            "DeletePolicy",
            asks=_policy_removed,
            effect=lambda paper, asked, answer: paper.end(asked["PolicyArn"]),
            may_be=frozenset({"DeleteConflict"}),
            by=_FIRST,
            often=0.5,
        ),
        _iam("TagPolicy", asks=_policy_tag, effect=_tag_policy, by=_FIRST, often=0.5),
        _iam("UntagPolicy", asks=_tag_removed, effect=_untag_policy, by=_FIRST, often=0.5),
        _iam(
            "CreatePolicy",
            asks=lambda hand: {"PolicyName": hand.a_name(), "PolicyDocument": "{}"},
            effect=_make_policy,
            refused="MalformedPolicyDocument",
            by=_FIRST,
            often=0.3,
        ),
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
