"""The regular expressions of the models, compiled to mean what they mean at AWS.

They are Java's: the whole value must match, `\\w`, `\\d`, `\\s` and `\\b` are ASCII, `\\p{L}` is
Unicode. Python's `re` does the first kind, the `regex` package (imported when first needed) the
second. A pattern with an unbounded repetition inside another runs in `regex` under a time limit,
so that no value can hold the process: running out of time counts as no match.
"""

import re
from collections.abc import Callable
from functools import cache

TIME_LIMIT_SECONDS = 0.05

_PROPERTY = re.compile(r"\\[pP]\{")
_ASCII_CLASS = re.compile(r"\\[wWdDsSbB]")
_NESTED_REPEAT = re.compile(r"(?:[+*]|\{\d+,\})\)+(?:[+*]|\{\d+,\})")
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@cache
def whole_match(pattern: str) -> Callable[[str], object]:
    """A predicate: truthy when the whole value matches. ValueError for what we cannot promise."""
    pattern = _SURROGATES.sub(_one_character, pattern)
    if _NESTED_REPEAT.search(pattern):
        return _time_limited(pattern)
    if _PROPERTY.search(pattern):
        if _ASCII_CLASS.search(pattern):
            raise ValueError(f"{pattern}: Unicode properties and ASCII classes in one pattern")
        import regex

        unicode_match: Callable[[str], object] = regex.compile(pattern).fullmatch
        return unicode_match
    return re.compile(pattern, re.ASCII).fullmatch


def _one_character(pair: re.Match[str]) -> str:
    """Java writes a character beyond U+FFFF as two escapes; Python as one."""
    high, low = int(pair[1], 16), int(pair[2], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _time_limited(pattern: str) -> Callable[[str], object]:
    import regex

    if _PROPERTY.search(pattern):
        raise ValueError(f"{pattern}: nested repetition over Unicode properties")
    fullmatch = regex.compile(pattern, regex.ASCII).fullmatch

    def matches(value: str) -> object:
        try:
            return fullmatch(value, timeout=TIME_LIMIT_SECONDS)
        except TimeoutError:
            return None

    return matches
