"""sts by boto3 and by hand: who one is, and becoming somebody else (reference §9)."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.saml import response_of, role_and_provider
from tests.fronts.aws.wire import Keys, Sent
from tests.fronts.aws.world import World, assumed
from tests.support.person import Person, role_credentials

ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
SIGN_IN = "https://signin.aws.amazon.com/saml"
LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
LIST_ONLY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListRoles",'
    '"Resource":"*"}]}'
)


@pytest.fixture
def sts(world: World) -> Any:
    return world.admin.sts


@pytest.fixture
def member(world: World) -> str:
    return world.account("sakura-web-dev")


@pytest.fixture
def role(world: World, member: str) -> dict[str, str]:
    """A role that the administrator may assume."""
    return {
        "RoleArn": f"arn:aws:iam::{member}:role/{ORGANIZATION_ROLE}",
        "RoleSessionName": "tests",
    }


@pytest.fixture
def anonymous(world: World) -> Any:
    """A client that does not sign: AssumeRoleWithSAML needs no key."""
    return boto3.client(
        "sts",
        endpoint_url=world.server.url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


def test_a_user_is_told_who_it_is(world: World, sts: Any) -> None:
    found = sts.get_caller_identity()
    assert found["Account"] == world.management
    assert found["Arn"] == f"arn:aws:iam::{world.management}:user/administrator"
    assert found["UserId"].startswith("AIDA")
    assert found["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/xml"


def test_a_person_of_a_permission_set_is_told_who_it_is(world: World) -> None:
    keys = role_credentials(world.server, "alex", "sakura-playground", "DeveloperAccess")
    found = world.server.client("sts", keys).get_caller_identity()
    account = world.account("sakura-playground")
    assert found["Account"] == account
    head, role_name, session_name = found["Arn"].split("/")
    assert head == f"arn:aws:sts::{account}:assumed-role"
    assert role_name.startswith("AWSReservedSSO_DeveloperAccess_")
    assert session_name == "alex"
    role_id, _, name = found["UserId"].partition(":")
    assert (role_id[:4], name) == ("AROA", "alex")


def test_a_name_that_sts_does_not_take_becomes_the_user_id(world: World) -> None:
    keys = role_credentials(world.server, "佐藤健", "sakura-data-dev", "DataAnalyst")
    found = world.server.client("sts", keys).get_caller_identity()
    assert found["Arn"].endswith("/" + world.users["佐藤健"])


@pytest.mark.parametrize("of", ["administrator", "session"])
def test_a_presigned_url_is_as_good_as_a_signed_request(
    world: World, role: dict[str, str], sts: Any, of: str
) -> None:
    keys = world.wire.administrator if of == "administrator" else assumed(sts.assume_role(**role))
    client = world.server.client("sts", keys)
    for method in ("POST", "GET"):
        url = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)
        assert url.startswith(world.server.url)
        cut = url.removeprefix(world.server.url)
        answer = world.wire.send(Sent(method, cut))
        assert answer.status == 200, answer
        assert client.get_caller_identity()["Arn"].encode() in answer.body
    for broken in (cut[:-1] + ("0" if cut[-1] != "0" else "1"), cut.replace("=60&", "=90&")):
        answer = world.wire.send(Sent("GET", broken))
        assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_a_presigned_url_ends(world: World) -> None:
    get = Sent("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    keys = world.wire.administrator
    for at, expires, code in (
        (timedelta(minutes=-2), 60, "SignatureDoesNotMatch"),
        (timedelta(minutes=6), 60, "SignatureDoesNotMatch"),
        (timedelta(), 604_801, "IncompleteSignature"),
        (timedelta(), 0, "IncompleteSignature"),
    ):
        answer = world.wire.send(world.wire.sign(get, keys, "sts", at=at, presign=expires))
        assert answer.code == code, (at, expires)
    answer = world.wire.send(
        world.wire.sign(get, keys, "sts", at=timedelta(minutes=-2), presign=180)
    )
    assert answer.status == 200


def test_a_presigned_url_is_for_its_own_action_only(world: World) -> None:
    get = Sent("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    signed = world.wire.sign(get, world.wire.administrator, "sts", presign=60)
    other = replace(signed, target=signed.target.replace("GetCallerIdentity", "AssumeRole"))
    assert world.wire.send(other).code == "SignatureDoesNotMatch"
    # A parameter given twice leaves open which one was signed.
    twice = replace(signed, target=signed.target + "&Action=AssumeRole")
    assert world.wire.send(twice).code == "MalformedInput"
    posted = replace(
        signed,
        method="POST",
        body=b"Action=AssumeRole",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    )
    assert world.wire.send(posted).code == "MalformedInput"


def test_a_session_of_another_account_is_given_by_assume_role(
    world: World, sts: Any, role: dict[str, str], member: str
) -> None:
    answer = sts.assume_role(**role)
    given = answer["Credentials"]
    assert given["AccessKeyId"].startswith("ASIA")
    lasts = given["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < lasts <= timedelta(hours=1)
    arn = f"arn:aws:sts::{member}:assumed-role/{ORGANIZATION_ROLE}/tests"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":tests")
    found = world.server.client("sts", assumed(answer)).get_caller_identity()
    assert (found["Arn"], found["Account"]) == (arn, member)
    assert found["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    short = sts.assume_role(**role, DurationSeconds=900)["Credentials"]["Expiration"]
    assert short - datetime.now(UTC) <= timedelta(seconds=900)


def test_a_role_that_is_not_there_and_one_that_does_not_trust_look_alike(
    world: World, sts: Any, member: str
) -> None:
    web_dev = role_and_provider(world, "sakura-web-dev", "ReadOnlyAccess")["RoleArn"]
    caller = f"arn:aws:iam::{world.management}:user/administrator"
    for arn in (
        f"arn:aws:iam::{member}:role/Nothing",
        f"arn:aws:iam::{member}:role/path/{ORGANIZATION_ROLE}",
        f"arn:aws:iam::{member}:user/{ORGANIZATION_ROLE}",
        web_dev,
    ):
        refused(
            sts.assume_role,
            "AccessDenied",
            f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            status=403,
            RoleArn=arn,
            RoleSessionName="tests",
        )


def test_a_member_may_not_use_the_role_meant_for_management(
    world: World, role: dict[str, str]
) -> None:
    other = world.server.client("sts", world.member_administrator("sakura-data-dev"))
    refused(other.assume_role, "AccessDenied", status=403, **role)


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        (
            {"RoleArn": "arn:aws:iam::something/test-role"},
            "ValidationError",
            "arn:aws:iam::something/test-role is invalid",
        ),
        (
            {"RoleSessionName": "Session1:2"},
            "ValidationError",
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ),
        ({"DurationSeconds": 3601}, "ValidationError", LONG),
        (
            {"DurationSeconds": 899},
            "ValidationError",
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy"
            " constraint: Member must have value greater than or equal to 900",
        ),
        ({"Policy": "{"}, "MalformedPolicyDocument", None),
        ({"Policy": '{"Version":"2012-10-17"}'}, "MalformedPolicyDocument", None),
        (
            {"Policy": json.dumps({**json.loads(LIST_ONLY), "Id": "x" * 2048})},
            "PackedPolicyTooLarge",
            None,
        ),
        (
            {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/Nothing"}]},
            "MalformedPolicyDocument",
            None,
        ),
        (
            {"Tags": [{"Key": "team", "Value": "a"}, {"Key": "TEAM", "Value": "b"}]},
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        ({"SerialNumber": "arn:aws:iam::1:mfa/x", "TokenCode": "123456"}, "ValidationError", None),
        ({"SourceIdentity": "someone"}, "ValidationError", None),
    ],
)
def test_a_request_for_a_role_that_may_not_be_is_refused(
    sts: Any, role: dict[str, str], changed: dict[str, Any], code: str, message: str | None
) -> None:
    refused(sts.assume_role, code, message, **{**role, **changed})


def test_a_session_policy_takes_away_and_never_gives(
    world: World, sts: Any, role: dict[str, str]
) -> None:
    for how in (
        {"Policy": LIST_ONLY},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}]},
    ):
        iam = world.server.client("iam", assumed(sts.assume_role(**role, **how)))
        assert iam.list_roles()["Roles"]
        refused(iam.get_role, "AccessDenied", status=403, RoleName=ORGANIZATION_ROLE)
    give = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sso:*", "Resource": "*"}],
        }
    )
    keys = assumed(sts.assume_role(**role, Policy=give))
    refused(
        world.server.client("sso-admin", keys).list_permission_sets,
        "AccessDeniedException",
        InstanceArn=world.instance,
    )


def test_a_chained_session_lasts_an_hour_and_ends_with_its_person(world: World) -> None:
    arn = world.permission_set("Chain", SessionDuration="PT2H")
    world.admin.sso_admin.attach_managed_policy_to_permission_set(
        InstanceArn=world.instance,
        PermissionSetArn=arn,
        ManagedPolicyArn="arn:aws:iam::aws:policy/AdministratorAccess",
    )
    ken = world.users["ken"]
    world.assign(arn, ken, "sakura-management")
    first: Keys = role_credentials(world.server, "ken", "sakura-management", "Chain")
    sts = world.server.client("sts", first)
    wanted = {
        "RoleArn": f"arn:aws:iam::{world.account('sakura-web-dev')}:role/{ORGANIZATION_ROLE}",
        "RoleSessionName": "chained",
    }
    refused(
        sts.assume_role,
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role"
        " chaining",
        **wanted,
        DurationSeconds=3601,
    )
    chained = world.server.client("sts", assumed(sts.assume_role(**wanted)))
    assert chained.get_caller_identity()["Arn"].endswith("/chained")
    world.unassign(arn, ken, "sakura-management")
    for client in (sts, chained):
        refused(client.get_caller_identity, "InvalidClientTokenId", status=403)


def test_a_saml_response_of_the_portal_is_exchanged_without_any_key(
    world: World, anonymous: Any
) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    account = world.account("sakura-playground")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    answer = anonymous.assume_role_with_saml(**arns, SAMLAssertion=response)
    user_id = world.users["ken"]
    assert answer["Subject"] == user_id
    assert answer["SubjectType"] == "persistent"
    assert answer["Audience"] == SIGN_IN
    provider = arns["PrincipalArn"].rpartition("/")[2]
    qualifier = hashlib.sha1(f"{answer['Issuer']}{account}/{provider}".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(qualifier).decode()
    role_name = arns["RoleArn"].rpartition("/")[2]
    assert answer["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{account}:assumed-role/{role_name}/ken"
    )
    lasts = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(hours=7, minutes=59) < lasts <= timedelta(hours=8)
    session = world.server.client("iam", assumed(answer))
    assert session.get_role(RoleName=role_name)["Role"]["Arn"] == arns["RoleArn"]
    # Whoever sees the response on its way can do nothing with it any more.
    refused(
        anonymous.assume_role_with_saml,
        "InvalidIdentityToken",
        **arns,
        SAMLAssertion=response,
    )


def test_a_saml_response_is_good_for_the_role_it_names_only(world: World, anonymous: Any) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    other_role = role_and_provider(world, "sakura-playground", "AdministratorAccess")
    other_account = role_and_provider(world, "sakura-web-dev", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    for wrong in (
        {**arns, "RoleArn": other_role["RoleArn"]},
        {**arns, "RoleArn": other_account["RoleArn"]},
        {**arns, "PrincipalArn": arns["PrincipalArn"] + "X"},
    ):
        refused(
            anonymous.assume_role_with_saml,
            "AccessDenied",
            status=403,
            **wrong,
            SAMLAssertion=response,
        )
    for wrong in (other_account, {**arns, "PrincipalArn": other_account["PrincipalArn"]}):
        refused(
            anonymous.assume_role_with_saml,
            "InvalidIdentityToken",
            "Issuer not present in specified provider",
            **wrong,
            SAMLAssertion=response,
        )
    assert anonymous.assume_role_with_saml(**arns, SAMLAssertion=response)["Credentials"]


def test_a_saml_response_that_was_touched_is_refused(world: World, anonymous: Any) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    document = base64.b64decode(response)
    maria = world.users["maria"].encode()
    touched = document.replace(world.users["ken"].encode(), maria)
    assert touched != document
    for wrong in (touched, b"<a/>", b"x", document + b"<!-- -->" * 3 + b"<"):
        refused(
            anonymous.assume_role_with_saml,
            "InvalidIdentityToken",
            **arns,
            SAMLAssertion=base64.b64encode(wrong).decode(),
        )
    refused(anonymous.assume_role_with_saml, "InvalidIdentityToken", **arns, SAMLAssertion="%%%%")
    assert ElementTree.fromstring(document) is not None


def test_a_saml_response_is_worth_nothing_once_the_right_ended(
    world: World, anonymous: Any
) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    world.unassign(world.sets["ReadOnlyAccess"], world.users["ken"], "sakura-playground")
    refused(
        anonymous.assume_role_with_saml,
        "AccessDenied",
        status=403,
        **arns,
        SAMLAssertion=response,
    )


def test_a_session_of_a_saml_response_may_be_shorter_and_smaller(
    world: World, anonymous: Any
) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    refused(
        anonymous.assume_role_with_saml,
        "MalformedPolicyDocument",
        **arns,
        SAMLAssertion=response,
        Policy="{",
    )
    answer = anonymous.assume_role_with_saml(
        **arns, SAMLAssertion=response, DurationSeconds=900, Policy=LIST_ONLY
    )
    lasts = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert lasts <= timedelta(seconds=900)
    iam = world.server.client("iam", assumed(answer))
    assert iam.list_roles()["Roles"]
    refused(iam.get_role, "AccessDenied", status=403, RoleName=arns["RoleArn"].rpartition("/")[2])


def test_members_of_the_model_that_are_not_honoured_are_refused_by_name(
    world: World, anonymous: Any
) -> None:
    person = Person(world.server, "ken")
    person.sign_in()
    arns = role_and_provider(world, "sakura-playground", "ReadOnlyAccess")
    response = response_of(person, world, "sakura-playground", "ReadOnlyAccess")
    # botocore's own model is older than this member.
    form = urlencode(
        {
            "Action": "AssumeRoleWithSAML",
            "Version": "2011-06-15",
            **arns,
            "SAMLAssertion": response,
            "MinimumSessionTokenSize": 1024,
        }
    )
    content_type = ("Content-Type", "application/x-www-form-urlencoded")
    answer = world.wire.send(Sent("POST", "/", (content_type,), form.encode()))
    assert (answer.status, answer.code, answer.message) == (
        400,
        "ValidationError",
        "This server does not support MinimumSessionTokenSize.",
    )
    assert anonymous.assume_role_with_saml(**arns, SAMLAssertion=response)["Credentials"]
