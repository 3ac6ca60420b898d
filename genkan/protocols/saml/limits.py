"""What an assertion may hold at most, the same for writing and for reading."""

from __future__ import annotations

import re

MAX_ENCODED_CHARS = 100_000  # base64; `SAMLAssertion` of AssumeRoleWithSAML (reference §9)
MAX_RESPONSE_BYTES = 100_000  # of XML
MAX_NAME_ID = 256  # characters; a persistent id's maximum (SAML core §8.3.7)
MAX_ATTRIBUTES = 100
MAX_VALUES = 1_000  # of all attributes together; groups are the many ones

# xs:ID as identity providers write it. ASCII only: `\w` of other alphabets would add nothing but
# look-alikes.
MESSAGE_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}")
