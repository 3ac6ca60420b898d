"""The identity store: users, groups, memberships and the ids that others gave them.

Owns the tables `identity_stores`, `users`, `groups`, `group_memberships` and `external_ids`, and
every rule about their attributes (reference §2). Leaves passwords and sign-in to `signin`, what a
principal may open to `assignments`, SCIM's own words to its front.
Invariants: user name, e-mail and group display name are unique in a store under compatibility
caseless matching and kept as written; a membership names a living user and a living group; a user
is in at most 1,000 groups, so that no evaluation ever drops one; each change raises `revision`.
"""
