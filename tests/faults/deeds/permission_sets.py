"""Permission sets with every kind of policy, in no account: those are `tests.faults.access`'s."""

import json
from collections.abc import Callable
from typing import Any

from tests.faults.deeds.deed import Answer, Deed, Fact, Hand, Params, Race, Room, sso
from tests.faults.deeds.tags import TAGS, tagging
from tests.faults.paper import Key, Paper, Value, found, texts

AWS_POLICIES = tuple(
    f"arn:aws:iam::aws:policy/{name}"
    for name in ("ReadOnlyAccess", "SecurityAudit", "PowerUserAccess", "job-function/Billing")
)
_INLINE = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"%s","Effect":"Allow","Action":"s3:*",'
    '"Resource":"*"}]}'
)


def inline_policy(name: str) -> str:
    """A policy that says the name."""
    return _INLINE % name.replace("-", "")


def _set(hand: Hand, *kind: str, **more: Any) -> dict[str, Any]:
    arn = hand.one(kind[0] if kind else "permission sets")[0]
    return {"InstanceArn": hand.instance, "PermissionSetArn": arn, **more}


def _a_set(hand: Hand) -> Params:
    hand.room_for("permission sets")
    return {"InstanceArn": hand.instance, "Name": hand.a_name()}


def _make(paper: Paper, asked: Params, answer: Answer) -> None:
    value = (asked["Name"], "", "PT1H", "")
    paper.put("permission sets", found(answer, "PermissionSetArn"), value=value)


def _change(paper: Paper, asked: Params, answer: Answer) -> None:
    before = paper.get("permission sets", asked["PermissionSetArn"])
    if before is not None:
        said = tuple(asked[name] for name in ("Description", "SessionDuration", "RelayState"))
        paper.put("permission sets", asked["PermissionSetArn"], value=(before[0], *said))


def _changed(hand: Hand) -> Params:
    return _set(
        hand,
        Description=hand.a_name(),
        SessionDuration=hand.dice.choice(("PT1H", "PT2H", "PT12H")),
        RelayState=f"https://{hand.a_name()}.example.com",
    )


def _removed(hand: Hand) -> Params:
    hand.enough_of("permission sets")
    return _set(hand)


def _managed(hand: Hand) -> Params:
    asked = _set(hand, ManagedPolicyArn=hand.dice.choice(AWS_POLICIES))
    hand.missing("managed policies", asked["PermissionSetArn"], asked["ManagedPolicyArn"])
    return asked


def _managed_detached(hand: Hand) -> Params:
    arn, policy = hand.one("managed policies")
    return {"InstanceArn": hand.instance, "PermissionSetArn": arn, "ManagedPolicyArn": policy}


def _customer(hand: Hand) -> Params:
    reference = {"Name": f"load-{hand.dice.choice('abc')}", "Path": hand.dice.choice(("/", "/x/"))}
    asked = _set(hand, CustomerManagedPolicyReference=reference)
    hand.missing("customer policies", *_referred(asked))
    return asked


def _referred(asked: Params) -> tuple[str, str, str]:
    reference = asked["CustomerManagedPolicyReference"]
    return asked["PermissionSetArn"], reference.get("Path", "/"), reference["Name"]


def _customer_detached(hand: Hand) -> Params:
    arn, path, name = hand.one("customer policies")
    return {
        "InstanceArn": hand.instance,
        "PermissionSetArn": arn,
        "CustomerManagedPolicyReference": {"Name": name, "Path": path},
    }


def _boundary(hand: Hand) -> Params:
    if hand.dice.random() < 0.5:
        boundary: Any = {"ManagedPolicyArn": hand.dice.choice(AWS_POLICIES)}
    else:
        boundary = {"CustomerManagedPolicyReference": {"Name": hand.a_name(), "Path": "/"}}
    return _set(hand, PermissionsBoundary=boundary)


def read_json(text: str) -> Value | None:
    """A document that can be compared; None for no text."""
    return json.loads(text) if text else None


def _of_set(hand: Hand, key: Key) -> Params:
    return {"InstanceArn": hand.instance, "PermissionSetArn": key[0]}


