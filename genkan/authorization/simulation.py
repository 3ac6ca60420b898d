"""A question with its policies as JSON, and the decision as JSON: what `genkan simulate` speaks.

Owns the format (docs/simulate.md) and its refusals. Leaves the deciding to `evaluate`, the reading
of policies to `parse`, and streams of lines to the command.
Invariants: a member that nobody knows is refused, as a mistyped one would be a limit that is not
there; nothing is decided on a question that was not understood to its end.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from genkan.authorization.cache import compile_policy
from genkan.authorization.document import PolicyKind
from genkan.authorization.errors import PolicySyntaxError
from genkan.authorization.evaluate import PolicySet, PolicySource, decide
from genkan.authorization.explain import explain
from genkan.authorization.managed import lookup
from genkan.authorization.request import Principal, PrincipalKind, Request

_MOST = 1_000
_KINDS = {
    "root": PrincipalKind.ROOT,
    "user": PrincipalKind.USER,
    "assumed-role": PrincipalKind.ROLE_SESSION,
    "federated-user": PrincipalKind.FEDERATED_USER,
    "federated": PrincipalKind.FEDERATED,
    "service": PrincipalKind.SERVICE,
    "anonymous": PrincipalKind.ANONYMOUS,
}

Scalar = str | bool | int | float
Policies = Annotated[list[msgspec.Raw], Meta(max_length=_MOST)]
"""Each as it was sent, since a parser before the parser would drop what it finds twice."""


class Named(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A policy that has a name of its own in the answer; AWS's own needs no document."""

    document: msgspec.Raw = msgspec.Raw()
    name: str = ""
    arn: str = ""


