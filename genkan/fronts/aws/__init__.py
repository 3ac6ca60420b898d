"""The AWS front: sso-admin, identitystore, organizations, iam, sts, cloudtrail, sso, sso-oidc.

Owns the life of an AWS request as one list (`gateway.STEPS`): identify → authenticate → decode →
perform → encode, and AWS's names for refusals. Leaves bytes to `protocols.aws`, everything else to
the door. Invariants: an error is written in the protocol of the operation identified; nothing of a
request is believed before its signature or token is verified; only raw bytes are verified.
"""
