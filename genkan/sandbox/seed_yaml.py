"""YAML text → nodes that know their line and column.

Owns the bounds (size, depth, what aliases expand to) and what of YAML a seed may use: mappings,
sequences, scalars, anchors, aliases and merge keys (`<<`); no tags. PyYAML only turns text into
events here: nothing is ever constructed from it. Leaves what the nodes mean to `seed_reader`.

Plain scalars are read as YAML 1.2's core schema reads them, not as 1.1 does: `no` is a text, and
so is a date. The same node may stand in several places (an alias).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from genkan.sandbox.seed_mistakes import Mistake, SeedRefused
from genkan.sandbox.seed_rules import shown

MOST_BYTES = 64 * 1024 * 1024
"""Twice what an organization takes that has as many users as AWS's quota lets it have."""
MOST_NODES = 3_000_000
"""Nodes of a document with every alias written out; the same organization has half as many."""
DEEPEST = 64
"""Collections inside each other, with every alias written out."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,4000}", re.ASCII)
_NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,4000}(?:\.[0-9]{0,4000})?|\.[0-9]{1,4000})(?:[eE][-+]?[0-9]{1,3})?", re.ASCII
)


@dataclass(slots=True, kw_only=True)
class Scalar:
    """A text as written; `plain` when it stood without quotes."""

    line: int
    column: int
    text: str
    plain: bool = True

    @property
    def value(self) -> str | int | float | bool | None:
        """What it stands for."""
        if not self.plain:
            return self.text
        if self.text in _NULL:
            return None
        if self.text in _TRUE or self.text in _FALSE:
            return self.text in _TRUE
        if _INTEGER.fullmatch(self.text):
            return int(self.text)
        if _NUMBER.fullmatch(self.text) and math.isfinite(float(self.text)):
            return float(self.text)
        return self.text


@dataclass(slots=True, kw_only=True)
class Sequence:
    """A list of nodes. `size` counts every node in it, `depth` levels; itself included."""

    line: int
    column: int
    items: list["Node"] = field(default_factory=list)
    size: int = 1
    depth: int = 1


@dataclass(slots=True, kw_only=True)
class Mapping:
    """Nodes by key, in order of writing. `keys` are the keys' own places."""

    line: int
    column: int
    items: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)
    size: int = 1
    depth: int = 1


Node = Scalar | Sequence | Mapping


def is_text(text: str) -> bool:
    """Whether a plain scalar of this text is read as that text, and as nothing else."""
    return isinstance(Scalar(line=0, column=0, text=text).value, str)


def load_file(path: Path, name: str) -> tuple[Node, list[Mistake]]:
    """The document in a file, as `load`; OSError when it cannot be read."""
    with path.open("rb") as file:
        return load(file.read(MOST_BYTES + 1), name)


