"""Compatibility caseless matching (Unicode Standard, definition D146), for uniqueness and look-up.

Full-width, ligature and decomposed spellings of a name count as that name: two users whose names
look alike could otherwise be mistaken for each other, and a reserved name could be taken.
"""

import hashlib
import unicodedata

LONGEST_BYTES = 2_000
RESERVED_NAMES = frozenset({"administrator", "awsadministrators"})


def fold(text: str) -> str:
    """The form under which `text` is compared, at most `LONGEST_BYTES` in UTF-8. Idempotent.

    A longer one is compared by its hash: PostgreSQL's indexes take no more than 2,704 bytes a row,
    and 1,024 characters, as a group's name may have, fold to many more. A control character keeps
    the hash from being the folded form of anything else that may be a name.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFD", text).casefold()
        folded = unicodedata.normalize("NFKC", folded).casefold()
        folded = unicodedata.normalize("NFKC", folded)
    encoded = folded.encode("utf-8", "surrogatepass")
    if len(encoded) <= LONGEST_BYTES:
        return folded
    return f"sha256\x1f{hashlib.sha256(encoded).hexdigest()}"


def is_reserved(name: str) -> bool:
    """Whether no user or group may bear `name` (reference §2.2)."""
    return fold(name) in RESERVED_NAMES
