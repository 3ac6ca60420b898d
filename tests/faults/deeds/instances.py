"""Instances: Regions that come and go, attributes, an account instance with what it holds."""

import json

from tests.faults.deeds.applications import CREATE as CREATE_APPLICATION
from tests.faults.deeds.applications import CUSTOM
from tests.faults.deeds.applications import FACTS as HELD
from tests.faults.deeds.deed import (
    TENANT,
    Answer,
    Deed,
    Fact,
    Hand,
    Nothing,
    Params,
    Passing,
    Race,
    Room,
    sso,
)
from tests.faults.deeds.directory import CREATE_USER, a_user
from tests.faults.deeds.tags import TAGS, tagging
from tests.faults.paper import Key, Paper, Value, found, texts

_REGIONS = ("eu-central-1", "ap-northeast-1", "eu-west-1", "us-west-2")
_PASSING = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ADDING", "REMOVING"})
_SOON = {"ADDING": "ACTIVE", "CREATE_IN_PROGRESS": "ACTIVE"}


def _region(hand: Hand) -> Params:
    hand.room_for("regions", most=len(_REGIONS) - 1)
    name = hand.dice.choice(_REGIONS)
    hand.missing("regions", hand.instance, name)
    return {"InstanceArn": hand.instance, "RegionName": name}


def _region_removed(hand: Hand) -> Params:
    return {"InstanceArn": hand.instance, "RegionName": hand.one("regions", hand.instance)[1]}


_REGIONS_REST = Passing(
    name="ListRegions",
    asks=lambda asked, answer: {"InstanceArn": asked["InstanceArn"]},
    over=lambda answer: all(region["Status"] == "ACTIVE" for region in answer["Regions"]),
)


def _attributes(hand: Hand) -> Params:
    listed = [
        {"Key": f"{letter}-{hand.a_name()}", "Value": {"Source": ["${path:userType}"]}}
        for letter in hand.dice.sample("abc", 2)
    ]
    named = "InstanceAccessControlAttributeConfiguration"
    return {"InstanceArn": hand.instance, named: {"AccessControlAttributes": listed}}


def _first_attributes(hand: Hand) -> Params:
    hand.missing("attributes", hand.instance)
    return _attributes(hand)


def _other_attributes(hand: Hand) -> Params:
    hand.one("attributes", hand.instance)
    return _attributes(hand)


def _put_attributes(paper: Paper, asked: Params, answer: Answer) -> None:
    value = texts(found(asked, "AccessControlAttributes"))
    paper.put("attributes", asked["InstanceArn"], value=value)


def _an_instance(hand: Hand) -> Params:
    hand.room_for("instances", most=1)
    name = hand.a_name()
    return {"Name": name, "ClientToken": name}


def _make_instance(paper: Paper, asked: Params, answer: Answer) -> None:
    value = (asked["Name"], "ACTIVE")
    paper.begin("instances", found(answer, "InstanceArn"), value=value)


def _learn_store(paper: Paper, asked: Params, answer: Answer) -> None:
    paper.put("stores", asked["InstanceArn"], found(answer, "IdentityStoreId"))


def _rename(paper: Paper, asked: Params, answer: Answer) -> None:
    arn = asked["InstanceArn"]
    if paper.get("instances", arn) is not None:
        paper.put("instances", arn, value=(asked["Name"], "ACTIVE"))
    if paper.get("organization instance", arn) is not None:
        paper.put("organization instance", arn, value=asked["Name"])


def _own(hand: Hand) -> Params:
    return {"InstanceArn": hand.one("instances")[0]}


def _end_instance(paper: Paper, asked: Params, answer: Answer) -> None:
    for instance, store in paper.of("stores"):
        if instance == asked["InstanceArn"]:
            paper.end(store)
    paper.end(asked["InstanceArn"])


def _own_user(hand: Hand) -> Params:
    return a_user(hand, hand.one("stores")[1])


def _own_application(hand: Hand) -> Params:
    hand.room_for("applications", most=3)
    name = hand.a_name()
    return {
        "InstanceArn": hand.one("stores")[0],
        "ApplicationProviderArn": CUSTOM,
        "Name": name,
        "Description": "A",
        "ClientToken": name,
    }


def _described(asked: Params, answer: Answer) -> Params:
    return {"InstanceArn": found(answer, "InstanceArn") or asked["InstanceArn"]}


def _is_over(answer: Answer) -> bool:
    return answer["Status"] not in _PASSING


CREATE_INSTANCE = sso(
    "CreateInstance",
    asks=_an_instance,
    effect=_make_instance,
    by=TENANT,
    passing=Passing(name="DescribeInstance", asks=_described, over=_is_over),
)
DELETE_INSTANCE = sso(
    "DeleteInstance",
    asks=_own,
    effect=_end_instance,
    by=TENANT,
    passing=Passing(name="DescribeInstance", asks=_described, over=_is_over, gone=True),
    often=0.4,
)
OWN_USER = Deed(
    service=CREATE_USER.service,
    name=CREATE_USER.name,
    asks=_own_user,
    effect=CREATE_USER.effect,
    insists=False,
    by=TENANT,
)
OWN_APPLICATION = sso(
    "CreateApplication", asks=_own_application, effect=CREATE_APPLICATION.effect, by=TENANT
)


