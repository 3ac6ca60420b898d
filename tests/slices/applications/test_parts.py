"""Access scopes, authentication methods and grants of an application."""

import copy
from typing import Any

import pytest

from genkan.applications.scopes import SCOPE_LIMIT
from genkan.core.errors import Invalid, NotFound
from genkan.db.database import Tx
from tests.slices.applications.world import (
    OTHER_INSTANCE,
    all_pages,
    an_application,
    an_issuer,
    run,
)
from tests.slices.assignments.world import INSTANCE_ARN
from tests.support.store import Store

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACTOR_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/Wiki"},
            "Action": "sso-oauth:CreateTokenWithIAM",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": True}},
        }
    ],
}


@pytest.fixture(autouse=True)
def everywhere(world: object) -> None:
    """Each test has the world."""


def put_scope(tx: Tx, arn: str, scope: str, *targets: str) -> None:
    more = {"authorized_targets": list(targets)} if targets else {}
    run(tx, "PutApplicationAccessScope", application_arn=arn, scope=scope, **more)


def put_method(tx: Tx, arn: str, policy: Any) -> None:
    run(
        tx,
        "PutApplicationAuthenticationMethod",
        application_arn=arn,
        authentication_method_type="IAM",
        authentication_method={"iam": {"actor_policy": policy}},
    )


def put_grant(tx: Tx, arn: str, grant_type: str, **grant: Any) -> None:
    run(tx, "PutApplicationGrant", application_arn=arn, grant_type=grant_type, grant=grant)


def get_grant(tx: Tx, arn: str, grant_type: str) -> Any:
    answer = run(tx, "GetApplicationGrant", application_arn=arn, grant_type=grant_type)
    return answer["grant"]


def test_a_scope_is_put_replaced_and_deleted(store: Store) -> None:
    with store.write() as tx:
        arn, other = an_application(tx), an_application(tx)
        put_scope(tx, arn, "wiki:read", other, INSTANCE_ARN)
        found = run(tx, "GetApplicationAccessScope", application_arn=arn, scope="wiki:read")
        assert found == {"scope": "wiki:read", "authorized_targets": [other, INSTANCE_ARN]}
        put_scope(tx, arn, "wiki:read")
        found = run(tx, "GetApplicationAccessScope", application_arn=arn, scope="wiki:read")
        assert found == {"scope": "wiki:read", "authorized_targets": None}
        for _ in range(2):
            run(tx, "DeleteApplicationAccessScope", application_arn=arn, scope="wiki:read")
        with pytest.raises(NotFound, match="access scope wiki:read was not found"):
            run(tx, "GetApplicationAccessScope", application_arn=arn, scope="wiki:read")


def test_scopes_are_the_applications_own_and_their_case_matters(store: Store) -> None:
    with store.write() as tx:
        arn, other = an_application(tx), an_application(tx)
        put_scope(tx, arn, "wiki:read")
        for application, scope in ((other, "wiki:read"), (arn, "Wiki:read")):
            with pytest.raises(NotFound):
                run(tx, "GetApplicationAccessScope", application_arn=application, scope=scope)


