"""What single values of a seed must look like, in AWS's own bounds and in plain words.

Owns `Rule`, which a seed's reader asks and a published schema shows, and the bounds themselves:
those of AWS's service models where AWS has any. Leaves how values hang together to `seed_checks`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Meta

from genkan.organization import making
from genkan.protocols.aws import load
from genkan.protocols.aws.patterns import whole_match

_SHOWN = 60
_ANYTHING = (r"[\s\S]*", r"[\S\s]*")
_PROPERTY = re.compile(r"\\[pP]\{")


@dataclass(frozen=True, slots=True)
class Rule:
    """Bounds of one text: length in characters, and a pattern that the whole of it matches.

    `says` completes the sentence "… must". `secret`: the text is never shown.
    """

    low: int = 0
    high: int | None = None
    pattern: str | None = None
    says: str = ""
    secret: bool = False
    _match: Callable[[str], object] | None = field(default=None, repr=False)

    def broken(self, text: str) -> str | None:
        """What is wrong with `text`, as a sentence, or None."""
        if len(text) < self.low:
            return (
                "must not be empty"
                if not text
                else f"has {len(text)} characters; at least {self.low} are needed"
            )
        if self.high is not None and len(text) > self.high:
            return f"has {len(text)} characters; at most {self.high} are allowed"
        if self._match is not None and not self._match(text):
            return f"{'the value' if self.secret else shown(text)} must {self.says}"
        return None

    def schema(self) -> dict[str, object]:
        """The rule in JSON Schema's words.

        Patterns over Unicode properties are left out: validators do not agree about them.
        """
        found: dict[str, object] = {}
        if self.low:
            found["minLength"] = self.low
        if self.high is not None:
            found["maxLength"] = self.high
        if self.pattern is not None and not _PROPERTY.search(self.pattern):
            # "\ " is no escape in ECMAScript's regular expressions.
            found["pattern"] = f"^(?:{self.pattern})$".replace("\\ ", " ")
        return found


def shown(text: str) -> str:
    """A text as a message quotes it: bounded, on one line."""
    return f'"{one_line(text, _SHOWN)}"'


def one_line(text: str, longest: int) -> str:
    """A text with nothing in it that ends a line or that a terminal obeys, cut where it is long."""
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return "".join(char if char.isprintable() else "�" for char in cut)


def rule(
    pattern: str | None = None,
    says: str = "",
    *,
    low: int = 0,
    high: int | None = None,
    secret: bool = False,
) -> Rule:
    """A rule of our own; `pattern` is matched as the models' patterns are."""
    match = whole_match(pattern) if pattern is not None else None
    return Rule(low, high, pattern, says, secret, match)


def aws_rule(service: str, shape_name: str, says: str = "") -> Rule:
    """The bounds of a string shape of an AWS service model."""
    shape = load(service).shapes[shape_name]
    pattern = None if shape.pattern in _ANYTHING else shape.pattern
    if pattern is not None:
        pattern = pattern.removeprefix("^").removesuffix("$")
    return rule(
        pattern,
        says,
        low=int(shape.min or 0),
        high=None if shape.max is None else int(shape.max),
    )


def text(rule: Rule, description: str = "") -> Meta:
    """A text field: the rule for the reader, its words for editors."""
    return Meta(
        extra={"rule": rule},
        extra_json_schema=rule.schema(),
        description=description or None,
    )


REFERENCE = rule(low=1)

_NAME_SIGNS = "consist of ASCII letters, digits and the signs _ + = , . @ -"
_PRINTABLE = "consist of letters, digits, signs and blanks, without control characters"
_NO_BLANKS = "consist of letters, digits and signs, without blanks"
_LATIN = "consist of characters of the Latin-1 alphabet (up to U+00FF)"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


def _of(pattern: re.Pattern[str], says: str, *, low: int = 0, high: int | None = None) -> Rule:
    return rule(pattern.pattern, says, low=low, high=high)


# Of the organization (reference §10)
ACCOUNT_ID = aws_rule("sso-admin", "AccountId", "be twelve digits")
ACCOUNT_NAME = rule(r"\P{Cc}*", "hold no control character", low=1, high=128)
ACCOUNT_EMAIL = aws_rule("organizations", "Email", "be an e-mail address, such as a@example.com")
ALIAS = _of(
    making.ALIAS, "consist of lower-case letters, digits and single hyphens", low=3, high=63
)
ENVIRONMENT = _of(making.ENVIRONMENT, "be a short lower-case word, such as production")
ORGANIZATION_ID = aws_rule("organizations", "OrganizationId", "look like o-a1b2c3d4e5")
ROOT_ID = aws_rule("organizations", "RootId", "look like r-a1b2")
UNIT_ID = aws_rule("organizations", "OrganizationalUnitId", "look like ou-a1b2-c3d4e5f6")
UNIT_NAME = ACCOUNT_NAME
CONTROL_POLICY_NAME = aws_rule("organizations", "PolicyName")
CONTROL_POLICY_ID = aws_rule("organizations", "PolicyId", "look like p-a1b2c3d4e5")
CONTROL_POLICY_DESCRIPTION = aws_rule("organizations", "PolicyDescription")
CONTROL_POLICY = rule(low=1)
SERVICE_PRINCIPAL = aws_rule(
    "organizations", "ServicePrincipal", "be a service principal, such as sso.amazonaws.com"
)

