"""Policy variables: `${aws:PrincipalTag/team}`, `${key, 'default'}`, `${*}`, `${?}`, `${$}`.

Owns how a policy string is cut into text, wildcards and variables, and how variables are replaced.
Leaves to `parse` where a string may hold variables (IAM User Guide, "Policy elements: Variables and
tags": the Resource element and the string, ARN and Bool operators, in 2012-10-17 documents only).

Invariant: what comes from the request is literal text. A user whose name is `*` matches `*` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from genkan.authorization.wildcards import Token, Wild, tokenize

Lookup: TypeAlias = Callable[[str], tuple[str, ...]]
"""From a lower-cased condition key to its values in the request; empty when the key is absent."""


class VariableError(ValueError):
    """A variable is not closed, has no name, or its default is not quoted."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`key` is lower-cased: condition keys are not case-sensitive.

    `in_field`: it stands in one of the first five fields of an ARN, so no value with a colon fits.
    """

    key: str
    default: str | None
    in_field: bool = False


TemplateToken: TypeAlias = Token | Variable
Template: TypeAlias = tuple[TemplateToken, ...]

_SPECIAL = frozenset("*?$")
_ARN_COLONS = 5


def template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """Cut a policy string into tokens.

    Args:
        text: the string as it stands in the policy.
        variables: whether the document's version knows variables; otherwise `${` is plain text.
        wildcards: whether `*` and `?` in the text are wildcards (`StringLike`, Resource) or not.

    Raises:
        VariableError: a variable is malformed.
    """
    tokens: list[TemplateToken] = []
    for piece in _split(text) if variables else (text,):
        if isinstance(piece, Variable):
            tokens.append(piece)
        elif isinstance(piece, _Special):
            tokens.append(piece.character)
        else:
            tokens.extend(tokenize(piece) if wildcards else (piece,))
    return tuple(tokens)


def confine_to_arn_fields(tokens: Template) -> Template:
    """Keep wildcards and values of the first five ARN fields inside their field.

    See `wildcards`; a value with a colon, such as a person's tag, would shift what follows.
    """
    confined: list[TemplateToken] = []
    colons = 0
    for position, token in enumerate(tokens):
        if isinstance(token, str):
            colons += token.count(":")
        if colons < _ARN_COLONS:
            following = tokens[position + 1] if position + 1 < len(tokens) else ":"
            if isinstance(token, Variable):
                token = replace(token, in_field=True)
            elif token is Wild.ONE:
                token = Wild.ONE_IN_FIELD
            elif token is Wild.ANY and not (
                isinstance(following, str) and following.startswith(":")
            ):
                token = Wild.ANY_IN_FIELD
        confined.append(token)
    return tuple(confined)


def has_variables(tokens: Template) -> bool:
    return any(isinstance(token, Variable) for token in tokens)


def without_variables(tokens: Template) -> tuple[Token, ...]:
    """The same tokens, for a template that holds no variables."""
    return tuple(token for token in tokens if not isinstance(token, Variable))


def substitute(tokens: Template, lookup: Lookup) -> tuple[Token, ...] | None:
    """Replace each variable by its value; None when one has neither a single value nor a default.

    A key with several values cannot be a variable (IAM User Guide, "Single-valued vs. multivalued
    context keys").
    """
    resolved: list[Token] = []
    for token in tokens:
        if isinstance(token, Variable):
            value = _value(token, lookup(token.key))
            if value is None or (token.in_field and ":" in value):
                return None
            resolved.append(value)
        else:
            resolved.append(token)
    return tuple(resolved)


def _value(variable: Variable, values: tuple[str, ...]) -> str | None:
    if len(values) == 1:
        return values[0]
    return None if values else variable.default


def substitute_all(
    templates: Iterable[Template], lookup: Lookup
) -> tuple[list[tuple[Token, ...]], bool]:
    """The templates with their variables replaced, and whether one had to be left out."""
    resolved = [substitute(tokens, lookup) for tokens in templates]
    known = [tokens for tokens in resolved if tokens is not None]
    return known, len(known) < len(resolved)


@dataclass(frozen=True, slots=True)
class _Special:
    character: str


def _split(text: str) -> Iterator[str | Variable | _Special]:
    position = 0
    while (start := text.find("${", position)) >= 0:
        if start > position:
            yield text[position:start]
        end = text.find("}", start)
        if end < 0:
            raise VariableError("A policy variable is not closed.")
        inner = text[start + 2 : end]
        yield _Special(inner) if inner in _SPECIAL else _variable(inner)
        position = end + 1
    if position < len(text):
        yield text[position:]


def _variable(inner: str) -> Variable:
    key, comma, rest = inner.partition(",")
    default: str | None = None
    if comma:
        quoted = rest.strip(" ")
        if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
            raise VariableError("The default of a policy variable must stand in single quotes.")
        default = quoted[1:-1]
    if not key.strip() or "${" in inner:
        raise VariableError("A policy variable has no name.")
    return Variable(key.strip(" ").lower(), default)
