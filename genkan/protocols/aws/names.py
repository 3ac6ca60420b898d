"""How AWS's member names are spelled on our side and in AWS's own messages."""

import re
from functools import cache

# A word begins at a capital after a small letter or digit, and at the last capital of a run
# that small letters follow: SAMLProviderArn is saml_provider_arn.
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def snake_case(member: str) -> str:
    """`InstanceArn` → `instance_arn`: the key of a decoded parameter and of a result."""
    return _WORD.sub("_", member).lower()


@cache
def lower_camel(member: str) -> str:
    """`InstanceArn` → `instanceArn`: how AWS's validation messages call a member.

    Only the first letter falls, as in AWS: `SAMLAssertion` is `sAMLAssertion`.
    """
    return member[:1].lower() + member[1:]
