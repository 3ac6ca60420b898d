"""Wildcard matching for the IAM policy language: `*` is any run of characters, `?` is one.

Owns how a pattern is compiled and matched. Leaves to `variables` how a pattern is cut into tokens
and to `grammar` which patterns a policy may contain.

Invariants: no regular expression and no backtracking, so a hostile pattern costs at most its length
times the text's length; a compiled matcher is immutable and may be shared between threads.

In the first five fields of an ARN a wildcard stays inside its field, except a `*` that ends the
field, which may run past colons (IAM User Guide, "Resource", "Using wildcards in resource ARNs").
Were it otherwise, `arn:aws:sns:us-*-1:111111111111:*` would match a topic of another account whose
*name* contains `-1:111111111111:`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import TypeAlias


class Wild(Enum):
    """A wildcard token; the `_IN_FIELD` forms do not match a colon."""

    ANY = "*"
    ONE = "?"
    ANY_IN_FIELD = "*:"
    ONE_IN_FIELD = "?:"


Token: TypeAlias = str | Wild
Matcher: TypeAlias = Callable[[str], bool]

_WILD_CHARACTERS = {"*": Wild.ANY, "?": Wild.ONE}


def tokenize(pattern: str) -> list[Token]:
    """Cut a pattern into literal text and wildcards; a run of `*` becomes one token."""
    tokens: list[Token] = []
    start = 0
    for position, character in enumerate(pattern):
        wild = _WILD_CHARACTERS.get(character)
        if wild is None:
            continue
        if start < position:
            tokens.append(pattern[start:position])
        if not (wild is Wild.ANY and tokens and tokens[-1] is Wild.ANY):
            tokens.append(wild)
        start = position + 1
    if start < len(pattern):
        tokens.append(pattern[start:])
    return tokens


def compile_glob(pattern: str) -> Matcher:
    """Compile a plain pattern, in which wildcards match any character."""
    return compile_tokens(tokenize(pattern))


def compile_tokens(tokens: Iterable[Token]) -> Matcher:
    """Compile tokens to the cheapest matcher that is right for them."""
    merged = _merge(tokens)
    literal = _as_literal(merged)
    if literal is not None:
        return literal.__eq__
    return _pieces_matcher(merged) if _is_pieces(merged) else _automaton([merged])


class PatternSet:
    """Many patterns asked at once: exact strings, prefixes and general patterns apart.

    `matches(text)` is true when any pattern matches the whole text. A set built from
    nothing never matches.
    """

    __slots__ = ("_exact", "_matchers", "_prefixes")

    def __init__(self, patterns: Iterable[Sequence[Token]]) -> None:
        exact: set[str] = set()
        prefixes: set[str] = set()
        matchers: list[Matcher] = []
        others: list[tuple[Token, ...]] = []
        for pattern in patterns:
            merged = _merge(pattern)
            literal = _as_literal(merged)
            prefix = _as_prefix(merged)
            if literal is not None:
                exact.add(literal)
            elif prefix is not None:
                prefixes.add(prefix)
            elif _is_pieces(merged):
                matchers.append(_pieces_matcher(merged))
            else:
                others.append(merged)
        if others:
            matchers.append(_automaton(others))
        self._exact = frozenset(exact)
        self._prefixes = ("",) if "" in prefixes else tuple(sorted(prefixes))
        self._matchers = tuple(matchers)

    def matches(self, text: str) -> bool:
        if text.startswith(self._prefixes) or text in self._exact:
            return True
        return bool(self._matchers) and any(matcher(text) for matcher in self._matchers)

    @property
    def matches_nothing(self) -> bool:
        return not (self._exact or self._prefixes or self._matchers)


def _merge(tokens: Iterable[Token]) -> tuple[Token, ...]:
    merged: list[Token] = []
    for token in tokens:
        previous = merged[-1] if merged else None
        if isinstance(token, str) and isinstance(previous, str):
            merged[-1] = previous + token
        elif token != "" and not (token is Wild.ANY and previous is Wild.ANY):
            merged.append(token)
    return tuple(merged)


def _as_literal(tokens: tuple[Token, ...]) -> str | None:
    if not tokens:
        return ""
    only = tokens[0]
    return only if len(tokens) == 1 and isinstance(only, str) else None


def _as_prefix(tokens: tuple[Token, ...]) -> str | None:
    if not tokens or tokens[-1] is not Wild.ANY:
        return None
    return _as_literal(tokens[:-1])


def _is_pieces(tokens: tuple[Token, ...]) -> bool:
    return all(token is Wild.ANY or isinstance(token, str) for token in tokens)


def _pieces_matcher(tokens: tuple[Token, ...]) -> Matcher:
    """Match literal pieces with `*` between them: each is found leftmost, once, never revisited."""
    first = tokens[0] if isinstance(tokens[0], str) else ""
    last = tokens[-1] if isinstance(tokens[-1], str) else ""
    inner = tokens[1 if first else 0 : len(tokens) - 1 if last else len(tokens)]
    middle = tuple(token for token in inner if isinstance(token, str))
    shortest = len(first) + len(last) + sum(map(len, middle))

    def matches(text: str) -> bool:
        if len(text) < shortest or not (text.startswith(first) and text.endswith(last)):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches


def _automaton(patterns: Iterable[tuple[Token, ...]]) -> Matcher:
    """Match any of the patterns by one bit-parallel automaton.

    A pattern of n single tokens has n + 1 bits of the state; bit i of them says "i are matched".
    One pass over the text, a few integer operations a character, whatever and however many the
    patterns.
    """
    literal: dict[str, int] = {}
    one = one_in_field = loop = loop_in_field = start = final = 0
    bit = 1
    for pattern in patterns:
        start |= bit
        for token in pattern:
            if token is Wild.ANY:
                loop |= bit
            elif token is Wild.ANY_IN_FIELD:
                loop_in_field |= bit
            elif token is Wild.ONE:
                one |= bit
                bit <<= 1
            elif token is Wild.ONE_IN_FIELD:
                one_in_field |= bit
                bit <<= 1
            else:
                for character in token:
                    literal[character] = literal.get(character, 0) | bit
                    bit <<= 1
        final |= bit
        bit <<= 1
    one_not_colon, loop_not_colon = one | one_in_field, loop | loop_in_field

    def matches(text: str) -> bool:
        state = start
        for character in text:
            step = literal.get(character, 0)
            if character == ":":
                state = ((state & (step | one)) << 1) | (state & loop)
            else:
                state = ((state & (step | one_not_colon)) << 1) | (state & loop_not_colon)
            if not state:
                return False
        return state & final != 0

    return matches
