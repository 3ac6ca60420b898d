"""sso-admin by boto3: applications with all that hangs on them (reference §5, §15.1)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.samples_applications import ACTOR_POLICY, CUSTOM, JWT_BEARER, issuer
from tests.fronts.aws.world import NOBODY, Clients, World, until
from tests.support.person import role_credentials

ALIAS = "sakura-management"
MEMBER = "sakura-data-dev"


@pytest.fixture
def sso(world: World) -> Any:
    return world.admin.sso_admin


@pytest.fixture
def wiki(world: World, sso: Any) -> str:
    """An application with nothing but what it needs."""
    return an_application(world)


def an_application(world: World, name: str = "Wiki", **more: Any) -> str:
    arn: str = world.admin.sso_admin.create_application(
        InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name=name, **more
    )["ApplicationArn"]
    return arn


def answer_of(answer: dict[str, Any]) -> dict[str, Any]:
    """What the model says, without what botocore adds."""
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_the_least_that_an_application_needs(world: World, sso: Any) -> None:
    made = answer_of(
        sso.create_application(
            InstanceArn=world.instance, ApplicationProviderArn=CUSTOM, Name="Wiki"
        )
    )
    instance_id = world.instance.rpartition("/")[2]
    arn = made["ApplicationArn"]
    assert arn.startswith(f"arn:aws:sso::{world.management}:application/{instance_id}/apl-")
    store_arn = f"arn:aws:identitystore::{world.management}:identitystore/{world.store}"
    assert made == {
        "ApplicationArn": arn,
        "InstanceArn": world.instance,
        "IdentityStoreArn": store_arn,
    }
    found = answer_of(sso.describe_application(ApplicationArn=arn))
    assert abs(found.pop("CreatedDate") - datetime.now(UTC)) < timedelta(minutes=1)
    assert found == {
        **made,
        "ApplicationProviderArn": CUSTOM,
        "Name": "Wiki",
        "ApplicationAccount": world.management,
        "Status": "ENABLED",
        "PortalOptions": {"Visibility": "ENABLED"},
        "CreatedFrom": "us-east-1",
    }


def test_everything_written_is_read_again_and_changed_one_by_one(world: World, sso: Any) -> None:
    options = {
        "SignInOptions": {
            "Origin": "APPLICATION",
            "ApplicationUrl": "https://wiki.example.com/?a=b",
        },
        "Visibility": "DISABLED",
    }
    given = {
        "Name": "ウィキ \u0001 wiki",
        "Description": "All that we know",
        "Status": "DISABLED",
        "PortalOptions": options,
    }
    arn = an_application(
        world,
        given.pop("Name"),  # type: ignore[arg-type]
        **given,
        Tags=[{"Key": "team", "Value": "docs"}],
        ClientToken="the-first",
    )
    expected = {**given, "Name": "ウィキ \u0001 wiki", "ApplicationArn": arn}
    found = sso.describe_application(ApplicationArn=arn)
    assert {key: found[key] for key in expected} == expected
    for change, after in (
        ({"Name": "Handbook"}, {"Name": "Handbook"}),
        ({"Description": "More"}, {"Description": "More"}),
        ({"Status": "ENABLED"}, {"Status": "ENABLED"}),
        (
            {"PortalOptions": {"SignInOptions": {"Origin": "IDENTITY_CENTER"}}},
            {
                "PortalOptions": {
                    "SignInOptions": {"Origin": "IDENTITY_CENTER"},
                    "Visibility": "DISABLED",
                }
            },
        ),
    ):
        assert answer_of(sso.update_application(ApplicationArn=arn, **change)) == {}
        expected |= after
        found = sso.describe_application(ApplicationArn=arn)
        assert {key: found[key] for key in expected} == expected
    (listed,) = sso.list_applications(InstanceArn=world.instance)["Applications"]
    assert listed == answer_of(found)


def test_the_same_token_makes_one_application(world: World, sso: Any) -> None:
    first = an_application(world, ClientToken="once")
    assert an_application(world, ClientToken="once") == first
    refused(
        sso.create_application,
        "ConflictException",
        InstanceArn=world.instance,
        ApplicationProviderArn=CUSTOM,
        Name="Other",
        ClientToken="once",
    )
    assert len(sso.list_applications(InstanceArn=world.instance)["Applications"]) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"SignInOptions": {"Origin": "APPLICATION"}}, "ValidationException"),
        (
            {"SignInOptions": {"Origin": "IDENTITY_CENTER", "ApplicationUrl": "https://a.b"}},
            "ValidationException",
        ),
        (
            {"SignInOptions": {"Origin": "APPLICATION", "ApplicationUrl": "ftp://a.b"}},
            "ValidationException",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    world: World, sso: Any, wiki: str, options: dict[str, Any], code: str
) -> None:
    params = {"InstanceArn": world.instance, "ApplicationProviderArn": CUSTOM, "Name": "X"}
    refused(sso.create_application, code, **params, PortalOptions=options)
    refused(sso.update_application, code, ApplicationArn=wiki, PortalOptions=options)


def test_the_catalogue_says_what_can_be_made(sso: Any) -> None:
    (listed,) = sso.list_application_providers(MaxResults=1)["ApplicationProviders"]
    found = answer_of(sso.describe_application_provider(ApplicationProviderArn=CUSTOM))
    assert listed == found
    assert (found["ApplicationProviderArn"], found["FederationProtocol"]) == (CUSTOM, "OAUTH")
    refused(
        sso.describe_application_provider,
        "ResourceNotFoundException",
        ApplicationProviderArn=CUSTOM.replace("custom", "redshift"),
    )


def test_botocores_paginators_find_everything_once(world: World, sso: Any, wiki: str) -> None:
    made = {wiki, *(an_application(world, f"App {number}") for number in range(4))}
    people = [world.users[name] for name in ("ken", "maria", "alex")]
    for user_id in people:
        sso.create_application_assignment(
            ApplicationArn=wiki, PrincipalId=user_id, PrincipalType="USER"
        )
    for number in range(3):
        sso.put_application_access_scope(ApplicationArn=wiki, Scope=f"s{number}:read")
        sso.create_trusted_token_issuer(**issuer(world, f"issuer{number}"))

    def walk(operation: str, member: str, key: str, **params: Any) -> list[str]:
        pages = sso.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **params)
        found = [page[member] for page in pages]
        assert all(len(page) <= 2 for page in found)
        return [one[key] for page in found for one in page]

    of_instance, of_wiki = {"InstanceArn": world.instance}, {"ApplicationArn": wiki}
    applications = walk("list_applications", "Applications", "ApplicationArn", **of_instance)
    assert (len(applications), set(applications)) == (5, made)
    assigned = walk(
        "list_application_assignments", "ApplicationAssignments", "PrincipalId", **of_wiki
    )
    assert sorted(assigned) == sorted(people)
    scopes = walk("list_application_access_scopes", "Scopes", "Scope", **of_wiki)
    assert scopes == ["s0:read", "s1:read", "s2:read"]
    names = walk("list_trusted_token_issuers", "TrustedTokenIssuers", "Name", **of_instance)
    assert sorted(names) == ["issuer0", "issuer1", "issuer2"]


def test_a_page_token_of_another_application_is_refused(world: World, sso: Any, wiki: str) -> None:
    for number in range(3):
        sso.put_application_access_scope(ApplicationArn=wiki, Scope=f"s{number}")
    token = sso.list_application_access_scopes(ApplicationArn=wiki, MaxResults=2)["NextToken"]
    refused(
        sso.list_application_access_scopes,
        "ValidationException",
        ApplicationArn=an_application(world),
        NextToken=token,
    )


def test_assignments_are_made_once_found_and_ended(world: World, sso: Any, wiki: str) -> None:
    ken = {"ApplicationArn": wiki, "PrincipalId": world.users["ken"], "PrincipalType": "USER"}
    group = world.group("Readers")
    world.join(group, world.users["ken"])
    readers = {"ApplicationArn": wiki, "PrincipalId": group, "PrincipalType": "GROUP"}
    for one in (ken, readers):
        assert answer_of(sso.create_application_assignment(**one)) == {}
        refused(sso.create_application_assignment, "ConflictException", **one)
        assert answer_of(sso.describe_application_assignment(**one)) == one
    listed = sso.list_application_assignments(ApplicationArn=wiki)["ApplicationAssignments"]
    assert sorted(listed, key=str) == sorted([ken, readers], key=str)
    of_ken = sso.list_application_assignments_for_principal(
        InstanceArn=world.instance, PrincipalId=world.users["ken"], PrincipalType="USER"
    )["ApplicationAssignments"]
    assert sorted(of_ken, key=str) == sorted([ken, readers], key=str)
    for _ in range(2):
        assert answer_of(sso.delete_application_assignment(**ken)) == {}
    refused(sso.describe_application_assignment, "ResourceNotFoundException", **ken)
    refused(
        sso.create_application_assignment,
        "ResourceNotFoundException",
        f"the USER assignee {NOBODY} was not found in directory {world.store}",
        **{**ken, "PrincipalId": NOBODY},
    )


def test_deleting_people_ends_their_assignments(world: World, sso: Any, wiki: str) -> None:
    user_id, group_id = world.user("passing"), world.group("Passing")
    for principal_id, kind in ((user_id, "USER"), (group_id, "GROUP")):
        sso.create_application_assignment(
            ApplicationArn=wiki, PrincipalId=principal_id, PrincipalType=kind
        )
    store = world.admin.identitystore
    store.delete_user(IdentityStoreId=world.store, UserId=user_id)
    store.delete_group(IdentityStoreId=world.store, GroupId=group_id)
    assert sso.list_application_assignments(ApplicationArn=wiki)["ApplicationAssignments"] == []


def test_the_two_configurations_are_read_as_they_were_put(sso: Any, wiki: str) -> None:
    def read() -> tuple[Any, Any]:
        return (
            sso.get_application_assignment_configuration(ApplicationArn=wiki)["AssignmentRequired"],
            sso.get_application_session_configuration(ApplicationArn=wiki)[
                "UserBackgroundSessionApplicationStatus"
            ],
        )

    assert read() == (True, "DISABLED")
    sso.put_application_assignment_configuration(ApplicationArn=wiki, AssignmentRequired=False)
    sso.put_application_session_configuration(
        ApplicationArn=wiki, UserBackgroundSessionApplicationStatus="ENABLED"
    )
    assert read() == (False, "ENABLED")


def test_scopes_methods_and_grants_are_read_as_they_were_put(
    world: World, sso: Any, wiki: str
) -> None:
    targets = [world.instance, wiki]
    sso.put_application_access_scope(
        ApplicationArn=wiki, Scope="wiki:read:all", AuthorizedTargets=targets
    )
    found = sso.get_application_access_scope(ApplicationArn=wiki, Scope="wiki:read:all")
    assert answer_of(found) == {"Scope": "wiki:read:all", "AuthorizedTargets": targets}
    method = {"Iam": {"ActorPolicy": ACTOR_POLICY}}
    sso.put_application_authentication_method(
        ApplicationArn=wiki, AuthenticationMethodType="IAM", AuthenticationMethod=method
    )
    (listed,) = sso.list_application_authentication_methods(ApplicationArn=wiki)[
        "AuthenticationMethods"
    ]
    assert listed == {"AuthenticationMethodType": "IAM", "AuthenticationMethod": method}
    arn = sso.create_trusted_token_issuer(**issuer(world, "issuer"))["TrustedTokenIssuerArn"]
    grants: dict[str, Any] = {
        "authorization_code": {"AuthorizationCode": {"RedirectUris": ["https://a.b/c", "x.y:/z"]}},
        "refresh_token": {"RefreshToken": {}},
        JWT_BEARER: {
            "JwtBearer": {
                "AuthorizedTokenIssuers": [
                    {"TrustedTokenIssuerArn": arn, "AuthorizedAudiences": ["a", "b"]}
                ]
            }
        },
        JWT_BEARER.replace("jwt-bearer", "token-exchange"): {"TokenExchange": {}},
    }
    for grant_type, grant in grants.items():
        sso.put_application_grant(ApplicationArn=wiki, GrantType=grant_type, Grant=grant)
        got = sso.get_application_grant(ApplicationArn=wiki, GrantType=grant_type)
        assert got["Grant"] == grant
    everything = sso.list_application_grants(ApplicationArn=wiki)["Grants"]
    assert {one["GrantType"]: one["Grant"] for one in everything} == grants


def test_what_is_not_there_is_not_found_and_need_not_be_to_be_deleted(sso: Any, wiki: str) -> None:
    for name, params in (
        ("application_access_scope", {"Scope": "none"}),
        ("application_authentication_method", {"AuthenticationMethodType": "IAM"}),
        ("application_grant", {"GrantType": "refresh_token"}),
    ):
        read = getattr(sso, f"get_{name}")
        refused(read, "ResourceNotFoundException", ApplicationArn=wiki, **params)
        getattr(sso, f"delete_{name}")(ApplicationArn=wiki, **params)


def test_a_bad_actor_policy_is_refused_in_awss_words(sso: Any, wiki: str) -> None:
    bad = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:b"}]}
    message = refused(
        sso.put_application_authentication_method,
        "ValidationException",
        ApplicationArn=wiki,
        AuthenticationMethodType="IAM",
        AuthenticationMethod={"Iam": {"ActorPolicy": bad}},
    )
    assert message.startswith("Missing required field Principal")


def test_a_grant_of_another_type_is_refused(sso: Any, wiki: str) -> None:
    refused(
        sso.put_application_grant,
        "ValidationException",
        "The grant is not of the type refresh_token.",
        ApplicationArn=wiki,
        GrantType="refresh_token",
        Grant={"TokenExchange": {}},
    )


def test_members_that_the_model_does_not_have_are_ignored(world: World, wiki: str) -> None:
    """Clients newer than this release send them (reference §0, finding 10)."""
    made = issuer(world, "issuer")
    configuration = made["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]
    sent = world.wire.request("sso-admin", "CreateTrustedTokenIssuer", made)
    body = json.loads(sent.body)
    body["Novelty"] = 1
    body["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"]["Novelty"] = {"a": []}
    assert (
        configuration.keys()
        < body["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"].keys()
    )
    answer = world.wire.send(
        world.wire.sign(
            type(sent)(sent.method, sent.target, sent.headers, json.dumps(body).encode()),
            world.wire.administrator,
            "sso",
        )
    )
    assert answer.status == 200, answer


def test_an_application_of_another_instance_or_account_is_not_found(
    world: World, sso: Any, wiki: str
) -> None:
    instance_id = world.instance.rpartition("/")[2]
    for wrong in (
        wiki.replace(instance_id, "ssoins-0000000000000000"),
        wiki.replace(world.management, world.account(MEMBER)),
        wiki[:-4] + "0000",
    ):
        refused(sso.describe_application, "ResourceNotFoundException", ApplicationArn=wrong)
        refused(sso.delete_application, "ResourceNotFoundException", ApplicationArn=wrong)
    for name in ("list_applications", "list_trusted_token_issuers"):
        refused(
            getattr(sso, name),
            "AccessDeniedException",
            InstanceArn="arn:aws:sso:::instance/ssoins-0000000000000000",
        )
    sso.describe_application(ApplicationArn=wiki)


def test_a_deleted_application_is_gone_with_all_that_hung_on_it(
    world: World, sso: Any, wiki: str
) -> None:
    ken = {"PrincipalId": world.users["ken"], "PrincipalType": "USER"}
    sso.create_application_assignment(ApplicationArn=wiki, **ken)
    sso.put_application_access_scope(ApplicationArn=wiki, Scope="wiki:read")
    assert answer_of(sso.delete_application(ApplicationArn=wiki)) == {}
    for name in ("describe_application", "delete_application", "list_application_grants"):
        refused(getattr(sso, name), "ResourceNotFoundException", ApplicationArn=wiki)
    found = sso.list_application_assignments_for_principal(InstanceArn=world.instance, **ken)
    assert found["ApplicationAssignments"] == []


def test_a_member_account_asks_for_its_own_applications_only(world: World, wiki: str) -> None:
    """Reference §1.7: without the filter, or with another account's, it is denied."""
    member = Clients(world.server, world.member_administrator()).sso_admin
    own = world.account(MEMBER)
    for by in ({}, {"Filter": {"ApplicationAccount": world.management}}):
        refused(member.list_applications, "AccessDeniedException", InstanceArn=world.instance, **by)
    answer = member.list_applications(
        InstanceArn=world.instance, Filter={"ApplicationAccount": own}
    )
    assert answer["Applications"] == []
    ken = {"PrincipalId": world.users["ken"], "PrincipalType": "USER"}
    for arn in (None, wiki):
        refused(
            member.list_application_assignments_for_principal,
            "AccessDeniedException",
            InstanceArn=world.instance,
            **ken,
            **({"Filter": {"ApplicationArn": arn}} if arn else {}),
        )
    # An ARN that claims to be the member's own opens nothing that another account made.
    refused(
        member.list_application_assignments_for_principal,
        "ResourceNotFoundException",
        InstanceArn=world.instance,
        **ken,
        Filter={"ApplicationArn": wiki.replace(world.management, own)},
    )


