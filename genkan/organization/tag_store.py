"""The SQL of the organization's tags: of policies in their own rows, of the rest in one table."""

import msgspec

from genkan.db.database import Tx

Tags = tuple[tuple[str, str], ...]
_decode = msgspec.json.Decoder(dict[str, str]).decode


def find(tx: Tx, resource_id: str) -> Tags:
    """The tags in the order of keys; none of what is not there."""
    row = tx.one(f"SELECT tags FROM {_place(resource_id)} = ?", resource_id)  # noqa: S608
    return tuple(sorted(_decode(row[0]).items())) if row else ()


def replace(tx: Tx, resource_id: str, tags: Tags) -> None:
    """Have these tags and no others."""
    text = msgspec.json.encode(dict(tags)).decode()
    if resource_id.startswith("p-"):
        tx.run("UPDATE organization_policies SET tags = ? WHERE policy_id = ?", text, resource_id)
        return
    tx.run("DELETE FROM organization_tags WHERE resource_id = ?", resource_id)
    if tags:
        tx.run("INSERT INTO organization_tags (resource_id, tags) VALUES (?, ?)", resource_id, text)


def _place(resource_id: str) -> str:
    if resource_id.startswith("p-"):
        return "organization_policies WHERE policy_id"
    return "organization_tags WHERE resource_id"
