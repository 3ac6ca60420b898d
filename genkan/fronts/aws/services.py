"""Which operations each AWS service offers here: the one table between models and slices.

One more operation is one line in its slice's `OPERATIONS`; a test compares this table with the
models.
"""

from dataclasses import dataclass
from typing import Literal

from genkan.applications import operations as applications
from genkan.assignments import operations as assignments
from genkan.audit import operations as audit
from genkan.core.call import Operation
from genkan.iam import operations as iam
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.oauth import operations as oauth
from genkan.organization import operations as organization
from genkan.permission_sets import operations as permission_sets
from genkan.portal import operations as portal
from genkan.signin import operations as signin
from genkan.sts import operations as sts
from genkan.tags import operations as tags

Authentication = Literal["signature", "bearer", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One AWS service as we serve it.

    `model` is the name of its model, `event_source` CloudTrail's word for it.
    """

    model: str
    event_source: str
    authentication: Authentication
    operations: dict[str, Operation]


def _service(
    model: str,
    event_source: str,
    *tables: tuple[Operation, ...],
    authentication: Authentication = "signature",
) -> Service:
    operations: dict[str, Operation] = {}
    for table in tables:
        for operation in table:
            if operation.name in operations:
                raise ValueError(f"{model} has two operations {operation.name}")
            operations[operation.name] = operation
    return Service(
        model=model,
        event_source=event_source,
        authentication=authentication,
        operations=operations,
    )


SERVICES: dict[str, Service] = {
    service.model: service
    for service in (
        _service(
            "sso-admin",
            "sso.amazonaws.com",
            instances.OPERATIONS,
            permission_sets.OPERATIONS,
            assignments.OPERATIONS,
            applications.OPERATIONS,
            tags.OPERATIONS,
        ),
        _service("identitystore", "identitystore.amazonaws.com", identity_store.OPERATIONS),
        _service(
            "organizations",
            "organizations.amazonaws.com",
            organization.OPERATIONS,
        ),
        _service("iam", "iam.amazonaws.com", iam.OPERATIONS),
        _service("sts", "sts.amazonaws.com", sts.OPERATIONS),
        _service("cloudtrail", "cloudtrail.amazonaws.com", audit.OPERATIONS),
        _service(
            "sso",
            "sso.amazonaws.com",
            portal.OPERATIONS,
            signin.OPERATIONS,
            authentication="bearer",
        ),
        _service("sso-oidc", "sso.amazonaws.com", oauth.OPERATIONS, authentication="none"),
    )
}