def test_a_policy_on_one_application_opens_that_one_only(world: World, sso: Any, wiki: str) -> None:
    other = an_application(world, "Other", Tags=[{"Key": "team", "Value": "docs"}])
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sso:DescribeApplication", "Resource": wiki},
            {
                "Effect": "Allow",
                "Action": "sso:GetApplication*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "docs"}},
            },
            {
                "Effect": "Allow",
                "Action": "sso:CreateApplication",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestTag/team": "docs"}},
            },
        ],
    }
    editor = world.permission_set("Editor")
    sso.put_inline_policy_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=editor, InlinePolicy=json.dumps(document)
    )
    world.assign(editor, world.users["ken"], ALIAS)
    ken = Clients(world.server, role_credentials(world.server, "ken", ALIAS, "Editor")).sso_admin
    ken.describe_application(ApplicationArn=wiki)
    refused(ken.describe_application, "AccessDeniedException", ApplicationArn=other)
    ken.get_application_session_configuration(ApplicationArn=other)
    refused(ken.get_application_session_configuration, "AccessDeniedException", ApplicationArn=wiki)
    refused(ken.delete_application, "AccessDeniedException", ApplicationArn=wiki)
    creating = {
        "InstanceArn": world.instance,
        "ApplicationProviderArn": CUSTOM,
        "Name": "Kens",
    }
    refused(ken.create_application, "AccessDeniedException", **creating)
    ken.create_application(**creating, Tags=[{"Key": "team", "Value": "docs"}])


