"""Permission sets: what a person may do once inside an account, and for how long.

Owns the tables `permission_sets`, `permission_set_managed_policies` and
`permission_set_customer_policies`, the rules about names, durations and limits (reference §3.1),
and the hash that tells whether a role still says the same. Leaves who has a permission set where,
and which role stands for it, to `assignments`, tags to `instances`, the policy language to
`authorization`.
Invariants: a name is unique and never changes; an inline policy that is stored was
read by the strict parser; every edit asks first (`PermissionSetChanging`) and renews the hash.
"""
