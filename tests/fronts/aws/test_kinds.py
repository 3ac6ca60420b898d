"""Every operation of sso-admin and identitystore has every kind of test, as the tests say.

Which operations a test is of is read from what it is parametrized with. An operation that a kind
cannot be of stands in `EXEMPT` with the reason.
"""

from collections.abc import Callable, Iterable

import pytest

from tests.fronts.aws import (
    test_access,
    test_bodies,
    test_constraints,
    test_maximal,
    test_naming,
    test_signatures,
)
from tests.fronts.aws.wire import service_model

ADMINISTRATIVE = ("sso-admin", "identitystore")
Test = Callable[..., object]

KINDS: dict[str, tuple[Test, ...]] = {
    "a minimal valid call": (
        test_access.test_every_sample_succeeds_and_a_change_leaves_exactly_one_record,
    ),
    "a maximal one": (test_maximal.test_the_largest_call_succeeds_and_is_read_back,),
    "each constraint broken": (
        test_constraints.test_every_broken_constraint_is_told_and_all_at_once,
    ),
    "values of other types": (
        test_constraints.test_a_value_of_another_type_is_a_serialization_exception,
    ),
    "a body that is none": (
        test_bodies.test_json_that_is_none_is_a_serialization_exception,
        test_bodies.test_another_content_type_is_a_serialization_exception,
    ),
    "an unknown resource of the right shape": (test_naming.test_what_is_not_there_is_not_found,),
    "another instance's resource": (test_naming.test_what_is_anothers_is_neither_read_nor_changed,),
    "no signature and wrong ones": (test_signatures.test_nobody_is_served_who_did_not_sign,),
    "one without permission": (test_access.test_nobody_does_what_no_policy_of_theirs_allows,),
    "one from a member account": (test_access.test_a_member_account_administers_nothing,),
}
NOTHING_NAMED = "it names nothing"
EXEMPT: dict[str, dict[str, str]] = {
    "an unknown resource of the right shape": {
        "ListInstances": NOTHING_NAMED,
        "CreateInstance": NOTHING_NAMED,
        "ListApplicationProviders": NOTHING_NAMED,
        "ListIdentityStores": NOTHING_NAMED,
    },
    "another instance's resource": {
        "ListInstances": NOTHING_NAMED,
        "CreateInstance": NOTHING_NAMED,
        "ListApplicationProviders": NOTHING_NAMED,
        "DescribeApplicationProvider": "the providers are AWS's, the same for everybody",
        "ListIdentityStores": NOTHING_NAMED,
    },
    "one from a member account": {
        "CreateInstance": "a member account makes its own (§1.1), as the minimal call does",
    },
}


def operations_of(test: Test) -> set[tuple[str, str]]:
    """The operations that a test is parametrized with."""
    found: Iterable[tuple[str, str]] = ()
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize" and mark.args[0] == ("service", "operation"):
            found = mark.args[1]
    return set(found)


EVERY = {
    (service, name) for service in ADMINISTRATIVE for name in service_model(service).operation_names
}


def test_the_administrative_apis_have_as_many_operations_as_aws_has() -> None:
    """A newer model must bring its operations into the tables, not past them."""
    assert len(EVERY) == 79 + 22


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation_has_a_test_of_every_kind(kind: str) -> None:
    exempt = {pair for pair in EVERY if pair[1] in EXEMPT.get(kind, {})}
    for test in KINDS[kind]:
        assert EVERY - operations_of(test) == exempt


def test_an_exemption_names_an_operation_and_a_reason() -> None:
    names = {name for _, name in EVERY}
    assert EXEMPT.keys() <= KINDS.keys()
    assert all(table.keys() <= names and all(table.values()) for table in EXEMPT.values())
