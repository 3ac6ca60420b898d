"""LookupEvents: the trail of the caller's own account, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genkan.audit import store
from genkan.audit.records import Entry, resources_in
from genkan.core.call import Call, Check, Iam, Operation, Signer
from genkan.core.errors import Invalid
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx

_FAR_FUTURE = 2**62
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """CloudTrail's Resource structure."""

    resource_type: str
    resource_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """CloudTrail's Event structure."""

    event_id: str
    event_name: str
    read_only: str
    access_key_id: str | None
    event_time: int
    event_source: str
    username: str | None
    resources: Sequence[Resource]
    cloud_trail_event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """LookupEvents' answer."""

    events: Sequence[Event]
    next_token: str | None


def lookup_events(
    tx: Tx,
    *,
    lookup_attributes: Sequence[Mapping[str, str]] = (),
    start_time: int = 0,
    end_time: int = _FAR_FUTURE,
    max_results: int = _PAGE,
    next_token: str | None = None,
    event_category: str | None = None,
) -> Events:
    """CloudTrail LookupEvents: at most one attribute, a time range (epoch ms), 50 a page.

    Newest first; events of one millisecond by their ids, so that pages never overlap.
    `Invalid` for a reversed range, an attribute that is not searchable, or a foreign token.
    """
    if start_time > end_time:
        raise Invalid(
            "The start time must be before the end time.", code="InvalidTimeRangeException"
        )
    if event_category not in (None, "insight"):
        raise Invalid("Unknown event category.", code="InvalidEventCategoryException")
    attribute, value = _criterion(lookup_attributes)
    account = _account(tx.call)
    query = f"trail:{account}:{attribute}:{value}:{start_time}:{end_time}"
    after = open_token(tx.vault, query, next_token)
    rows = (
        []
        if event_category == "insight"
        else store.find(
            tx,
            account_id=account,
            start=start_time,
            end=end_time,
            attribute=attribute,
            value=value,
            before=_position(after),
            limit=max_results + 1,
        )
    )
    page = page_of(
        tx.vault, query, rows, max_results, lambda entry: f"{entry.event_time}/{entry.event_id}"
    )
    return Events(events=[_event(entry) for entry in page.items], next_token=page.next_token)


def _criterion(attributes: Sequence[Mapping[str, str]]) -> tuple[str | None, str | int]:
    if len(attributes) > 1:
        raise Invalid(
            "At most one lookup attribute may be given.", code="InvalidLookupAttributesException"
        )
    if not attributes:
        return None, ""
    key, value = attributes[0]["attribute_key"], attributes[0]["attribute_value"]
    if key not in store.SEARCHABLE:
        raise Invalid(
            f"The lookup attribute {key} is not supported.",
            code="InvalidLookupAttributesException",
        )
    if key != "ReadOnly":
        return key, value
    if value.lower() not in ("true", "false"):
        raise Invalid(
            "The lookup attribute ReadOnly must be true or false.",
            code="InvalidLookupAttributesException",
        )
    return key, int(value.lower() == "true")


def _position(after: str | None) -> tuple[int, str]:
    if after is None:
        return _FAR_FUTURE, ""
    time, _, event_id = after.partition("/")
    return int(time), event_id


def _account(call: Call) -> str:
    assert isinstance(call.caller, Signer)
    return call.caller.account_id


def _event(entry: Entry) -> Event:
    return Event(
        event_id=entry.event_id,
        event_name=entry.event_name,
        read_only="true" if entry.read_only else "false",
        access_key_id=entry.access_key_id or None,
        event_time=entry.event_time,
        event_source=entry.event_source,
        username=entry.user_name or None,
        resources=[
            Resource(resource_type=kind, resource_name=name)
            for kind, name in resources_in(entry.resources)
        ],
        cloud_trail_event=entry.record,
    )


OPERATIONS = (
    Operation(
        name="LookupEvents",
        run=lookup_events,
        access=Iam(checks=lambda tx, call: (Check(action="cloudtrail:LookupEvents"),)),
        reads="scan",
    ),
)
