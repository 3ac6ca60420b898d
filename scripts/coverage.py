"""Write `docs/coverage.md`: each operation of each shipped model, served, or not yet and why.

python -m scripts.coverage            write
python -m scripts.coverage --check    write nothing, exit 1 when the page would change
"""

import argparse
import sys
from pathlib import Path

from genkan.fronts.aws.services import SERVICES
from genkan.protocols.aws.model import load
from scripts.not_yet import NOT_YET

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"

#: What the gateway answers itself, because it performs several operations for it.
BY_THE_GATEWAY = {"sts": frozenset({"AssumeRoleWithSAML"})}

_HEAD = """# Which AWS operations are there

Written by `scripts/coverage.py` from the service models that the package ships and the table of
what it serves (`genkan/fronts/aws/services.py`); a test fails when this page is out of date.
An operation that is not served is answered `UnknownOperationException` (`InvalidAction` by iam and
sts), never with something made up.
"""


def modelled(service: str) -> frozenset[str]:
    """Every operation of a service's model."""
    return frozenset(load(service).operation_names)


def served(service: str) -> frozenset[str]:
    """Those that are answered."""
    return frozenset(SERVICES[service].operations) | BY_THE_GATEWAY.get(service, frozenset())


def not_yet(service: str) -> dict[str, str]:
    """Those that are not, as `NOT_YET` tells, with the reason."""
    return {
        name: reason for reason, names in NOT_YET.get(service, {}).items() for name in names.split()
    }


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, _summary(), *(_section(service) for service in SERVICES)])


def _summary() -> str:
    rows = [
        f"| [{service}](#{service}) | {len(served(service))} | {len(modelled(service))} |"
        for service in SERVICES
    ]
    return "\n".join(["| service | served | in the model |", "| --- | ---: | ---: |", *rows, ""])


def _section(service: str) -> str:
    lines = [f"## {service}", "", "Served:", "", _listed(served(service)), ""]
    if missing := modelled(service) - served(service):
        lines += ["Not yet:", ""]
        by_reason: dict[str, list[str]] = {}
        for name, reason in not_yet(service).items():
            if name in missing:
                by_reason.setdefault(reason, []).append(name)
        lines += [f"- {reason}: {_listed(names)}" for reason, names in by_reason.items()]
        lines.append("")
    return "\n".join(lines)


def _listed(names: frozenset[str] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def main() -> int:
    """Write the page, or say whether it is the one there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return 0 if PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
