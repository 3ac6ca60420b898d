"""What a response *claims* before anything of it is verified: only to choose how to verify it.

AWS's sign-in page must read the Role attribute of a posted response to know which account's SAML
provider to verify it with. Whatever is read here proves nothing; a lie chooses a provider whose
certificate then refuses the response.
"""

from __future__ import annotations

from genkan.protocols.saml.aws import MAX_ROLES, ROLE, RolePair, role_pair
from genkan.protocols.saml.document import exact_text, parse_document
from genkan.protocols.saml.limits import MAX_RESPONSE_BYTES
from genkan.protocols.saml.names import saml
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind


def unverified_role_pairs(document: bytes) -> tuple[RolePair, ...]:
    """The role and provider pairs that the document's Role attributes claim, without repeats.

    Refuses (MALFORMED, CLAIMS) what is no XML of ours, no pair, or more than `MAX_ROLES` pairs.
    """
    root = parse_document(document, max_bytes=MAX_RESPONSE_BYTES)
    values = [
        exact_text(value)
        for attribute in root.iter(saml("Attribute"))
        if attribute.get("Name") == ROLE
        for value in attribute.findall(saml("AttributeValue"))
    ]
    if len(values) > MAX_ROLES:
        raise SamlRefusal(SamlRefusalKind.CLAIMS, f"over {MAX_ROLES} roles")
    return tuple(dict.fromkeys(role_pair(value) for value in values))
