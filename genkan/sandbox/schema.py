"""The JSON Schema of seed files, for editors; made from the document's definition.

`python -m genkan.sandbox.schema` prints it; docs/schemas/seed.schema.json is that output, and a
test holds the two equal. It tells form only: what refers to what is checked by `seed_checks`.
"""

import json
from typing import Any

import click
import msgspec

from genkan.sandbox.document import SeedDocument

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_POLICY = "x-policy"


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    made = msgspec.json.schema(SeedDocument)
    (definition,) = [made["$defs"].pop("SeedDocument")]
    return {
        "$schema": _DIALECT,
        **_mended(definition),
        "title": "Genkan seed",
        "$defs": _mended(made["$defs"]),
    }


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _mended(part: Any) -> Any:
    """Without defaults that only mean "not given"; with both ways to write a policy."""
    if isinstance(part, list):
        return [_mended(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _mended(value) for key, value in part.items() if key != _POLICY}
    if "default" in found and found["default"] in ("", [], {}):
        del found["default"]
    if _POLICY in part:
        found |= {"type": ["object", "string"], "minLength": 1}
    return found


if __name__ == "__main__":
    click.echo(text(), nl=False)
