"""User background sessions of an application: `SessionConfiguration` (reference §5.3)."""

from dataclasses import replace
from typing import Any

from genkan.applications import store
from genkan.applications.lookup import existing_application
from genkan.db.database import Tx

DEFAULT = "DISABLED"

Answer = dict[str, Any]


def put_configuration(
    tx: Tx, *, application_arn: str, user_background_session_application_status: str | None = None
) -> Answer:
    """PutApplicationSessionConfiguration; without a status it stays as it is."""
    found = existing_application(tx, application_arn)
    if user_background_session_application_status is not None:
        changed = replace(found, background_sessions=user_background_session_application_status)
        store.update_application(tx, changed)
    return {}


def get_configuration(tx: Tx, *, application_arn: str) -> Answer:
    """GetApplicationSessionConfiguration."""
    found = existing_application(tx, application_arn)
    return {"user_background_session_application_status": found.background_sessions}
