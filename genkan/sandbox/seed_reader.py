"""Nodes → `SeedDocument`, driven by its definition; every mistake of form at once.

Walks the definition (`msgspec.inspect`) and the nodes together. Where a member is wrong or missing,
a stand-in takes its place, so that the rest is still read and checked; a document with mistakes
never leaves `read_seed`. Leaves text and aliases to `seed_yaml`, meaning to `seed_checks`.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from msgspec import inspect

from genkan.core.quotas import Quotas
from genkan.sandbox import seed_checks
from genkan.sandbox.document import SeedDocument
from genkan.sandbox.seed_mistakes import Mistake, Path, SeedRefused, Unread, path_text
from genkan.sandbox.seed_policies import plain_value, text_of
from genkan.sandbox.seed_rules import INLINE_POLICY, Rule, shown
from genkan.sandbox.seed_yaml import Mapping, Node, Scalar, Sequence, load, load_file

_MOST_LISTED = 12
AWS_QUOTAS = Quotas()


def read_seed(path: FilePath, quotas: Quotas = AWS_QUOTAS) -> SeedDocument:
    """The document in a file; `SeedRefused` with every mistake, OSError when it cannot be read.

    `quotas` are those of whoever will hold the organization.
    """
    return _read(*load_file(path, str(path)), str(path), quotas)


def parse_seed(raw: bytes, name: str = "seed.yaml", quotas: Quotas = AWS_QUOTAS) -> SeedDocument:
    """The document in a text; `SeedRefused` with every mistake."""
    return _read(*load(raw, name), name, quotas)


def _read(root: Node, mistakes: list[Mistake], name: str, quotas: Quotas) -> SeedDocument:
    reader = _Reader(mistakes)
    document = reader.read(_definition(), root, ())
    if isinstance(document, SeedDocument):
        for path, message in seed_checks.mistakes_in(document, quotas):
            node = _node_at(root, path)
            mistakes.append(Mistake(node.line, node.column, message, path_text(path)))
    if mistakes:
        raise SeedRefused(name, mistakes)
    assert isinstance(document, SeedDocument)
    return document


@cache
def _definition() -> inspect.Type:
    return inspect.type_info(SeedDocument)


def _node_at(root: Node, path: Path) -> Node:
    """The node at a path, or the nearest above it."""
    node = root
    for step in path:
        found: Node | None = None
        if isinstance(node, Mapping) and isinstance(step, str):
            found = node.items.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            found = node.items[step]
        elif isinstance(node, Mapping) and step == 0:
            found = node  # a policy's one statement, without a list around it
        if found is None:
            return node
        node = found
    return node


class _Reader:
    """Reads nodes as types. What cannot be read is reported and replaced by a stand-in."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self._mistakes = mistakes

    def read(
        self, kind: inspect.Type, node: Node, path: Path, extra: dict[str, Any] | None = None
    ) -> Any:
        match kind:
            case inspect.Metadata():
                return self.read(kind.type, node, path, {**(extra or {}), **(kind.extra or {})})
            case inspect.StructType():
                return self._struct(kind, node, path)
            case inspect.ListType():
                return self._list(kind, node, path)
            case inspect.DictType():
                return self._dict(kind, node, path)
            case inspect.UnionType():
                return self._one_of(kind, node, path, extra)
            case inspect.LiteralType():
                return self._literal(kind, node, path)
            case inspect.BoolType():
                return self._bool(node, path)
            case inspect.NoneType():
                return None
            case inspect.StrType() if extra and extra.get("policy"):
                return self._policy(node, path, extra.get("longest", INLINE_POLICY.high or 0))
            case inspect.StrType():
                return self._text(node, path, (extra or {}).get("rule"))
        raise AssertionError(f"a seed holds nothing of type {kind}")

    def _struct(self, kind: inspect.StructType, node: Node, path: Path) -> Any:
        fields = {field.encode_name: field for field in kind.fields}
        found: dict[str, Any] = {}
        if not isinstance(node, Mapping):
            self._expected("a mapping", node, path)
            return self._stand_in(kind)
        for key, item in node.items.items():
            field = fields.get(key)
            if field is None:
                self._report(node.keys[key], path, _unknown_key(key, fields))
            else:
                found[key] = self.read(field.type, item, (*path, key))
        for name, field in fields.items():
            if field.required and name not in found:
                self._report(node, path, f"{name} is missing")
                found[name] = self._stand_in(field.type)
        return kind.cls(**found)

    def _one_of(
        self, kind: inspect.UnionType, node: Node, path: Path, extra: dict[str, Any] | None
    ) -> Any:
        member = _member_for(kind, node)
        lists = any(isinstance(other, inspect.ListType) for other in kind.types)
        if isinstance(member, inspect.LiteralType) and lists:
            word = member.values[0]
            if isinstance(node, Scalar) and node.value == word:
                return word
            self._expected(f"a list, or the word {word},", node, path)
            return [Unread()]
        return self.read(member, node, path, extra)

    def _list(self, kind: inspect.ListType, node: Node, path: Path) -> list[Any]:
        if not isinstance(node, Sequence):
            self._expected("a list", node, path)
            return []
        if kind.max_length is not None and len(node.items) > kind.max_length:
            self._report(
                node, path, f"has {len(node.items)} entries; at most {kind.max_length} are allowed"
            )
        return [
            self.read(kind.item_type, item, (*path, index)) for index, item in enumerate(node.items)
        ]

    def _dict(self, kind: inspect.DictType, node: Node, path: Path) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            self._expected("a mapping", node, path)
            return {}
        found = {}
        for key, item in node.items.items():
            written = node.keys[key]
            name = Scalar(line=written.line, column=written.column, text=key, plain=False)
            self.read(kind.key_type, name, (*path, key))
            found[key] = self.read(kind.value_type, item, (*path, key))
        return found

    def _literal(self, kind: inspect.LiteralType, node: Node, path: Path) -> Any:
        # In Python true is 1; here it is not.
        for value in kind.values:
            if isinstance(node, Scalar) and type(node.value) is type(value) and node.value == value:
                return value
        if len(kind.values) == 1:
            self._report(node, path, f"must be {kind.values[0]}")
            return kind.values[0]
        allowed = ", ".join(map(str, kind.values))
        if isinstance(node, Scalar):
            close = get_close_matches(node.text[:256], map(str, kind.values), n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]}?" if close else ""
            self._report(node, path, f"{shown(node.text)} is none of {allowed}{hint}")
        else:
            self._expected(f"one of {allowed}", node, path)
        return kind.values[0]

    def _bool(self, node: Node, path: Path) -> bool:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self._expected("true or false", node, path)
        return False

    def _text(self, node: Node, path: Path, rule: Rule | None) -> str:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self._expected("a text", node, path)
            return Unread()
        if rule is not None and (said := rule.broken(node.text)):
            self._report(node, path, said)
        elif any("\ud800" <= char <= "\udfff" for char in node.text):
            self._report(node, path, "holds half a character (a lone surrogate)")
        elif "\0" in node.text:
            self._report(node, path, "holds NUL (U+0000), which no text may")
        else:
            return node.text
        return Unread()

    def _policy(self, node: Node, path: Path, longest: int) -> str:
        if isinstance(node, Mapping):
            return text_of(plain_value(node), longest)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            if not node.text:
                self._report(node, path, "must not be empty")
            return node.text
        self._expected("a policy, as a mapping or as its JSON text,", node, path)
        return ""

    def _stand_in(self, kind: inspect.Type) -> Any:
        """Something of this type, for a document that will be refused anyway."""
        match kind:
            case inspect.Metadata():
                return self._stand_in(kind.type)
            case inspect.StructType():
                return kind.cls(
                    **{
                        field.name: self._stand_in(field.type)
                        for field in kind.fields
                        if field.required
                    }
                )
            case inspect.LiteralType():
                return kind.values[0]
        return Unread()

    def _expected(self, what: str, node: Node, path: Path) -> None:
        self._report(node, path, f"{what} is expected here, {_but(node)}")

    def _report(self, node: Node, path: Path, message: str) -> None:
        self._mistakes.append(Mistake(node.line, node.column, message, path_text(path)))


