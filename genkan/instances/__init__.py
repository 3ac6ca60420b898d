"""Instances: one Identity Center, its identity store, its owner, its Regions and its addresses.

Owns the table `instances` (reference §1), the rule which account an instance belongs to, and which
URLs mean it. Leaves users to `identity_store`, permission sets and applications to their slices.
Invariants: an instance's store and owner never change; an account owns at most one instance; there
is at most one organization instance and the management account owns it; the alias of the start URL
is set once (§1.3).
"""
