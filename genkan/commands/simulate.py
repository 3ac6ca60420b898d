"""`genkan simulate`: ask the evaluator that decides about every request (docs/simulate.md)."""

import functools
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import Installation, on_installation
from genkan.settings import SettingsRefused

if TYPE_CHECKING:
    from genkan.iam.records import RolePolicies

_LONGEST_LINE = 4_194_304
_file = click.Path(path_type=Path, dir_okay=False)
_DENIED, _MISUNDERSTOOD = 1, 2


def _policies(name: str, meaning: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", multiple=True, type=_file, help=meaning)


class _Undecided(click.ClickException):
    exit_code = _MISUNDERSTOOD


def _only_decides(command: Callable[..., None]) -> Callable[..., None]:
    """Keep 1 for a denial: whatever keeps the evaluator from deciding ends with 2."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except click.ClickException as refused:
            raise _Undecided(refused.message) from None
        except Exception:  # a bug, after which Python would end with 1
            traceback.print_exc()
            raise SystemExit(_MISUNDERSTOOD) from None

    return told


@click.command()
@click.option("--json-lines", is_flag=True, help="Read questions, write decisions, a line each.")
@click.option("--principal", default="", help="The ARN of who asks.")
@click.option("--action", default="", help="service:Name")
@click.option("--resource", multiple=True, help="An ARN; several must all be allowed.")
@click.option("--context", multiple=True, help="A condition key with its value: KEY=VALUE.")
@_policies("policy", "An identity-based policy in a file.")
@click.option("--managed-policy", multiple=True, help="The ARN of a policy of AWS's own.")
@click.option("--boundary", type=_file, help="The permissions boundary.")
@_policies("session-policy", "A session policy.")
@_policies("resource-policy", "A policy attached to the resource.")
@_policies("scp", "A service control policy; each is a level that must allow.")
@click.option("--role", default="", help="The ARN of a role in the organization: its policies.")
@click.option("--explain", is_flag=True, help="Show how every statement speaks of it.")
@_only_decides
@refusals
@on_installation
def simulate(installation: Installation, json_lines: bool, **options: Any) -> None:
    """Ask whether a request would be allowed, and why.

    Ends with 0 when it is allowed, 1 when it is denied, 2 when there is no decision.
    """
    if json_lines:
        _answer_lines(sys.stdin.buffer, sys.stdout)
    else:
        _answer_person(installation, **options)


def _answer_lines(questions: IO[bytes], answers: IO[str]) -> None:
    from genkan.authorization.simulation import answer_line

    for line in _lines(questions):
        answer = (
            answer_line(line)
            if line is not None
            else {"error": {"code": "InvalidQuestion", "message": "This line is too long"}}
        )
        answers.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")) + "\n")
        answers.flush()


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Lines that say something; None for one that is too long to read."""
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            while not line.endswith(b"\n") and (line := stream.readline(_LONGEST_LINE)):
                pass
            yield None
        elif line.strip():
            yield line


def _answer_person(
    installation: Installation,
    *,
    principal: str,
    action: str,
    resource: Sequence[str],
    context: Sequence[str],
    role: str,
    explain: bool,
    **files: Any,
) -> None:
    from genkan.authorization.simulation import answer_line

    if not action or not (principal or role):
        raise SettingsRefused("say at least --action, and --principal or --role; or --json-lines")
    attached = _attached(files)
    asker: dict[str, Any] = {"arn": principal}
    if role:
        found, levels = _role(installation, role)
        attached["identity"] += [
            {"name": name, "document": text} for name, text in (*found.inline, *found.managed)
        ]
        attached["boundary"] = attached["boundary"] or found.boundary
        attached["scps"] = [*levels, *attached["scps"]]
        account_id, name = _taken_apart(role)
        asker = {
            "type": "assumed-role",
            "arn": principal or f"arn:aws:sts::{account_id}:assumed-role/{name}/simulated",
            "account": account_id,
            "issuer_arn": role,
        }
    question = {
        "principal": asker,
        "action": action,
        "resources": list(resource) or ["*"],
        "context": _context(context),
        "policies": attached,
        "explain": explain,
    }
    answer = answer_line(json.dumps(question))
    if "error" in answer:
        click.echo(f"Error: {answer['error']['message']}", err=True)
        raise SystemExit(_MISUNDERSTOOD)
    _tell(answer)
    if not answer["allowed"]:
        raise SystemExit(_DENIED)


def _tell(answer: dict[str, Any]) -> None:
    click.echo(answer["reason"])
    for trace in answer.get("statements", ()):
        does = "applies" if trace["applies"] else f"does not apply: {trace['failed_on']}"
        sid = f" ({trace['sid']})" if trace["sid"] else ""
        click.echo(
            f"  {trace['policy_type']} {trace['policy']}, statement {trace['statement']}{sid},"
            f" {trace['effect']}, {trace['resource']}: {does}"
        )


def _attached(files: dict[str, Any]) -> dict[str, Any]:
    def texts(name: str) -> list[Any]:
        return [{"name": str(file), "document": _read(file)} for file in files[name]]

    boundary = files["boundary"]
    return {
        "identity": texts("policy") + [{"arn": arn} for arn in files["managed_policy"]],
        "boundary": {"name": str(boundary), "document": _read(boundary)} if boundary else None,
        "session": texts("session_policy"),
        "resource": texts("resource_policy"),
        "scps": [[each] for each in texts("scp")],
    }


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsRefused(f"{file} is not UTF-8") from None


def _context(given: Sequence[str]) -> dict[str, list[str]]:
    """Values by key; a key that is given several times has several values."""
    found: dict[str, list[str]] = {}
    for each in given:
        key, separator, value = each.partition("=")
        if not separator or not key:
            raise SettingsRefused(f"--context {each} is not KEY=VALUE")
        found.setdefault(key, []).append(value)
    return found


def _role(installation: Installation, arn: str) -> "tuple[RolePolicies, list[list[Any]]]":
    """The role's own policies, and the service control policies over its account, by level."""
    from genkan.assembly.wiring import looking
    from genkan.iam.policies import policies_of_role
    from genkan.organization import operations as organization

    account_id, name = _taken_apart(arn)
    with installation.database() as database:
        found = database.read(lambda rows: policies_of_role(looking(rows), account_id, name))
        levels = database.read(lambda rows: organization.levels_of(looking(rows), account_id))
    if found is None:
        raise SettingsRefused(f"there is no role {arn}")
    return found, [
        [{"name": policy.name, "document": policy.content} for policy in level] for level in levels
    ]


def _taken_apart(arn: str) -> tuple[str, str]:
    """The account and the name of a role."""
    from genkan.core import arns
    from genkan.core.errors import Refusal

    try:
        name = arns.parse_iam(arn)
    except Refusal:
        name = None
    if name is None or name.kind != "role":
        raise SettingsRefused(f"{arn} is no ARN of a role")
    return name.account_id, name.name
