"""An account's own policies: versions, the one in effect, tags."""

import json
from collections.abc import Iterable
from typing import Any

from tests.faults.deeds.deed import Answer, Deed, Fact, Hand, Nothing, Params, Row
from tests.faults.deeds.permission_sets import inline_policy
from tests.faults.paper import Key, Paper, Value, found

OWNER = "sakura-log-archive"
"""The account."""


def _iam(name: str, **more: Any) -> Deed:
    return Deed(service="iam", name=name, by=OWNER, **more)


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
    return OWNER


_OURS = "WHERE p.policy_name LIKE 'load-%'"
FACTS = (
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
DEEDS = (
    _iam("CreatePolicy", asks=_a_policy, effect=_make_policy, insists=False),
    _iam(
        "CreatePolicyVersion",
        asks=_a_version,
        effect=_make_version,
        insists=False,
        may_be=frozenset({"LimitExceeded"}),  # by those whose answers were lost
    ),
    _iam(
        "SetDefaultPolicyVersion",
        asks=_version,
        effect=lambda paper, asked, answer: paper.put(
            "policies", asked["PolicyArn"], value=asked["VersionId"]
        ),
    ),
    _iam(
        "DeletePolicyVersion",
        asks=_other_version,
        effect=lambda paper, asked, answer: paper.drop(
            "policy versions", asked["PolicyArn"], asked["VersionId"]
        ),
    ),
    _iam(
        "DeletePolicy",
        asks=_policy_removed,
        effect=lambda paper, asked, answer: paper.end(asked["PolicyArn"]),
        may_be=frozenset({"DeleteConflict"}),
        often=0.5,
    ),
    _iam("TagPolicy", asks=_policy_tag, effect=_tag_policy, often=0.5),
    _iam("UntagPolicy", asks=_tag_removed, effect=_untag_policy, often=0.5),
    _iam(
        "CreatePolicy",
        asks=lambda hand: {"PolicyName": hand.a_name(), "PolicyDocument": "{}"},
        effect=_make_policy,
        refused="MalformedPolicyDocument",
        often=0.3,
    ),
)
