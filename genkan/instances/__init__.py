"""Instances: one Identity Center, its identity store, its owner, its Regions and its addresses.

Owns the tables `instances`, `instance_regions` and `instance_access_control_attributes` (reference
§1, §3.5), the rule which account an instance belongs to, which URLs mean it, what an attribute for
access control reads of a user, and the rules about tags, which every slice that has tags follows.
Leaves users to `identity_store`, permission sets and applications to their slices.
Invariants: an instance's store and owner never change; an account owns at most one instance; there
is at most one organization instance, the management account owns it, and no request deletes it; of
one instance at most one Region comes or goes; the alias of the start URL is set once (§1.3).
"""