def load(raw: bytes, name: str) -> tuple[Node, list[Mistake]]:
    """The one document in `raw`, with mistakes that do not keep the rest from being read.

    `SeedRefused` when it is no YAML, or beyond a bound. `name` is what messages call the file.
    """
    if len(raw) > MOST_BYTES:
        raise SeedRefused(name, [Mistake(1, 1, f"the file is larger than {MOST_BYTES} bytes")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SeedRefused(name, [Mistake(line, 1, "this is no UTF-8 text")]) from None
    composer = _Composer()
    try:
        root = composer.compose(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise SeedRefused(name, [*composer.mistakes, _syntax(error)]) from None
    except yaml.YAMLError as error:
        raise SeedRefused(name, [_unreadable(text, error)]) from None
    except (ValueError, OverflowError) as error:
        # The parser in Python gives what is no character, such as "\\U00110000", to `chr`.
        raise SeedRefused(name, [Mistake(1, 1, f"this is no YAML: {error}")]) from None
    except _Beyond as beyond:
        raise SeedRefused(name, [*composer.mistakes, beyond.mistake]) from None
    return root, composer.mistakes


class _Beyond(Exception):
    """Reading on makes no sense."""

    def __init__(self, event: Any, message: str) -> None:
        self.mistake = Mistake(*_place(event), message)


@dataclass(slots=True)
class _Open:
    """A collection that is being read; `key` waits for its value."""

    node: Sequence | Mapping
    anchor: str | None
    key: Scalar | None = None
    merged: list[tuple[Scalar, Node]] = field(default_factory=list)


class _Composer:
    """Puts events together, without recursion."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._anchors: dict[str, Node | None] = {}
        self._open: list[_Open] = []
        self._root: Node | None = None

    def compose(self, events: Iterator[Any]) -> Node:
        documents = 0
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise _Beyond(event, "a second document begins here; a seed is one")
                case yaml.ScalarEvent():
                    self._add(event, self._scalar(event), event.anchor)
                case yaml.AliasEvent():
                    self._add(event, self._aliased(event), None)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._begin(event)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._end(event)
        if self._root is None:
            raise _Beyond(None, "the file is empty")
        return self._root

    def _scalar(self, event: Any) -> Scalar:
        self._refuse_tag(event)
        line, column = _place(event)
        return Scalar(line=line, column=column, text=event.value, plain=not event.style)

    def _aliased(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise _Beyond(event, f"there is no anchor {shown(event.anchor)} before this alias")
        found = self._anchors[event.anchor]
        if found is None:
            raise _Beyond(event, f"the alias {shown(event.anchor)} stands inside its own anchor")
        if not isinstance(found, Scalar) and len(self._open) + found.depth > DEEPEST:
            raise _Beyond(
                event, f"with its aliases the document is nested more than {DEEPEST} deep"
            )
        return found

    def _begin(self, event: Any) -> None:
        self._refuse_tag(event)
        if len(self._open) >= DEEPEST:
            raise _Beyond(event, f"the document is nested more than {DEEPEST} deep")
        line, column = _place(event)
        node: Sequence | Mapping
        if isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(line=line, column=column)
        else:
            node = Mapping(line=line, column=column)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(node, event.anchor))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        if isinstance(done.node, Mapping):
            for key, value in done.merged:
                self._merge(done.node, key, value)
        self._add(event, done.node, done.anchor)

    def _add(self, event: Any, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
            self._grow(event, parent.node, node)
        elif parent.key is None:
            parent.key = self._key(event, node)
        else:
            key, parent.key = parent.key, None
            self._put(parent, key, node)
            self._grow(event, parent.node, node)

    def _grow(self, event: Any, parent: Sequence | Mapping, node: Node) -> None:
        if isinstance(node, Scalar):
            parent.size += 1
        else:
            parent.size += node.size
            parent.depth = max(parent.depth, 1 + node.depth)
        if parent.size > MOST_NODES:
            raise _Beyond(event, f"with its aliases the document has more than {MOST_NODES} nodes")

    def _key(self, event: Any, node: Node) -> Scalar:
        if isinstance(node, Scalar):
            return node
        self._mistake(node, "a key must be a text, not a list or a mapping")
        line, column = _place(event)
        return Scalar(line=line, column=column, text="", plain=False)

    def _put(self, parent: _Open, key: Scalar, node: Node) -> None:
        assert isinstance(parent.node, Mapping)
        if key.plain and key.text == "<<":
            parent.merged.append((key, node))
        elif key.text in parent.node.items:
            first = parent.node.keys[key.text]
            self._mistake(key, f"the key {shown(key.text)} stands in line {first.line} already")
        else:
            parent.node.items[key.text] = node
            parent.node.keys[key.text] = key

    def _merge(self, into: Mapping, key: Scalar, node: Node) -> None:
        for source in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(source, Mapping):
                self._mistake(key, "<< merges mappings only")
                continue
            for name, value in source.items.items():
                if name not in into.items:
                    into.items[name] = value
                    into.keys[name] = source.keys[name]

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            line, column = _place(event)
            message = f"the tag {shown(event.tag)} is not read here; leave it out"
            self.mistakes.append(Mistake(line, column, message))

    def _mistake(self, node: Node, message: str) -> None:
        self.mistakes.append(Mistake(node.line, node.column, message))


def _place(event: Any) -> tuple[int, int]:
    if event is None:
        return 1, 1
    return event.start_mark.line + 1, event.start_mark.column + 1


def _syntax(error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = ", ".join(filter(None, (error.context, error.problem)))
    return Mistake(*place, f"this is no YAML: {said}")


def _unreadable(text: str, error: yaml.YAMLError) -> Mistake:
    """A character that YAML does not allow; the two parsers tell its place differently."""
    for index, char in enumerate(text):
        if not (char.isprintable() or char in "\t\n\r\x85\u2028\u2029\ufeff" or char >= "\xa0"):
            line = text.count("\n", 0, index) + 1
            column = index - text.rfind("\n", 0, index)
            return Mistake(line, column, f"the character U+{ord(char):04X} is not allowed in YAML")
    return Mistake(1, 1, f"this is no YAML: {getattr(error, 'reason', error)}")
