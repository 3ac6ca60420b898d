"""Attributes for access control: the configuration, and the tags it gives a session (§3.5)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.identity_store.records import ENABLED, User
from genkan.instances import operations as instances
from genkan.instances.access_control import value_of
from tests.slices.instances.support import ARN, INSTANCE, STORE, UNKNOWN, an_account_instance, op
from tests.support.store import Store

ENTERPRISE = "aws:identitystore:enterprise"
USER = User(
    user_id="00000000-0000-7000-0000-000000000001",
    identity_store_id=STORE,
    user_name="alice",
    display_name="Alice Doe",
    status=ENABLED,
    attributes={
        "name": {"given_name": "Alice", "family_name": "Doe"},
        "nick_name": "al",
        "user_type": "employee",
        "title": "Engineer",
        "locale": "en-US",
        "timezone": "Europe/Paris",
        "emails": [{"value": "alice@example.org", "type": "work", "primary": True}],
        "addresses": [{"type": "work", "locality": "Paris", "postal_code": "75001"}],
        "phone_numbers": [{"type": "home", "value": "+33 1"}],
    },
    extensions={
        ENTERPRISE: {
            "costCenter": "4711",
            "department": "R-D",
            "employeeNumber": "7",
            "manager": {"value": "bob"},
        }
    },
    revision=1,
    created_at=0,
    created_by="x",
    updated_at=0,
    updated_by="x",
)


def configuration(**sources: str) -> dict[str, Any]:
    """The parameter, by key."""
    attributes = [{"key": key, "value": {"source": [source]}} for key, source in sources.items()]
    return {
        "instance_access_control_attribute_configuration": {"access_control_attributes": attributes}
    }


def run(store: Store, verb: str, arn: str = ARN, **params: Any) -> Any:
    name = f"{verb}InstanceAccessControlAttributeConfiguration"
    with store.write() as tx:
        return op(name).run(tx, instance_arn=arn, **params)


def tags(store: Store, user: User = USER) -> dict[str, str]:
    with store.write() as tx:
        return instances.session_tags(tx, INSTANCE, user)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("${path:userName}", "alice"),
        ("${path:username}", "alice"),
        ("${path:displayName}", "Alice Doe"),
        ("${path:name.familyName}", "Doe"),
        ("${path:name.givenName}", "Alice"),
        ("${path:nickName}", "al"),
        ("${path:emails[primary eq true].value}", "alice@example.org"),
        ('${path:addresses[type eq "work"].locality}', "Paris"),
        ('${path:addresses[type eq "work"].postalCode}', "75001"),
        ('${path:phoneNumbers[type eq "home"].value}', "+33 1"),
        ("${path:userType}", "employee"),
        ("${path:title}", "Engineer"),
        ("${path:timezone}", "Europe/Paris"),
        ("${path:enterprise.costCenter}", "4711"),
        ("${path:enterprise.department}", "R-D"),
        ("${path:enterprise.manager.value}", "bob"),
        ('${path:phoneNumbers[type eq "work"].value}', None),
        ("${path:emails[primary eq false].value}", None),
        ("${path:enterprise.division}", None),
        ("${path:name}", None),
        ("${path:emails}", None),
        ("${path:userName.more}", None),
        ("${path:nothing}", None),
        ("${path:}", None),
        ("${path:a..b}", None),
        ("${dir:guid}", None),
        ("alice", None),
        ("", None),
    ],
)
def test_a_source_reads_the_user(source: str, value: str | None) -> None:
    assert value_of(source, USER) == value


@given(st.text(max_size=256))
def test_no_source_is_a_mistake_when_it_is_read(text: str) -> None:
    for source in (text, f"${{path:{text}}}"):
        found = value_of(source, USER)
        assert found is None or isinstance(found, str)


def test_a_configuration_is_described_as_it_was_given(enabled: Store) -> None:
    given = configuration(Zulu="${path:title}", Alpha="${path:userName}")
    assert run(enabled, "Create", **given) == {}
    assert run(enabled, "Describe") == {"status": "ENABLED", **given}


def test_an_update_replaces_the_whole_list(enabled: Store) -> None:
    run(enabled, "Create", **configuration(A="${path:title}", B="${path:userName}"))
    given = configuration(C="${path:locale}")
    assert run(enabled, "Update", **given) == {}
    assert run(enabled, "Describe") == {"status": "ENABLED", **given}
    assert tags(enabled) == {"C": "en-US"}
    run(enabled, "Update", **configuration())
    assert run(enabled, "Describe") == {"status": "ENABLED", **configuration()}


def test_there_is_one_configuration(enabled: Store) -> None:
    run(enabled, "Create", **configuration())
    with pytest.raises(Conflict):
        run(enabled, "Create", **configuration(A="${path:title}"))
    assert run(enabled, "Describe") == {"status": "ENABLED", **configuration()}


@pytest.mark.parametrize("verb", ["Describe", "Update", "Delete"])
def test_without_a_configuration_it_is_not_found(enabled: Store, verb: str) -> None:
    params = configuration() if verb == "Update" else {}
    with pytest.raises(NotFound):
        run(enabled, verb, **params)
    run(enabled, "Create", **configuration())
    run(enabled, "Delete")
    with pytest.raises(NotFound):
        run(enabled, verb, **params)


def test_keys_are_unique_in_whatever_case_as_tags_are(enabled: Store) -> None:
    for keys in (("Team", "team"), ("aws:Team",), ("AWS:Team",)):
        with pytest.raises(Invalid):
            run(enabled, "Create", **configuration(**dict.fromkeys(keys, "${path:title}")))
    run(enabled, "Create", **configuration())
    with pytest.raises(Invalid):
        run(enabled, "Update", **configuration(Team="x", team="x"))


def test_an_account_instance_has_no_access_to_control(enabled: Store) -> None:
    with enabled.write() as tx:
        own = an_account_instance(tx)
    for verb in ("Create", "Describe", "Update", "Delete"):
        params = configuration() if verb in ("Create", "Update") else {}
        with pytest.raises(Invalid, match="not supported"):
            run(enabled, verb, own.arn, **params)
        with pytest.raises(NotFound):
            run(enabled, verb, UNKNOWN, **params)


def test_a_session_carries_a_tag_for_each_attribute_that_the_user_has(enabled: Store) -> None:
    assert tags(enabled) == {}
    run(
        enabled,
        "Create",
        **configuration(
            Title="${path:title}",
            CostCenter="${path:enterprise.costCenter}",
            Division="${path:enterprise.division}",
        ),
    )
    assert tags(enabled) == {"Title": "Engineer", "CostCenter": "4711"}
    run(enabled, "Delete")
    assert tags(enabled) == {}


@pytest.mark.parametrize(
    ("title", "fits"),
    [
        ("x" * 256, True),
        ("x" * 257, False),
        ("東京 1", True),
        ("a_.:/=+-@b", True),
        ("R&D", False),
        ("a\tb", False),
        ("O'Brien", False),
    ],
)
def test_a_value_that_sts_would_not_take_gives_no_tag(
    enabled: Store, title: str, fits: bool
) -> None:
    run(enabled, "Create", **configuration(Title="${path:title}"))
    user = replace(USER, attributes={"title": title})
    assert tags(enabled, user) == ({"Title": title} if fits else {})
