"""What a seed accepts the slices accept, and what they refuse it refuses."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genkan.core.errors import Conflict, Invalid
from genkan.identity_store import operations as identity_store
from genkan.identity_store.groups import create_group
from genkan.identity_store.memberships import create_group_membership
from genkan.identity_store.users import create_user
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.organization.making import create_account, create_organization
from genkan.permission_sets import operations as permission_sets
from genkan.sandbox import seed_rules as rules
from genkan.sandbox.seed_rules import Rule
from tests.support.store import MANAGEMENT, Store

FIELDS = {
    "account_id": rules.ACCOUNT_ID,
    "name": rules.ACCOUNT_NAME,
    "email": rules.ACCOUNT_EMAIL,
    "alias": rules.ALIAS,
    "environment": rules.ENVIRONMENT,
}
_EDGES = st.text(st.sampled_from("aZ0-@. \t\n\x7f_é１"), max_size=70) | st.sampled_from(
    ["a" * 63, "a" * 64, "a" * 128, "a" * 129, "a@b.c", "aa@b.cc", "1" * 12, "１" * 12, "a--b"]
)


@pytest.fixture
def organized(store: Store) -> Store:
    with store.write() as tx:
        create_organization(tx, account_id=MANAGEMENT, name="m", email="m@example.com")
    return store


def accepted(store: Store, **given_members: str) -> bool:
    members: dict[str, Any] = {
        "account_id": "222222222222",
        "name": "other",
        "email": "other@example.com",
        **given_members,
    }
    try:
        with store.write() as tx:
            root_id = organization.organization(tx).root_id
            create_account(tx, parent_id=root_id, **members)
            raise Conflict("rolled back")
    except Invalid:
        return False
    except Conflict:
        return True


@pytest.mark.parametrize("field", FIELDS)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=_EDGES)
def test_an_account_is_described_within_the_slices_rules(
    organized: Store, field: str, text: str
) -> None:
    if not text and field in ("alias", "environment"):
        return  # left out: there is none
    rule: Rule = FIELDS[field]
    assert (rule.broken(text) is None) == accepted(organized, **{field: text})


def test_given_ids_are_kept_and_may_not_be_given_twice(organized: Store) -> None:
    with organized.write() as tx:
        identity_store.create_identity_store(
            tx, identity_store_id="d-1234567890", owner_account_id=MANAGEMENT
        )
        instance = instances.create_instance(
            tx,
            identity_store_id="d-1234567890",
            owner_account_id=MANAGEMENT,
            region="us-east-1",
        )
    in_store = {"identity_store_id": "d-1234567890"}
    names = iter("abcdefgh")

    def user(tx: Any) -> Any:
        name = next(names)
        return create_user(
            tx,
            **in_store,
            user_id="u-1",
            user_name=name,
            display_name=name,
            name={"given_name": name, "family_name": name},
        )

    def group(tx: Any) -> Any:
        return create_group(tx, **in_store, group_id="g-1", display_name=next(names))

    def permission_set(tx: Any) -> Any:
        return permission_sets.OPERATIONS[0].run(
            tx,
            instance_arn=instance.arn,
            permission_set_id="ps-1",
            name=next(names),
        )

    def membership(tx: Any) -> Any:
        member = create_user(
            tx,
            **in_store,
            user_name=(name := next(names)),
            display_name=name,
            name={"given_name": name, "family_name": name},
        )
        return create_group_membership(
            tx,
            **in_store,
            group_id="g-1",
            member_id={"user_id": member.user_id},
            membership_id="m-1",
        )

    for make in (user, group, permission_set, membership):
        with organized.write() as tx:
            made = str(make(tx))
        assert any(given_id in made for given_id in ("u-1", "g-1", "ps-1", "m-1"))
        with organized.write() as tx, pytest.raises(Conflict):
            make(tx)
