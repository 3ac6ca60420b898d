"""Values as botocore's models allow them, and the constraints that a value breaks.

An oracle of its own: it reads the same facts as the product's validator and shares no code with
it.
Patterns mean what they mean in Java: the whole value matches, `\\w` and `\\d` are ASCII.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import count
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import regex
from botocore.model import Shape

#: What stands for a Unicode property when a string is made.
_PROPERTIES = {"L": "aéßΩ名", "M": "\u0301", "S": "€=", "N": "7½", "P": "_!", "Z": " "}
_UNBOUNDED = 64
"""How often what a pattern repeats without end is repeated where the shape has no maximum."""
_AT_MOST = 1024
"""No string is made longer: beyond are page tokens and policies, which mean something."""


def facts(shape: Shape) -> dict[str, Any]:
    """The constraints of a shape, as botocore names them."""
    found: dict[str, Any] = shape.metadata
    return found


class Rules(NamedTuple):
    """The constraints of a string."""

    low: int
    high: int | None
    pattern: str | None
    enum: tuple[str, ...]

    @classmethod
    def of(cls, shape: Shape) -> "Rules":
        """Those of a shape."""
        about = facts(shape)
        return cls(
            about.get("min", 0),
            about.get("max"),
            about.get("pattern"),
            tuple(about.get("enum", ())),
        )

    def broken(self, value: str) -> list[str]:
        """What AWS says of every constraint that a string breaks (reference §8.4)."""
        texts = []
        if self.enum and value not in self.enum:
            texts.append(f"Member must satisfy enum value set: [{', '.join(self.enum)}]")
        if self.pattern is not None and not matcher(self.pattern).fullmatch(value):
            texts.append(f"Member must satisfy regular expression pattern: {self.pattern}")
        if self.high is not None and len(value) > self.high:
            texts.append(f"Member must have length less than or equal to {self.high}")
        if len(value) < self.low:
            texts.append(f"Member must have length greater than or equal to {self.low}")
        return texts


def broken(shape: Shape, value: str) -> list[str]:
    """What AWS says of every constraint that a string breaks."""
    return Rules.of(shape).broken(value)


def broken_size(shape: Shape, size: int) -> list[str]:
    """The same of the size of a list or map."""
    about = facts(shape)
    texts = []
    if size > about.get("max", size):
        texts.append(f"Member must have length less than or equal to {about['max']}")
    if size < about.get("min", 0):
        texts.append(f"Member must have length greater than or equal to {about['min']}")
    return texts


def constraints(shape: Shape) -> str:
    """All constraints of a list's or map's elements, as AWS lists them when one is broken."""
    about = facts(shape)
    texts = []
    if "max" in about:
        texts.append(f"Member must have length less than or equal to {about['max']}")
    if "min" in about:
        texts.append(f"Member must have length greater than or equal to {about['min']}")
    if "pattern" in about:
        texts.append(f"Member must satisfy regular expression pattern: {about['pattern']}")
    if "enum" in about:
        texts.append(f"Member must satisfy enum value set: [{', '.join(about['enum'])}]")
    return f"[{', '.join(texts)}]"


@cache
def matcher(pattern: str) -> regex.Pattern[str]:
    """A pattern of the models as Java reads it."""
    for name, characters in (("w", "a-zA-Z0-9_"), ("d", "0-9")):
        pattern = _outside(pattern, f"\\{name}", f"[{characters}]", characters)
    return regex.compile(_joined_surrogates(pattern), regex.VERSION0)


def _joined_surrogates(pattern: str) -> str:
    """Java writes a character beyond U+FFFF as two escapes."""
    return re.sub(
        r"\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)",
        lambda pair: bytes.fromhex(pair[1] + pair[2]).decode("utf-16-be"),
        pattern,
    )


def _outside(pattern: str, escape: str, alone: str, inside: str) -> str:
    """An escape replaced, by one text where it stands alone and by another inside a class."""
    out, in_class, at = "", False, 0
    while at < len(pattern):
        if pattern.startswith(escape, at):
            out += inside if in_class else alone
            at += len(escape)
            continue
        piece = pattern[at : at + (2 if pattern[at] == "\\" else 1)]
        in_class = piece == "[" or (in_class and piece != "]")
        out += piece
        at += len(piece)
    return out


# --- strings from patterns ------------------------------------------------------------------------


def longest(shape: Shape, number: int = 0) -> str:
    """A string of the greatest length that the shape allows; another one for each number."""
    return _longest(Rules.of(shape), number)


@cache
def _longest(rules: Rules, number: int) -> str:
    if rules.enum:
        return rules.enum[number % len(rules.enum)]
    most = None if rules.high is None else min(rules.high, _AT_MOST)
    pattern = rules.pattern or "[a-zéß名 0-9]*"
    # What names a resource is not better for being long, and its pattern may take very long then.
    arn = "arn:" in pattern
    repeat = 1 if arn else _repeats(pattern, number, most)
    for times in range(repeat, max(0, repeat - 4), -1):
        made = _made(pattern, times, number)
        if not rules.broken(made):
            return made if arn or most is None else _padded(rules, made, most)
    raise LookupError(f"no string of {pattern}")


def _repeats(pattern: str, number: int, most: int | None) -> int:
    """How often what repeats may be repeated for a string of that length."""
    if most is None:
        return _UNBOUNDED
    low, high = 1, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        if len(_made(pattern, middle, number)) <= most:
            low = middle
        else:
            high = middle
    return low


def _padded(rules: Rules, value: str, size: int) -> str:
    """One character of it repeated, wherever the pattern allows that."""
    for at in sorted(range(len(value)), key=lambda at: not value[at].isalnum()):
        longer = value[:at] + value[at] * (size - len(value)) + value[at:]
        if len(value) < size and not rules.broken(longer):
            return longer
    return value


def _made(pattern: str, repeat: int, number: int) -> str:
    pattern = _joined_surrogates(pattern)
    for name, characters in _PROPERTIES.items():
        pattern = _outside(pattern, f"\\p{{{name}}}", f"[{characters}]", characters)
    return "".join(_pieces(_parser.parse(pattern, re.ASCII), repeat, count(number)))


def _pieces(parsed: Any, repeat: int, turn: Iterator[int]) -> Iterator[str]:
    c = _constants
    for op, argument in parsed:
        if op == c.LITERAL:
            yield chr(argument)
        elif op == c.IN:
            pool = _pool(argument)
            yield pool[next(turn) % len(pool)]
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT):
            low, high, inner = argument
            times = max(low, repeat if high is c.MAXREPEAT else min(repeat, high))
            for _ in range(times):
                yield from _pieces(inner, repeat, turn)
        elif op == c.SUBPATTERN:
            yield from _pieces(argument[-1], repeat, turn)
        elif op == c.BRANCH:
            yield from _pieces(argument[1][0], repeat, turn)
        elif op == c.ANY:
            yield "x"
        elif op not in (c.AT, c.ASSERT, c.ASSERT_NOT):
            raise LookupError(f"a pattern with {op}")


def _pool(items: Any) -> str:
    """Some characters of a class, from all of its parts."""
    c = _constants
    if items[0][0] == c.NEGATE:
        return "xyz"
    found = ""
    for op, argument in items:
        if op == c.LITERAL:
            found += chr(argument)
        elif op == c.RANGE:
            low, high = argument
            found += "".join({chr(low): 0, chr((low + high) // 2): 0, chr(high): 0})
        else:
            found += {"CATEGORY_DIGIT": "1234567890", "CATEGORY_WORD": "aZ9_"}.get(
                str(argument), "xyz"
            )
    return found
