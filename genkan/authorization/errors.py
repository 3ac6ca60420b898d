"""The one error of the policy language, and AWS's sentences for it.

The sentences are those IAM answers with `MalformedPolicyDocument`; the front decides which error
code carries them (`ValidationException` for sso-admin, `MalformedPolicyDocument` for iam and sts,
`MalformedPolicyDocumentException` for organizations).
"""

from __future__ import annotations

from typing import Final

INVALID_JSON: Final = "This policy contains invalid Json"
SYNTAX: Final = "Syntax errors in policy."
VERSION: Final = "Policy document must be version 2012-10-17 or greater."
NO_ACTIONS: Final = "Policy statement must contain actions."
NO_RESOURCES: Final = "Policy statement must contain resources."
PRINCIPAL_GIVEN: Final = "Policy document should not specify a principal."
PRINCIPAL_MISSING: Final = "Missing required field Principal"
RESOURCE_GIVEN: Final = "Has prohibited field Resource"
NOT_PRINCIPAL_GIVEN: Final = "Has prohibited field NotPrincipal"
DUPLICATE_SID: Final = "Statement IDs (SID) in a single policy must be unique."
SID_CHARACTERS: Final = (
    "Statement IDs (SID) must be alpha-numeric. "
    "Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
NO_VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
ONE_COLON: Final = "Actions/Condition can contain only one colon."
NO_RESOURCE_VENDOR: Final = "Resource vendor must be fully qualified and cannot contain regexes."
LEGACY_PARSING: Final = "The policy failed legacy parsing"
TRUST_ACTIONS: Final = "AssumeRole policy may only specify STS AssumeRole actions."


class PolicySyntaxError(ValueError):
    """A policy document is refused.

    Attributes:
        message: AWS's sentence, safe to answer with.
        path: where the mistake is, such as `Statement[0].Condition.StringLike`; empty for the
            whole document.
        detail: what is wrong in more words, for the person who wrote the policy; safe too, and
            bounded: it quotes at most a few hundred characters of the policy.
    """

    def __init__(self, message: str, path: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.detail = detail
