"""SAML 2.0, as an identity provider writes it and as a service provider verifies it.

Owns: metadata (`metadata`), assertions and their signature (`assertion`, `signing`), verification
(`verify`, which is the only way to a `VerifiedAssertion`), AWS's role attributes (`aws`) and
signing keys (`keys`). Leaves to others: who may have an assertion, which certificates are pinned,
remembering assertion ids against replay, HTTP bindings, and every clock: time is a parameter.

Invariants: nothing unsigned reaches a caller except through a function named `unverified_…`;
whatever is not expressly allowed is refused; every refusal is a `SamlRefusal`.

Importing a module of this package imports lxml, and most import signxml too (about 0.15 s), so a
server imports them inside the function that first needs them. This file imports nothing.
"""