def _member_for(kind: inspect.UnionType, node: Node) -> inspect.Type:
    """The alternative that a node of this form must be meant as."""
    of_node: tuple[type[inspect.Type], ...]
    match node:
        case Sequence():
            of_node = (inspect.ListType,)
        case Mapping():
            of_node = (inspect.StructType, inspect.DictType)
        case Scalar() if node.value is None:
            of_node = (inspect.NoneType, inspect.StrType, inspect.LiteralType)
        case Scalar():
            of_node = (inspect.StrType, inspect.LiteralType)
    for wanted in of_node:
        for member in kind.types:
            inner = member.type if isinstance(member, inspect.Metadata) else member
            if isinstance(inner, wanted):
                return member
    return kind.types[0]


def _but(node: Node) -> str:
    match node:
        case Sequence():
            return "but this is a list"
        case Mapping():
            return "but this is a mapping"
        case Scalar(value=None):
            return "but nothing stands here; leave the key out instead"
        case Scalar(value=bool()):
            return f"but {node.text} is a truth value; in quotes it is a text"
        case Scalar(value=int() | float()):
            return f"but {shown(node.text)[1:-1]} is a number; in quotes it is a text"
    return "but this is a text"


def _unknown_key(key: str, known: Iterable[str]) -> str:
    close = get_close_matches(key[:256], list(known), n=1, cutoff=0.5)
    if close:
        return f"there is no key {shown(key)} here; did you mean {close[0]}?"
    listed = ", ".join(list(known)[:_MOST_LISTED])
    return f"there is no key {shown(key)} here; known are {listed}"
