"""The combination of policies: each type allowing, not allowing, denying; and the sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from genkan.authorization import (
    Decision,
    PolicyKind,
    PolicySet,
    PolicySource,
    Principal,
    PrincipalKind,
    Reason,
    Request,
    decide,
    explain,
)
from tests.authorization.build import (
    ACCOUNT,
    ALLOW_ALL,
    OTHER_ACCOUNT,
    PERMISSION_SET,
    ROLE,
    ROOT,
    SESSION,
    USER,
    allow,
    ask,
    deny,
    iam_user,
    identity,
    role_session,
    root_user,
    source,
)

ACTION = "sso:DeletePermissionSet"
ON = f"User: {SESSION} is not authorized to perform: {ACTION} on resource: {PERMISSION_SET}"
full = source(ALLOW_ALL, label="Full")
nothing = source(allow("s3:ListAllMyBuckets"), label="Nothing")


def scp(*statements: dict[str, Any]) -> PolicySource:
    return source(*statements, kind=PolicyKind.SCP, label="scp")


def boundary(*statements: dict[str, Any]) -> PolicySource:
    return source(*statements, kind=PolicyKind.BOUNDARY, label="boundary")


def session(*statements: dict[str, Any]) -> PolicySource:
    return source(*statements, kind=PolicyKind.SESSION, label="session")


def resource(principal: Any, effect: str = "Allow", **more: Any) -> PolicySource:
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Principal": principal, **more}
    return source(statement, kind=PolicyKind.RESOURCE, label="resource")


def trust(principal: Any, action: Any = "sts:*", **more: Any) -> PolicySource:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, **more}
    return source(statement, kind=PolicyKind.TRUST, label="trust")


everything_allows = PolicySet(
    identity=(full,),
    boundary=boundary(ALLOW_ALL),
    session=(session(ALLOW_ALL),),
    scps=((scp(ALLOW_ALL),), (scp(ALLOW_ALL),)),
)


def test_nothing_is_allowed_without_a_policy() -> None:
    decision = ask(ACTION, PolicySet(), PERMISSION_SET)
    assert (decision.allowed, decision.reason) == (False, Reason.IMPLICIT_DENY)


def test_allowed_when_every_type_allows() -> None:
    decision = ask(ACTION, everything_allows, PERMISSION_SET)
    assert decision.allowed
    assert decision.reason is Reason.ALLOWED
    assert (decision.source, decision.statement_index) == ("Full", 0)


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (
            {"identity": (nothing,)},
            PolicyKind.IDENTITY,
            "because no identity-based policy allows the {} action",
        ),
        (
            {"boundary": boundary(allow("s3:*"))},
            PolicyKind.BOUNDARY,
            "because no permissions boundary allows the {} action",
        ),
        (
            {"session": (session(allow("s3:*")),)},
            PolicyKind.SESSION,
            "because no session policy allows the {} action",
        ),
        (
            {"scps": ((scp(ALLOW_ALL),), (scp(allow("s3:*")),))},
            PolicyKind.SCP,
            "because no service control policy allows the {} action",
        ),
        (
            {"scps": ((), (scp(ALLOW_ALL),))},
            PolicyKind.SCP,
            "because no service control policy allows the {} action",
        ),
        (
            {"resource_account": OTHER_ACCOUNT},
            PolicyKind.RESOURCE,
            "because no resource-based policy allows the {} action",
        ),
        (
            {"resource": (trust({"Service": "ec2.amazonaws.com"}),)},
            PolicyKind.TRUST,
            "because no role trust policy allows the {} action",
        ),
    ],
)
def test_type_that_does_not_allow_denies_and_is_named(
    change: dict[str, Any], kind: PolicyKind, sentence: str
) -> None:
    decision = ask(ACTION, replace(everything_allows, **change), PERMISSION_SET)
    assert not decision.allowed
    assert (decision.reason, decision.policy_type) == (Reason.IMPLICIT_DENY, kind)
    assert decision.access_denied_message == f"{ON} {sentence.format(ACTION)}"
    assert kind.value in decision.explanation


DENY = deny("sso:Delete*", Sid="NoDelete")


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (
            {"identity": (full, source(ALLOW_ALL, DENY))},
            PolicyKind.IDENTITY,
            "an identity-based policy",
        ),
        ({"boundary": boundary(ALLOW_ALL, DENY)}, PolicyKind.BOUNDARY, "a permissions boundary"),
        (
            {"session": (session(ALLOW_ALL), session(ALLOW_ALL, DENY))},
            PolicyKind.SESSION,
            "a session policy",
        ),
        (
            {"scps": ((scp(ALLOW_ALL), scp(ALLOW_ALL, DENY)),)},
            PolicyKind.SCP,
            "a service control policy",
        ),
    ],
)
def test_explicit_deny_in_any_type_decides_and_is_named(
    change: dict[str, Any], kind: PolicyKind, sentence: str
) -> None:
    decision = ask(ACTION, replace(everything_allows, **change), PERMISSION_SET)
    assert (decision.reason, decision.policy_type) == (Reason.EXPLICIT_DENY, kind)
    assert (decision.statement_index, decision.statement_id) == (1, "NoDelete")
    assert decision.access_denied_message == f"{ON} with an explicit deny in {sentence}"
    assert "statement 1 (NoDelete)" in decision.explanation


def test_explicit_deny_in_a_resource_policy_decides() -> None:
    policies = PolicySet(identity=(full,), resource=(resource({"AWS": ROLE}, "Deny"),))
    decision = ask(ACTION, policies, PERMISSION_SET)
    assert (
        decision.access_denied_message == f"{ON} with an explicit deny in a resource-based policy"
    )


def test_explicit_deny_in_a_trust_policy_decides() -> None:
    blocked = {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}
    policies = PolicySet(identity=(full,), resource=(source(blocked, kind=PolicyKind.TRUST),))
    decision = ask("sts:AssumeRole", policies, ROLE)
    assert decision.access_denied_message.endswith("with an explicit deny in the role trust policy")


def test_deny_for_another_principal_does_not_apply() -> None:
    policies = PolicySet(identity=(full,), resource=(resource({"AWS": OTHER_ACCOUNT}, "Deny"),))
    assert ask(ACTION, policies, PERMISSION_SET).allowed


def test_not_principal_denies_everyone_else_and_everyone_with_a_boundary() -> None:
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "NotPrincipal": {"AWS": [ROOT, USER]},
    }
    policies = PolicySet(identity=(full,), resource=(source(statement, kind=PolicyKind.RESOURCE),))
    assert ask(ACTION, policies, principal=iam_user).allowed
    assert not ask(ACTION, policies, principal=role_session).allowed
    limited = replace(policies, boundary=boundary(ALLOW_ALL))
    assert not ask(ACTION, limited, principal=iam_user).allowed


# --- resource policies in the same account -------------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "named", "identity_needed", "limits_hold"),
    [
        (role_session, {"AWS": ROOT}, True, True),
        (role_session, {"AWS": ROLE}, False, True),
        (role_session, {"AWS": SESSION}, False, False),
        (role_session, "*", False, False),
        (iam_user, {"AWS": USER}, False, False),
        (iam_user, {"AWS": ACCOUNT}, True, True),
    ],
)
def test_resource_policy_of_the_same_account(
    principal: Principal, named: Any, identity_needed: bool, limits_hold: bool
) -> None:
    alone = PolicySet(resource=(resource(named),))
    assert ask(ACTION, alone, principal=principal).allowed is not identity_needed
    with_identity = replace(alone, identity=(full,))
    assert ask(ACTION, with_identity, principal=principal).allowed
    for limit in (
        {"boundary": boundary(allow("s3:*"))},
        {"session": (session(allow("s3:*")),)},
    ):
        limited = replace(with_identity, **limit)
        assert ask(ACTION, limited, principal=principal).allowed is not limits_hold
    assert not ask(ACTION, replace(alone, scps=((scp(allow("s3:*")),),)), principal=principal)[0]


def test_the_strongest_naming_in_a_resource_policy_counts_whatever_its_place() -> None:
    named = [{"AWS": ROOT}, {"AWS": SESSION}, {"AWS": ROLE}]
    for listed in (named, named[::-1]):
        policies = PolicySet(resource=tuple(resource(principal) for principal in listed))
        assert ask(ACTION, policies).allowed
        assert ask(ACTION, replace(policies, boundary=boundary(allow("s3:*")))).allowed


# --- across accounts -----------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["*", {"AWS": ACCOUNT}, {"AWS": ROLE}, {"AWS": SESSION}])
def test_across_accounts_both_sides_must_allow(named: Any) -> None:
    both = PolicySet(identity=(full,), resource=(resource(named),), resource_account=OTHER_ACCOUNT)
    assert ask(ACTION, both).allowed
    assert not ask(ACTION, replace(both, identity=())).allowed
    assert not ask(ACTION, replace(both, resource=())).allowed
    assert not ask(ACTION, replace(both, boundary=boundary(allow("s3:*")))).allowed
    assert not ask(ACTION, replace(both, session=(session(allow("s3:*")),))).allowed


# --- trust policies ------------------------------------------------------------------------------

PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
saml = Principal(kind=PrincipalKind.FEDERATED, arn=PROVIDER)
AUDIENCE = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}


def test_saml_sign_in_is_decided_by_the_trust_policy_alone() -> None:
    trusted = trust({"Federated": PROVIDER}, ["sts:AssumeRoleWithSAML"], Condition=AUDIENCE)
    policies = PolicySet(resource=(trusted,), resource_account=ACCOUNT)
    right = {"saml:aud": "https://signin.aws.amazon.com/saml"}
    wrong = {"saml:aud": "https://example.com/"}

    def allowed(action: str, context: dict[str, Any], principal: Principal = saml) -> bool:
        return ask(action, policies, ROLE, principal=principal, context=context).allowed

    assert allowed("sts:AssumeRoleWithSAML", right)
    assert not allowed("sts:AssumeRoleWithSAML", wrong)
    assert not allowed("sts:AssumeRoleWithSAML", {})
    assert not allowed("sts:TagSession", right)
    assert not allowed("sts:AssumeRoleWithSAML", right, replace(saml, arn=PROVIDER + "x"))
    assert not allowed("sts:AssumeRoleWithSAML", right, Principal(kind=PrincipalKind.ANONYMOUS))


def test_a_service_is_decided_by_the_trust_policy_alone() -> None:
    service = Principal(kind=PrincipalKind.SERVICE, arn="ec2.amazonaws.com")
    policies = PolicySet(resource=(trust({"Service": "ec2.amazonaws.com"}),))
    assert ask("sts:AssumeRole", policies, ROLE, principal=service).allowed
    other = replace(service, arn="sso.amazonaws.com")
    decision = ask("sts:AssumeRole", policies, ROLE, principal=other)
    assert decision.access_denied_message == (
        f"User: sso.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {ROLE} "
        "because no role trust policy allows the sts:AssumeRole action"
    )


def test_a_role_of_the_same_account_needs_trust_and_permission_unless_trust_names_the_caller() -> (
    None
):
    by_account = PolicySet(resource=(trust({"AWS": ACCOUNT}),))
    assert not ask("sts:AssumeRole", by_account, ROLE, principal=iam_user).allowed
    permitted = replace(by_account, identity=(source(allow("sts:AssumeRole", ROLE)),))
    assert ask("sts:AssumeRole", permitted, ROLE, principal=iam_user).allowed
    by_name = PolicySet(resource=(trust({"AWS": USER}),))
    assert ask("sts:AssumeRole", by_name, ROLE, principal=iam_user).allowed
    untrusted = replace(permitted, resource=(trust({"AWS": OTHER_ACCOUNT}),))
    assert not ask("sts:AssumeRole", untrusted, ROLE, principal=iam_user).allowed


def test_a_role_of_another_account_needs_permission_even_when_trust_names_the_caller() -> None:
    policies = PolicySet(resource=(trust({"AWS": USER}),), resource_account=OTHER_ACCOUNT)
    assert not ask("sts:AssumeRole", policies, ROLE, principal=iam_user).allowed
    permitted = replace(policies, identity=(full,))
    assert ask("sts:AssumeRole", permitted, ROLE, principal=iam_user).allowed


# --- other principals ----------------------------------------------------------------------------


def test_root_user_needs_no_identity_policy_but_obeys_the_organization() -> None:
    decision = ask(ACTION, PolicySet(), principal=root_user)
    assert decision.allowed
    assert decision.policy_type is None
    assert "root user" in decision.explanation
    assert not ask(ACTION, PolicySet(scps=((scp(DENY, ALLOW_ALL),),)), principal=root_user).allowed
    foreign = PolicySet(resource_account=OTHER_ACCOUNT)
    assert not ask(ACTION, foreign, principal=root_user).allowed


def test_a_federated_user_has_only_what_its_session_policies_give() -> None:
    carol = Principal(
        kind=PrincipalKind.FEDERATED_USER,
        arn=f"arn:aws:sts::{ACCOUNT}:federated-user/carol",
        account=ACCOUNT,
        issuer_arn=USER,
    )
    assert not ask(ACTION, identity(ALLOW_ALL), principal=carol).allowed
    passed = replace(identity(ALLOW_ALL), session=(session(ALLOW_ALL),))
    assert ask(ACTION, passed, principal=carol).allowed
    assert not ask(ACTION, replace(passed, identity=()), principal=carol).allowed


def test_anonymous_is_allowed_by_a_public_resource_policy_only() -> None:
    anonymous = Principal(kind=PrincipalKind.ANONYMOUS)
    assert ask(ACTION, PolicySet(resource=(resource("*"),)), principal=anonymous).allowed
    decision = ask(ACTION, identity(ALLOW_ALL), principal=anonymous)
    assert decision.access_denied_message.startswith("User: anonymous is not authorized")


# --- actions and resources -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "sso:ListInstances", True),
        ("*:*", "sso:ListInstances", True),
        ("sso:*", "sso:ListInstances", True),
        ("SSO:listINSTANCES", "sso:ListInstances", True),
        ("sso:List*", "SSO:LISTINSTANCES", True),
        ("sso:?istInstances", "sso:ListInstances", True),
        ("sso:*Instance*", "sso:DescribeInstance", True),
        ("*:List*", "sso:ListInstances", True),
        ("*:List*", "sso:DescribeInstance", False),
        ("sso:List", "sso:ListInstances", False),
        ("sso:*", "sso-directory:ListUsers", False),
        ("sso-directory:*", "sso:ListInstances", False),
        ("s3:*", "sso:ListInstances", False),
    ],
)
def test_action_pattern(pattern: str, action: str, expected: bool) -> None:
    assert ask(action, identity(allow(pattern))).allowed is expected
    inverse = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert ask(action, identity(inverse)).allowed is not expected


@pytest.mark.parametrize(
    ("pattern", "resource_arn", "expected"),
    [
        ("*", PERMISSION_SET, True),
        (PERMISSION_SET, PERMISSION_SET, True),
        ("arn:aws:sso:::permissionSet/ssoins-1111111111111111/*", PERMISSION_SET, True),
        ("arn:aws:sso:::permissionset/*", PERMISSION_SET, False),
        ("arn:aws:sso", PERMISSION_SET, True),
        ("arn:aws:sso:*:*:instance/*", PERMISSION_SET, False),
        ("arn:aws-cn:sso:::*", PERMISSION_SET, False),
        ("arn:*:sso:::*", PERMISSION_SET, True),
        ("arn:aws:sso:::*", "*", False),
        ("*", "*", True),
    ],
)
def test_resource_pattern(pattern: str, resource_arn: str, expected: bool) -> None:
    assert ask(ACTION, identity(allow("*", pattern)), resource_arn).allowed is expected
    inverse = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert ask(ACTION, identity(inverse), resource_arn).allowed is not expected


def test_every_resource_of_the_request_must_be_allowed() -> None:
    policies = identity(allow("*", "arn:aws:s3:::a"), allow("*", "arn:aws:s3:::b"))
    assert ask("s3:Copy", policies, "arn:aws:s3:::a", "arn:aws:s3:::b").allowed
    decision = ask("s3:Copy", policies, "arn:aws:s3:::a", "arn:aws:s3:::c", "arn:aws:s3:::b")
    assert not decision.allowed
    assert decision.resource == "arn:aws:s3:::c"


def test_a_request_must_name_a_resource_and_a_whole_action() -> None:
    with pytest.raises(ValueError, match="resources"):
        Request(principal=role_session, action="s3:Get", resources=())
    for action in ("", "*", "Get", "a:b:c"):
        with pytest.raises(ValueError, match="service:Name"):
            Request(principal=role_session, action=action)


def test_an_action_without_resources_is_named_without_a_resource() -> None:
    decision = ask("sso:ListInstances", PolicySet())
    assert decision.access_denied_message == (
        f"User: {SESSION} is not authorized to perform: sso:ListInstances "
        "because no identity-based policy allows the sso:ListInstances action"
    )


def test_a_decision_has_no_truth_value() -> None:
    decision = ask(ACTION, identity(ALLOW_ALL))
    with pytest.raises(TypeError, match="allowed"):
        bool(decision)
    with pytest.raises(ValueError, match="allowed request"):
        _ = decision.access_denied_message


def test_the_decision_names_the_arn_of_the_policy() -> None:
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    named = PolicySource("AdministratorAccess", full.document, arn)
    decision = ask(ACTION, PolicySet(identity=(nothing, named)))
    assert (decision.source, decision.source_arn) == ("AdministratorAccess", arn)


# --- the context that follows from the principal -------------------------------------------------


@pytest.mark.parametrize(
    ("principal", "key", "value"),
    [
        (role_session, "aws:PrincipalArn", ROLE),
        (role_session, "aws:PrincipalAccount", ACCOUNT),
        (role_session, "aws:PrincipalType", "AssumedRole"),
        (role_session, "aws:userid", "AROAEXAMPLEEXAMPLE01:alice"),
        (role_session, "aws:PrincipalIsAWSService", "false"),
        (iam_user, "aws:PrincipalArn", USER),
        (iam_user, "aws:username", "bob"),
        (iam_user, "aws:PrincipalType", "User"),
        (root_user, "aws:PrincipalType", "Account"),
        (replace(role_session, tags={"Team": "red"}), "aws:principaltag/team", "red"),
    ],
)
def test_condition_key_that_follows_from_the_principal(
    principal: Principal, key: str, value: str
) -> None:
    # Through a service control policy, because nothing else limits a root user.
    limited = scp(allow("*", Condition={"StringEquals": {key: value}}))
    policies = PolicySet(identity=(full,), scps=((limited,),))
    assert ask(ACTION, policies, principal=principal).allowed
    assert not ask(ACTION, policies, principal=principal, context={key: "other"}).allowed


def test_a_role_session_has_no_user_name() -> None:
    condition = {"Null": {"aws:username": "true"}}
    assert ask(ACTION, identity(allow("*", Condition=condition))).allowed


def test_a_date_without_zone_in_the_context_is_a_bug() -> None:
    from datetime import datetime

    condition = {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}
    with pytest.raises(ValueError, match="zone"):
        ask(
            ACTION,
            identity(allow("*", Condition=condition)),
            context={"aws:CurrentTime": datetime(2026, 1, 1)},
        )


# --- the long answer -----------------------------------------------------------------------------


def test_explain_names_the_part_of_each_statement_that_does_not_match() -> None:
    policies = PolicySet(
        scps=((scp(ALLOW_ALL),),),
        identity=(
            source(
                allow("s3:*"),
                allow("sso:*", "arn:aws:sso:::instance/*"),
                allow("sso:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                {"Effect": "Allow", "NotAction": "sso:*", "Resource": "*"},
                {"Effect": "Allow", "Action": "*", "NotResource": PERMISSION_SET},
                allow("sso:*", Sid="Yes"),
            ),
        ),
        resource=(resource({"AWS": OTHER_ACCOUNT}),),
    )
    request = Request(principal=role_session, action=ACTION, resources=(PERMISSION_SET,))
    traced = explain(request, policies)
    assert [(t.policy_type, t.failed_on) for t in traced] == [
        (PolicyKind.SCP, ""),
        (PolicyKind.RESOURCE, "Principal"),
        (PolicyKind.IDENTITY, "Action"),
        (PolicyKind.IDENTITY, "Resource"),
        (PolicyKind.IDENTITY, "Condition Bool aws:MultiFactorAuthPresent"),
        (PolicyKind.IDENTITY, "Action"),
        (PolicyKind.IDENTITY, "NotResource"),
        (PolicyKind.IDENTITY, ""),
    ]
    assert traced[-1].applies
    assert traced[-1].statement_id == "Yes"
    decision: Decision = decide(request, policies)
    assert decision.statement_index == traced[-1].statement_index
