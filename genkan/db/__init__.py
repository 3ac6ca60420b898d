"""The database: transactions, migrations, the leased job table.

Owns how a transaction begins, commits, groups and retries, and the tables `jobs` and
`schema_migrations`. Leaves every other table to its slice's `store.py`.
Invariants: a write is answered only after it is durable; a refusal leaves no trace but its audit
record; operations are re-runnable and have no effect outside their transaction.
"""
