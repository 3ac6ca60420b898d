"""AWS's own attributes in an assertion: which roles, for how long, with which session tags.

Reference §9 for the names and bounds. Reading and writing are each other's inverse. Leaves to
others: whether the role exists and trusts the provider, and cutting a session to the role's limit.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from genkan.protocols.saml.assertion import Attribute
from genkan.protocols.saml.names import ATTRIBUTE_URI
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from genkan.protocols.saml.verified import VerifiedAssertion

AWS_AUDIENCE = "urn:amazon:webservices"
AWS_SIGN_IN = "https://signin.aws.amazon.com/saml"

_PREFIX = "https://aws.amazon.com/SAML/Attributes/"
ROLE = f"{_PREFIX}Role"
ROLE_SESSION_NAME = f"{_PREFIX}RoleSessionName"
SESSION_DURATION = f"{_PREFIX}SessionDuration"
PRINCIPAL_TAG = f"{_PREFIX}PrincipalTag:"
TRANSITIVE_TAG_KEYS = f"{_PREFIX}TransitiveTagKeys"
SOURCE_IDENTITY = f"{_PREFIX}SourceIdentity"

MIN_DURATION, MAX_DURATION = 900, 43_200  # seconds
MAX_ROLES = 300  # pairs in one assertion
MAX_TAGS = 50
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256

_ACCOUNT = r"arn:aws(?:-[a-z]{1,12}){0,2}:iam::[0-9]{12}:"
_ROLE_ARN = re.compile(_ACCOUNT + r"role/[!-+\--~]{1,575}")  # printable ASCII without the comma
_PROVIDER_ARN = re.compile(_ACCOUNT + r"saml-provider/[A-Za-z0-9_.\-]{1,128}")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@\-]{2,64}")
_DURATION = re.compile(r"[0-9]{1,5}")
_NAME_ID_PREFIX = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


@dataclass(frozen=True, slots=True)
class RolePair:
    """One value of the Role attribute: the role, and the SAML provider it is assumed through."""

    role_arn: str
    provider_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClaims:
    """AWS's attributes, within AWS's bounds. Durations in seconds; tags in order."""

    roles: tuple[RolePair, ...]
    session_name: str
    session_duration: int | None = None
    principal_tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None


def read_aws_claims(assertion: VerifiedAssertion) -> AwsClaims:
    """The claims of a verified assertion. Refuses (CLAIMS) what is missing or out of bounds."""
    duration = assertion.value(SESSION_DURATION)
    claims = AwsClaims(
        roles=tuple(dict.fromkeys(role_pair(value) for value in assertion.values(ROLE))),
        session_name=assertion.value(ROLE_SESSION_NAME) or "",
        session_duration=_duration(duration) if duration is not None else None,
        principal_tags=_principal_tags(assertion),
        transitive_tag_keys=assertion.values(TRANSITIVE_TAG_KEYS),
        source_identity=assertion.value(SOURCE_IDENTITY),
    )
    _check(claims)
    return claims


def aws_attributes(claims: AwsClaims) -> tuple[Attribute, ...]:
    """The attributes to put in an assertion. Refuses (CLAIMS) what AWS would refuse."""
    _check(claims)
    pairs = tuple(f"{pair.role_arn},{pair.provider_arn}" for pair in claims.roles)
    for pair in pairs:
        role_pair(pair)
    attributes = [_attribute(ROLE, *pairs), _attribute(ROLE_SESSION_NAME, claims.session_name)]
    if claims.session_duration is not None:
        attributes.append(_attribute(SESSION_DURATION, str(claims.session_duration)))
    for key, value in claims.principal_tags:
        attributes.append(_attribute(PRINCIPAL_TAG + key, value))
    if claims.transitive_tag_keys:
        attributes.append(_attribute(TRANSITIVE_TAG_KEYS, *claims.transitive_tag_keys))
    if claims.source_identity is not None:
        attributes.append(_attribute(SOURCE_IDENTITY, claims.source_identity))
    return tuple(attributes)


def name_qualifier(issuer: str, account_id: str, provider_name: str) -> str:
    """`NameQualifier` of AssumeRoleWithSAML's answer: it and the subject name one person.

    base64 of the SHA-1 of issuer, account id, "/" and the provider's friendly name (the ARN's last
    part). SHA-1 is AWS's choice of a label; nothing is secured with it.
    """
    text = f"{issuer}{account_id}/{provider_name}"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def subject_type(name_id_format: str) -> str:
    """`SubjectType` of the answer and `SAML:sub_type`: SAML 2.0's own prefix is cut off."""
    return name_id_format.removeprefix(_NAME_ID_PREFIX)


