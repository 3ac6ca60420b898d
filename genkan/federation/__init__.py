"""Federation: assertions made, signed, verified and exchanged, between the door and SAML's XML.

Owns turning `AssertionContent` into a signed response of our identity provider, and a response
into verified `SamlClaims`. Leaves the decision who may have an assertion to `portal`, what a
session may do to `sts`, the XML itself to `protocols.saml`. Holds no table.
Invariants: an assertion is verified against the SAML provider of the account it is for, never
against our own key directly, so the sandbox trusts exactly what a real account would; lxml and
signxml are imported on first use, in a thread.
"""
