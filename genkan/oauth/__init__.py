"""OAuth for command lines and toolkits (`sso-oidc`, reference §8.3): from consent to tokens.

Owns: registered clients, device codes, authorization codes with PKCE, access and refresh tokens,
and the rule that finds the person behind a token. Leaves to others: sessions and sign-in
(`signin`), what a token opens (`portal`), forms and redirects (fronts).

Invariants
- A registered client is what its id says: signed by us, no row, valid on every node for its time.
- Only a signed-in person, by a POST, turns a request into a grant; a token cannot approve another.
- Codes work once. Codes, tokens and user codes are stored as hashes only.
- A grant lives no longer than the interactive session under which it was given.
- What must be remembered (a spent code, a poll, a reuse) is a returned `Rejected`, never a refusal.
- Strangers' rows are bounded: per address, in number, and in time.
"""
