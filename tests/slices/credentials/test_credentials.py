"""Keys are kept sealed, for their own row only."""

import pytest

from genkan.core.errors import NotFound
from genkan.core.vault import Unsealable
from genkan.credentials import operations as credentials
from tests.support.store import Store


def test_an_access_key_is_found_with_its_secret_and_stored_without(store: Store) -> None:
    with store.write() as tx:
        made = credentials.create_access_key(tx, account_id="111122223333", user_name="robot")
        found = credentials.find_access_key(tx, made.access_key_id)
    assert found == made
    assert made.secret_access_key not in store.everything()
    assert made.secret_access_key not in repr(made)


def test_a_sealed_secret_moved_to_another_row_does_not_open(store: Store) -> None:
    with store.write() as tx:
        one = credentials.create_access_key(tx, account_id="111122223333", user_name="a")
        two = credentials.create_access_key(tx, account_id="111122223333", user_name="b")
        tx.run(
            "UPDATE access_keys SET secret_sealed = (SELECT secret_sealed FROM access_keys WHERE"
            " access_key_id = ?) WHERE access_key_id = ?",
            one.access_key_id,
            two.access_key_id,
        )
        with pytest.raises(Unsealable):
            credentials.find_access_key(tx, two.access_key_id)


def test_an_inactive_key_is_no_key(store: Store) -> None:
    with store.write() as tx:
        made = credentials.create_access_key(tx, account_id="111122223333", user_name="robot")
        tx.run("UPDATE access_keys SET status = 'Inactive'")
        assert credentials.find_access_key(tx, made.access_key_id) is None


def test_the_newest_signing_key_of_a_purpose_is_active_and_none_is_an_error(store: Store) -> None:
    with store.write() as tx, pytest.raises(NotFound):
        credentials.signing_key(tx, purpose="saml-idp")
    with store.write() as tx:
        credentials.create_signing_key(
            tx, purpose="saml-idp", private_key=b"old", certificate="old"
        )
    store.clock.advance(seconds=1)
    with store.write() as tx:
        credentials.create_signing_key(
            tx, purpose="saml-idp", private_key=b"new", certificate="new"
        )
        assert credentials.signing_key(tx, purpose="saml-idp").private_key == b"new"
