"""The organization: accounts, organizational units, and who manages them.

Owns the organization, its units and accounts (reference §10), and how an account is recognised at a
glance: name, alias, environment, colour; which services are trusted and which accounts administer
them; service control policies. Leaves what stands inside an account to `iam`, who may enter it to
`assignments`, limiting a session by control policies to `sts`.
Invariants: there is at most one organization; its management account is its first and stands in
its root; every account and unit has one parent; e-mail and alias are unique; a unit never moves,
so that paths are stored; nothing has a control policy attached while the type is not enabled, and
everything has one while it is.
"""
