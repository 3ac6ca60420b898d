"""Audit: the CloudTrail-shaped record of every act, looking it up, and the sealed chain over it.

Owns the tables `audit_events`, `audit_batches` and `audit_pruned`, the shape of a record (reference
§11), redaction, sealing, verification, export and pruning. Leaves to the door when a record is
written: in the transaction of the act, so that neither exists without the other; a refused act's
record stands in a savepoint of its own.
Invariants: a parameter named in `Operation.secret` and a result member named in
`Operation.conceals` never reach a record; a record says Success only for what was committed; a
sealed record is in exactly one batch, and never changes.
"""
