"""Applications with everything that hangs on them, and trusted token issuers."""

import json
from collections.abc import Callable, Iterable

from tests.faults.deeds.deed import (
    Answer,
    Fact,
    Hand,
    Params,
    Race,
    Room,
    Row,
    of_instance,
    sso,
    there,
)
from tests.faults.deeds.directory import (
    CREATE_GROUP,
    CREATE_USER,
    DELETE_GROUP,
    DELETE_USER,
    NOBODY,
)
from tests.faults.deeds.directory import FACTS as PRINCIPALS
from tests.faults.paper import Key, Paper, Value, found, texts

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_LETTERS = str.maketrans("0123456789-", "abcdefghij.")
"""The path of a claim is of letters."""
_CONFLICT = frozenset({"ConflictException"})


def an_application(hand: Hand, instance: str = "") -> Params:
    """What makes an application, by a client token of its own."""
    hand.room_for("applications")
    name = hand.a_name()
    return {
        "InstanceArn": instance or hand.instance,
        "ApplicationProviderArn": CUSTOM,
        "Name": name,
        "Description": "A",
        "ClientToken": name,
    }


def _make(paper: Paper, asked: Params, answer: Answer) -> None:
    arn = found(answer, "ApplicationArn")
    value = (asked["Name"], asked["Description"], "ENABLED")
    paper.begin("applications", arn, value=value)
    paper.begin("assignments required", arn, value=True)
    paper.begin("background sessions", arn, value="DISABLED")


def _change(paper: Paper, asked: Params, answer: Answer) -> None:
    before = paper.get("applications", asked["ApplicationArn"])
    if before is not None:
        after = (before[0], asked["Description"], asked["Status"])
        paper.put("applications", asked["ApplicationArn"], value=after)


def _app(hand: Hand) -> str:
    return hand.one("applications")[0]


def _removed(hand: Hand) -> Params:
    hand.enough_of("applications")
    return {"ApplicationArn": _app(hand)}


def _end(member: str) -> Callable[[Paper, Params, Answer], None]:
    return lambda paper, asked, answer: paper.end(asked[member])


def _assignment(kind: str, word: str) -> Callable[[Hand], Params]:
    def asks(hand: Hand) -> Params:
        arn, principal = _app(hand), hand.one(kind, hand.store)[1]
        hand.missing("application assignments", arn, principal, word)
        return {"ApplicationArn": arn, "PrincipalId": principal, "PrincipalType": word}

    return asks


def _assign(paper: Paper, asked: Params, answer: Answer) -> None:
    paper.put("application assignments", *_assigned(asked))


def _assigned(asked: Params) -> Key:
    return asked["ApplicationArn"], asked["PrincipalId"], asked["PrincipalType"]


def _unassigned(hand: Hand) -> Params:
    arn, principal, word = hand.one("application assignments")
    return {"ApplicationArn": arn, "PrincipalId": principal, "PrincipalType": word}


def _unassign(paper: Paper, asked: Params, answer: Answer) -> None:
    paper.drop("application assignments", *_assigned(asked))


def _scope(hand: Hand) -> Params:
    arn = _app(hand)
    hand.room_for("application parts", arn, "scope", most=4)
    scope = f"{hand.dice.choice('abcd')}:read"
    return {"ApplicationArn": arn, "Scope": scope, "AuthorizedTargets": [arn]}


def _method(hand: Hand) -> Params:
    policy = {
        "Version": "2012-10-17",
        "Id": hand.a_name(),
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{hand.management}:root"},
            "Action": "sso-oauth:CreateTokenWithIAM",
            "Resource": "*",
        },
    }
    return {
        "ApplicationArn": _app(hand),
        "AuthenticationMethodType": "IAM",
        "AuthenticationMethod": {"Iam": {"ActorPolicy": policy}},
    }