def test_the_trail_hides_the_client_token(world: World) -> None:
    an_application(world, ClientToken="not-to-be-written")
    found = world.admin.cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateApplication"}]
    )["Events"]
    assert len(found) == 1
    assert "not-to-be-written" not in found[0]["CloudTrailEvent"]
    assert "Wiki" in found[0]["CloudTrailEvent"]


def test_an_account_instance_has_applications_of_its_own(world: World, sso: Any, wiki: str) -> None:
    member = Clients(world.server, world.member_administrator()).sso_admin
    own = world.account(MEMBER)
    instance = member.create_instance(Name="Own")["InstanceArn"]
    until(
        lambda: member.describe_instance(InstanceArn=instance)["Status"],
        lambda status: status == "ACTIVE",
    )
    arn = member.create_application(
        InstanceArn=instance, ApplicationProviderArn=CUSTOM, Name="Notes"
    )["ApplicationArn"]
    assert arn.startswith(f"arn:aws:sso::{own}:application/{instance.rpartition('/')[2]}/apl-")
    (listed,) = member.list_applications(InstanceArn=instance)["Applications"]
    assert (listed["ApplicationArn"], listed["ApplicationAccount"]) == (arn, own)
    trusted = member.create_trusted_token_issuer(
        **{**issuer(world, "issuer"), "InstanceArn": instance}
    )["TrustedTokenIssuerArn"]
    # What stands in one instance is no business of the other's, nor of its owner.
    refused(sso.describe_application, "AccessDeniedException", ApplicationArn=arn)
    refused(
        sso.describe_trusted_token_issuer, "AccessDeniedException", TrustedTokenIssuerArn=trusted
    )
    refused(sso.list_applications, "AccessDeniedException", InstanceArn=instance)
    refused(
        sso.put_application_access_scope,
        "ValidationException",
        ApplicationArn=wiki,
        Scope="wiki:read",
        AuthorizedTargets=[arn],
    )
    refused(
        sso.put_application_grant,
        "ResourceNotFoundException",
        ApplicationArn=wiki,
        GrantType=JWT_BEARER,
        Grant={"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuerArn": trusted}]}},
    )
    refused(
        member.put_application_access_scope,
        "ValidationException",
        ApplicationArn=arn,
        Scope="sso:account:access",
    )
    member.delete_instance(InstanceArn=instance)
    until(
        lambda: member.list_instances()["Instances"],
        lambda found: instance not in [one["InstanceArn"] for one in found],
    )
    refused(member.describe_application, "ResourceNotFoundException", ApplicationArn=arn)
    sso.describe_application(ApplicationArn=wiki)