def _while_it_goes(deed: Deed) -> Race:
    def both(hand: Hand) -> tuple[Params, Params]:
        return _own(hand), deed.asks(hand)

    return Race(first=DELETE_INSTANCE, second=deed, asks=both)


def _of_instance(hand: Hand, key: Key) -> Params:
    return {"InstanceArn": key[0]}


def _owner(hand: Hand, key: Key) -> str:
    return TENANT


def _status(key: Key, answer: Answer) -> Value | None:
    status = _SOON.get(answer["Status"], answer["Status"])
    return None if status in _PASSING else status


FACTS = (
    *HELD,
    TAGS,
    Fact(
        kind="regions",
        sql="SELECT 'arn:aws:sso:::instance/' || instance_id, region_name, status"
        " FROM instance_regions",
        stored=lambda row: [(row[:2], row[2])],
        name="DescribeRegion",
        asks=lambda hand, key: {"InstanceArn": key[0], "RegionName": key[1]},
        told=_status,
    ),
    Fact(
        kind="attributes",
        sql="SELECT 'arn:aws:sso:::instance/' || instance_id, attributes"
        " FROM instance_access_control_attributes",
        stored=lambda row: [(row[:1], texts(json.loads(row[1])))],
        name="DescribeInstanceAccessControlAttributeConfiguration",
        asks=_of_instance,
        told=lambda key, answer: texts(found(answer, "AccessControlAttributes")),
    ),
    Fact(
        kind="organization instance",
        sql="SELECT arn, name FROM instances WHERE kind = 'ORGANIZATION'",
        stored=lambda row: [(row[:1], row[1])],
        name="DescribeInstance",
        asks=_of_instance,
        told=lambda key, answer: answer["Name"],
    ),
    Fact(
        kind="instances",
        sql="SELECT arn, name, status FROM instances WHERE kind = 'ACCOUNT'",
        stored=lambda row: [(row[:1], row[1:])],
        name="DescribeInstance",
        asks=_of_instance,
        told=lambda key, answer: (
            None if _status(key, answer) is None else (answer["Name"], _status(key, answer))
        ),
        by=_owner,
    ),
)


def _nothing(hand: Hand) -> Params:
    raise Nothing


ROOM = Room(
    name="instances",
    members=(TENANT,),
    facts=FACTS,
    deeds=(
        sso(
            "AddRegion",
            asks=_region,
            effect=lambda paper, asked, answer: paper.put(
                "regions", asked["InstanceArn"], asked["RegionName"], value="ACTIVE"
            ),
            passing=_REGIONS_REST,
        ),
        sso(
            "RemoveRegion",
            asks=_region_removed,
            effect=lambda paper, asked, answer: paper.drop(
                "regions", asked["InstanceArn"], asked["RegionName"]
            ),
            passing=_REGIONS_REST,
        ),
        sso(
            "CreateInstanceAccessControlAttributeConfiguration",
            asks=_first_attributes,
            effect=_put_attributes,
        ),
        sso(
            "UpdateInstanceAccessControlAttributeConfiguration",
            asks=_other_attributes,
            effect=_put_attributes,
        ),
        sso(
            "DeleteInstanceAccessControlAttributeConfiguration",
            asks=lambda hand: {"InstanceArn": hand.one("attributes", hand.instance)[0]},
            effect=lambda paper, asked, answer: paper.drop("attributes", asked["InstanceArn"]),
            often=0.5,
        ),
        CREATE_INSTANCE,
        DELETE_INSTANCE,
        OWN_USER,
        OWN_APPLICATION,
        sso("DescribeInstance", asks=_nothing, effect=_learn_store),
        sso(
            "UpdateInstance",
            asks=lambda hand: {**_own(hand), "Name": hand.a_name()},
            effect=_rename,
            by=TENANT,
        ),
        sso(
            "UpdateInstance",
            asks=lambda hand: {"InstanceArn": hand.instance, "Name": hand.a_name()},
            effect=_rename,
        ),
        *tagging("organization instance"),
        sso(
            "RemoveRegion",
            asks=lambda hand: {"InstanceArn": hand.instance, "RegionName": "us-east-1"},
            refused="ValidationException",
            often=0.3,
        ),
        sso(
            "CreateInstance",
            asks=lambda hand: {"Name": hand.a_name()},
            refused="AccessDeniedException",
            often=0.3,
        ),
    ),
    races=(_while_it_goes(OWN_USER), _while_it_goes(OWN_APPLICATION)),
)
