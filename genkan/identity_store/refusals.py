"""The identity store's refusals, with the members that its exceptions carry (reference §2.3)."""

from genkan.core.errors import Conflict, NotFound, QuotaExceeded

_WORDS = {"USER": "USER", "GROUP": "GROUP", "GROUP_MEMBERSHIP": "MEMBERSHIP"}


def no_identity_store(identity_store_id: str) -> NotFound:
    """The store does not exist; the sentence is AWS's, recorded by users of its clients."""
    return NotFound(
        f"IdentityStore not present for IdentityStoreId: {identity_store_id}",
        members={"resource_type": "IDENTITY_STORE", "resource_id": identity_store_id},
    )


def not_found(resource_type: str, resource_id: str | None = None) -> NotFound:
    """No such user, group or membership in this store."""
    members = {"resource_type": resource_type}
    if resource_id is not None:
        members["resource_id"] = resource_id
    return NotFound(f"{_WORDS[resource_type]} not found.", members=members)


def duplicate(message: str) -> Conflict:
    """A value that must be unique is taken."""
    return Conflict(message, members={"reason": "UNIQUENESS_CONSTRAINT_VIOLATION"})


def changed_meanwhile(resource_type: str) -> Conflict:
    """The revision that the caller expects is not the current one."""
    return Conflict(
        f"The revision of the {resource_type} is not the current one.",
        members={"reason": "CONCURRENT_MODIFICATION"},
    )


def quota_exceeded(what: str, limit: int) -> QuotaExceeded:
    """A limit of reference §12."""
    return QuotaExceeded(f"The limit of {limit} {what} is reached.")
