"""Every operator in every form: qualifiers and IfExists, over absent, single and several values.

One literal table says what a form answers; each operator brings a value that matches and one that
does not. Source: IAM User Guide, "Condition operators", "Set operators for multivalued context
keys".
"""

from __future__ import annotations

from typing import Any

import pytest

from genkan.authorization.operators import OPERATORS
from tests.authorization.build import allow, ask, deny, identity

KEY = "aws:Key"

#: Operator → the policy's value, a request's value that it matches, one that it does not.
SAMPLES: dict[str, tuple[str, str, str]] = {
    "StringEquals": ("a", "a", "A"),
    "StringEqualsIgnoreCase": ("a", "A", "b"),
    "StringLike": ("a*", "abc", "bc"),
    "NumericEquals": ("7", "7.0", "8"),
    "NumericLessThan": ("7", "6.9", "7"),
    "NumericLessThanEquals": ("7", "7", "7.1"),
    "NumericGreaterThan": ("7", "8", "7"),
    "NumericGreaterThanEquals": ("7", "7", "6"),
    "DateEquals": ("2026-01-01T00:00:00Z", "1767225600", "2026-01-02"),
    "DateLessThan": ("2026-01-01", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
    "DateLessThanEquals": ("2026-01-01", "2026-01-01", "2026-01-01T00:00:00.001Z"),
    "DateGreaterThan": ("2026-01-01", "2026-01-01T00:00:01Z", "2026-01-01"),
    "DateGreaterThanEquals": ("2026-01-01", "2026-01-01", "2025-12-31"),
    "Bool": ("true", "True", "false"),
    "BinaryEquals": ("QmluYXJ5", "QmluYXJ5", "YmluYXJ5"),
    "IpAddress": ("203.0.113.0/24", "203.0.113.7", "2001:db8::1"),
    "ArnEquals": ("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a", "arn:aws:iam::1:user/a"),
    "ArnLike": ("arn:aws:iam::*:role/a?", "arn:aws:iam::1:role/ab", "arn:aws:iam::1:role/a"),
}
#: Negated operator → what it negates. A date or number has more than one opposite: those are above.
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}

ABSENT, MATCH, OTHER, BOTH, EMPTY = "absent", "match", "other", "both", "empty"

#: Form → what is in the request → the answer of an operator, and that of its negation.
ANSWERS: dict[str, dict[str, tuple[bool, bool]]] = {
    "{}": {
        ABSENT: (False, True),
        MATCH: (True, False),
        OTHER: (False, True),
        # Several values without a qualifier: AWS says nothing; nothing is granted by it.
        BOTH: (False, False),
    },
    "{}IfExists": {
        ABSENT: (True, True),
        MATCH: (True, False),
        OTHER: (False, True),
        BOTH: (False, False),
    },
    "ForAllValues:{}": {
        ABSENT: (True, True),
        EMPTY: (True, True),
        MATCH: (True, False),
        OTHER: (False, True),
        BOTH: (False, False),
    },
    "ForAllValues:{}IfExists": {
        ABSENT: (True, True),
        EMPTY: (True, True),
        MATCH: (True, False),
        OTHER: (False, True),
        BOTH: (False, False),
    },
    "ForAnyValue:{}": {
        ABSENT: (False, False),
        EMPTY: (False, False),
        MATCH: (True, False),
        OTHER: (False, True),
        BOTH: (True, True),
    },
    "ForAnyValue:{}IfExists": {
        ABSENT: (True, True),
        EMPTY: (True, True),
        MATCH: (True, False),
        OTHER: (False, True),
        BOTH: (True, True),
    },
}


def request_of(what: str, match: str, other: str) -> dict[str, Any]:
    values = {MATCH: match, OTHER: other, BOTH: (match, other), EMPTY: ("",)}
    return {} if what == ABSENT else {KEY: values[what]}


def applies(operator: str, value: str, context: dict[str, Any]) -> bool:
    """Whether an Allow with this condition applies."""
    condition = {operator: {KEY: value}}
    return ask("s3:Get", identity(allow("*", Condition=condition)), context=context).allowed


