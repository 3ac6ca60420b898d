"""Questions as JSON: what is understood, what is refused; the answer is the evaluator's."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.authorization import PolicySet, PolicySource, Principal, PrincipalKind, Request, decide
from genkan.authorization.cache import compile_policy
from genkan.authorization.document import PolicyKind
from genkan.authorization.simulation import answer_line

USER = "arn:aws:iam::111122223333:user/maria"


def policy(effect: str = "Allow", action: str = "s3:*", **more: Any) -> dict[str, Any]:
    """A document of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(arn: str) -> dict[str, Any]:
    """A trust policy for an AWS principal."""
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def ask(**question: Any) -> dict[str, Any]:
    """The answer to a question of Maria's about s3:GetObject, unless it says otherwise."""
    asked = {"principal": {"arn": USER}, "action": "s3:GetObject", **question}
    return answer_line(json.dumps(asked))


def refused(**question: Any) -> tuple[str, str]:
    error = ask(**question)["error"]
    return error["code"], error["message"]


def test_nothing_is_allowed_by_saying_nothing() -> None:
    answer = ask()
    assert (answer["allowed"], answer["decision"]) == (False, "implicitDeny")
    assert answer["message"].startswith(f"User: {USER} is not authorized to perform: s3:GetObject")


def test_the_answer_names_the_policy_its_statement_and_its_sid() -> None:
    named = {"name": "readers", "document": policy(Sid="Read"), "arn": "arn:aws:iam::1:policy/r"}
    answer = ask(policies={"identity": [policy(action="ec2:*"), named]})
    assert answer["allowed"] is True
    assert answer["policy"] == "readers"
    assert answer["policy_arn"] == "arn:aws:iam::1:policy/r"
    assert (answer["statement"], answer["sid"]) == (0, "Read")
    assert answer["policy_type"] == "identity-based policy"
    assert "message" not in answer


def test_an_explicit_deny_anywhere_decides() -> None:
    for place in ("identity", "session", "scps", "boundary"):
        deny: Any = policy("Deny")
        policies: dict[str, Any] = {"identity": [policy()]}
        if place == "identity":
            policies["identity"].append(deny)
        elif place == "boundary":
            policies["boundary"] = deny
        elif place == "scps":
            policies["scps"] = [[policy(), deny]]
        else:
            policies["session"] = [policy(), deny]
        assert ask(policies=policies)["decision"] == "explicitDeny"


def test_every_kind_of_policy_has_its_place() -> None:
    allowed = {"identity": [policy()], "boundary": policy(), "session": [policy()]}
    assert ask(policies={**allowed, "scps": [[policy()], [policy()]]})["allowed"] is True
    assert ask(policies={**allowed, "scps": [[policy()], []]})["allowed"] is False
    assert ask(policies={**allowed, "boundary": policy(action="ec2:*")})["allowed"] is False
    assert ask(policies={**allowed, "session": [policy(action="ec2:*")]})["allowed"] is False
    assert ask(policies={**allowed, "boundary": None})["allowed"] is True


def test_a_trust_policy_of_another_account_needs_both_sides() -> None:
    role = "arn:aws:iam::444455556666:role/audit"
    question = {"action": "sts:AssumeRole", "resources": [role]}
    both = {
        "identity": [policy(action="sts:AssumeRole")],
        "trust": [trust("arn:aws:iam::111122223333:root")],
        "resource_account": "444455556666",
    }
    assert ask(**question, policies=both)["allowed"] is True
    assert ask(**question, policies={**both, "identity": []})["allowed"] is False
    assert ask(**question, policies={**both, "trust": [trust(f"{USER}2")]})["allowed"] is False


def test_context_and_tags_are_seen_by_conditions() -> None:
    condition = {
        "StringEquals": {"aws:PrincipalTag/team": "blue"},
        "Bool": {"aws:SecureTransport": "true"},
        "ForAnyValue:StringEquals": {"aws:TagKeys": ["cost"]},
        "NumericLessThan": {"s3:max-keys": "10"},
    }
    policies = {"identity": [policy(Condition=condition)]}
    principal = {"arn": USER, "tags": {"team": "blue"}}
    context = {"aws:SecureTransport": True, "aws:TagKeys": ["cost", "x"], "s3:max-keys": 9}
    assert ask(policies=policies, principal=principal, context=context)["allowed"] is True
    for key, value in (("aws:SecureTransport", False), ("aws:TagKeys", []), ("s3:max-keys", 10)):
        changed = {**context, key: value}
        assert ask(policies=policies, principal=principal, context=changed)["allowed"] is False


def test_every_resource_must_be_allowed() -> None:
    document = policy(Resource="arn:aws:s3:::mine/*")
    mine, other = "arn:aws:s3:::mine/a", "arn:aws:s3:::other/a"
    assert ask(policies={"identity": [document]}, resources=[mine])["allowed"] is True
    answer = ask(policies={"identity": [document]}, resources=[mine, other])
    assert (answer["allowed"], answer["resource"]) == (False, other)


