"""The strict parser: policy text → `Document`, or a `PolicySyntaxError` with AWS's sentence.

Owns the structure of a document and what each kind of policy may hold. Leaves single strings to
`grammar`, conditions to `conditions`, and quotas to the callers (`policy_size` counts as IAM does).

Invariants: nothing is ignored. An element that is not understood is refused, because a policy that
is read otherwise than its author meant is a hole; the same text always gives an equal document.

What a kind may hold:

| | identity, boundary, session, SCP | resource | trust |
|---|---|---|---|
| Version | 2012-10-17 | either, absent is 2008-10-17 | either, absent is 2008-10-17 |
| Principal | refused | required | required |
| NotPrincipal | refused | with Deny | refused |
| Resource | required | optional (the resource itself) | refused |
| actions | any | any | sts only |
"""

from __future__ import annotations

from typing import Any, NoReturn

from genkan.authorization import errors, grammar
from genkan.authorization.conditions import (
    Condition,
    UnknownOperatorError,
    ValueSyntaxError,
    condition,
)
from genkan.authorization.document import (
    Document,
    Effect,
    PolicyKind,
    ResourceElement,
    Statement,
    resource_element,
)
from genkan.authorization.errors import PolicySyntaxError
from genkan.authorization.principals import (
    PRINCIPAL_TYPES,
    PrincipalElement,
    is_valid_principal,
    principal_element,
)
from genkan.authorization.strict_json import load
from genkan.authorization.variables import VariableError

MAX_CHARACTERS = 262_144
"""The longest text parsed at all; AWS's longest managed policy has 157,000 characters."""

VERSION_2008 = "2008-10-17"
VERSION_2012 = "2012-10-17"

_DOCUMENT_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_STATEMENT_ELEMENTS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_WITH_PRINCIPAL = frozenset({PolicyKind.RESOURCE, PolicyKind.TRUST})


def parse(
    text: str, kind: PolicyKind = PolicyKind.IDENTITY, *, max_characters: int = MAX_CHARACTERS
) -> Document:
    """Parse and compile a policy document.

    Args:
        text: the JSON text.
        kind: what the document is to be attached as; it decides which elements it may hold.
        max_characters: texts longer than this are refused before they are read.

    Raises:
        PolicySyntaxError: the document is malformed; `message` is AWS's sentence.
    """
    data = load(text, max_characters)
    if not isinstance(data, dict):
        _refuse("", "A policy document is a JSON object.")
    _only_known(data, _DOCUMENT_ELEMENTS, "")
    version = _version(data, kind)
    identifier = data.get("Id")
    if "Id" in data and type(identifier) is not str:
        _refuse("Id", "Id must be a string.")
    listed = data.get("Statement")
    raw = [listed] if isinstance(listed, dict) else listed
    if not isinstance(raw, list) or not raw:
        _refuse("Statement", "Statement must be an object or a list of objects.")
    statements = tuple(
        _StatementParser(item, index, kind, version).parse() for index, item in enumerate(raw)
    )
    _check_unique_sids(statements)
    return Document(kind, version, identifier, statements)


def policy_size(text: str) -> int:
    """The size IAM counts against its quotas: characters that are not white space."""
    return sum(map(len, text.split()))


def _refuse(path: str, detail: str) -> NoReturn:
    raise PolicySyntaxError(errors.SYNTAX, path, detail)


def _only_known(data: dict[str, Any], known: frozenset[str], path: str) -> None:
    for element in data:
        if element not in known:
            _refuse(path, f"Unknown element {element[:64]!r}.")


def _version(data: dict[str, Any], kind: PolicyKind) -> str:
    version = data.get("Version", VERSION_2008)
    if type(version) is not str or version not in (VERSION_2008, VERSION_2012):
        _refuse("Version", f"Version must be {VERSION_2008!r} or {VERSION_2012!r}.")
    if version != VERSION_2012 and kind not in _WITH_PRINCIPAL:
        raise PolicySyntaxError(errors.VERSION, "Version")
    return version


