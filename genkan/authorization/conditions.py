"""The Condition element: operators, set qualifiers, `IfExists`, `Null`, absent keys.

Owns when one line of a Condition holds. Leaves the comparison of two values to `operators`.
Source: IAM User Guide, "Condition operators" and "Set operators for multivalued context keys".

| key in the request | plain | negated | …IfExists | ForAllValues: | ForAnyValue: | Null |
|---|---|---|---|---|---|---|
| absent | no | yes | yes | yes | no (with IfExists: yes) | equals "true" |
| one value | match | no match | as plain | as plain | as plain | equals "false" |

Invariant, where AWS leaves the answer open (a variable without value or a value of the wrong type
under a *negated* operator, several values without a set qualifier): the line is as restrictive as
it can be, so an Allow does not apply and a Deny does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from genkan.authorization.operators import OPERATORS
from genkan.authorization.typed_values import Test, ValueSyntaxError, parse_bool
from genkan.authorization.variables import Lookup

__all__ = ["Condition", "Qualifier", "UnknownOperatorError", "ValueSyntaxError", "condition"]


class UnknownOperatorError(ValueError):
    """No such condition operator."""


class Qualifier(Enum):
    """The set qualifier in front of an operator; NONE stands for its absence."""

    NONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


_IF_EXISTS = "IfExists"
_NULL = "Null"


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition: an operator, a key and the values of the policy.

    Equality is that of what the policy says; the compiled parts take no part in it.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    _lookup_key: str = field(compare=False, repr=False)
    _qualifier: Qualifier = field(compare=False, repr=False)
    _negated: bool = field(compare=False, repr=False)
    _if_exists: bool = field(compare=False, repr=False)
    _test: Test | None = field(compare=False, repr=False)
    """None for the operator Null."""

    def holds(self, lookup: Lookup, *, deny: bool) -> bool:
        """Whether the line holds for a request; `deny` is the effect of its statement."""
        found = lookup(self._lookup_key)
        if self._test is None:
            absent = "false" if found else "true"
            return any(value.lower() == absent for value in self.values)
        if self._qualifier is not Qualifier.NONE and found == ("",):
            found = ()  # "an empty data set, such as an empty string"
        if not found:
            return self._holds_without_value()
        check = self._test(lookup)
        results = [self._matches(check(value), deny) for value in found]
        if self._qualifier is Qualifier.ANY or (self._qualifier is Qualifier.NONE and deny):
            return any(results)
        return all(results)

    def _holds_without_value(self) -> bool:
        if self._qualifier is Qualifier.ALL:
            return True
        if self._qualifier is Qualifier.ANY:
            return self._if_exists
        return self._negated or self._if_exists

    def _matches(self, result: bool | None, deny: bool) -> bool:
        if result is None:
            return self._negated and deny
        return result is not self._negated


def condition(
    operator: str, key: str, values: tuple[str, ...], *, variables: bool = True
) -> Condition:
    """Compile one line of a Condition.

    Args:
        operator: as written, such as `ForAnyValue:StringLikeIfExists`.
        key: the condition key as written.
        values: the policy's values as text; none at all is never matched.
        variables: whether the document's version knows policy variables.

    Raises:
        UnknownOperatorError: the operator does not exist (`NullIfExists` does not).
        ValueSyntaxError: a value is not of the operator's type.
        VariableError: a policy variable is malformed.
    """
    qualifier, base, if_exists = _parts(operator)
    if base == _NULL:
        if if_exists or qualifier is not Qualifier.NONE:
            raise UnknownOperatorError(operator)
        if any(parse_bool(value) is None for value in values):
            raise ValueSyntaxError("The operator Null takes true or false.")
        return Condition(operator, key, values, key.lower(), qualifier, False, False, None)
    try:
        factory, negated = OPERATORS[base]
    except KeyError:
        raise UnknownOperatorError(operator) from None
    test = factory(values, variables)
    return Condition(operator, key, values, key.lower(), qualifier, negated, if_exists, test)


def _parts(operator: str) -> tuple[Qualifier, str, bool]:
    qualifier = Qualifier.NONE
    for candidate in (Qualifier.ALL, Qualifier.ANY):
        if operator.startswith(candidate.value):
            qualifier = candidate
    base = operator[len(qualifier.value) :]
    if_exists = base.endswith(_IF_EXISTS)
    return qualifier, base.removesuffix(_IF_EXISTS) if if_exists else base, if_exists
