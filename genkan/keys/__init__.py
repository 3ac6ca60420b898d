"""The keys of an installation: data keys and the root secret, wrapped by the key-encryption key.

Owns the table `data_keys`, how the key-encryption key is found, what every binary column holds
(`columns`) and the change of keys (`rotation`). Leaves sealing itself to `core.vault`.
Invariants: the key-encryption key is in no database, backup or log; exactly one data key is
active; a data key is retired only in a transaction that sees no value sealed with it.
"""