def test_scopes_are_listed_ten_a_page(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        names = sorted(f"s{number:02}:read" for number in range(12))
        for name in names:
            put_scope(tx, arn, name, INSTANCE_ARN)
        first = run(tx, "ListApplicationAccessScopes", application_arn=arn)
        assert len(first["scopes"]) == 10
        whole = all_pages(tx, "ListApplicationAccessScopes", "scopes", 5, application_arn=arn)
    assert whole == [{"scope": name, "authorized_targets": [INSTANCE_ARN]} for name in names]


def test_targets_stand_in_the_applications_instance(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        theirs = an_application(tx, instance_arn=OTHER_INSTANCE)
        for target in (OTHER_INSTANCE, theirs):
            with pytest.raises(Invalid, match="another instance"):
                put_scope(tx, arn, "wiki:read", arn, target)
        with pytest.raises(NotFound):
            put_scope(tx, arn, "wiki:read", arn[:-4] + "0000")
        with pytest.raises(NotFound):
            run(tx, "GetApplicationAccessScope", application_arn=arn, scope="wiki:read")


def test_an_application_has_twenty_five_scopes_and_may_replace_each(store: Store) -> None:
    assert SCOPE_LIMIT == 25
    with store.write() as tx:
        arn = an_application(tx)
        for number in range(25):
            put_scope(tx, arn, f"s{number}")
        put_scope(tx, arn, "s24", INSTANCE_ARN)
    with pytest.raises(Invalid, match="at most 25"), store.write() as tx:
        put_scope(tx, arn, "s25")
    with store.write() as tx:
        whole = all_pages(tx, "ListApplicationAccessScopes", "scopes", 10, application_arn=arn)
    assert len(whole) == 25


def test_access_to_accounts_is_of_the_organization_instance_only(store: Store) -> None:
    with store.write() as tx:
        put_scope(tx, an_application(tx), "sso:account:access", INSTANCE_ARN)
        theirs = an_application(tx, instance_arn=OTHER_INSTANCE)
        with pytest.raises(Invalid, match="not supported"):
            put_scope(tx, theirs, "sso:account:access")
        put_scope(tx, theirs, "wiki:read")


def test_an_actor_policy_is_given_back_as_it_was_put(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        method = {"authentication_method_type": "IAM"}
        with pytest.raises(NotFound, match="authentication method IAM was not found"):
            run(tx, "GetApplicationAuthenticationMethod", application_arn=arn, **method)
        put_method(tx, arn, {**ACTOR_POLICY, "Id": "first"})
        put_method(tx, arn, ACTOR_POLICY)
        got = run(tx, "GetApplicationAuthenticationMethod", application_arn=arn, **method)
        listed = run(tx, "ListApplicationAuthenticationMethods", application_arn=arn)
        assert got == {"authentication_method": {"iam": {"actor_policy": ACTOR_POLICY}}}
        assert listed == {"authentication_methods": [{**method, **got}], "next_token": None}
        for _ in range(2):
            run(tx, "DeleteApplicationAuthenticationMethod", application_arn=arn, **method)
        listed = run(tx, "ListApplicationAuthenticationMethods", application_arn=arn)
    assert listed["authentication_methods"] == []


def changed(**statement: Any) -> dict[str, Any]:
    policy = copy.deepcopy(ACTOR_POLICY)
    policy["Statement"][0] |= statement
    policy["Statement"][0] = {k: v for k, v in policy["Statement"][0].items() if v is not None}
    return policy


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({}, "Syntax errors in policy."),
        ([], "Syntax errors in policy."),
        ({**ACTOR_POLICY, "Statement": []}, "Syntax errors in policy."),
        ({**ACTOR_POLICY, "Version": "2013-10-17"}, "Syntax errors in policy."),
        (changed(Principal=None), "Missing required field Principal"),
        (changed(Action=None), "Policy statement must contain actions."),
        (changed(Action="CreateTokenWithIAM"), "Actions/Conditions must be prefaced by a vendor"),
        (changed(Effect="Permit"), "Syntax errors in policy."),
        (changed(Sids="a"), "Syntax errors in policy."),
        (changed(Condition={"StringAlike": {"aws:a": "b"}}), "Syntax errors in policy."),
    ],
)
def test_a_document_that_is_no_resource_policy_is_invalid_and_not_kept(
    store: Store, policy: Any, sentence: str
) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        put_method(tx, arn, ACTOR_POLICY)
        with pytest.raises(Invalid) as refusal:
            put_method(tx, arn, policy)
        assert refusal.value.message.startswith(sentence)
        got = run(
            tx,
            "GetApplicationAuthenticationMethod",
            application_arn=arn,
            authentication_method_type="IAM",
        )
    assert got["authentication_method"]["iam"]["actor_policy"] == ACTOR_POLICY


def test_there_is_one_grant_of_each_type(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        issuers = [
            {
                "trusted_token_issuer_arn": an_issuer(tx),
                "authorized_audiences": ["wiki", "https://wiki.example.com"],
            }
        ]
        grants = {
            "authorization_code": {"authorization_code": {"redirect_uris": ["https://a.b/c"]}},
            "refresh_token": {"refresh_token": {}},
            JWT_BEARER: {"jwt_bearer": {"authorized_token_issuers": issuers}},
            TOKEN_EXCHANGE: {"token_exchange": {}},
        }
        put_grant(tx, arn, "authorization_code", authorization_code={})
        for grant_type, grant in grants.items():
            put_grant(tx, arn, grant_type, **grant)
            assert get_grant(tx, arn, grant_type) == grant
        listed = run(tx, "ListApplicationGrants", application_arn=arn)
        assert listed["next_token"] is None
        assert {one["grant_type"]: one["grant"] for one in listed["grants"]} == grants
        for _ in range(2):
            run(tx, "DeleteApplicationGrant", application_arn=arn, grant_type="authorization_code")
        with pytest.raises(NotFound, match="grant authorization_code was not found"):
            get_grant(tx, arn, "authorization_code")
        assert get_grant(tx, arn, "refresh_token") == {"refresh_token": {}}


@pytest.mark.parametrize(
    "grant_type", ["authorization_code", "refresh_token", JWT_BEARER, TOKEN_EXCHANGE]
)
@pytest.mark.parametrize(
    "member", ["authorization_code", "refresh_token", "jwt_bearer", "token_exchange"]
)
def test_a_grant_is_of_the_type_that_is_said(store: Store, grant_type: str, member: str) -> None:
    right = {
        "authorization_code": "authorization_code",
        "refresh_token": "refresh_token",
        JWT_BEARER: "jwt_bearer",
        TOKEN_EXCHANGE: "token_exchange",
    }[grant_type]
    with store.write() as tx:
        arn = an_application(tx)
        if member == right:
            put_grant(tx, arn, grant_type, **{member: {}})
        else:
            with pytest.raises(Invalid, match="not of the type"):
                put_grant(tx, arn, grant_type, **{member: {}})


@pytest.mark.parametrize(
    "uri",
    [
        "https://wiki.example.com/callback",
        "http://127.0.0.1:8080/oauth/callback?x=1",
        "http://[::1]/callback",
        "com.example.wiki:/callback",
        "wiki://callback",
    ],
)
def test_a_redirect_uri_is_of_the_web_or_of_a_native_client(store: Store, uri: str) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        put_grant(tx, arn, "authorization_code", authorization_code={"redirect_uris": [uri]})
        assert get_grant(tx, arn, "authorization_code") == {
            "authorization_code": {"redirect_uris": [uri]}
        }


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//wiki.example.com/callback",
        "wiki.example.com",
        "https:///callback",
        "https://",
        "https:callback",
        "https://wiki.example.com/#there",
        "https://wiki.example.com/#",
        "https://wiki.example.com:port/",
        "https://somebody@wiki.example.com/",
        "https://wiki.example.com\\@evil.example.com/",
        "https://wiki.example.com/a b",
        "https://wiki.example.com/\n",
        "https://wíki.example.com/",
        "javascript:alert(1)",
        "JavaScript://wiki.example.com/%0aalert(1)",
        "data:text/html,hello",
        "wiki:",
        "https://wiki.example.com/" + "a" * 2_048,
    ],
)
def test_a_code_is_never_sent_to_what_is_no_redirect_uri(store: Store, uri: str) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        uris = ["https://wiki.example.com/", uri]
        with pytest.raises(Invalid, match="redirect URI"):
            put_grant(tx, arn, "authorization_code", authorization_code={"redirect_uris": uris})


def test_a_grant_trusts_issuers_of_its_own_instance_each_once(store: Store) -> None:
    with store.write() as tx:
        arn = an_application(tx)
        ours = an_issuer(tx)
        theirs = an_issuer(tx, instance_arn=OTHER_INSTANCE)

        def trusting(*named: dict[str, Any]) -> None:
            put_grant(tx, arn, JWT_BEARER, jwt_bearer={"authorized_token_issuers": list(named)})

        trusting({"trusted_token_issuer_arn": ours})
        for wrong in (theirs, ours[:-4] + "0000"):
            with pytest.raises(NotFound, match=wrong):
                trusting({"trusted_token_issuer_arn": wrong})
        with pytest.raises(Invalid, match="more than once"):
            trusting({"trusted_token_issuer_arn": ours}, {"trusted_token_issuer_arn": ours})
        with pytest.raises(Invalid, match="needs a TrustedTokenIssuerArn"):
            trusting({"authorized_audiences": ["wiki"]})
