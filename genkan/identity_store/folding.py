"""Compatibility caseless matching (Unicode Standard, definition D146), for uniqueness and look-up.

Full-width, ligature and decomposed spellings of a name count as that name: two users whose names
look alike could otherwise be mistaken for each other, and a reserved name could be taken.
"""

import unicodedata

RESERVED_NAMES = frozenset({"administrator", "awsadministrators"})


def fold(text: str) -> str:
    """The form under which `text` is compared. Idempotent."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", folded)


def is_reserved(name: str) -> bool:
    """Whether no user or group may bear `name` (reference §2.2)."""
    return fold(name) in RESERVED_NAMES
