"""Tags: reading and changing the tags of whatever in sso-admin can be tagged.

Owns the operations TagResource, UntagResource and ListTagsForResource and who may call them. Each
slice keeps the tags of its own things; the rules about keys and numbers are `instances.tags`.
Invariant: the account that owns the instance named in an ARN decides about that ARN's tags.
"""
