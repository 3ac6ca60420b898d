"""Tags of a seed: what is wrong with them, and how requests write them."""

from collections.abc import Callable, Mapping, Sequence

from genkan.core.errors import Invalid, QuotaExceeded
from genkan.instances.tags import read_tags
from genkan.sandbox.seed_mistakes import Found, Path

Given = Sequence[Mapping[str, str]]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As requests have them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def tags_mistakes(
    path: Path, tags: Mapping[str, str], read: Callable[[Given], object] = read_tags
) -> Found:
    """Keys that are reserved or stand twice, and more tags than a thing may have.

    `read` has the rules of whose tags they are.
    """
    try:
        read(tag_list(tags))
    except (Invalid, QuotaExceeded) as refused:
        yield path, refused.message