_ARN = "'arn:aws:sso:::permissionSet/' || s.instance_id || '/' || s.permission_set_id"
_OURS = "(s.name LIKE 'load-%' OR s.name LIKE 'L-%')"
CREATE = sso("CreatePermissionSet", asks=_a_set, effect=_make, insists=False)
ATTACH_CUSTOMER = sso(
    "AttachCustomerManagedPolicyReferenceToPermissionSet",
    asks=_customer,
    effect=lambda paper, asked, answer: paper.put("customer policies", *_referred(asked)),
)
PUT_BOUNDARY = sso(
    "PutPermissionsBoundaryToPermissionSet",
    asks=_boundary,
    effect=lambda paper, asked, answer: paper.put(
        "boundaries",
        asked["PermissionSetArn"],
        value=texts_of_boundary(asked["PermissionsBoundary"]),
    ),
)
PUT_INLINE = sso(
    "PutInlinePolicyToPermissionSet",
    asks=lambda hand: _set(hand, InlinePolicy=inline_policy(hand.a_name())),
    effect=lambda paper, asked, answer: paper.put(
        "inline policies", asked["PermissionSetArn"], value=read_json(asked["InlinePolicy"])
    ),
)
DELETE = sso(
    "DeletePermissionSet",
    asks=_removed,
    effect=lambda paper, asked, answer: paper.end(asked["PermissionSetArn"]),
)
ATTACH = sso(
    "AttachManagedPolicyToPermissionSet",
    asks=_managed,
    effect=lambda paper, asked, answer: paper.put(
        "managed policies", asked["PermissionSetArn"], asked["ManagedPolicyArn"]
    ),
)
FACTS = (
    TAGS,
    Fact(
        kind="permission sets",
        sql=f"SELECT {_ARN}, s.name, s.description, s.session_duration, s.relay_state"
        f" FROM permission_sets AS s WHERE {_OURS}",
        stored=lambda row: [(row[:1], row[1:])],
        name="DescribePermissionSet",
        asks=_of_set,
        told=lambda key, answer: tuple(
            answer["PermissionSet"].get(name, "")
            for name in ("Name", "Description", "SessionDuration", "RelayState")
        ),
    ),
    Fact(
        kind="managed policies",
        sql=f"SELECT {_ARN}, m.policy_arn FROM permission_set_managed_policies AS m JOIN"
        f" permission_sets AS s ON s.permission_set_id = m.permission_set_id WHERE {_OURS}",
        stored=lambda row: [(row, True)],
        name="ListManagedPoliciesInPermissionSet",
        asks=_of_set,
        told=lambda key, answer: (
            key[1] in {one["Arn"] for one in answer["AttachedManagedPolicies"]} or None
        ),
    ),
    Fact(
        kind="customer policies",
        sql=f"SELECT {_ARN}, m.path, m.name FROM permission_set_customer_policies AS m JOIN"
        f" permission_sets AS s ON s.permission_set_id = m.permission_set_id WHERE {_OURS}",
        stored=lambda row: [(row, True)],
        name="ListCustomerManagedPolicyReferencesInPermissionSet",
        asks=_of_set,
        told=lambda key, answer: (
            key[1:]
            in {(one["Path"], one["Name"]) for one in answer["CustomerManagedPolicyReferences"]}
            or None
        ),
    ),
    Fact(
        kind="inline policies",
        sql=f"SELECT {_ARN}, s.inline_policy FROM permission_sets AS s"
        f" WHERE s.inline_policy <> '' AND {_OURS}",
        stored=lambda row: [(row[:1], read_json(row[1]))],
        name="GetInlinePolicyForPermissionSet",
        asks=_of_set,
        told=lambda key, answer: read_json(answer.get("InlinePolicy", "")),
    ),
    Fact(
        kind="boundaries",
        sql=f"SELECT {_ARN}, s.boundary FROM permission_sets AS s"
        f" WHERE s.boundary <> '' AND {_OURS}",
        stored=lambda row: [(row[:1], texts_of_boundary(json.loads(row[1])))],
        name="GetPermissionsBoundaryForPermissionSet",
        asks=_of_set,
        told=lambda key, answer: texts_of_boundary(answer["PermissionsBoundary"]),
    ),
)


def texts_of_boundary(boundary: Any) -> Value:
    """What a boundary names."""
    return tuple(text for text in texts(boundary) if text != "None")


def _refused(name: str, code: str, asks: Callable[[Hand], Params], effect: Any) -> Deed:
    return sso(name, asks=asks, effect=effect, refused=code, often=0.3)


def _a_taken_name(hand: Hand) -> Params:
    value = hand.paper.get("permission sets", *hand.one("permission sets"))
    assert value is not None
    return {"InstanceArn": hand.instance, "Name": value[0]}


def _unknown(hand: Hand) -> Params:
    arn = f"{hand.instance.replace('instance', 'permissionSet', 1)}/ps-0123456789abcdef"
    return {"InstanceArn": hand.instance, "PermissionSetArn": arn}


def _edit_what_goes(deed: Deed) -> Race:
    def both(hand: Hand) -> tuple[Params, Params]:
        asked = deed.asks(hand)
        gone = {name: asked[name] for name in ("InstanceArn", "PermissionSetArn")}
        return gone, asked

    return Race(first=DELETE, second=deed, asks=both)


ROOM = Room(
    name="sets",
    facts=FACTS,
    deeds=(
        CREATE,
        sso("UpdatePermissionSet", asks=_changed, effect=_change),
        DELETE,
        PUT_INLINE,
        ATTACH,
        sso(
            "DetachManagedPolicyFromPermissionSet",
            asks=_managed_detached,
            effect=lambda paper, asked, answer: paper.drop(
                "managed policies", asked["PermissionSetArn"], asked["ManagedPolicyArn"]
            ),
        ),
        ATTACH_CUSTOMER,
        sso(
            "DetachCustomerManagedPolicyReferenceFromPermissionSet",
            asks=_customer_detached,
            effect=lambda paper, asked, answer: paper.drop("customer policies", *_referred(asked)),
        ),
        sso(
            "DeleteInlinePolicyFromPermissionSet",
            asks=lambda hand: _set(hand, "inline policies"),
            effect=lambda paper, asked, answer: paper.drop(
                "inline policies", asked["PermissionSetArn"]
            ),
            often=0.5,
        ),
        PUT_BOUNDARY,
        sso(
            "DeletePermissionsBoundaryFromPermissionSet",
            asks=lambda hand: _set(hand, "boundaries"),
            effect=lambda paper, asked, answer: paper.drop("boundaries", asked["PermissionSetArn"]),
            often=0.5,
        ),
        *tagging("permission sets"),
        _refused("CreatePermissionSet", "ConflictException", _a_taken_name, _make),
        _refused(
            "CreatePermissionSet",
            "ValidationException",
            lambda hand: {"InstanceArn": hand.instance, "Name": "no name<>"},
            _make,
        ),
        _refused(
            "PutInlinePolicyToPermissionSet",
            "ValidationException",
            lambda hand: _set(hand, InlinePolicy='{"Version":"2012-10-17"}'),
            PUT_INLINE.effect,
        ),
        _refused("DeletePermissionSet", "ResourceNotFoundException", _unknown, DELETE.effect),
    ),
    races=(_edit_what_goes(PUT_INLINE), _edit_what_goes(ATTACH)),
)
