"""TLS on the one port: whose certificate is shown, and what comes before the first request.

Owns the local certificate authority of a sandbox (`authority`), certificates in use and their
exchange while the server runs (`certificates`), and accepting connections (`listener`). Leaves
requests to `connections` and `asgi`, and what an https address means to pages to `fronts`.
Invariants: nothing older than TLS 1.2 is spoken; a certificate and a key that do not belong
together are never used; a private key is readable by its owner only.
"""
