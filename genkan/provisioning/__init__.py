"""Provisioning: make the roles in accounts match assignments and permission sets.

Owns the worker's side of an assignment: what an account's role must be (`desired`), the changes
between that and what stands there (`plan`, pure), and applying them to a target between
transactions (`jobs`). Leaves what was asked for and how it ended to `assignments`, what stands in a
sandbox account to `iam`; other targets, such as AWS itself, are connectors behind `AccountTarget`.
Invariants: every step may be cut off and run again, and the end is the same; nothing is made under
a name that was not recorded before; while a role is changed it allows nothing that it allows
neither before nor after (policies that deny aside).
"""
