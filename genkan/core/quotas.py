"""Quotas: how many there may be of what AWS lets be raised (reference §12), with AWS's defaults.

What AWS never raises stands as a constant beside its rule: policies of a permission set, groups of
a user, tags of a resource.
"""

from dataclasses import dataclass, fields

HIGHEST = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Numbers of an installation; each is at least 1.

    `users` and `groups` of an identity store; `permission_sets` and `applications` of an instance;
    `provisioned_permission_sets` of an account. Requests at a time: `account_assignment_requests`
    for CreateAccountAssignment, `provisioning_requests` for ProvisionPermissionSet.
    """

    users: int = 100_000
    groups: int = 100_000
    permission_sets: int = 3_500
    provisioned_permission_sets: int = 500
    applications: int = 7_000
    account_assignment_requests: int = 15
    provisioning_requests: int = 3


NAMES = tuple(field.name for field in fields(Quotas))