class Asker(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who asks. `type` is one of the words of `_KINDS`; an account's ARN tells it by itself."""

    arn: str = ""
    type: (
        Literal[
            "root",
            "user",
            "assumed-role",
            "federated-user",
            "federated",
            "service",
            "anonymous",
        ]
        | None
    ) = None
    account: str = ""
    issuer_arn: str = ""
    unique_id: str = ""
    tags: dict[str, str] = {}


class Attached(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every policy that speaks about the question, by what it is attached as."""

    identity: Policies = []
    boundary: msgspec.Raw = msgspec.Raw(b"null")
    session: Policies = []
    resource: Policies = []
    trust: Policies = []
    resource_account: str = ""
    scps: Annotated[list[Policies], Meta(max_length=10)] = []


class Question(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line: may `principal` do `action` on every one of `resources`?"""

    action: str
    principal: Asker
    resources: Annotated[list[str], Meta(min_length=1, max_length=_MOST)] = field(
        default_factory=lambda: ["*"]
    )
    context: dict[str, Scalar | list[str]] = {}
    policies: Attached = field(default_factory=Attached)
    explain: bool = False
    id: Any = None


class QuestionRefused(Exception):
    """The question was not understood. `code` is a word for programs, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer_line(line: str | bytes) -> dict[str, Any]:
    """The answer to one line of JSON, as what its line says; a refusal is an answer, too."""
    identity: Any = None
    try:
        identity = _id_of(line)
        answer = answer_question(_question(line))
    except QuestionRefused as refused:
        answer = {"error": {"code": refused.code, "message": str(refused)}}
    return answer if identity is None else {"id": identity, **answer}


def answer_question(question: Question) -> dict[str, Any]:
    """Decide; `QuestionRefused` when a policy or the question itself is malformed."""
    request = _request(question)
    policies = _policies(question.policies)
    decision = decide(request, policies)
    answer: dict[str, Any] = {
        "allowed": decision.allowed,
        "decision": decision.reason.value,
        "reason": decision.explanation,
        "resource": decision.resource,
        "policy_type": decision.policy_type.value if decision.policy_type else None,
        "policy": decision.source or None,
        "policy_arn": decision.source_arn or None,
        "statement": decision.statement_index,
        "sid": decision.statement_id or None,
    }
    if not decision.allowed:
        answer["message"] = decision.access_denied_message
    if question.explain:
        answer["statements"] = [
            {
                "policy_type": trace.policy_type.value,
                "policy": trace.source,
                "statement": trace.statement_index,
                "sid": trace.statement_id or None,
                "effect": trace.effect.value,
                "resource": trace.resource,
                "applies": trace.applies,
                "failed_on": trace.failed_on or None,
            }
            for trace in explain(request, policies)
        ]
    return answer


class _Identified(msgspec.Struct):
    id: Any = None


def _id_of(line: str | bytes) -> Any:
    """What the sender calls the question, so that even its refusal can be told apart."""
    try:
        return msgspec.json.decode(line, type=_Identified).id
    except msgspec.ValidationError:
        raise QuestionRefused("InvalidQuestion", "A question is a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QuestionRefused("InvalidJson", f"This line is no JSON: {error}") from None


def _question(line: str | bytes) -> Question:
    try:
        return msgspec.json.decode(line, type=Question)
    except msgspec.ValidationError as error:
        raise QuestionRefused("InvalidQuestion", str(error)) from None


def _request(question: Question) -> Request:
    context = {
        key: value if not isinstance(value, list) else tuple(value)
        for key, value in question.context.items()
    }
    try:
        return Request(
            principal=_principal(question.principal),
            action=question.action,
            resources=tuple(question.resources),
            context=context,
        )
    except ValueError as error:
        raise QuestionRefused("InvalidQuestion", str(error)) from None


def _principal(asker: Asker) -> Principal:
    kind = _KINDS[asker.type] if asker.type else _kind_of(asker.arn)
    return Principal(
        kind=kind,
        arn=asker.arn,
        account=asker.account or _account_of(asker.arn),
        issuer_arn=asker.issuer_arn,
        unique_id=asker.unique_id,
        tags=asker.tags,
    )


def _kind_of(arn: str) -> PrincipalKind:
    parts = arn.split(":", 5)
    what = parts[5] if len(parts) == 6 else ""
    if what == "root":
        return PrincipalKind.ROOT
    kind = _KINDS.get(what.partition("/")[0])
    if kind is None or kind in (PrincipalKind.FEDERATED, PrincipalKind.SERVICE):
        raise QuestionRefused(
            "InvalidQuestion", "principal: give its type, as its arn does not tell it"
        )
    return kind


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _policies(attached: Attached) -> PolicySet:
    boundary = attached.boundary
    return PolicySet(
        identity=_sources("identity", attached.identity, PolicyKind.IDENTITY),
        boundary=(
            None
            if bytes(boundary) == b"null"
            else _source("boundary", boundary, PolicyKind.BOUNDARY)
        ),
        session=_sources("session", attached.session, PolicyKind.SESSION),
        resource=(
            *_sources("resource", attached.resource, PolicyKind.RESOURCE),
            *_sources("trust", attached.trust, PolicyKind.TRUST),
        ),
        resource_account=attached.resource_account,
        scps=tuple(
            _sources(f"scps[{level}]", policies, PolicyKind.SCP)
            for level, policies in enumerate(attached.scps)
        ),
    )


def _sources(
    place: str, policies: Sequence[msgspec.Raw], kind: PolicyKind
) -> tuple[PolicySource, ...]:
    return tuple(
        _source(f"{place}[{number}]", policy, kind) for number, policy in enumerate(policies)
    )


def _source(place: str, policy: msgspec.Raw, kind: PolicyKind) -> PolicySource:
    """A policy: its text, its document, or either with a name."""
    named = _named(place, policy)
    name = named.name or (named.arn if not bytes(named.document) else place)
    try:
        document = compile_policy(_text(place, named), kind)
    except PolicySyntaxError as error:
        at = f" at {error.path}" if error.path else ""
        more = f" ({error.detail})" if error.detail else ""
        raise QuestionRefused(
            "MalformedPolicyDocument", f"{name}{at}: {error.message}{more}"
        ) from None
    return PolicySource(name, document, named.arn)


def _named(place: str, policy: msgspec.Raw) -> Named:
    sent = bytes(policy)
    if not sent.startswith(b"{") or not _is_named(sent):
        return Named(document=policy)
    try:
        return msgspec.json.decode(sent, type=Named)
    except msgspec.ValidationError as error:
        raise QuestionRefused("InvalidQuestion", f"policies.{place}: {error}") from None


class _MaybeNamed(msgspec.Struct):
    document: msgspec.Raw = msgspec.Raw()
    arn: msgspec.Raw = msgspec.Raw()


def _is_named(sent: bytes) -> bool:
    """Whether it is a policy with a name and not a document itself, which has no such members."""
    found = msgspec.json.decode(sent, type=_MaybeNamed)
    return bool(bytes(found.document) or bytes(found.arn))


def _text(place: str, named: Named) -> str:
    sent = bytes(named.document)
    if not sent:
        managed = lookup(named.arn)
        if managed is None:
            raise QuestionRefused(
                "InvalidQuestion", f"policies.{place}: {named.arn} is no policy of AWS's own"
            )
        return managed.text()
    if sent.startswith(b"{"):
        return sent.decode()
    try:
        return msgspec.json.decode(sent, type=str)
    except msgspec.ValidationError:
        raise QuestionRefused(
            "InvalidQuestion", f"policies.{place}: a policy is a text or a JSON object"
        ) from None
