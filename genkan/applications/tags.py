"""Tags of applications and trusted token issuers, and changing them (reference §1.4)."""

from collections.abc import Mapping, Sequence

from genkan.applications.records import Tags
from genkan.core.errors import QuotaExceeded
from genkan.permission_sets import tags as rules

TAG_LIMIT = rules.TAG_LIMIT


def read_tags(tags: Sequence[Mapping[str, str]]) -> Tags:
    """Key and value pairs in order of keys; keys are unique and not AWS's own."""
    if len(tags) > TAG_LIMIT:
        raise QuotaExceeded(f"A resource has at most {TAG_LIMIT} tags.")
    return rules.read_tags(tags)
