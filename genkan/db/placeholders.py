"""Our SQL's `?` as PostgreSQL numbers its parameters, `$1`, `$2`, …

A `?` inside a string, a quoted name or a comment is text and stays. `%` has no meaning here: the
statement is prepared on the server as it stands.
"""

import re
from functools import lru_cache

# A quote doubled inside quotes ends one literal and begins the next, which is as good.
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\?", re.DOTALL)


@lru_cache(maxsize=4096)
def numbered(sql: str) -> str:
    """`sql` with its placeholders numbered from 1; parsed once, then remembered."""
    count = 0

    def number(match: re.Match[str]) -> str:
        nonlocal count
        if match.group() != "?":
            return match.group()
        count += 1
        return f"${count}"

    return _TOKEN.sub(number, sql)
