"""CloudTrail as tests read it: LookupEvents, page by page."""

import json
from collections.abc import Mapping
from typing import Any

from tests.fronts.aws.wire import Keys
from tests.fronts.aws.world import Clients, World
from tests.perform.dump import AUDIT, Dump, changes

Record = dict[str, Any]


def events(world: World, keys: Keys | None = None, **criteria: Any) -> list[dict[str, Any]]:
    """Every event of an account, newest first, as LookupEvents answers it."""
    client = Clients(world.server, keys).cloudtrail if keys else world.admin.cloudtrail
    found: list[dict[str, Any]] = []
    for page in client.get_paginator("lookup_events").paginate(**criteria):
        found += page["Events"]
    return found


def records(world: World, keys: Keys | None = None, **criteria: Any) -> list[Record]:
    """The CloudTrail records inside of the events."""
    return [json.loads(event["CloudTrailEvent"]) for event in events(world, keys, **criteria)]


def named(name: str) -> Mapping[str, Any]:
    """The criterion for events of one name."""
    return {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}]}


def of_request(
    world: World, request_id: str, operation: str, keys: Keys | None = None
) -> list[Record]:
    """The records that one request left."""
    return [
        record
        for record in records(world, keys, **named(operation))
        if record["requestID"] == request_id
    ]


def only_refusals(before: Dump, after: Dump) -> list[Record]:
    """The records that are new, which must be all that is, and of requests that were not decoded.

    Beyond a caller's budget none is made, and a minute later perhaps one that tells of that.
    """
    assert changes(before, after).keys() <= {AUDIT}
    assert before[AUDIT] <= after[AUDIT]
    made = [json.loads(record) for *_, record, _ in after[AUDIT] - before[AUDIT]]
    found = [record for record in made if record["eventName"] != "RefusalsNotRecorded"]
    for record in found:
        assert record["errorCode"]
        assert record["requestParameters"] is None
    return found
