"""Refresh AWS's managed policy documents from the data file of the installed moto.

    python scripts/refresh_managed_policies.py [--check]

Writes `genkan/authorization/managed_policies/`: `documents.zlib`, one zlib member a policy, one
after the other; `index.tsv`, where each begins; and prints which policies came, went and changed.
`--check` writes nothing and ends with status 1 when there is a difference.

Only facts are taken: name, path, version, dates and the policy document itself, as AWS publishes
it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "genkan" / "authorization" / "managed_policies"
ARN_PREFIX = "arn:aws:iam::aws:policy"
_DOCUMENT_ORDER = ("Version", "Id", "Statement")
_STATEMENT_ORDER = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)


def installed_policies() -> tuple[str, dict[str, dict[str, Any]]]:
    """The version of moto and its policies by ARN."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies = json.loads(aws_managed_policies_data)
    by_arn = {f"{ARN_PREFIX}{data['Path']}{name}": data for name, data in policies.items()}
    return importlib.metadata.version("moto"), by_arn


def document_text(document: Mapping[str, Any]) -> str:
    """The document as compact JSON with its elements in the order in which people write them."""
    ordered = _ordered(document, _DOCUMENT_ORDER)
    statements = ordered["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    ordered["Statement"] = [_ordered(statement, _STATEMENT_ORDER) for statement in listed]
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=True)


def _ordered(data: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    unknown = set(data) - set(order)
    if unknown:
        raise SystemExit(f"unknown policy elements: {sorted(unknown)}")
    return {name: data[name] for name in order if name in data}


def build(source: str, policies: Mapping[str, dict[str, Any]]) -> tuple[bytes, bytes]:
    """The two files: the documents and their index."""
    documents = bytearray()
    lines = [f"# AWS managed policies, from moto {source}"]
    for arn, data in sorted(policies.items()):
        member = zlib.compress(document_text(data["Document"]).encode("ascii"), 9)
        fields = (
            arn,
            data["DefaultVersionId"],
            data["CreateDate"],
            data["UpdateDate"],
            str(len(documents)),
            str(len(member)),
        )
        lines.append("\t".join(fields))
        documents += member
    return bytes(documents), ("\n".join(lines) + "\n").encode("ascii")


def shipped_policies(target: Path = TARGET) -> dict[str, tuple[str, str]]:
    """What the repository holds now: ARN → (version, document text)."""
    if not (target / "index.tsv").exists():
        return {}
    documents = (target / "documents.zlib").read_bytes()
    shipped: dict[str, tuple[str, str]] = {}
    for line in (target / "index.tsv").read_text("ascii").splitlines():
        if line.startswith("#"):
            continue
        arn, version, _, _, offset, length = line.split("\t")
        member = documents[int(offset) : int(offset) + int(length)]
        shipped[arn] = (version, zlib.decompress(member).decode("ascii"))
    return shipped


def difference(
    shipped: Mapping[str, tuple[str, str]], installed: Mapping[str, dict[str, Any]]
) -> list[str]:
    """One line for each policy that came (+), went (-) or changed (~)."""
    lines = [f"+ {arn}" for arn in installed if arn not in shipped]
    lines += [f"- {arn}" for arn in shipped if arn not in installed]
    for arn, data in installed.items():
        now = (data["DefaultVersionId"], document_text(data["Document"]))
        if arn in shipped and shipped[arn] != now:
            lines.append(f"~ {arn} {shipped[arn][0]} -> {now[0]}")
    return sorted(lines, key=lambda line: line[2:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    arguments = parser.parse_args()
    source, installed = installed_policies()
    changes = difference(shipped_policies(), installed)
    print("\n".join([*changes, f"{len(installed)} policies, {len(changes)} changes"]))
    if arguments.check:
        return 1 if changes else 0
    documents, index = build(source, installed)
    TARGET.mkdir(exist_ok=True)
    (TARGET / "documents.zlib").write_bytes(documents)
    (TARGET / "index.tsv").write_bytes(index)
    return 0


if __name__ == "__main__":
    sys.exit(main())
