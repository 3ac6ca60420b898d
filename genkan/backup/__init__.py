"""Backup and restore: a whole installation in one portable file, and back on either engine.

Owns the file's format (`envelope`, `contents`), which rows travel (`writing`), how they come back
(`restoring`) and what is asked of the schema for that (`catalog`). Leaves transactions and the
filling of an empty place to `db`, keys to `keys`.
Invariants: a file is one snapshot; it is written whole or not at all; every byte of it is
authenticated under the installation's own secret before anything is restored; the key-encryption
key is not in it, so that it holds no usable secret.
"""
