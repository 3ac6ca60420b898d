"""DescribeIdentityStore, ListIdentityStores, UpdateIdentityStore and what an update enforces."""

from dataclasses import replace
from typing import Any

import pytest

from genkan.core.call import Call, Iam, Origin, Owner
from genkan.core.errors import Denied, Invalid, NotFound
from genkan.identity_store import operations as identity_store
from tests.slices.identity_store.support import OTHER_STORE, STORE, call_of, op, run
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

ARN = f"arn:aws:identitystore::{MANAGEMENT}:identitystore/{STORE}"
NAMED = {"identity_store_id": STORE, "identity_store_arn": ARN}
HOME = "192.0.2.7"


def called(tx: Any, name: str, source_ip: str = HOME) -> Call:
    """A call of the administrator from an address."""
    return replace(
        call_of(op(name), {"identity_store_id": STORE}),
        origin=Origin(request_id="r", source_ip=source_ip),
    )


def update(store: Store, source_ip: str = HOME, **configuration: Any) -> Any:
    given = {"vpce_access_required": False, **configuration}
    with store.write() as tx:
        tx.call = called(tx, "UpdateIdentityStore", source_ip)
        return run(tx, "UpdateIdentityStore", network_configuration=given)


def describe(store: Store, named: str = STORE) -> Any:
    with store.write() as tx:
        return run(tx, "DescribeIdentityStore", identity_store_id=named)


def owner(store: Store, source_ip: str, name: str = "DescribeUser") -> str:
    """What the door would learn before it asks any policy."""
    access = op(name).access
    assert isinstance(access, Iam)
    assert access.owner is not None
    with store.write() as tx:
        return access.owner(tx, called(tx, name, source_ip))


@pytest.mark.parametrize("named", [STORE, ARN])
def test_a_store_is_described_by_id_and_by_arn(filled: Store, named: str) -> None:
    assert describe(filled, named) == {**NAMED, "network_configuration": None}


@pytest.mark.parametrize("named", ["d-0000000000", ARN.replace(MANAGEMENT, "999999999999")])
def test_an_unknown_store_is_not_found(filled: Store, named: str) -> None:
    with pytest.raises(NotFound) as caught:
        describe(filled, named)
    assert caught.value.members["resource_type"] == "IDENTITY_STORE"


def test_an_account_lists_its_own_stores_page_by_page(filled: Store) -> None:
    with filled.write() as tx:
        for store_id, account_id in ((OTHER_STORE, MANAGEMENT), ("d-ffffffffff", "222233334444")):
            identity_store.create_identity_store(
                tx, identity_store_id=store_id, owner_account_id=account_id
            )
        listed = op("ListIdentityStores").run
        first = listed(tx, max_results=1)
        second = listed(tx, max_results=1, next_token=first["next_token"])
        both = [*first["identity_stores"], *second["identity_stores"]]
        assert [one["identity_store_id"] for one in both] == [OTHER_STORE, STORE]
        assert both[1] == NAMED
        assert second["next_token"] is None
        assert listed(tx)["identity_stores"] == both
    with filled.write(replace(ADMINISTRATOR, account_id="222233334444")) as tx:
        with pytest.raises(Invalid):
            op("ListIdentityStores").run(tx, next_token=first["next_token"])
        (own,) = op("ListIdentityStores").run(tx)["identity_stores"]
        assert own["identity_store_id"] == "d-ffffffffff"


def test_an_update_is_described_as_it_was_given_and_replaces_the_one_before(filled: Store) -> None:
    given = {
        "api_allow_source_ips": ["192.0.2.0/24", "2001:db8::/32"],
        "scim_allow_source_ips": ["198.51.100.1"],
    }
    assert update(filled, **given) == NAMED
    assert describe(filled)["network_configuration"] == {"vpce_access_required": False, **given}
    update(filled)
    assert describe(filled)["network_configuration"] == {"vpce_access_required": False}


def test_an_update_of_nothing_changes_nothing(filled: Store) -> None:
    update(filled, api_allow_source_ips=[HOME])
    with filled.write() as tx:
        assert run(tx, "UpdateIdentityStore") == NAMED
    assert describe(filled)["network_configuration"]["api_allow_source_ips"] == [HOME]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (HOME, True),
        ("192.0.2.8", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("::ffff:192.0.2.7", True),
        ("", False),
        ("nonsense", False),
    ],
)
def test_calls_are_taken_from_the_allowed_addresses_only(
    filled: Store, address: str, allowed: bool
) -> None:
    update(filled, api_allow_source_ips=[HOME, "2001:db8::/32"])
    if allowed:
        assert owner(filled, address) == MANAGEMENT
    else:
        for name in ("DescribeUser", "UpdateIdentityStore", "DeleteUser"):
            with pytest.raises(Denied):
                owner(filled, address, name)


@pytest.mark.parametrize("block", ["::ffff:c000:200/120", "::ffff:192.0.2.200/120"])
def test_a_block_of_ipv4_may_be_written_as_ipv6(filled: Store, block: str) -> None:
    update(filled, api_allow_source_ips=[block])
    for address in (HOME, f"::ffff:{HOME}"):
        assert owner(filled, address) == MANAGEMENT
    with pytest.raises(Denied):
        owner(filled, "192.0.3.7")


@pytest.mark.parametrize("block", ["::/0", "::ffff:0:0/95"])
def test_a_block_of_more_than_ipv4_is_one_of_ipv6(filled: Store, block: str) -> None:
    with pytest.raises(Invalid, match="must include the address"):
        update(filled, api_allow_source_ips=[block])


def test_host_bits_of_a_block_are_of_no_consequence(filled: Store) -> None:
    update(filled, api_allow_source_ips=["192.0.2.200/24"])
    assert owner(filled, HOME) == MANAGEMENT


def test_without_a_configuration_every_address_is_taken(filled: Store) -> None:
    assert owner(filled, "203.0.113.1") == MANAGEMENT
    update(filled, scim_allow_source_ips=["198.51.100.1"])
    assert owner(filled, "203.0.113.1") == MANAGEMENT


def test_nobody_locks_themselves_out(filled: Store) -> None:
    with pytest.raises(Invalid):
        update(filled, api_allow_source_ips=["203.0.113.0/24"])
    with filled.write(Owner(reason="recovery")) as tx:
        run(
            tx,
            "UpdateIdentityStore",
            network_configuration={
                "vpce_access_required": False,
                "api_allow_source_ips": ["203.0.113.0/24"],
            },
        )


@pytest.mark.parametrize(
    "configuration",
    [
        {"vpce_access_required": True},
        {"api_restrict_source_vpcs": ["vpc-0123456789abcdef0"]},
        {"api_allow_source_ips": [HOME, "1.2.3.4/33"]},
        {"scim_allow_source_ips": ["1.2.3"]},
    ],
)
def test_what_cannot_be_true_here_is_invalid(filled: Store, configuration: Any) -> None:
    with pytest.raises(Invalid):
        update(filled, **configuration)
    assert describe(filled)["network_configuration"] is None
