"""Tags: read from a request, changed, and as condition keys (reference §1.4).

The rules are the same for everything that can be tagged; each slice keeps the tags of its own.
"""

from collections.abc import Iterable, Mapping, Sequence

from genkan.core.errors import Invalid, QuotaExceeded
from genkan.instances.records import Tags

TAG_LIMIT = 50

Context = dict[str, str | tuple[str, ...]]


def read_tags(tags: Sequence[Mapping[str, str]]) -> Tags:
    """Key and value pairs in order of keys; keys are unique and not AWS's own."""
    return with_tags((), tags)


def with_tags(before: Tags, given: Sequence[Mapping[str, str]]) -> Tags:
    """`before` with the tags given, which replace those of the same key (TagResource)."""
    pairs = [(tag["key"], tag["value"]) for tag in given]
    if len({key for key, _ in pairs}) < len(pairs):
        raise Invalid("Tag keys must be unique.")
    if any(key.lower().startswith("aws:") for key, _ in pairs):
        raise Invalid("Tag keys that begin with aws: are reserved.")
    after = tuple(sorted({**dict(before), **dict(pairs)}.items()))
    if len(after) > TAG_LIMIT:
        raise QuotaExceeded(f"A resource has at most {TAG_LIMIT} tags.")
    return after


def without_tags(before: Tags, keys: Iterable[str]) -> Tags:
    """`before` without these keys; those that are not there are ignored (UntagResource)."""
    gone = frozenset(keys)
    return tuple(pair for pair in before if pair[0] not in gone)


def request_context(tags: Sequence[Mapping[str, str]]) -> Context:
    """`aws:RequestTag/<key>` and `aws:TagKeys` of a request that carries tags."""
    if not tags:
        return {}
    context: Context = {f"aws:RequestTag/{tag['key']}": tag["value"] for tag in tags}
    context["aws:TagKeys"] = tuple(tag["key"] for tag in tags)
    return context


def resource_context(tags: Sequence[tuple[str, str]]) -> Context:
    """`aws:ResourceTag/<key>` of what is asked about."""
    return {f"aws:ResourceTag/{key}": value for key, value in tags}


def resource_contexts(tags_by_arn: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, Context]:
    """`aws:ResourceTag/<key>` of each resource that has tags, by its ARN."""
    return {arn: resource_context(tags) for arn, tags in tags_by_arn.items() if tags}
