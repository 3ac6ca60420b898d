"""The strict parser: every mistake has AWS's sentence and a place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.authorization import PolicyKind, PolicySyntaxError, parse, policy_size
from tests.authorization.build import ALLOW_ALL, allow, deny, doc, text

SYNTAX = "Syntax errors in policy."
JSON = "This policy contains invalid Json"
PROVIDER = "arn:aws:iam::111111111111:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
EVERYONE: dict[str, Any] = {"Principal": "*"}
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"AWS": "111111111111"},
}
ROOT_BY_NAME = {"Version": "2012-10-17", "Statement": [ALLOW_ALL]}


def refusal(policy: Any, kind: PolicyKind = PolicyKind.IDENTITY) -> PolicySyntaxError:
    written = policy if isinstance(policy, str) else json.dumps(policy)
    with pytest.raises(PolicySyntaxError) as caught:
        parse(written, kind)
    assert str(caught.value) == caught.value.message
    return caught.value


def with_statement(**changes: Any) -> dict[str, Any]:
    """A valid policy of one statement, changed; None takes an element away."""
    statement = {k: v for k, v in {**ALLOW_ALL, **changes}.items() if v is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "{",
        "}",
        "{'Version': '2012-10-17'}",
        '{"Version": "2012-10-17",}',
        '{"Version": NaN}',
        '{"Version": Infinity}',
        "\ufeff{}",
        '{"Id": "\ud800"}',
        '{"Id": "\\ud800"}',
        '{"Statement": [{"\\uDFFF": 1}]}',
        '{"Id": "\\ude00\\ud83d"}',
        '{"Id": "a\nb"}',
        "[" * 100_000,
        '{"a":' * 50_000,
    ],
)
def test_text_that_is_not_json_is_invalid_json(written: str) -> None:
    error = refusal(written)
    assert (error.message, error.path) == (JSON, "")
    assert error.detail


@pytest.mark.parametrize("written", ["[]", "null", "5", '"text"', "true"])
def test_json_that_is_not_an_object_is_a_syntax_error(written: str) -> None:
    assert refusal(written).message == SYNTAX


def test_a_text_over_the_limit_is_refused_unread() -> None:
    assert refusal(" " * 300_000 + "{").message == SYNTAX
    with pytest.raises(PolicySyntaxError, match="Syntax"):
        parse(text(ALLOW_ALL), max_characters=20)
    assert parse(text(ALLOW_ALL), max_characters=200)


@pytest.mark.parametrize(
    "written",
    [
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",'
        '"Condition":{"Bool":{"aws:a":"true","aws:a":"false"}}}]}',
    ],
)
def test_a_key_that_stands_twice_is_refused(written: str) -> None:
    error = refusal(written)
    assert error.message == SYNTAX
    assert "twice" in error.detail


MISTAKES: list[tuple[Any, str, str]] = [
    ({}, "Policy document must be version 2012-10-17 or greater.", "Version"),
    (
        {"Version": "2008-10-17", "Statement": [ALLOW_ALL]},
        "Policy document must be version 2012-10-17 or greater.",
        "Version",
    ),
    ({"Version": "2012-10-18", "Statement": [ALLOW_ALL]}, SYNTAX, "Version"),
    ({"Version": 20121017, "Statement": [ALLOW_ALL]}, SYNTAX, "Version"),
    ({"Version": None, "Statement": [ALLOW_ALL]}, SYNTAX, "Version"),
    ({"Version": "2012-10-17"}, SYNTAX, "Statement"),
    ({"Version": "2012-10-17", "Statement": []}, SYNTAX, "Statement"),
    ({"Version": "2012-10-17", "Statement": None}, SYNTAX, "Statement"),
    ({"Version": "2012-10-17", "Statement": "x"}, SYNTAX, "Statement"),
    ({"Version": "2012-10-17", "Statement": ["x"]}, SYNTAX, "Statement[0]"),
    ({"Version": "2012-10-17", "Statement": [ALLOW_ALL, [ALLOW_ALL]]}, SYNTAX, "Statement[1]"),
    ({**ROOT_BY_NAME, "Id": 5}, SYNTAX, "Id"),
    ({**ROOT_BY_NAME, "Id": None}, SYNTAX, "Id"),
    ({**ROOT_BY_NAME, "Statements": []}, SYNTAX, ""),
    ({**ROOT_BY_NAME, "version": "2012-10-17"}, SYNTAX, ""),
    (with_statement(Efect="Allow"), SYNTAX, "Statement[0]"),
    (with_statement(Effect=None), SYNTAX, "Statement[0].Effect"),
    (with_statement(Effect="allow"), SYNTAX, "Statement[0].Effect"),
    (with_statement(Effect=["Allow"]), SYNTAX, "Statement[0].Effect"),
    (with_statement(Effect="Audit"), SYNTAX, "Statement[0].Effect"),
    (with_statement(Sid=5), SYNTAX, "Statement[0].Sid"),
    (
        with_statement(Sid="two words"),
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
        "expression [0-9A-Za-z]*",
        "Statement[0].Sid",
    ),
    (with_statement(Action=None), "Policy statement must contain actions.", "Statement[0]"),
    (with_statement(Action=[]), "Policy statement must contain actions.", "Statement[0]"),
    (
        with_statement(Action=None, NotAction=[]),
        "Policy statement must contain actions.",
        "Statement[0]",
    ),
    (with_statement(NotAction="s3:*"), SYNTAX, "Statement[0]"),
    (with_statement(Action=5), SYNTAX, "Statement[0].Action"),
    (with_statement(Action=["s3:*", None]), SYNTAX, "Statement[0].Action"),
    (with_statement(Action={"s3:*": True}), SYNTAX, "Statement[0].Action"),
    (
        with_statement(Action="GetObject"),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        "Statement[0].Action",
    ),
    (
        with_statement(Action="s3:Get:Object"),
        "Actions/Condition can contain only one colon.",
        "Statement[0].Action",
    ),
    (with_statement(Action="s 3:Get"), "Vendor s 3 is not valid", "Statement[0].Action"),
    (with_statement(Action="s3*:Get"), "Vendor s3* is not valid", "Statement[0].Action"),
    (with_statement(Action=":Get"), "Vendor  is not valid", "Statement[0].Action"),
    (with_statement(Action="s3:"), SYNTAX, "Statement[0].Action"),
    (with_statement(Action="s3: Get"), SYNTAX, "Statement[0].Action"),
    (
        with_statement(Action="s3:${aws:username}"),
        "Actions/Condition can contain only one colon.",
        "Statement[0].Action",
    ),
    (with_statement(Action="s3:Get\u212aey"), SYNTAX, "Statement[0].Action"),
    (with_statement(Resource=None), "Policy statement must contain resources.", "Statement[0]"),
    (with_statement(Resource=[]), "Policy statement must contain resources.", "Statement[0]"),
    (with_statement(NotResource="*"), SYNTAX, "Statement[0]"),
    (with_statement(Resource=5), SYNTAX, "Statement[0].Resource"),
    (with_statement(Resource=["*", True]), SYNTAX, "Statement[0].Resource"),
    (
        with_statement(Resource="bucket"),
        'Resource bucket must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource=""),
        'Resource  must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="**"),
        'Resource ** must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn"),
        'Resource arn must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="urn:aws:s3:::b"),
        'Resource urn:aws:s3:::b must be in ARN format or "*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws"),
        "Resource vendor must be fully qualified and cannot contain regexes.",
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws:s*:::b"),
        "Resource vendor must be fully qualified and cannot contain regexes.",
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws:*:*:*:*"),
        "Resource vendor must be fully qualified and cannot contain regexes.",
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws::::b"),
        "The policy failed legacy parsing",
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws:s3::b"),
        "The policy failed legacy parsing",
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:cn:s3:::b"),
        'Partition "cn" is not valid for resource "arn:cn:s3:::b".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:cn"),
        'Partition "cn" is not valid for resource "arn:cn:*:*:*:*".',
        "Statement[0].Resource",
    ),
    (
        with_statement(Resource="arn:aws:iam:us-east-1:1:role/x"),
        "IAM resource arn:aws:iam:us-east-1:1:role/x cannot contain region information.",
        "Statement[0].Resource",
    ),
    (
        with_statement(Principal="*"),
        "Policy document should not specify a principal.",
        "Statement[0].Principal",
    ),
    (
        with_statement(NotPrincipal="*"),
        "Policy document should not specify a principal.",
        "Statement[0].NotPrincipal",
    ),
    (with_statement(Condition=[]), SYNTAX, "Statement[0].Condition"),
    (with_statement(Condition="x"), SYNTAX, "Statement[0].Condition"),
    (with_statement(Condition={"Bool": "true"}), SYNTAX, "Statement[0].Condition.Bool"),
    (with_statement(Condition={"Bool": {"aws:a": None}}), SYNTAX, "Statement[0].Condition.Bool"),
    (
        with_statement(Condition={"Bool": {"aws:a": {"b": 1}}}),
        SYNTAX,
        "Statement[0].Condition.Bool",
    ),
    (
        with_statement(Condition={"Bool": {"aws:a": [["true"]]}}),
        SYNTAX,
        "Statement[0].Condition.Bool",
    ),
    (
        with_statement(Condition={"StringEquals": {"aws:A": "1", "aws:a": "2"}}),
        SYNTAX,
        "Statement[0].Condition.StringEquals",
    ),
    (
        with_statement(Condition={"StringEquals": {"username": "x"}}),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        "Statement[0].Condition.StringEquals",
    ),
]


@pytest.mark.parametrize(("policy", "message", "path"), MISTAKES)
def test_mistake_has_its_sentence_and_place(policy: Any, message: str, path: str) -> None:
    error = refusal(policy)
    assert (error.message, error.path) == (message, path)
    if message == SYNTAX:
        assert error.detail


def test_an_iam_resource_names_an_iam_path() -> None:
    error = refusal(with_statement(Resource="arn:aws:iam::1:rolle/x"))
    assert error.message.startswith('IAM resource path must either be "*" or start with user/')


@pytest.mark.parametrize("kind", [PolicyKind.BOUNDARY, PolicyKind.SESSION, PolicyKind.SCP])
def test_limiting_policies_are_read_like_identity_policies(kind: PolicyKind) -> None:
    assert parse(json.dumps(ROOT_BY_NAME), kind).kind is kind
    assert "principal" in refusal(with_statement(Principal="*"), kind).message
    assert "resources" in refusal(with_statement(Resource=None), kind).message
    assert "version" in refusal({"Statement": [ALLOW_ALL]}, kind).message


def test_sids_of_one_policy_are_unique_and_empty_ones_do_not_count() -> None:
    twice = {"Version": "2012-10-17", "Statement": [allow("s3:*", Sid="A"), deny("s3:*", Sid="A")]}
    error = refusal(twice)
    assert error.message == "Statement IDs (SID) in a single policy must be unique."
    assert error.path == "Statement[1].Sid"
    assert doc(allow("s3:*", Sid=""), deny("s3:*", Sid=""))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Principal": None}, "Missing required field Principal"),
        ({"Principal": {}}, SYNTAX),
        ({"Principal": []}, SYNTAX),
        ({"Principal": "111111111111"}, SYNTAX),
        ({"Principal": {"Aws": "111111111111"}}, SYNTAX),
        ({"Principal": {"AWS": []}}, SYNTAX),
        ({"Principal": {"AWS": 111111111111}}, SYNTAX),
        ({"Principal": {"AWS": "11111"}}, 'Invalid principal in policy: "AWS":"11111"'),
        (
            {"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/*"',
        ),
        (
            {"Principal": {"AWS": "arn:aws:iam::*:root"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::*:root"',
        ),
        (
            {"Principal": {"AWS": "arn:aws::iam::111111111111:root"}},
            'Invalid principal in policy: "AWS":"arn:aws::iam::111111111111:root"',
        ),
        (
            {"Principal": {"AWS": "arn:aws:iam::111111111111:group/g"}},
            'Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:group/g"',
        ),
        (
            {"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/R/*"}},
            'Invalid principal in policy: "AWS":"arn:aws:sts::111111111111:assumed-role/R/*"',
        ),
        (
            {"Principal": {"Service": "not a service"}},
            'Invalid principal in policy: "Service":"not a service"',
        ),
        (
            {"Principal": {"Federated": "arn:aws:iam::1:saml-provider/x"}},
            'Invalid principal in policy: "Federated":"arn:aws:iam::1:saml-provider/x"',
        ),
        (
            {"Principal": {"CanonicalUser": "xyz"}},
            'Invalid principal in policy: "CanonicalUser":"xyz"',
        ),
        (
            {"Principal": None, "NotPrincipal": {"AWS": "111111111111"}},
            "Has prohibited field NotPrincipal",
        ),
        ({"NotPrincipal": {"AWS": "111111111111"}}, SYNTAX),
        ({"Resource": "*"}, "Has prohibited field Resource"),
        ({"NotResource": "*"}, "Has prohibited field Resource"),
        ({"Action": "s3:GetObject"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        ({"Action": "*"}, "AssumeRole policy may only specify STS AssumeRole actions."),
        (
            {"Action": ["sts:AssumeRole", "sts:Nonsense"]},
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
    ],
)
def test_mistake_in_a_trust_policy(changes: dict[str, Any], message: str) -> None:
    statement = {k: v for k, v in {**TRUST, **changes}.items() if v is not None}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert refusal(policy, PolicyKind.TRUST).message == message


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["111111111111", "arn:aws:iam::222222222222:root"]},
        {"AWS": "arn:aws-cn:iam::111111111111:role/a/path/Role+=,.@-Name"},
        {"AWS": "arn:aws:sts::111111111111:assumed-role/R/ann@example.com"},
        {"AWS": "arn:aws:sts::111111111111:federated-user/ann"},
        {"AWS": "AROAEXAMPLEEXAMPLE01"},
        {"Service": ["ec2.amazonaws.com", "sso.amazonaws.com"]},
        {"Federated": PROVIDER},
        {"Federated": "cognito-identity.amazonaws.com", "AWS": "111111111111"},
        {"CanonicalUser": "0123456789abcdef" * 4},
    ],
)
def test_principal_that_a_policy_may_name(principal: Any) -> None:
    document = doc({**TRUST, "Principal": principal}, kind=PolicyKind.TRUST)
    assert parse(document.to_json(), PolicyKind.TRUST) == document


def test_the_trust_policy_of_a_permission_set_role_is_accepted() -> None:
    assert doc(
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        },
        kind=PolicyKind.TRUST,
    )


def test_a_resource_policy_may_be_of_2008_and_leave_out_resource_and_version() -> None:
    statement = {"Sid": "any words", "Effect": "Allow", "Action": "sqs:*", **EVERYONE}
    document = doc(statement, kind=PolicyKind.RESOURCE, version=None)
    assert document.version == "2008-10-17"
    assert document.statements[0].resources is None
    assert doc(statement, kind=PolicyKind.RESOURCE, version="2012-10-17").version == "2012-10-17"


def test_not_principal_stands_with_deny_only() -> None:
    not_principal = {"NotPrincipal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": "*"}
    assert doc({"Effect": "Deny", **not_principal}, kind=PolicyKind.RESOURCE)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **not_principal}]}
    assert refusal(policy, PolicyKind.RESOURCE).message == "Has prohibited field NotPrincipal"


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": ["s3:Get*", "*:List*", "S3:?ut", "execute-api:Invoke"]},
        {"Action": None, "NotAction": "iam:*"},
        {"Resource": ["*", "arn:aws:s3:::b/*", "arn:*:s3:::b", "arn:aws-us-gov:s3:::b"]},
        {"Resource": "arn:aws:sqs"},
        {"Resource": "arn:aws:sso:::permissionSet/*/*"},
        {"Resource": "arn:aws:iam::*:role/x"},
        {"Resource": "arn:aws:s3:::${aws:username}"},
        {"Resource": None, "NotResource": ["arn:aws:s3:::b"]},
        {"Condition": {}},
        {"Condition": {"StringEquals": {}}},
        {"Condition": {"StringEquals": {"aws:a": []}}},
        {"Condition": {"NumericLessThan": {"aws:a": [1, "2", 3.5]}}},
        {"Condition": {"Bool": {"aws:a": True}, "Null": {"aws:b": "false"}}},
        {"Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/b:*"}}},
        {"Condition": {"StringLike": {"aws:PrincipalTag/Cost Center": "x"}}},
        {"Sid": "AbcXyz09"},
    ],
)
def test_correct_statement_is_accepted_and_survives_serialization(changes: dict[str, Any]) -> None:
    document = parse(json.dumps(with_statement(**changes)))
    assert parse(document.to_json()) == document


def test_a_single_statement_needs_no_list() -> None:
    single = {"Version": "2012-10-17", "Id": "an id", "Statement": ALLOW_ALL}
    document = parse(json.dumps(single))
    assert document.id == "an id"
    assert document.statements == doc(ALLOW_ALL).statements


def test_documents_are_immutable() -> None:
    document = doc(ALLOW_ALL)
    with pytest.raises(AttributeError):
        document.version = "2008-10-17"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        document.statements[0].sid = "x"  # type: ignore[misc]


def test_policy_size_leaves_out_white_space() -> None:
    assert policy_size('{ "a" :\n\t"b c" }\r\n') == len('{"a":"bc"}')


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["Allow", "*", "s3:*", "2012-10-17", "arn:aws:s3:::b", "StringEquals"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Statement",
                    "Effect",
                    "Action",
                    "NotAction",
                    "Resource",
                    "Principal",
                    "Condition",
                    "Sid",
                    "Id",
                    "AWS",
                    "StringEquals",
                    "Null",
                    "aws:a",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from(PolicyKind))
def test_any_json_is_parsed_or_refused_and_nothing_else_happens(
    value: Any, kind: PolicyKind
) -> None:
    try:
        document = parse(json.dumps(value), kind)
    except PolicySyntaxError as error:
        assert error.message  # noqa: PT017 - both outcomes are right, a third is not
        return
    assert parse(document.to_json(), kind) == document


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_and_nothing_else_happens(written: str) -> None:
    with pytest.raises(PolicySyntaxError):
        parse(written)
