"""STS: role sessions — minting, resolving and ending them — and caller identity.

Owns the tables `role_sessions` and `used_assertions`, the rule by which a session of an assigned
role is minted, and what a signer may do (its policies, for the door). Leaves verifying signatures
and assertions to the fronts, assignments to `assignments` (asked by event), roles to `iam`.
Invariants: a session is alive only while its role exists under the same role id, its person is
enabled and still assigned, and its parent session is alive; an assertion is exchanged once; secret
keys are sealed, session tokens only hashed.
"""
