"""Assignments: who has which permission set in which account.

Owns the tables `assignments`, `assignment_requests`, `provisioned_permission_sets` and
`provisioned_accounts`; the asynchronous requests with their one terminal status; and the answer to
"may this person use this permission set here, now?". Leaves making roles to `provisioning`, which
works through the steps in `work`, and what a permission set says to `permission_sets`.
Invariants: an assignment exists only after its role was made and until its removal is acknowledged,
so access ends with that answer; of one account and permission set at most one operation runs;
a role's suffix is recorded before the role is made and forgotten after it is gone; a role that
nobody is assigned to goes.
"""
