"""The organization: accounts, organizational units, and who manages them.

Owns the tables `organizations`, `organizational_units` and `accounts` (reference §10), and how an
account is recognised at a glance: name, alias, environment, colour. Leaves what stands inside an
account to `iam`, who may enter it to `assignments`.
Invariants: there is at most one organization; its management account is its first and stands in
its root; every account and unit has one parent; e-mail and alias are unique; a unit never moves,
so that paths are stored.
"""