def _attribute(name: str, *values: str) -> Attribute:
    return Attribute(name, values, ATTRIBUTE_URI)


def role_pair(value: str) -> RolePair:
    """One value of the Role attribute; both orders are in use. Refuses (CLAIMS) anything else."""
    first, _, second = value.partition(",")
    if _ROLE_ARN.fullmatch(first) and _PROVIDER_ARN.fullmatch(second):
        return RolePair(first, second)
    if _ROLE_ARN.fullmatch(second) and _PROVIDER_ARN.fullmatch(first):
        return RolePair(second, first)
    raise SamlRefusal(SamlRefusalKind.CLAIMS, "a Role value that is not a role and a SAML provider")


def _duration(value: str) -> int:
    if not _DURATION.fullmatch(value):
        raise SamlRefusal(
            SamlRefusalKind.CLAIMS, "a SessionDuration that is not a number of seconds"
        )
    return int(value)


def _principal_tags(assertion: VerifiedAssertion) -> tuple[tuple[str, str], ...]:
    names = [a.name for a in assertion.attributes if a.name.startswith(PRINCIPAL_TAG)]
    # `value` refuses a second attribute of the name and a second value in it
    return tuple((name.removeprefix(PRINCIPAL_TAG), assertion.value(name) or "") for name in names)


def _check(claims: AwsClaims) -> None:
    if not 1 <= len(claims.roles) <= MAX_ROLES:
        raise SamlRefusal(SamlRefusalKind.CLAIMS, "no Role, or too many")
    if not _SESSION_NAME.fullmatch(claims.session_name):
        raise SamlRefusal(
            SamlRefusalKind.CLAIMS, "RoleSessionName is missing or not [\\w+=,.@-]{2,64}"
        )
    duration = claims.session_duration
    if duration is not None and not MIN_DURATION <= duration <= MAX_DURATION:
        raise SamlRefusal(
            SamlRefusalKind.CLAIMS, f"SessionDuration outside {MIN_DURATION}-{MAX_DURATION}"
        )
    if claims.source_identity is not None and not _SESSION_NAME.fullmatch(claims.source_identity):
        raise SamlRefusal(SamlRefusalKind.CLAIMS, "SourceIdentity is not [\\w+=,.@-]{2,64}")
    _check_tags(claims)


def _check_tags(claims: AwsClaims) -> None:
    if len(claims.principal_tags) > MAX_TAGS:
        raise SamlRefusal(SamlRefusalKind.CLAIMS, f"over {MAX_TAGS} session tags")
    keys = [key for key, _ in claims.principal_tags]
    # AWS keeps the case of a key but compares without it: Department and department are one tag
    if len({key.casefold() for key in keys}) != len(keys):
        raise SamlRefusal(SamlRefusalKind.CLAIMS, "a session tag given twice")
    for key, value in claims.principal_tags:
        if not 1 <= len(key) <= MAX_TAG_KEY or key.casefold().startswith("aws:"):
            raise SamlRefusal(
                SamlRefusalKind.CLAIMS, "a session tag key of a bad length or reserved to AWS"
            )
        if len(value) > MAX_TAG_VALUE or not _is_tag_text(key + value):
            raise SamlRefusal(
                SamlRefusalKind.CLAIMS, "a session tag with characters AWS does not allow"
            )
    if not set(claims.transitive_tag_keys) <= set(keys):
        raise SamlRefusal(SamlRefusalKind.CLAIMS, "a transitive tag key that is not a session tag")


def _is_tag_text(text: str) -> bool:
    r"""AWS's `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`: letters, separators, numbers of any script."""
    return all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)
