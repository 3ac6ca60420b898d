"""What a person sees and gets, and that it is that person's alone."""

import pytest

from genkan.core.call import Person
from genkan.core.errors import Denied, Invalid
from genkan.portal import operations as portal
from tests.slices.sts.world import Provisioned, base
from tests.support.store import Store


def _person(user_id: str, name: str) -> Person:
    return Person(
        user_id=user_id, user_name=name, identity_store_id=base.STORE, session_id=f"s-{name}"
    )


def test_accounts_and_roles_are_those_of_the_person(store: Store, world: Provisioned) -> None:
    alice, bob = (_person(world.people.alice, "alice"), _person(world.people.bob, "bob"))
    with store.write(alice) as tx:
        accounts = portal.list_accounts(tx).account_list
        roles = portal.list_account_roles(tx, account_id=base.MEMBER).role_list
        elsewhere = portal.list_account_roles(tx, account_id=base.OTHER).role_list
    assert [account.account_id for account in accounts] == [base.MEMBER]
    assert [role.role_name for role in roles] == ["ReadOnly"]
    assert list(elsewhere) == []
    with store.write(bob) as tx:
        assert list(portal.list_accounts(tx).account_list) == []
        assert portal.read_portal(tx) == ()


def test_credentials_are_for_an_assigned_role_only(store: Store, world: Provisioned) -> None:
    alice = _person(world.people.alice, "alice")
    with store.write(alice) as tx:
        given = portal.get_role_credentials(tx, role_name="ReadOnly", account_id=base.MEMBER)
    assert given.role_credentials.access_key_id.startswith("ASIA")
    assert given.role_credentials.expiration == store.clock.now + 3_600_000
    refused = [
        ("ReadOnly", base.OTHER, alice),
        ("Administrator", base.MEMBER, alice),
        ("NoSuchRole", base.MEMBER, alice),
        ("ReadOnly", base.MEMBER, _person(world.people.bob, "bob")),
    ]
    for role_name, account_id, caller in refused:
        with store.write(caller) as tx, pytest.raises(Denied, match="No access"):
            portal.get_role_credentials(tx, role_name=role_name, account_id=account_id)


def test_opening_an_account_asserts_the_person_and_mints_nothing(
    store: Store, world: Provisioned
) -> None:
    with store.write(_person(world.people.alice, "alice")) as tx:
        opened = portal.open_account(tx, account_id=base.MEMBER, role_name="ReadOnly")
        assert tx.one("SELECT count(*) FROM role_sessions") == (0,)
    assert opened.content == world.content()


def test_the_account_page_is_for_the_sessions_own_person(store: Store, world: Provisioned) -> None:
    alice = _person(world.people.alice, "alice")
    with store.write(alice) as tx:
        given = portal.get_role_credentials(tx, role_name="ReadOnly", account_id=base.MEMBER)
    key_id = given.role_credentials.access_key_id
    with store.write(alice) as tx:
        shown = portal.read_console(tx, access_key_id=key_id)
    with store.write(_person(world.people.bob, "bob")) as tx:
        assert portal.read_console(tx, access_key_id=key_id) is None
    assert shown is not None
    assert (shown.role_name, shown.ended) == ("ReadOnly", None)
    with store.write() as tx:
        people = world.people
        base.unassign(tx, base.MEMBER, people.read_only, people.group, "GROUP")
    with store.write(alice) as tx:
        shown = portal.read_console(tx, access_key_id=key_id)
    assert shown is not None
    assert shown.ended == "revoked"


def test_a_foreign_page_token_does_not_open(store: Store, world: Provisioned) -> None:
    alice, bob = (_person(world.people.alice, "alice"), _person(world.people.bob, "bob"))
    with store.write(alice) as tx, pytest.raises(Invalid):
        portal.list_accounts(tx, next_token="AAAA")
    with store.write(bob) as tx, pytest.raises(Invalid):
        portal.list_account_roles(tx, account_id=base.MEMBER, next_token="not base64!")


@pytest.mark.parametrize(
    ("user_name", "session_name"),
    [
        ("alice", "alice"),
        ("alice@example.com", "alice@example.com"),
        ("佐藤健", "the-id"),
        ("a", "the-id"),
        ("x" * 65, "the-id"),
        ("with/slash", "the-id"),
        ("new\nline", "the-id"),
    ],
)
def test_the_session_name_is_the_user_name_where_sts_takes_it(
    user_name: str, session_name: str
) -> None:
    assert portal.session_name_for(user_name, "the-id") == session_name
