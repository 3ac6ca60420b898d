"""`SeedDocument` → YAML text that reads back as the same document.

Members that say nothing (empty, or what would be assumed anyway) are left out; a policy is written
as a mapping where that gives back its very text, and as that text otherwise. A text that a reader
of YAML 1.1 or 1.2 could take for something else is quoted.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import NODEFAULT, UNSET, Struct
from msgspec.structs import fields

from genkan.organization.control_policies import CONTENT_LIMIT
from genkan.sandbox.document import (
    CustomerManagedPolicy,
    PermissionSet,
    PolicyVersion,
    SeedDocument,
    ServiceControlPolicy,
)
from genkan.sandbox.document_applications import Application
from genkan.sandbox.seed_policies import mapping_of
from genkan.sandbox.seed_rules import INLINE_POLICY
from genkan.sandbox.seed_yaml import is_text

EXPORTED = """Made by `genkan export`: `genkan up --seed` makes this organization again.
Passwords are not written here; the seed chooses new ones unless some are added."""

_WIDTH = 100
_AT_A_TIME = 500
"""Users or groups that are made text of together."""
_LONGEST = INLINE_POLICY.high or 0
_POLICIES = {
    CustomerManagedPolicy: ("document", _LONGEST),
    PolicyVersion: ("document", _LONGEST),
    PermissionSet: ("inline_policy", _LONGEST),
    Application: ("actor_policy", _LONGEST),
    ServiceControlPolicy: ("content", CONTENT_LIMIT),
}
"""Where parts have a policy, and up to which length it is laid out."""
_NUMBER = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII
)
"""Numbers of YAML 1.2's core schema, those among them that `seed_yaml` takes for texts."""
_OTHER_BREAKS = frozenset("\x85\u2028\u2029")
"""Line breaks to YAML 1.1, which only double quotes keep as they are: they escape them."""
_IN_ONE_LINE = 3
"""Mappings of so few texts are written in one line."""


def text_of(document: SeedDocument, *, comment: str = "") -> str:
    """The document as YAML; `comment` stands above it."""
    above = (f"# {line}\n".replace(" \n", "\n") for line in comment.splitlines())
    return "".join((*above, *_pieces(document)))


def _pieces(document: SeedDocument) -> Iterator[str]:
    """The document section by section, long ones in pieces: what PyYAML makes of a text before it
    writes it takes thirty times its size.
    """
    for name, value in _part(document).items():
        if not isinstance(value, list):
            yield _dumped(name, value)
            continue
        for start in range(0, len(value), _AT_A_TIME):
            text = _dumped(name, value[start : start + _AT_A_TIME])
            yield text.removeprefix(f"{name}:\n") if start else text


def _dumped(name: str, value: Any) -> str:
    text: str = yaml.dump(
        _Written({name: value}),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    return text


class _Written(dict[str, Any]):
    """A part of the document: written in block style."""


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return _part(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _part(part: Struct) -> _Written:
    found = _Written()
    policy, longest = _POLICIES.get(type(part), ("", 0))
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name == policy and value:
            found[field.name] = mapping_of(value, longest) or value
        elif field.name == "version" or not _says_nothing(field, value):
            found[field.name] = _plain(value)
    return found


def _says_nothing(field: Any, value: Any) -> bool:
    if value is UNSET:
        return True
    if field.default is not NODEFAULT:
        return bool(value == field.default)
    if field.default_factory is not NODEFAULT:
        return bool(value == field.default_factory())
    return False


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        # Lists are indented below their key.
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not _OTHER_BREAKS.isdisjoint(text):
        style = '"'
    elif not is_text(text) or _NUMBER.fullmatch(text):
        style = "'"
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _mapping(dumper: yaml.SafeDumper, part: _Written) -> yaml.MappingNode:
    small = len(part) <= _IN_ONE_LINE and all(
        (isinstance(value, str) and "\n" not in value) or isinstance(value, bool)
        for value in part.values()
    )
    return dumper.represent_mapping("tag:yaml.org,2002:map", part.items(), flow_style=small)


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    texts = all(isinstance(item, str) and "\n" not in item for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=texts)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Written, _mapping)
_Dumper.add_representer(
    dict,
    lambda dumper, part: dumper.represent_mapping(
        "tag:yaml.org,2002:map", part.items(), flow_style=False
    ),
)
_Dumper.add_representer(list, _list)
