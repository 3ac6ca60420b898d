"""AddRegion, DescribeRegion, ListRegions, RemoveRegion (reference §1.6)."""

from typing import Any

import pytest

from genkan.core.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from genkan.instances import operations as instances
from genkan.instances import regions, work
from tests.slices.instances.support import (
    ARN,
    INSTANCE,
    MEMBER,
    REGION,
    UNKNOWN,
    an_account_instance,
    call_of,
    op,
    settle,
    signer,
)
from tests.support.store import MANAGEMENT, Store

SECOND = "us-west-2"


def run(store: Store, name: str, region: str = REGION, /, **params: Any) -> Any:
    """A wire operation on the organization instance, signed for a Region."""
    given = {"instance_arn": ARN, **params} if name != "ListInstances" else params
    with store.write() as tx:
        tx.call = call_of(op(name), given, region=region)
        return op(name).run(tx, **given)


def worked_off(store: Store) -> None:
    with store.write() as tx:
        settle(tx)


def add(store: Store, region_name: str = SECOND) -> None:
    run(store, "AddRegion", region_name=region_name)
    worked_off(store)


def names(store: Store, **params: Any) -> list[tuple[str, str]]:
    rows = run(store, "ListRegions", **params)["regions"]
    return [(row["region_name"], row["status"]) for row in rows]


def test_a_region_is_added_and_becomes_active(enabled: Store) -> None:
    enabled.clock.advance(seconds=60)
    assert run(enabled, "AddRegion", region_name=SECOND) == {"status": "ADDING"}
    assert names(enabled) == [(REGION, "ACTIVE"), (SECOND, "ADDING")]
    worked_off(enabled)
    assert run(enabled, "DescribeRegion", region_name=SECOND) == {
        "region_name": SECOND,
        "status": "ACTIVE",
        "added_date": enabled.clock.now,
        "is_primary_region": False,
    }


def test_the_primary_region_was_added_with_the_instance(enabled: Store) -> None:
    made = enabled.clock.now
    enabled.clock.advance(seconds=60)
    assert run(enabled, "DescribeRegion", region_name=REGION) == {
        "region_name": REGION,
        "status": "ACTIVE",
        "added_date": made,
        "is_primary_region": True,
    }


def test_a_region_is_removed_and_gone(enabled: Store) -> None:
    add(enabled)
    assert run(enabled, "RemoveRegion", region_name=SECOND) == {"status": "REMOVING"}
    assert names(enabled) == [(REGION, "ACTIVE"), (SECOND, "REMOVING")]
    worked_off(enabled)
    assert names(enabled) == [(REGION, "ACTIVE")]
    with pytest.raises(NotFound):
        run(enabled, "DescribeRegion", region_name=SECOND)
    add(enabled)


def test_an_instance_is_listed_in_its_active_regions(enabled: Store) -> None:
    def listed() -> int:
        return len(run(enabled, "ListInstances", SECOND)["instances"])

    assert listed() == 0
    run(enabled, "AddRegion", region_name=SECOND)
    assert listed() == 0
    worked_off(enabled)
    assert listed() == 1
    described = run(enabled, "DescribeInstance")
    assert described["primary_region"] == REGION
    assert [row["region_name"] for row in described["regions"]] == [REGION, SECOND]
    run(enabled, "RemoveRegion", region_name=SECOND)
    assert listed() == 0


def test_a_region_is_described_from_a_region_of_the_instance(enabled: Store) -> None:
    with pytest.raises(Invalid):
        run(enabled, "DescribeRegion", SECOND, region_name=REGION)
    add(enabled)
    assert run(enabled, "DescribeRegion", SECOND, region_name=REGION)["is_primary_region"] is True


@pytest.mark.parametrize("name", ["AddRegion", "RemoveRegion"])
def test_regions_come_and_go_in_the_primary_region_only(enabled: Store, name: str) -> None:
    add(enabled)
    with pytest.raises(Invalid, match=f"primary Region {REGION}"):
        run(enabled, name, SECOND, region_name="eu-north-1")


