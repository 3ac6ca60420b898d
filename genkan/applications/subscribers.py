"""What applications do when others tell inside a transaction; wired by `assembly`."""

from genkan.applications import store
from genkan.core.events import GroupDeleted, InstanceDeleted, UserDeleted
from genkan.db.database import Tx


def on_user_deleted(tx: Tx, event: UserDeleted) -> None:
    """End the user's own assignments."""
    store.delete_assignments_of(tx, event.user_id, "USER")


def on_group_deleted(tx: Tx, event: GroupDeleted) -> None:
    """End the group's assignments."""
    store.delete_assignments_of(tx, event.group_id, "GROUP")


def on_instance_deleted(tx: Tx, event: InstanceDeleted) -> None:
    """Take away the instance's applications and trusted token issuers."""
    store.delete_of_instance(tx, event.instance_id)
