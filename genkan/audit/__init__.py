"""Audit: the CloudTrail-shaped record of every act, and looking it up.

Owns the table `audit_events`, the shape of a record (reference §11) and redaction. Leaves to the
door when a record is written: in the transaction of the act, so that neither exists without the
other; a refused act's record stands in a savepoint of its own.
Invariants: a parameter named in `Operation.secret` and a result member named in
`Operation.conceals` never reach a record; a record says Success only for what was committed.
"""