@pytest.mark.parametrize("region_name", [REGION, SECOND])
def test_a_region_that_is_there_is_not_added_again(enabled: Store, region_name: str) -> None:
    add(enabled)
    with pytest.raises(Conflict):
        run(enabled, "AddRegion", region_name=region_name)


def test_the_primary_region_stays(enabled: Store) -> None:
    with pytest.raises(Invalid):
        run(enabled, "RemoveRegion", region_name=REGION)


def test_a_region_that_is_not_there_is_not_removed(enabled: Store) -> None:
    with pytest.raises(NotFound):
        run(enabled, "RemoveRegion", region_name=SECOND)


@pytest.mark.parametrize("running", ["AddRegion", "RemoveRegion"])
@pytest.mark.parametrize("asked", ["AddRegion", "RemoveRegion"])
def test_one_region_at_a_time(enabled: Store, running: str, asked: str) -> None:
    add(enabled, "eu-north-1")
    if running == "RemoveRegion":
        add(enabled)
    run(enabled, running, region_name=SECOND)
    with pytest.raises(Conflict, match="There is a conflicting operation in process"):
        run(enabled, asked, region_name="eu-north-1" if asked == "RemoveRegion" else "sa-east-1")
    worked_off(enabled)
    run(enabled, asked, region_name="eu-north-1" if asked == "RemoveRegion" else "sa-east-1")


def test_regions_are_listed_page_by_page(enabled: Store) -> None:
    for region_name in ("us-west-2", "ap-south-1"):
        add(enabled, region_name)
    whole = names(enabled)
    assert [name for name, _ in whole] == ["ap-south-1", REGION, "us-west-2"]
    page = run(enabled, "ListRegions", max_results=2)
    rest = run(enabled, "ListRegions", max_results=2, next_token=page["next_token"])
    assert [*page["regions"], *rest["regions"]] == run(enabled, "ListRegions")["regions"]
    assert rest["next_token"] is None
    with pytest.raises(Invalid):
        run(enabled, "ListRegions", next_token="AAAA")


def test_regions_are_bounded(enabled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "REGION_LIMIT", 1)
    add(enabled)
    with pytest.raises(QuotaExceeded):
        run(enabled, "AddRegion", region_name="eu-north-1")


def test_an_account_instance_has_one_region(enabled: Store) -> None:
    with enabled.write() as tx:
        own = an_account_instance(tx)
    for name in ("AddRegion", "RemoveRegion"):
        with pytest.raises(Invalid, match="not supported"):
            run(enabled, name, instance_arn=own.arn, region_name=SECOND)
    assert names(enabled, instance_arn=own.arn) == [(REGION, "ACTIVE")]


def test_the_owner_of_an_unknown_instance_is_not_found_or_denied(enabled: Store) -> None:
    for name, refusal in (
        ("AddRegion", Denied),
        ("ListRegions", Denied),
        ("DescribeRegion", NotFound),
        ("RemoveRegion", NotFound),
    ):
        access: Any = op(name).access
        with enabled.write() as tx, pytest.raises(refusal):
            access.owner(tx, call_of(op(name), {"instance_arn": UNKNOWN}))


def test_a_member_account_owns_no_region(enabled: Store) -> None:
    access: Any = op("AddRegion").access
    with enabled.write(signer(MEMBER)) as tx:
        assert access.owner(tx, call_of(op("AddRegion"), {"instance_arn": ARN})) == MANAGEMENT


@pytest.mark.parametrize(("running", "status"), [("AddRegion", None), ("RemoveRegion", "ACTIVE")])
def test_what_was_given_up_is_as_it_was(enabled: Store, running: str, status: str | None) -> None:
    if running == "RemoveRegion":
        add(enabled)
    run(enabled, running, region_name=SECOND)
    with enabled.write() as tx:
        instances.ABANDON_INSTANCE.run(tx, instance_id=INSTANCE, region_name=SECOND)
    assert dict(names(enabled)).get(SECOND) == status
    with enabled.write() as tx:
        assert work.settle_instance(tx, instance_id=INSTANCE, region_name=SECOND)
