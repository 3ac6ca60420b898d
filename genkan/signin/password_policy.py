"""The password policy of the Identity Center directory (reference §6.2), as a pure function."""

import string
import unicodedata
from enum import StrEnum

SHORTEST = 8
LONGEST = 64
SYMBOLS = frozenset("~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/")


class Violation(StrEnum):
    """One rule that a new password breaks."""

    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    NO_LOWER_CASE = "NO_LOWER_CASE"
    NO_UPPER_CASE = "NO_UPPER_CASE"
    NO_DIGIT = "NO_DIGIT"
    NO_SYMBOL = "NO_SYMBOL"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"


def normalized(password: str) -> str:
    """NFC, so that the same keys on another system give the same password (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password)


def violations(password: str) -> tuple[Violation, ...]:
    """The rules broken, in the order a person would read them; empty when it is acceptable.

    Letters, digits and signs of any script count towards the length (in code points, 8 to 64); the
    four required classes are ASCII, as AWS lists them.
    """
    text = normalized(password)
    characters = set(text)
    broken = {
        Violation.TOO_SHORT: len(text) < SHORTEST,
        Violation.TOO_LONG: len(text) > LONGEST,
        Violation.NO_LOWER_CASE: characters.isdisjoint(string.ascii_lowercase),
        Violation.NO_UPPER_CASE: characters.isdisjoint(string.ascii_uppercase),
        Violation.NO_DIGIT: characters.isdisjoint(string.digits),
        Violation.NO_SYMBOL: characters.isdisjoint(SYMBOLS),
        Violation.CONTROL_CHARACTER: any(unicodedata.category(c) == "Cc" for c in characters),
    }
    return tuple(violation for violation, is_broken in broken.items() if is_broken)
