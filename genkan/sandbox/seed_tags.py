"""What is wrong with tags of a seed."""

from collections.abc import Mapping

from genkan.core.errors import Invalid, QuotaExceeded
from genkan.instances.tags import read_tags
from genkan.sandbox.seed_mistakes import Found, Path


def tags_mistakes(path: Path, tags: Mapping[str, str]) -> Found:
    """Keys that are reserved or stand twice, and more tags than a thing may have."""
    try:
        read_tags([{"key": key, "value": value} for key, value in tags.items()])
    except (Invalid, QuotaExceeded) as refused:
        yield path, refused.message
