"""Policies of a seed: a YAML mapping or a JSON text → the text that is stored, and back.

The text of a mapping is the same whenever the same mapping is written, so that what was exported
as a mapping is seeded as the text it came from. Leaves the policy language to `authorization`.
"""

import json
import re
from typing import Any

from genkan.authorization import PolicyKind, PolicySyntaxError, parse, policy_size
from genkan.sandbox.seed_mistakes import Found, Path
from genkan.sandbox.seed_rules import Rule
from genkan.sandbox.seed_yaml import Mapping, Node, Scalar, Sequence

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]{1,6})\]", re.ASCII)


def text_of(value: Any, longest: int) -> str:
    """A mapping as JSON text: indented as the console shows it, compact where that is too long."""
    text = json.dumps(value, indent=2)
    return text if len(text) <= longest else json.dumps(value, separators=(",", ":"))


def mapping_of(text: str, longest: int) -> dict[str, Any] | None:
    """The mapping that `text_of` makes exactly this text of, or None."""
    try:
        value = json.loads(text)
        if isinstance(value, dict) and text_of(value, longest) == text:
            return value
    except (ValueError, RecursionError):
        pass
    return None


def version_number(version: str) -> int:
    """3 of `v3`; 0 of what is no version."""
    return int(version.removeprefix("v")) if version else 0


def plain_value(node: Node) -> Any:
    """A node as JSON values."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain_value(item) for item in node.items]
        case Mapping():
            return {key: plain_value(item) for key, item in node.items.items()}


def mistakes_in(
    path: Path, text: str, rule: Rule, limit: int, kind: PolicyKind = PolicyKind.IDENTITY
) -> Found:
    """What is wrong with a policy's text; `limit` is in characters that are not white space."""
    if not text:
        return
    if said := rule.broken(text):
        yield path, said
        return
    try:
        parse(text, kind)
    except PolicySyntaxError as error:
        yield (
            (*path, *_steps(error.path)),
            f"{error.message.rstrip('.')}: {error.detail}".rstrip(": "),
        )
        return
    if (size := policy_size(text)) > limit:
        yield path, f"has {size} characters without white space; at most {limit} are allowed"


def _steps(path: str) -> Path:
    """`Statement[0].Action` as steps into the document."""
    return tuple(
        int(match[2]) if match[2] is not None else match[1] for match in _STEP.finditer(path)
    )
