"""The one closed set of reasons for which a SAML document is refused.

`SamlRefusal` carries a kind, which a front turns into its protocol's error, and a detail, which is
for the log of the operator only: it names what was wrong and never repeats an assertion's values.
"""

from __future__ import annotations

from enum import StrEnum


class SamlRefusalKind(StrEnum):
    """Why. The STS answers as the comments say (reference §9)."""

    MALFORMED = "malformed"  # not a document of our profile: InvalidIdentityToken
    SIGNATURE = "signature"  # absent, misplaced, weak, not by a pinned key: InvalidIdentityToken
    ISSUER = "issuer"  # not the issuer of that provider: InvalidIdentityToken
    AUDIENCE = "audience"  # meant for somebody else: InvalidIdentityToken
    RECIPIENT = "recipient"  # meant for another endpoint: InvalidIdentityToken
    REQUEST = "request"  # answers another request, or none: InvalidIdentityToken
    NOT_YET_VALID = "not_yet_valid"  # its time has not come: InvalidIdentityToken
    EXPIRED = "expired"  # its time is over: ExpiredTokenException
    IDP_REJECTED = "idp_rejected"  # the identity provider says no: IDPRejectedClaim
    CLAIMS = "claims"  # genuine, but an attribute is missing or bad: InvalidIdentityToken
    CONTENT = "content"  # we were asked to write what XML or SAML cannot carry


class SamlRefusal(Exception):
    """A document refused. `str()` gives the kind alone, safe to show; `detail` is private."""

    def __init__(self, kind: SamlRefusalKind, detail: str) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.detail = detail

    def __repr__(self) -> str:
        return f"SamlRefusal({self.kind.value!r}, {self.detail!r})"