def _grant(hand: Hand) -> Params:
    arn, kind = _app(hand), hand.dice.choice(("code", "refresh", "exchange", "bearer"))
    if kind == "code":
        uris = [f"https://{hand.a_name()}.example.com/callback"]
        named, grant = "authorization_code", {"AuthorizationCode": {"RedirectUris": uris}}
    elif kind == "refresh":
        named, grant = "refresh_token", {"RefreshToken": {}}
    elif kind == "exchange":
        named, grant = _TOKEN_EXCHANGE, {"TokenExchange": {}}
    else:
        issuer = {
            "TrustedTokenIssuerArn": hand.one("issuers")[0],
            "AuthorizedAudiences": [hand.a_name()],
        }
        named, grant = _JWT_BEARER, {"JwtBearer": {"AuthorizedTokenIssuers": [issuer]}}
    return {"ApplicationArn": arn, "GrantType": named, "Grant": grant}


_PARTS = {
    "scope": ("Scope", "AuthorizedTargets"),
    "authentication_method": ("AuthenticationMethodType", "AuthenticationMethod"),
    "grant": ("GrantType", "Grant"),
}


def _put_part(kind: str) -> Callable[[Paper, Params, Answer], None]:
    def effect(paper: Paper, asked: Params, answer: Answer) -> None:
        name, document = (asked[member] for member in _PARTS[kind])
        arn = asked["ApplicationArn"]
        paper.put("application parts", arn, kind, name, value=texts(document))

    return effect


def _part_removed(kind: str) -> Callable[[Hand], Params]:
    def asks(hand: Hand) -> Params:
        for arn, of, name in hand.paper.of("application parts"):
            if of == kind and hand.dice.random() < 0.5:
                return {"ApplicationArn": arn, _PARTS[kind][0]: name}
        return {"ApplicationArn": _app(hand), _PARTS[kind][0]: _NEVER_PUT[kind]}

    return asks


_NEVER_PUT = {
    "scope": "never:put",
    "authentication_method": "IAM",
    "grant": "refresh_token",
}
"""A deletion of nothing is fine."""


def _remove_part(kind: str) -> Callable[[Paper, Params, Answer], None]:
    return lambda paper, asked, answer: paper.drop(
        "application parts", asked["ApplicationArn"], kind, asked[_PARTS[kind][0]]
    )


def _an_issuer(hand: Hand) -> Params:
    hand.room_for("issuers")
    name = hand.a_name()
    configuration = {
        "IssuerUrl": f"https://{name}.example.com",
        "ClaimAttributePath": "email",
        "IdentityStoreAttributePath": "emails.value",
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    }
    return {
        "InstanceArn": hand.instance,
        "Name": name,
        "TrustedTokenIssuerType": "OIDC_JWT",
        "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": configuration},
        "ClientToken": name,
    }


def _make_issuer(paper: Paper, asked: Params, answer: Answer) -> None:
    configuration = found(asked, "OidcJwtConfiguration")
    value = (asked["Name"], configuration["IssuerUrl"], configuration["ClaimAttributePath"])
    paper.begin("issuers", found(answer, "TrustedTokenIssuerArn"), value=value)


def _issuer_changed(hand: Hand) -> Params:
    name = hand.a_name()
    claim = name.removeprefix("load-").translate(_LETTERS)
    changed = {"OidcJwtConfiguration": {"ClaimAttributePath": claim}}
    return {
        "TrustedTokenIssuerArn": hand.one("issuers")[0],
        "Name": name,
        "TrustedTokenIssuerConfiguration": changed,
    }


def _change_issuer(paper: Paper, asked: Params, answer: Answer) -> None:
    before = paper.get("issuers", asked["TrustedTokenIssuerArn"])
    if before is not None:
        after = (asked["Name"], before[1], found(asked, "ClaimAttributePath"))
        paper.put("issuers", asked["TrustedTokenIssuerArn"], value=after)


def _issuer_removed(hand: Hand) -> Params:
    hand.enough_of("issuers")
    return {"TrustedTokenIssuerArn": hand.one("issuers")[0]}


def _parts(row: Row) -> Iterable[tuple[Key, Value]]:
    yield row[:3], texts(json.loads(row[3]))


def _told_part(key: Key, answer: Answer) -> Value:
    return texts(found(answer, _PARTS[key[1]][1]) or [])