def _check_unique_sids(statements: tuple[Statement, ...]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid and statement.sid in seen:
            raise PolicySyntaxError(errors.DUPLICATE_SID, f"Statement[{statement.index}].Sid")
        seen.add(statement.sid)


class _StatementParser:
    """Parses one statement of a document of a known kind and version."""

    def __init__(self, data: Any, index: int, kind: PolicyKind, version: str) -> None:
        self._data = data
        self._index = index
        self._kind = kind
        self._variables = version == VERSION_2012
        self._path = f"Statement[{index}]"

    def parse(self) -> Statement:
        if not isinstance(self._data, dict):
            _refuse(self._path, "A statement is a JSON object.")
        _only_known(self._data, _STATEMENT_ELEMENTS, self._path)
        effect = self._effect()
        actions, not_action = self._actions()
        principals, not_principal = self._principals(effect)
        return Statement(
            index=self._index,
            sid=self._sid(),
            effect=effect,
            actions=actions,
            not_action=not_action,
            resources=self._resources(),
            principals=principals,
            not_principal=not_principal,
            conditions=self._conditions(),
        )

    def _sid(self) -> str:
        sid = self._data.get("Sid", "")
        path = f"{self._path}.Sid"
        if type(sid) is not str:
            _refuse(path, "Sid must be a string.")
        grammar.check_sid(sid, path, free_text=self._kind is PolicyKind.RESOURCE)
        return sid

    def _effect(self) -> Effect:
        effect = self._data.get("Effect")
        if effect not in ("Allow", "Deny"):
            _refuse(f"{self._path}.Effect", "Effect must be Allow or Deny.")
        return Effect(effect)

    def _either(self, name: str) -> tuple[Any, str, bool] | None:
        """The value of an element or of its Not… form, its path, and whether it is the latter."""
        negated = f"Not{name}"
        if name in self._data and negated in self._data:
            _refuse(self._path, f"A statement has {name} or {negated}, not both.")
        if name in self._data:
            return self._data[name], f"{self._path}.{name}", False
        if negated in self._data:
            return self._data[negated], f"{self._path}.{negated}", True
        return None

    def _actions(self) -> tuple[tuple[str, ...], bool]:
        found = self._either("Action")
        if found is None or found[0] == []:
            raise PolicySyntaxError(errors.NO_ACTIONS, self._path)
        value, path, negated = found
        actions = _strings(value, path)
        for action in actions:
            grammar.check_action(action, path)
            if self._kind is PolicyKind.TRUST:
                grammar.check_trust_action(action, path)
        return actions, negated

    def _resources(self) -> ResourceElement | None:
        found = self._either("Resource")
        if self._kind is PolicyKind.TRUST:
            if found is not None:
                raise PolicySyntaxError(errors.RESOURCE_GIVEN, found[1])
            return None
        if found is None and self._kind is PolicyKind.RESOURCE:
            return None
        if found is None or found[0] == []:
            raise PolicySyntaxError(errors.NO_RESOURCES, self._path)
        value, path, negated = found
        patterns = _strings(value, path)
        templates = [
            grammar.resource_template(pattern, path, variables=self._variables)
            for pattern in patterns
        ]
        return resource_element(patterns, templates, negated=negated)

    def _principals(self, effect: Effect) -> tuple[PrincipalElement | None, bool]:
        found = self._either("Principal")
        if self._kind not in _WITH_PRINCIPAL:
            if found is not None:
                raise PolicySyntaxError(errors.PRINCIPAL_GIVEN, found[1])
            return None, False
        if found is None:
            raise PolicySyntaxError(errors.PRINCIPAL_MISSING, self._path)
        value, path, negated = found
        if negated and (self._kind is PolicyKind.TRUST or effect is Effect.ALLOW):
            raise PolicySyntaxError(errors.NOT_PRINCIPAL_GIVEN, path)
        return _principal(value, path), negated

    def _conditions(self) -> tuple[Condition, ...]:
        block = self._data.get("Condition", {})
        path = f"{self._path}.Condition"
        if not isinstance(block, dict):
            _refuse(path, "Condition must be an object.")
        return tuple(
            line
            for operator, keys in block.items()
            for line in self._operator(operator, keys, f"{path}.{operator[:64]}")
        )

    def _operator(self, operator: str, keys: Any, path: str) -> list[Condition]:
        if not isinstance(keys, dict):
            _refuse(path, "A condition operator holds an object of keys and values.")
        if len({key.lower() for key in keys}) != len(keys):
            _refuse(path, "A condition key stands twice, in different capitalization.")
        # An operator with no keys is still checked: a misspelt one must not pass because of it.
        self._condition(operator, "aws:none", (), path)
        return [
            self._condition(operator, key, _condition_values(value, path), path)
            for key, value in keys.items()
        ]

    def _condition(self, operator: str, key: str, values: tuple[str, ...], path: str) -> Condition:
        grammar.check_condition_key(key, path)
        try:
            return condition(operator, key, values, variables=self._variables)
        except UnknownOperatorError:
            _refuse(path, f"Unknown condition operator {operator[:64]!r}.")
        except (ValueSyntaxError, VariableError) as error:
            _refuse(path, str(error))


def _strings(value: Any, path: str) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    for item in listed:
        if type(item) is not str:
            _refuse(path, "A string or a list of strings is expected.")
    return tuple(listed)


def _condition_values(value: Any, path: str) -> tuple[str, ...]:
    values: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, bool):
            values.append("true" if item else "false")
        elif isinstance(item, str):
            values.append(str(item))
        else:
            _refuse(path, "A condition value is a string, a number or a boolean.")
    return tuple(values)


def _principal(value: Any, path: str) -> PrincipalElement:
    if value == "*" and type(value) is str:
        return PrincipalElement(everyone=True)
    if not isinstance(value, dict) or not value:
        _refuse(path, 'Principal must be "*" or an object such as {"AWS": "123456789012"}.')
    named: dict[str, tuple[str, ...]] = {}
    for kind, names in value.items():
        if kind not in PRINCIPAL_TYPES:
            _refuse(path, f"Unknown principal type {kind[:64]!r}.")
        named[kind] = _strings(names, path)
        for name in named[kind]:
            if not is_valid_principal(kind, name):
                shown = name[:128]
                raise PolicySyntaxError(f'Invalid principal in policy: "{kind}":"{shown}"', path)
        if not named[kind]:
            _refuse(path, f"Principal names nobody under {kind}.")
    return principal_element(named)
