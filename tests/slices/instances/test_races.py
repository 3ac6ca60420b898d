"""Requests at once, on connections of their own: as if one had come after the other."""

from genkan.core.errors import Conflict, Refusal
from tests.slices.applications.test_races import AT_ONCE, at_once
from tests.slices.instances.support import ARN, MEMBER, call_of, op, signer
from tests.support.store import Store


def make(own: Store, client_token: str) -> str:
    """CreateInstance by the member account."""
    params = {"client_token": client_token}
    with own.write(signer(MEMBER)) as tx:
        tx.call = call_of(op("CreateInstance"), params, signer(MEMBER))
        arn: str = op("CreateInstance").run(tx, **params)["instance_arn"]
        return arn


def test_a_request_sent_several_times_at_once_makes_one_instance(enabled: Store) -> None:
    results = at_once(enabled, lambda own, number: make(own, "once"))
    assert len(set(results)) == 1
    assert enabled.count("instances") == enabled.count("identity_stores") == 2


def test_different_requests_at_once_make_one_instance(enabled: Store) -> None:
    results = at_once(enabled, lambda own, number: make(own, f"token{number}"))
    assert [type(one) for one in results if isinstance(one, Refusal)] == [Conflict] * (AT_ONCE - 1)
    assert enabled.count("instances") == enabled.count("identity_stores") == 2


def test_one_region_is_added_at_once(enabled: Store) -> None:
    def add(own: Store, number: int) -> str:
        params = {"instance_arn": ARN, "region_name": f"eu-west-{number + 2}"}
        with own.write() as tx:
            tx.call = call_of(op("AddRegion"), params)
            status: str = op("AddRegion").run(tx, **params)["status"]
            return status

    results = at_once(enabled, add)
    assert results.count("ADDING") == 1
    assert [type(one) for one in results if isinstance(one, Refusal)] == [Conflict] * (AT_ONCE - 1)
    assert enabled.count("instance_regions") == 1
