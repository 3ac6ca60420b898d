"""The comparisons behind the condition operators.

Owns what it means that *one* value of the request matches *any* value of the policy. Leaves to
`conditions` negation, `IfExists`, `Null` and the set qualifiers, and to `typed_values` how numbers,
dates and the like are read. Source: IAM User Guide, "Condition operators".

A check answers True, False, or None when AWS leaves the answer open: the request's value is not of
the operator's type, or a policy variable has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import eq, ge, gt, le, lt
from typing import TypeAlias

from genkan.authorization.typed_values import (
    Check,
    Test,
    TestFactory,
    binary_test,
    comparison_test,
    ip_test,
    parse_bool,
    parse_date,
    parse_number,
    required,
)
from genkan.authorization.variables import (
    Lookup,
    Template,
    TemplateToken,
    Variable,
    has_variables,
    substitute,
    substitute_all,
    template,
    without_variables,
)
from genkan.authorization.wildcards import Matcher, PatternSet, Token, Wild, compile_tokens

# --- strings -------------------------------------------------------------------------------------


def string_test(*, wildcards: bool, ignore_case: bool) -> TestFactory:
    """StringEquals, StringEqualsIgnoreCase and StringLike."""

    def factory(values: tuple[str, ...], variables: bool) -> Test:
        templates = [template(v, variables=variables, wildcards=wildcards) for v in values]
        return _templates_test(templates, _lower if ignore_case else None)

    return factory


def _lower(text: str) -> str:
    return text.lower()


def _templates_test(templates: list[Template], fold: Callable[[str], str] | None) -> Test:
    fixed = PatternSet(_fold(without_variables(t), fold) for t in templates if not has_variables(t))
    open_templates = tuple(t for t in templates if has_variables(t))
    plain = _check(fixed, None, fold, unresolved=False)

    def test(lookup: Lookup) -> Check:
        if not open_templates:
            return plain
        resolved, unresolved = substitute_all(open_templates, lookup)
        substituted = PatternSet(_fold(tokens, fold) for tokens in resolved)
        return _check(fixed, substituted, fold, unresolved=unresolved)

    return test


def _check(
    fixed: PatternSet,
    substituted: PatternSet | None,
    fold: Callable[[str], str] | None,
    *,
    unresolved: bool,
) -> Check:
    def check(value: str) -> bool | None:
        folded = fold(value) if fold else value
        if fixed.matches(folded) or (substituted is not None and substituted.matches(folded)):
            return True
        return None if unresolved else False

    return check


def _fold(tokens: Iterable[Token], fold: Callable[[str], str] | None) -> tuple[Token, ...]:
    return tuple(fold(t) if fold and isinstance(t, str) else t for t in tokens)


# --- ARNs ----------------------------------------------------------------------------------------

_ARN_FIELDS = 6


def arn_test(values: tuple[str, ...], variables: bool) -> Test:
    """ArnEquals and ArnLike, which are the same: each of the six fields is matched by itself.

    A value with fewer fields matches nothing, except `*`, which matches every ARN.
    """
    templates = [template(v, variables=variables, wildcards=True) for v in values]
    fixed = [_arn_matcher(_fields(t), _no_values) for t in templates if not has_variables(t)]
    open_templates = [t for t in templates if has_variables(t)]

    def test(lookup: Lookup) -> Check:
        matchers = [*fixed, *(_open_arn_matcher(tokens, lookup) for tokens in open_templates)]
        known = [matcher for matcher in matchers if matcher is not None]

        def check(value: str) -> bool | None:
            parts = value.split(":", _ARN_FIELDS - 1)
            if len(parts) == _ARN_FIELDS and any(matcher(parts) for matcher in known):
                return True
            is_open = len(parts) < _ARN_FIELDS or len(known) < len(matchers)
            return None if is_open else False

        return check

    return test


_FieldsMatcher: TypeAlias = Callable[[list[str]], bool]


def _open_arn_matcher(tokens: Template, lookup: Lookup) -> _FieldsMatcher | None:
    if isinstance(tokens[0], Variable):
        # The variable holds the ARN, or its beginning, so its colons separate fields. Anywhere
        # else a colon in a value (a tag, say) must not shift the fields that follow.
        resolved = substitute(tokens, lookup)
        return None if resolved is None else _arn_matcher(_fields(resolved), lookup)
    return _arn_matcher(_fields(tokens), lookup)


def _fields(tokens: Template) -> list[list[TemplateToken]]:
    fields: list[list[TemplateToken]] = [[]]
    for token in tokens:
        if isinstance(token, str):
            first, *others = token.split(":", _ARN_FIELDS - len(fields))
            fields[-1].append(first)
            fields.extend([other] for other in others)
        else:
            fields[-1].append(token)
    return fields


def _arn_matcher(fields: list[list[TemplateToken]], lookup: Lookup) -> _FieldsMatcher | None:
    if fields == [[Wild.ANY]]:
        return lambda parts: True
    if len(fields) < _ARN_FIELDS:
        return lambda parts: False
    matchers: list[Matcher] = []
    for tokens in fields:
        resolved = substitute(tuple(tokens), lookup)
        if resolved is None:
            return None
        matchers.append(compile_tokens(resolved))
    return lambda parts: all(m(p) for m, p in zip(matchers, parts, strict=True))


def _no_values(key: str) -> tuple[str, ...]:
    return ()


# --- booleans ------------------------------------------------------------------------------------


def bool_test(values: tuple[str, ...], variables: bool) -> Test:
    """Bool: `true` and `false` in any case; a value may be a policy variable."""
    for value in values:
        if not (variables and value.startswith("${")):
            required(parse_bool(value), value)
    strings = string_test(wildcards=False, ignore_case=True)(values, variables)

    def test(lookup: Lookup) -> Check:
        same = strings(lookup)
        return lambda value: None if parse_bool(value) is None else same(value)

    return test


# --- the table -----------------------------------------------------------------------------------

_equal_strings = string_test(wildcards=False, ignore_case=False)
_equal_folded = string_test(wildcards=False, ignore_case=True)
_like_strings = string_test(wildcards=True, ignore_case=False)
_equal_numbers = comparison_test(parse_number, eq)
_equal_dates = comparison_test(parse_date, eq)

OPERATORS: dict[str, tuple[TestFactory, bool]] = {
    "StringEquals": (_equal_strings, False),
    "StringNotEquals": (_equal_strings, True),
    "StringEqualsIgnoreCase": (_equal_folded, False),
    "StringNotEqualsIgnoreCase": (_equal_folded, True),
    "StringLike": (_like_strings, False),
    "StringNotLike": (_like_strings, True),
    "NumericEquals": (_equal_numbers, False),
    "NumericNotEquals": (_equal_numbers, True),
    "NumericLessThan": (comparison_test(parse_number, lt), False),
    "NumericLessThanEquals": (comparison_test(parse_number, le), False),
    "NumericGreaterThan": (comparison_test(parse_number, gt), False),
    "NumericGreaterThanEquals": (comparison_test(parse_number, ge), False),
    "DateEquals": (_equal_dates, False),
    "DateNotEquals": (_equal_dates, True),
    "DateLessThan": (comparison_test(parse_date, lt), False),
    "DateLessThanEquals": (comparison_test(parse_date, le), False),
    "DateGreaterThan": (comparison_test(parse_date, gt), False),
    "DateGreaterThanEquals": (comparison_test(parse_date, ge), False),
    "Bool": (bool_test, False),
    "BinaryEquals": (binary_test, False),
    "IpAddress": (ip_test, False),
    "NotIpAddress": (ip_test, True),
    "ArnEquals": (arn_test, False),
    "ArnLike": (arn_test, False),
    "ArnNotEquals": (arn_test, True),
    "ArnNotLike": (arn_test, True),
}
"""Operator → (test factory, whether the operator is its negation)."""
