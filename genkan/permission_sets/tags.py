"""Tags of permission sets: read from a request, and as condition keys (reference §1.4)."""

from collections.abc import Mapping, Sequence

from genkan.core.errors import Invalid, QuotaExceeded

TAG_LIMIT = 50


def read_tags(tags: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """Key and value pairs in order of keys; keys are unique and not AWS's own."""
    pairs = sorted((tag["key"], tag["value"]) for tag in tags)
    if len({key for key, _ in pairs}) < len(pairs):
        raise Invalid("Tag keys must be unique.")
    if any(key.lower().startswith("aws:") for key, _ in pairs):
        raise Invalid("Tag keys that begin with aws: are reserved.")
    if len(pairs) > TAG_LIMIT:
        raise QuotaExceeded(f"A permission set has at most {TAG_LIMIT} tags.")
    return tuple(pairs)


def request_context(tags: Sequence[Mapping[str, str]]) -> dict[str, str | tuple[str, ...]]:
    """`aws:RequestTag/<key>` and `aws:TagKeys` of a request that carries tags."""
    if not tags:
        return {}
    context: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{tag['key']}": tag["value"] for tag in tags
    }
    context["aws:TagKeys"] = tuple(tag["key"] for tag in tags)
    return context


def resource_context(tags: Sequence[tuple[str, str]]) -> dict[str, str | tuple[str, ...]]:
    """`aws:ResourceTag/<key>` of what is asked about."""
    return {f"aws:ResourceTag/{key}": value for key, value in tags}
