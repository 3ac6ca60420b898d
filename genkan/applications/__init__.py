"""Applications that people reach through Identity Center, and the token issuers they trust.

Owns the tables `application*` and `trusted_token_issuers` (reference §5): applications of the
providers in the catalogue, who is assigned to them, what they may ask for (scopes), how they prove
themselves (authentication methods), how they get tokens (grants). Leaves principals to
`identity_store`, the policy language of actor policies to `authorization`, and giving out tokens to
whoever answers CreateTokenWithIAM.
Invariants: an application belongs to one instance and never moves; whoever administers it comes
from the account that owns the instance, whatever account its ARN names; an assigned principal
existed in the instance's identity store, and its deletion ends the assignment; an actor policy that
is stored was read by the strict parser; nothing of an application outlives it.
"""