def test_a_policy_of_awss_own_needs_no_document() -> None:
    read_only = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    assert ask(policies={"identity": read_only})["allowed"] is True
    assert ask(policies={"identity": read_only}, action="s3:PutObject")["allowed"] is False
    code, message = refused(policies={"identity": [{"arn": "arn:aws:iam::aws:policy/Nope"}]})
    assert code == "InvalidQuestion"
    assert "is no policy of AWS's own" in message


def test_a_policy_may_be_a_text() -> None:
    assert ask(policies={"identity": [json.dumps(policy())]})["allowed"] is True


def test_explaining_tells_of_every_statement() -> None:
    statements = ask(
        policies={"identity": [policy(action="ec2:*"), policy()], "boundary": policy("Deny")},
        explain=True,
    )["statements"]
    assert [(each["policy"], each["applies"], each["failed_on"]) for each in statements] == [
        ("identity[0]", False, "Action"),
        ("identity[1]", True, None),
        ("boundary", True, None),
    ]


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("root", "arn:aws:iam::111122223333:root"),
        ("user", USER),
        ("assumed-role", "arn:aws:sts::111122223333:assumed-role/r/s"),
        ("federated-user", "arn:aws:sts::111122223333:federated-user/bob"),
    ],
)
def test_an_accounts_arn_tells_who_asks(kind: str, arn: str) -> None:
    policies = {"identity": [policy()]}
    told, said = ({"arn": arn}, {"arn": arn, "type": kind, "account": "111122223333"})
    assert ask(policies=policies, principal=told) == ask(policies=policies, principal=said)


def test_a_refusal_keeps_the_id_of_its_question() -> None:
    assert ask(id={"n": 7}, nonsense=1)["id"] == {"n": 7}
    assert ask(id="q")["id"] == "q"
    assert "id" not in ask()


@pytest.mark.parametrize(
    ("question", "code", "said"),
    [
        ({"action": "s3"}, "InvalidQuestion", "service:Name"),
        ({"action": 3}, "InvalidQuestion", "$.action"),
        ({"resources": []}, "InvalidQuestion", "$.resources"),
        ({"resources": ["*"] * 1001}, "InvalidQuestion", "$.resources"),
        ({"policis": {}}, "InvalidQuestion", "policis"),
        ({"policies": {"scp": []}}, "InvalidQuestion", "scp"),
        ({"principal": {}}, "InvalidQuestion", "give its type"),
        ({"principal": {"arn": USER, "type": "admin"}}, "InvalidQuestion", "admin"),
        ({"context": {"a": {"b": 1}}}, "InvalidQuestion", "$.context"),
        ({"policies": {"identity": [3]}}, "InvalidQuestion", "is a text or a JSON object"),
        (
            {"policies": {"identity": [{"document": policy(), "doc": 1}]}},
            "InvalidQuestion",
            "policies.identity[0]",
        ),
        (
            {"policies": {"identity": [policy("Alow")]}},
            "MalformedPolicyDocument",
            "identity[0] at Statement[0].Effect",
        ),
        ({"policies": {"boundary": {}}}, "MalformedPolicyDocument", "boundary"),
        ({"policies": {"trust": [policy()]}}, "MalformedPolicyDocument", "trust[0]"),
    ],
)
def test_what_is_not_understood_is_refused(question: dict[str, Any], code: str, said: str) -> None:
    found, message = refused(**question)
    assert found == code
    assert said in message


@pytest.mark.parametrize("line", ["", "{", "[]", "null", "3", '"x"', "[" * 5000, b"\xff", "{}x"])
def test_a_line_that_is_no_question_is_refused(line: str | bytes) -> None:
    assert answer_line(line)["error"]["code"] in ("InvalidJson", "InvalidQuestion")


def test_a_member_that_stands_twice_in_a_policy_is_refused() -> None:
    document = '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}'
    line = (
        f'{{"action":"s3:x","principal":{{"arn":"{USER}"}},"policies":{{"identity":[{document}]}}}}'
    )
    assert answer_line(line)["error"]["code"] == "MalformedPolicyDocument"


_documents = st.builds(
    policy,
    effect=st.sampled_from(["Allow", "Deny"]),
    action=st.sampled_from(["*", "s3:*", "s3:Get*", "ec2:Run", "s3:PutObject"]),
)


@given(
    identity=st.lists(_documents, max_size=3),
    session=st.lists(_documents, max_size=2),
    boundary=st.none() | _documents,
    action=st.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:Run"]),
)
def test_it_answers_what_the_evaluator_decides(
    identity: list[Any], session: list[Any], boundary: Any, action: str
) -> None:
    def source(document: Any, kind: PolicyKind) -> PolicySource:
        return PolicySource("x", compile_policy(json.dumps(document), kind))

    decision = decide(
        Request(
            principal=Principal(kind=PrincipalKind.USER, arn=USER, account="111122223333"),
            action=action,
        ),
        PolicySet(
            identity=tuple(source(each, PolicyKind.IDENTITY) for each in identity),
            session=tuple(source(each, PolicyKind.SESSION) for each in session),
            boundary=source(boundary, PolicyKind.BOUNDARY) if boundary else None,
        ),
    )
    answer = ask(
        action=action,
        policies={"identity": identity, "session": session, "boundary": boundary},
    )
    assert (answer["allowed"], answer["decision"]) == (decision.allowed, decision.reason.value)
