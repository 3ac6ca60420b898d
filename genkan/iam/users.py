"""IAM users: who a long-term key belongs to. People are in `identity_store`."""

from genkan.core import ids
from genkan.core.errors import Conflict, NotFound
from genkan.db.database import Tx
from genkan.iam import store
from genkan.iam.policies import require_attachable
from genkan.iam.records import IamUser


def create_user(tx: Tx, *, account_id: str, user_name: str, path: str = "/") -> IamUser:
    """Create a user without any right."""
    if store.user_name_taken(tx, account_id, user_name):
        raise Conflict(f"User with name {user_name} already exists.", code="EntityAlreadyExists")
    user = IamUser(
        account_id=account_id,
        user_name=user_name,
        path=path,
        user_id=ids.unique_id("AIDA"),
        created_at=tx.now,
    )
    store.insert_user(tx, user)
    return user


def attach_user_policy(tx: Tx, *, account_id: str, user_name: str, policy_arn: str) -> None:
    """Attach a managed policy that exists; attaching it again changes nothing."""
    if store.find_user(tx, account_id, user_name) is None:
        raise NotFound(f"The user with name {user_name} cannot be found.", code="NoSuchEntity")
    require_attachable(tx, account_id, policy_arn)
    store.attach_user_policy(tx, account_id, user_name, policy_arn)


def find_user(tx: Tx, account_id: str, user_name: str) -> IamUser | None:
    """One IAM user, or None."""
    return tx.remembered(
        ("iam.user", account_id, user_name), lambda: store.find_user(tx, account_id, user_name)
    )