# Of the instance (reference §1)
REGION = aws_rule("sso-admin", "RegionName", "be the name of a Region, such as eu-west-1")
INSTANCE_NAME = aws_rule("sso-admin", "NameType", _NAME_SIGNS)
INSTANCE_ALIAS = rule(
    making.ALIAS.pattern, "consist of lower-case letters, digits and single hyphens", high=63
)
ACCESS_CONTROL_KEY = aws_rule(
    "sso-admin",
    "AccessControlAttributeKey",
    "consist of letters, digits, blanks and _ . : / = + - @",
)
ACCESS_CONTROL_SOURCE = aws_rule(
    "sso-admin", "AccessControlAttributeValueSource", "be a source, such as ${path:title}"
)
INSTANCE_ID = rule(r"ssoins-[a-zA-Z0-9-.]{16}", "look like ssoins-1234567890abcdef")
IDENTITY_STORE_ID = rule(r"d-[0-9a-f]{10}", "look like d-1234567890")

SOURCE_ADDRESSES = aws_rule("identitystore", "IpCidrType", "be an address or CIDR block")

# Of people (reference §2)
PRINCIPAL_ID = rule(rf"([0-9a-f]{{10}}-)?{_UUID}", "look like 12345678-90ab-70cd-ef12-34567890abcd")
USER_NAME = aws_rule("identitystore", "UserName", _NO_BLANKS)
ATTRIBUTE = aws_rule("identitystore", "SensitiveStringType", _PRINTABLE)
GROUP_NAME = aws_rule("identitystore", "GroupDisplayName", _PRINTABLE)
EXTERNAL_ISSUER = aws_rule("identitystore", "ExternalIdIssuer", _NO_BLANKS)
EXTERNAL_ID = aws_rule("identitystore", "ExternalIdIdentifier", _NO_BLANKS)
PASSWORD = rule(low=1, secret=True)

# Of permission sets and policies (reference §3)
PERMISSION_SET_NAME = aws_rule("sso-admin", "PermissionSetName", _NAME_SIGNS)
PERMISSION_SET_ID = rule(r"ps-[a-zA-Z0-9-.]{16}", "look like ps-1234567890abcdef")
PERMISSION_SET_DESCRIPTION = aws_rule("sso-admin", "PermissionSetDescription", _LATIN)
SESSION_DURATION = aws_rule("sso-admin", "Duration", "be a duration, such as PT8H")
RELAY_STATE = aws_rule("sso-admin", "RelayState", "consist of characters that a URL may hold")
POLICY_ARN = aws_rule(
    "sso-admin",
    "ManagedPolicyArn",
    "be the ARN of a policy of AWS, such as arn:aws:iam::aws:policy/ReadOnlyAccess",
)
POLICY_NAME = aws_rule("iam", "policyNameType", _NAME_SIGNS)
POLICY_PATH = aws_rule("iam", "policyPathType", "begin and end with a slash, such as /teams/")
POLICY_DESCRIPTION = aws_rule("iam", "policyDescriptionType")
POLICY_UNIQUE_ID = rule(r"ANPA[A-Z0-9]{17}", "look like ANPA1234567890ABCDEFG")
POLICY_VERSION = rule(r"v[1-9][0-9]{0,8}", "look like v1")
INLINE_POLICY = aws_rule("sso-admin", "PermissionSetPolicyDocument", _LATIN)
MANAGED_POLICY = aws_rule("iam", "policyDocumentType", _LATIN)
TAG_KEY = aws_rule("sso-admin", "TagKey", "consist of letters, digits, blanks and _ . : / = + - @")
TAG_VALUE = aws_rule(
    "sso-admin", "TagValue", "consist of letters, digits, blanks and _ . : / = + - @"
)

# Of applications and trusted token issuers (reference §5)
APPLICATION_NAME = aws_rule("sso-admin", "ApplicationNameType")
APPLICATION_ID = rule(r"apl-[a-zA-Z0-9]{16}", "look like apl-1234567890abcdef")
APPLICATION_PROVIDER = aws_rule(
    "sso-admin", "ApplicationProviderArn", "be the ARN of an application provider"
)
APPLICATION_DESCRIPTION = aws_rule("sso-admin", "Description")
APPLICATION_URL = aws_rule("sso-admin", "ApplicationUrl", "be a URL, such as https://example.com/")
SCOPE = aws_rule("sso-admin", "Scope", "be a scope, such as sso:account:access")
REDIRECT_URI = rule(low=1)
AUDIENCE = aws_rule("sso-admin", "TokenIssuerAudience")
ACTOR_POLICY = rule(low=1)
ISSUER_NAME = aws_rule("sso-admin", "TrustedTokenIssuerName", _NAME_SIGNS)
ISSUER_ID = rule(rf"tti-{_UUID}", "look like tti-12345678-90ab-40cd-8f12-34567890abcd")
ISSUER_URL = aws_rule("sso-admin", "TrustedTokenIssuerUrl", "be a URL, such as https://example.com")
CLAIM_PATH = aws_rule("sso-admin", "ClaimAttributePath", "be a claim's path, such as email")
STORE_PATH = aws_rule("sso-admin", "JMESPath", "be an attribute's path, such as emails.value")
