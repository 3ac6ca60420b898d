"""Tags of permission sets; the rules are everybody's (`instances.tags`)."""

from genkan.instances.tags import TAG_LIMIT, read_tags, request_context, resource_context

__all__ = ["TAG_LIMIT", "read_tags", "request_context", "resource_context"]
