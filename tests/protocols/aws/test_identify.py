"""Which operation a request is, and in which protocol an unknown one is refused."""

import pytest

from genkan.protocols import aws
from genkan.protocols.aws.identify import TARGETS, VERSIONS
from genkan.protocols.aws.model import SERVICES

FORM = (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")
JSON = (b"content-type", b"application/x-amz-json-1.1")


def identified(method: str, target: bytes, *headers: tuple[bytes, bytes], body: bytes = b""):
    path, _, query = target.partition(b"?")
    request = aws.Request(method=method, path=path, query=query, headers=headers, body=body)
    return aws.identify(request)


def named(*args: object, **kwargs: object) -> str:
    found = identified(*args, **kwargs)
    assert isinstance(found, aws.OperationModel)
    return f"{found.service}.{found.name}"


def unknown(*args: object, **kwargs: object) -> aws.Unknown:
    found = identified(*args, **kwargs)
    assert isinstance(found, aws.Unknown)
    return found


def test_targets_and_versions_are_those_of_the_models():
    models = [aws.load(service) for service in SERVICES]
    assert {prefix.decode(): service for prefix, service in TARGETS.items()} == {
        model.metadata.target_prefix: model.service for model in models if model.protocol == "json"
    }
    assert {
        model.metadata.api_version: model.service for model in models if model.protocol == "query"
    } == VERSIONS


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"SWBExternalService.ListInstances", "sso-admin.ListInstances"),
        (b"AWSIdentityStore.DescribeUser", "identitystore.DescribeUser"),
        (b"AWSOrganizationsV20161128.ListAccounts", "organizations.ListAccounts"),
        (
            b"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
            "cloudtrail.LookupEvents",
        ),
    ],
)
def test_json_operation_is_named_by_its_target(target, name):
    assert named("POST", b"/", (b"x-amz-target", target), JSON) == name


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b"SWBExternalService",
        b"SWBExternalService.",
        b"SWBExternalService.NoSuch",
        b"SWBExternalService.listInstances",
        b"Other.ListInstances",
        b"AWSIdentityStore.ListInstances",
        b"\xff.\xff",
    ],
)
def test_unknown_target_is_an_unknown_operation(target):
    answer = unknown("POST", b"/", (b"x-amz-target", target), JSON)
    assert answer == ("json", "UnknownOperationException", "", 400)


def test_target_twice_is_no_operation():
    header = (b"x-amz-target", b"SWBExternalService.ListInstances")
    assert unknown("POST", b"/", header, header, JSON).code == "UnknownOperationException"


def test_target_at_another_path_or_method_is_no_operation():
    header = (b"x-amz-target", b"SWBExternalService.ListInstances")
    assert unknown("POST", b"/token", header, JSON).protocol == "json"
    assert unknown("GET", b"/", header, JSON).protocol == "json"


def test_target_wins_over_an_action_in_the_body():
    header = (b"x-amz-target", b"SWBExternalService.ListInstances")
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert named("POST", b"/", header, FORM, body=body) == "sso-admin.ListInstances"


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", b"/assignment/accounts?max_result=1", "sso.ListAccounts"),
        ("GET", b"/assignment/roles?account_id=1", "sso.ListAccountRoles"),
        ("GET", b"/federation/credentials?role_name=r", "sso.GetRoleCredentials"),
        ("GET", b"/federation/credentials/?role_name=r&debug=true", "sso.GetRoleCredentials"),
        ("POST", b"/logout", "sso.Logout"),
        ("POST", b"/client/register", "sso-oidc.RegisterClient"),
        ("POST", b"/device_authorization", "sso-oidc.StartDeviceAuthorization"),
        ("POST", b"/token", "sso-oidc.CreateToken"),
        ("POST", b"/token?aws_iam=f", "sso-oidc.CreateToken"),
        ("POST", b"/token?aws_iam=t", "sso-oidc.CreateTokenWithIAM"),
        ("POST", b"/token?x=1&aws_iam=t", "sso-oidc.CreateTokenWithIAM"),
    ],
)
def test_rest_operation_is_named_by_method_and_path(method, target, name):
    assert named(method, target) == name


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", b"/token"),
        ("POST", b"/assignment/accounts"),
        ("GET", b"/nowhere"),
        ("POST", b"/./token"),
        ("POST", b"//token"),
        ("POST", b"/%74oken"),
        ("POST", b"/token?aws_iam=%zz"),
    ],
)
def test_unknown_path_is_answered_in_rest_json(method, target):
    answer = unknown(method, target)
    assert (answer.protocol, answer.status) == ("rest-json", 404)


@pytest.mark.parametrize(
    ("version", "action", "name"),
    [
        (b"2011-06-15", b"GetCallerIdentity", "sts.GetCallerIdentity"),
        (b"2010-05-08", b"ListRoles", "iam.ListRoles"),
    ],
)
def test_query_operation_is_named_by_action_and_version(version, action, name):
    form = b"Action=" + action + b"&Version=" + version
    assert named("POST", b"/", FORM, body=form) == name
    assert named("GET", b"/?" + form) == name
    assert named("POST", b"/?Action=" + action, FORM, body=b"Version=" + version) == name


@pytest.mark.parametrize(
    ("form", "code", "text"),
    [
        (b"", "MissingAction", "Missing Action"),
        (b"Version=2011-06-15", "MissingAction", "Missing Action"),
        (
            b"Action=NoSuch&Version=2011-06-15",
            "InvalidAction",
            "Could not find operation NoSuch for version 2011-06-15",
        ),
        (
            b"Action=GetCallerIdentity",
            "InvalidAction",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
        ),
        (b"Action=ListRoles&Version=2011-06-15", "InvalidAction", "Could not find"),
        (b"Action=A&Action=B&Version=2011-06-15", "MalformedInput", "repeated"),
        (b"Action=%ff&Version=2011-06-15", "MalformedInput", "UTF-8"),
        (b"Action=%zz", "MalformedInput", "percent-encoding"),
    ],
)
def test_unknown_action_is_answered_in_query(form, code, text):
    answer = unknown("POST", b"/", FORM, body=form)
    assert (answer.protocol, answer.code, answer.status) == ("query", code, 400)
    assert text in answer.message


def test_json_body_without_a_target_is_refused_in_json():
    answer = unknown("POST", b"/", JSON, body=b"{}")
    assert (answer.protocol, answer.code) == ("json", "UnknownOperationException")


def test_other_method_at_the_root_is_unknown():
    assert unknown("DELETE", b"/").status == 404