def _of_app(hand: Hand, key: Key) -> Params:
    return {"ApplicationArn": key[0]}


_TELLS = {
    "scope": "GetApplicationAccessScope",
    "authentication_method": "GetApplicationAuthenticationMethod",
    "grant": "GetApplicationGrant",
}
_ARN = (
    "'arn:aws:sso::' || a.application_account || ':application/' || a.instance_id || '/'"
    " || a.application_id"
)
_OURS = "WHERE a.name LIKE 'load-%'"
FACTS = (
    *PRINCIPALS,
    Fact(
        kind="applications",
        sql=f"SELECT {_ARN}, a.name, a.description, a.status FROM applications AS a {_OURS}",
        stored=lambda row: [(row[:1], row[1:])],
        name="DescribeApplication",
        asks=_of_app,
        told=lambda key, answer: (answer["Name"], answer.get("Description"), answer["Status"]),
        by=of_instance,
    ),
    Fact(
        kind="assignments required",
        sql=f"SELECT {_ARN}, a.assignment_required FROM applications AS a {_OURS}",
        stored=lambda row: [(row[:1], bool(row[1]))],
        name="GetApplicationAssignmentConfiguration",
        asks=_of_app,
        told=lambda key, answer: answer["AssignmentRequired"],
        by=of_instance,
    ),
    Fact(
        kind="background sessions",
        sql=f"SELECT {_ARN}, a.background_sessions FROM applications AS a {_OURS}",
        stored=lambda row: [(row[:1], row[1])],
        name="GetApplicationSessionConfiguration",
        asks=_of_app,
        told=lambda key, answer: answer["UserBackgroundSessionApplicationStatus"],
        by=of_instance,
    ),
    Fact(
        kind="application assignments",
        sql=f"SELECT {_ARN}, g.principal_id, g.principal_type FROM application_assignments AS g"
        f" JOIN applications AS a ON a.application_id = g.application_id {_OURS}",
        stored=lambda row: [(row, True)],
        name="DescribeApplicationAssignment",
        asks=lambda hand, key: {
            "ApplicationArn": key[0],
            "PrincipalId": key[1],
            "PrincipalType": key[2],
        },
        told=there,
    ),
    Fact(
        kind="application parts",
        sql=f"SELECT {_ARN}, p.kind, p.name, p.document FROM application_parts AS p"
        f" JOIN applications AS a ON a.application_id = p.application_id {_OURS}",
        stored=_parts,
        operation=lambda hand, key: ("sso-admin", _TELLS[key[1]]),
        asks=lambda hand, key: {"ApplicationArn": key[0], _PARTS[key[1]][0]: key[2]},
        told=_told_part,
    ),
    Fact(
        kind="issuers",
        sql="SELECT 'arn:aws:sso::' || account_id || ':trustedTokenIssuer/' || instance_id || '/'"
        " || issuer_id, name, issuer_url, claim_attribute_path FROM trusted_token_issuers"
        " WHERE name LIKE 'load-%'",
        stored=lambda row: [(row[:1], row[1:])],
        name="DescribeTrustedTokenIssuer",
        asks=lambda hand, key: {"TrustedTokenIssuerArn": key[0]},
        told=lambda key, answer: (
            answer["Name"],
            found(answer, "IssuerUrl"),
            found(answer, "ClaimAttributePath"),
        ),
    ),
)


CREATE = sso("CreateApplication", an_application, _make)
DELETE = sso("DeleteApplication", _removed, _end("ApplicationArn"))
_ASSIGN_USER = sso(
    "CreateApplicationAssignment", _assignment("users", "USER"), _assign, may_be=_CONFLICT
)
_ASSIGN_GROUP = sso(
    "CreateApplicationAssignment", _assignment("groups", "GROUP"), _assign, may_be=_CONFLICT
)
_PUT_GRANT = sso("PutApplicationGrant", _grant, _put_part("grant"))


def _required(hand: Hand) -> Params:
    return {"ApplicationArn": _app(hand), "AssignmentRequired": hand.dice.random() < 0.5}


