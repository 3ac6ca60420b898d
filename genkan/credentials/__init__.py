"""Credentials: long-term access keys and the installation's own signing keys.

Owns the tables `access_keys` and `signing_keys`. Leaves temporary credentials to `sts`, passwords
to `signin` and tokens to `oauth`.
Invariants: a secret is sealed for its row and opened only to check or make a signature; a secret
access key is told once, to whoever created it.
"""
