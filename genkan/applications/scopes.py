"""Access scopes: what an application may ask for, and of whom (reference §5.3)."""

from collections.abc import Sequence
from typing import Any

from genkan.applications import store
from genkan.applications.lookup import existing_application, find_application, no_application
from genkan.applications.parts import delete_part, existing_part, list_parts
from genkan.applications.records import Application, Part
from genkan.core.errors import Invalid
from genkan.db.database import Tx
from genkan.instances import operations as instances

SCOPE_LIMIT = 25
"""Access scopes of one application (reference §12)."""

ACCOUNT_ACCESS = "sso:account:access"
_PAGE = 10

Answer = dict[str, Any]


def put_application_access_scope(
    tx: Tx, *, application_arn: str, scope: str, authorized_targets: Sequence[str] = ()
) -> Answer:
    """PutApplicationAccessScope: adds or replaces; targets stand in the application's instance.

    `sso:account:access` reaches accounts, so only the organization instance has it. Whether the
    application trusts a token issuer is asked when a token is given out, as the order in which
    scopes and grants are put is the caller's. The model has no quota error here, so more scopes
    than allowed are `Invalid`.
    """
    application = existing_application(tx, application_arn)
    _require_account_access(tx, application, scope)
    for target in authorized_targets:
        _require_target(tx, application, target)
    known = store.find_part(tx, application.application_id, "scope", scope)
    part = Part(name=scope, document=list(authorized_targets))
    store.put_part(tx, application.application_id, "scope", part)
    if known is None and _count(tx, application) > SCOPE_LIMIT:
        raise Invalid(f"An application has at most {SCOPE_LIMIT} access scopes.")
    return {}


def get_application_access_scope(tx: Tx, *, application_arn: str, scope: str) -> Answer:
    """GetApplicationAccessScope."""
    return _shape(existing_part(tx, application_arn, "scope", scope))


def delete_application_access_scope(tx: Tx, *, application_arn: str, scope: str) -> Answer:
    """DeleteApplicationAccessScope; there need not be one."""
    delete_part(tx, application_arn, "scope", scope)
    return {}


def list_application_access_scopes(
    tx: Tx, *, application_arn: str, max_results: int = _PAGE, next_token: str | None = None
) -> Answer:
    """ListApplicationAccessScopes, ten a page at most."""
    scopes, token = list_parts(tx, application_arn, "scope", _shape, max_results, next_token)
    return {"scopes": scopes, "next_token": token}


def _require_account_access(tx: Tx, application: Application, scope: str) -> None:
    if scope != ACCOUNT_ACCESS:
        return
    if instances.required_instance(tx, application.instance_arn).kind != instances.ORGANIZATION:
        raise Invalid(f"The scope {scope} is not supported for this Identity Center instance.")


def _require_target(tx: Tx, application: Application, target: str) -> None:
    """`NotFound` or `Invalid` unless the target is the application's instance or stands in it."""
    if target == application.instance_arn:
        return
    if target.split("/")[1] != application.instance_id:
        raise Invalid(f"The authorized target {target} belongs to another instance.")
    if find_application(tx, target) is None:
        raise no_application(target)


def _count(tx: Tx, application: Application) -> int:
    return len(store.page_of_parts(tx, application.application_id, "scope", None, SCOPE_LIMIT + 1))


def _shape(part: Part) -> Answer:
    return {"scope": part.name, "authorized_targets": part.document or None}