def _sessions(hand: Hand) -> Params:
    status = hand.dice.choice(("ENABLED", "DISABLED"))
    return {"ApplicationArn": _app(hand), "UserBackgroundSessionApplicationStatus": status}


def _used_token(hand: Hand) -> Params:
    arn = _app(hand)
    value = hand.paper.get("applications", arn)
    assert value is not None
    asked = {**an_application(hand), "ClientToken": value[0]}
    return {**asked, "InstanceArn": f"arn:aws:sso:::instance/{arn.split('/')[1]}"}


def _who_leaves(hand: Hand) -> tuple[Params, Params]:
    asked = _assignment("users", "USER")(hand)
    return {"IdentityStoreId": hand.store, "UserId": asked["PrincipalId"]}, asked


def _which_goes(hand: Hand) -> tuple[Params, Params]:
    asked = _assignment("groups", "GROUP")(hand)
    return {"IdentityStoreId": hand.store, "GroupId": asked["PrincipalId"]}, asked


def _of_what_goes(asks: Callable[[Hand], Params]) -> Callable[[Hand], tuple[Params, Params]]:
    def both(hand: Hand) -> tuple[Params, Params]:
        asked = asks(hand)
        return {"ApplicationArn": asked["ApplicationArn"]}, asked

    return both


ROOM = Room(
    name="applications",
    facts=FACTS,
    deeds=(
        CREATE,
        DELETE,
        CREATE_USER,
        DELETE_USER,
        CREATE_GROUP,
        DELETE_GROUP,
        _ASSIGN_USER,
        _ASSIGN_GROUP,
        _PUT_GRANT,
        sso("DeleteApplicationAssignment", _unassigned, _unassign),
        sso(
            "UpdateApplication",
            lambda hand: {
                "ApplicationArn": _app(hand),
                "Description": hand.a_name(),
                "Status": hand.dice.choice(("ENABLED", "DISABLED")),
            },
            _change,
        ),
        sso(
            "PutApplicationAssignmentConfiguration",
            _required,
            lambda paper, asked, answer: paper.put(
                "assignments required", asked["ApplicationArn"], value=asked["AssignmentRequired"]
            ),
        ),
        sso(
            "PutApplicationSessionConfiguration",
            _sessions,
            lambda paper, asked, answer: paper.put(
                "background sessions",
                asked["ApplicationArn"],
                value=asked["UserBackgroundSessionApplicationStatus"],
            ),
        ),
        sso("PutApplicationAccessScope", _scope, _put_part("scope")),
        sso(
            "DeleteApplicationAccessScope", _part_removed("scope"), _remove_part("scope"), often=0.5
        ),
        sso("PutApplicationAuthenticationMethod", _method, _put_part("authentication_method")),
        sso(
            "DeleteApplicationAuthenticationMethod",
            _part_removed("authentication_method"),
            _remove_part("authentication_method"),
            often=0.5,
        ),
        sso("DeleteApplicationGrant", _part_removed("grant"), _remove_part("grant"), often=0.5),
        sso("CreateTrustedTokenIssuer", _an_issuer, _make_issuer),
        sso("UpdateTrustedTokenIssuer", _issuer_changed, _change_issuer),
        sso("DeleteTrustedTokenIssuer", _issuer_removed, _end("TrustedTokenIssuerArn")),
        sso(
            "CreateApplicationAssignment",
            lambda hand: {
                "ApplicationArn": _app(hand),
                "PrincipalId": NOBODY,
                "PrincipalType": "USER",
            },
            _assign,
            refused="ResourceNotFoundException",
            often=0.3,
        ),
        sso("CreateApplication", _used_token, _make, refused="ConflictException", often=0.3),
    ),
    races=(
        Race(first=DELETE_USER, second=_ASSIGN_USER, asks=_who_leaves),
        Race(first=DELETE_GROUP, second=_ASSIGN_GROUP, asks=_which_goes),
        Race(first=DELETE, second=_ASSIGN_USER, asks=_of_what_goes(_assignment("users", "USER"))),
        Race(first=DELETE, second=_PUT_GRANT, asks=_of_what_goes(_grant)),
    ),
)