def denies(operator: str, value: str, context: dict[str, Any]) -> bool:
    """Whether a Deny with this condition applies."""
    condition = {operator: {KEY: value}}
    policies = identity(allow("*"), deny("*", Condition=condition))
    return not ask("s3:Get", policies, context=context).allowed


def test_every_operator_has_its_sample() -> None:
    assert SAMPLES.keys() | NEGATED.keys() == OPERATORS.keys()
    assert {name for name, (_, negated) in OPERATORS.items() if negated} == NEGATED.keys()


@pytest.mark.parametrize("form", ANSWERS)
@pytest.mark.parametrize("operator", [*SAMPLES, *NEGATED])
def test_a_form_answers_as_the_table_says(operator: str, form: str) -> None:
    value, match, other = SAMPLES[NEGATED.get(operator, operator)]
    for what, answers in ANSWERS[form].items():
        expected = answers[operator in NEGATED]
        context = request_of(what, match, other)
        written = form.format(operator)
        assert applies(written, value, context) is expected, what
        if what == BOTH and not form.startswith("For"):
            # The same doubt the other way: a Deny applies when one of the values would do.
            assert denies(written, value, context) is True
        else:
            assert denies(written, value, context) is expected, what


@pytest.mark.parametrize("form", ANSWERS)
@pytest.mark.parametrize("operator", [*SAMPLES, *NEGATED])
def test_an_operator_without_values_is_matched_by_nothing(operator: str, form: str) -> None:
    condition: dict[str, Any] = {form.format(operator): {KEY: []}}
    _, match, _ = SAMPLES[NEGATED.get(operator, operator)]
    found = ask("s3:Get", identity(allow("*", Condition=condition)), context={KEY: match}).allowed
    assert found is (operator in NEGATED)


#: What is not of the operator's type; strings have none such.
MALFORMED = {
    "Numeric": ["", "ten", "1e3", "0x10", " 7", "7 ", "1,0", "٧", "9" * 65, "--7", "1.", "NaN"],
    "Date": [
        "",
        "today",
        "2026-13-01",
        "2026-02-30",
        "2026-01-01T25:00Z",
        "01/01/2026",
        "2026-1-1",
    ],
    "Bool": ["", "yes", "1", "truee", "null"],
    "Binary": ["", "###", "QmluYXJ", "Qm lu"],
    "Ip": [
        "",
        "::1%lo",
        "203.0.113",
        "203.0.113.256",
        "0203.0.113.7",
        "203.0.113.0/24",
        "localhost",
    ],
    "Arn": ["", "arn", "arn:aws:iam", "arn:aws:iam::1", "role/a"],
}


@pytest.mark.parametrize("operator", [one for one in OPERATORS if not one.startswith("String")])
def test_a_value_of_the_wrong_type_in_the_request_allows_nothing(operator: str) -> None:
    """Neither plain nor negated; and under a negation a Deny does apply."""
    kind = next(kind for kind in MALFORMED if operator.removeprefix("Not").startswith(kind))
    value, _, _ = SAMPLES[NEGATED.get(operator, operator)]
    for found in MALFORMED[kind]:
        if operator == "BinaryEquals" and found == "":
            continue  # no bytes are bytes
        for form in ("{}", "{}IfExists", "ForAnyValue:{}"):
            if found == "" and form.startswith("For"):
                continue  # an empty set, above
            written = form.format(operator)
            assert applies(written, value, {KEY: found}) is False, found
            assert denies(written, value, {KEY: found}) is (operator in NEGATED), found


@pytest.mark.parametrize("value", ["true", "false", True, False])
def test_null_is_about_presence_whatever_the_value(value: Any) -> None:
    wants_absence = value in ("true", True)
    context: dict[str, Any]
    for context in ({KEY: "x"}, {KEY: ""}, {KEY: ("a", "b")}, {KEY: False}):
        assert applies("Null", value, context) is not wants_absence
        assert denies("Null", value, context) is not wants_absence
    for context in ({}, {KEY: ()}, {"aws:Other": "x"}):
        assert applies("Null", value, context) is wants_absence
