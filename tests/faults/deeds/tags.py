"""Tags of whatever sso-admin tags."""

import json
from collections.abc import Iterable

from tests.faults.deeds.deed import Answer, Deed, Fact, Hand, Params, Row
from tests.faults.paper import Key, Paper, Value

_TAGGED = (
    "SELECT 'arn:aws:sso::' || application_account || ':application/' || instance_id || '/'"
    " || application_id AS arn, tags FROM applications UNION ALL"
    " SELECT 'arn:aws:sso::' || account_id || ':trustedTokenIssuer/' || instance_id || '/'"
    " || issuer_id, tags FROM trusted_token_issuers UNION ALL"
    " SELECT 'arn:aws:sso:::permissionSet/' || instance_id || '/' || permission_set_id, tags"
    " FROM permission_sets UNION ALL SELECT arn, tags FROM instances"
)


def tagging(kind: str) -> tuple[Deed, Deed]:
    """Tag and untag things of this kind, whose ARN begins their key."""

    def tag(hand: Hand) -> Params:
        key, value = f"load-{hand.dice.choice('abcd')}", hand.a_name()
        return {**_named(hand, hand.one(kind)[0]), "Tags": [{"Key": key, "Value": value}]}

    def untag(hand: Hand) -> Params:
        arn = hand.one(kind)[0]
        return {**_named(hand, arn), "TagKeys": [hand.one("tags", arn)[1]]}

    return (
        Deed(service="sso-admin", name="TagResource", asks=tag, effect=_tag),
        Deed(service="sso-admin", name="UntagResource", asks=untag, effect=_untag),
    )


def _named(hand: Hand, arn: str) -> Params:
    return {"InstanceArn": hand.instance, "ResourceArn": arn}


def _tag(paper: Paper, asked: Params, answer: Answer) -> None:
    for tag in asked["Tags"]:
        paper.put("tags", asked["ResourceArn"], tag["Key"], value=tag["Value"])


def _untag(paper: Paper, asked: Params, answer: Answer) -> None:
    for key in asked["TagKeys"]:
        paper.drop("tags", asked["ResourceArn"], key)


def _stored(row: Row) -> Iterable[tuple[Key, Value]]:
    for key, value in json.loads(row[1] or "[]"):
        if key.startswith("load-"):
            yield (row[0], key), value


def _told(key: Key, answer: Answer) -> Value | None:
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}.get(key[1])


TAGS = Fact(
    kind="tags",
    sql=_TAGGED,
    stored=_stored,
    name="ListTagsForResource",
    asks=lambda hand, key: _named(hand, key[0]),
    told=_told,
)
