"""Tags of IAM's things: keys are the same in any case, and are kept as they were written."""

from collections.abc import Iterable, Mapping, Sequence

from genkan.core.errors import Invalid, QuotaExceeded

Tags = tuple[tuple[str, str], ...]
TAG_LIMIT = 50


def with_tags(before: Tags, given: Sequence[Mapping[str, str]]) -> Tags:
    """`before` with the tags given, which replace those of the same key."""
    keys = [tag["key"].casefold() for tag in given]
    if len(set(keys)) < len(keys):
        raise Invalid(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            code="InvalidInput",
        )
    if any(key.startswith("aws:") for key in keys):
        raise Invalid("Tag keys that begin with aws: are reserved.", code="InvalidInput")
    after = {key.casefold(): (key, value) for key, value in before}
    after |= {key: (tag["key"], tag["value"]) for key, tag in zip(keys, given, strict=True)}
    if len(after) > TAG_LIMIT:
        raise QuotaExceeded(
            f"Cannot exceed quota for TagsPerManagedPolicy: {TAG_LIMIT}", code="LimitExceeded"
        )
    return tuple(sorted(after.values()))


def without_tags(before: Tags, keys: Iterable[str]) -> Tags:
    """`before` without these keys; those that are not there are ignored."""
    gone = {key.casefold() for key in keys}
    return tuple(pair for pair in before if pair[0].casefold() not in gone)


def shape(pair: tuple[str, str]) -> dict[str, str]:
    """One tag as IAM answers it."""
    return {"key": pair[0], "value": pair[1]}


def request_context(tags: Sequence[Mapping[str, str]]) -> dict[str, str | tuple[str, ...]]:
    """`aws:RequestTag/<key>` and `aws:TagKeys` of a request that carries tags."""
    if not tags:
        return {}
    context: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{tag['key']}": tag["value"] for tag in tags
    }
    context["aws:TagKeys"] = tuple(tag["key"] for tag in tags)
    return context


def resource_context(tags: Tags) -> dict[str, str | tuple[str, ...]]:
    """`aws:ResourceTag/<key>` and `iam:ResourceTag/<key>` of what is asked about."""
    return {
        f"{prefix}:ResourceTag/{key}": value for key, value in tags for prefix in ("aws", "iam")
    }
