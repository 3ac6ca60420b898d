"""IAM: what stands inside a sandbox account.

Owns roles with their inline and attached policies and boundary, customer managed policies, SAML
providers and the users that hold long-term keys. Leaves the account itself and its alias to
`organization`, access keys to `credentials`, sessions to `sts`, and AWS's own managed policy
documents and the policy language to `authorization`.
Invariants: whatever is attached exists, so that a session's rights can always be read; a role under
`/aws-reserved/` is changed by a worker or by the owner of the process only; a caller sees its own
account and no other.
"""
