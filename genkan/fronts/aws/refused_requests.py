"""Records of what is refused before the door: not proven, undecodable, of no operation, throttled.

Without parameters and without any value of the request, since nothing has said yet which of them
are secrets. Strangers' requests have a small budget of their own (`audit.refusals`), so that they
cannot fill the disk, and what they call an operation that nobody has is no word of a record.
"""

import re
from dataclasses import dataclass, replace

from genkan.core.app import App
from genkan.core.call import Call, Caller, Operation, Origin, Public
from genkan.core.errors import Invalid, Refusal, Unauthenticated
from genkan.fronts.aws.authenticate import authenticate
from genkan.fronts.aws.services import SERVICES, Service
from genkan.perform import record_refusal
from genkan.protocols.aws.errors import ErrorAnswer, refusal_error
from genkan.protocols.aws.identify import TARGETS, VERSIONS, Unknown
from genkan.protocols.aws.model import OperationModel, load
from genkan.protocols.aws.refusals import HIDDEN, ConstraintViolations, RequestRefused, Violation
from genkan.protocols.aws.wire import Request

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}", re.ASCII)
_NO_READS = frozenset({"RegisterClient"})
"""What makes no row here and yet is a change to AWS."""
_REFUSED = Public(reason="nothing is done; the refusal is recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asked, from where, and which Region was meant."""

    caller: Caller
    origin: Origin
    region: str


async def record_refused(
    app: App, operation: OperationModel, refusal: Refusal, asker: Asker
) -> None:
    """A request of a known operation that no door has recorded: not proven, above all."""
    if isinstance(refusal, Unauthenticated) and refusal.caller is not None:
        asker = replace(asker, caller=refusal.caller)
    service = SERVICES[operation.service]
    reads = _reads(service, operation.name)
    await _record(app, service, operation.name, refusal, asker, read_only=reads)


def _reads(service: Service, name: str) -> bool:
    known = service.operations.get(name)
    return known is not None and known.reads is not None and name not in _NO_READS


async def record_undecoded(
    app: App, operation: OperationModel, refused: RequestRefused, asker: Asker
) -> None:
    """A request of a known operation that the decoder refused."""
    service = SERVICES[operation.service]
    answer = refusal_error(operation, _without_values(refused))
    reads = _reads(service, operation.name)
    await _record(app, service, operation.name, answer, asker, read_only=reads)


async def record_not_served(
    app: App, operation: OperationModel, answer: ErrorAnswer, asker: Asker
) -> None:
    """A request of an operation that AWS has and this release has not."""
    service = SERVICES[operation.service]
    await _record(app, service, operation.name, answer, asker, read_only=operation.readonly)


async def record_throttled(app: App, service: Service, call: Call, answer: ErrorAnswer) -> None:
    """A request that came too soon; `throttling` bounds how many of them are recorded."""
    name = call.operation.name
    asker = Asker(caller=call.caller, origin=call.origin, region=call.region)
    await _record(app, service, name, answer, asker, read_only=_reads(service, name))


async def record_unknown(app: App, request: Request, origin: Origin, unknown: Unknown) -> None:
    """A request of an operation that nobody has, if it is signed and the signature is good."""
    found = _asked_for(request)
    if found is None or request.header(b"authorization") is None:
        return
    service, name = found
    sibling = _signed_sibling(service)
    try:
        caller, region = await authenticate(app, service, sibling, request, origin)
    except (Unauthenticated, RequestRefused):
        return
    answer = ErrorAnswer(unknown.code, "The operation is unknown.")
    asker = Asker(caller=caller, origin=origin, region=region)
    await _record(app, service, name, answer, asker, read_only=False)


async def _record(
    app: App,
    service: Service,
    name: str,
    answer: ErrorAnswer | Refusal,
    asker: Asker,
    *,
    read_only: bool,
) -> None:
    refusal = answer if isinstance(answer, Refusal) else Invalid(answer.message, code=answer.code)
    call = Call(
        operation=Operation(
            name=name,
            run=lambda tx: None,
            access=_REFUSED,
            reads="point" if read_only else None,
        ),
        params={},
        caller=asker.caller,
        origin=asker.origin,
        event_source=service.event_source,
        event_name=name,
        region=asker.region,
        service=service.model,
    )
    await record_refusal(app, call, refusal)


def _without_values(refused: RequestRefused) -> RequestRefused:
    if not isinstance(refused, ConstraintViolations):
        return refused  # names types and places only
    return ConstraintViolations(
        [
            Violation(each.path, None if each.value is None else HIDDEN, each.constraint)
            for each in refused.violations
        ]
    )


def _asked_for(request: Request) -> tuple[Service, str] | None:
    """The service that a request names, and the operation, if that could be one's name."""
    target = request.header(b"x-amz-target")
    if target is not None:
        prefix, _, raw = target.strip().rpartition(b".")
        service, name = TARGETS.get(prefix), raw.decode("latin-1")
    else:
        try:
            form = request.form()
        except RequestRefused:
            return None
        service, name = VERSIONS.get(form.get("Version", "")), form.get("Action", "")
    if service is None or _NAME.fullmatch(name) is None:
        return None
    return SERVICES[service], name


def _signed_sibling(service: Service) -> OperationModel:
    """An operation of the service that has to be signed: all of them are signed alike."""
    model = load(service.model)
    operations = (model.operation(name) for name in model.operation_names)
    return next(each for each in operations if each is not None and not each.unsigned)
