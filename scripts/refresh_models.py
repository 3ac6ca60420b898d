"""Refresh the AWS service models shipped with the package.

Reads the models of the installed botocore, leaves out every documentation text, endpoint rule,
waiter and client-side hint, and writes what remains, facts only, to
`genkan/protocols/aws/models/<service>.json`: one operation or shape a line, so that a refresh
reads as a diff. Prints the operations that came and went. A trait the codecs do not know stops
the refresh: it must be taught to `genkan.protocols.aws` first, never silently dropped.

    python scripts/refresh_models.py            write
    python scripts/refresh_models.py --check    write nothing, exit 1 when a model would change
"""

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import botocore

SERVICES = (
    "sso-admin",
    "identitystore",
    "sso",
    "sso-oidc",
    "sts",
    "iam",
    "organizations",
    "cloudtrail",
)
TARGET = Path(__file__).resolve().parent.parent / "genkan" / "protocols" / "aws" / "models"

METADATA = (
    "apiVersion",
    "protocol",
    "jsonVersion",
    "serviceId",
    "serviceFullName",
    "signingName",
    "endpointPrefix",
    "targetPrefix",
    "xmlNamespace",
)
OPERATION = {"http", "input", "output", "errors", "idempotent", "readonly", "auth"}
SHAPE = {
    "type",
    "members",
    "required",
    "member",
    "key",
    "value",
    "min",
    "max",
    "pattern",
    "enum",
    "sensitive",
    "union",
    "document",
    "exception",
    "fault",
    "error",
}
MEMBER = {"shape", "location", "locationName"}
# Read by clients only, or said better elsewhere in the model.
LEFT_OUT = {
    "name",
    "documentation",
    "authtype",
    "box",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "idempotencyToken",
    "retryable",
}
PAGINATION = {"input_token", "output_token", "limit_key", "result_key", "more_results"}


def keep(traits: dict[str, Any], known: set[str], where: str) -> dict[str, Any]:
    """The known traits, in the model's order; refuses one that nobody has thought about."""
    strange = set(traits) - known - LEFT_OUT
    if strange:
        sys.exit(f"{where}: unknown trait {', '.join(sorted(strange))}: teach the codecs first")
    return {name: value for name, value in traits.items() if name in known}


def trimmed_shape(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    kept = keep(shape, SHAPE, name)
    if "members" in kept:
        kept["members"] = {
            member: keep(ref, MEMBER, f"{name}.{member}") for member, ref in kept["members"].items()
        }
    for role in ("member", "key", "value"):
        if role in kept:
            kept[role] = keep(kept[role], MEMBER, f"{name}.{role}")
    return kept


def trimmed_operation(
    name: str, operation: dict[str, Any], paginators: dict[str, Any]
) -> dict[str, Any]:
    kept = keep(operation, OPERATION, name)
    if "input" in kept:
        kept["input"] = kept["input"]["shape"]
    if "output" in kept:
        wrapper = kept["output"].get("resultWrapper")
        kept["output"] = kept["output"]["shape"]
        if wrapper:
            kept["resultWrapper"] = wrapper
    if "errors" in kept:
        kept["errors"] = [error["shape"] for error in kept["errors"]]
    if kept.pop("auth", None) == ["smithy.api#noAuth"]:
        kept["unsigned"] = True
    if name in paginators:
        kept["pagination"] = {
            key: value for key, value in paginators[name].items() if key in PAGINATION
        }
    return kept


def read(directory: Path, name: str) -> dict[str, Any]:
    """One of botocore's data files, which wheels carry compressed and source trees plain."""
    packed = directory / f"{name}.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))  # type: ignore[no-any-return]
    plain = directory / f"{name}.json"
    return json.loads(plain.read_bytes()) if plain.exists() else {}


def trimmed_model(service: str) -> dict[str, Any]:
    versions = Path(botocore.__file__).parent / "data" / service
    directory = max(entry for entry in versions.iterdir() if entry.is_dir())
    model = read(directory, "service-2")
    paginators = read(directory, "paginators-1").get("pagination", {})
    return {
        "source": {
            "package": "botocore",
            "version": botocore.__version__,
            "licence": "Apache-2.0",
            "note": "Facts of the service model only: names, types, constraints and routes."
            " Documentation texts are left out. Written by scripts/refresh_models.py.",
        },
        "metadata": {key: model["metadata"][key] for key in METADATA if key in model["metadata"]},
        "operations": {
            name: trimmed_operation(name, operation, paginators)
            for name, operation in sorted(model["operations"].items())
        },
        "shapes": {
            name: trimmed_shape(name, shape) for name, shape in sorted(model["shapes"].items())
        },
    }


def rendered(model: dict[str, Any]) -> str:
    """JSON with one operation or shape a line."""

    def section(entries: dict[str, Any]) -> str:
        lines = (f"{json.dumps(key)}:{compact(value)}" for key, value in entries.items())
        return "{\n" + ",\n".join(lines) + "\n}"

    return (
        "{"
        + ",\n".join(f"{json.dumps(name)}:{section(part)}" for name, part in model.items())
        + "}\n"
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def difference(service: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What a reader of the refresh must know, a line each."""
    lines = []
    for section, noun in (("operations", "operation"), ("shapes", "shape")):
        old, new = before.get(section, {}), after[section]
        lines += [f"{service}: + {noun} {name}" for name in sorted(set(new) - set(old))]
        lines += [f"{service}: - {noun} {name}" for name in sorted(set(old) - set(new))]
        lines += [
            f"{service}: ~ {noun} {name}"
            for name in sorted(set(old) & set(new))
            if old[name] != new[name]
        ]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a change")
    check = parser.parse_args().check
    changed = False
    for service in SERVICES:
        path = TARGET / f"{service}.json"
        before = json.loads(path.read_text("utf-8")) if path.exists() else {}
        after = trimmed_model(service)
        if before:
            for line in difference(service, before, after):
                print(line)
        else:
            print(f"{service}: new, {len(after['operations'])} operations")
        changed = changed or before != after
        if not check:
            path.write_text(rendered(after), "utf-8")
    print(f"botocore {botocore.__version__}: " + ("changed" if changed else "no change"))
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
