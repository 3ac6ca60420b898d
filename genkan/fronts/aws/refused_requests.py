"""Records of what is refused before an operation: undecodable, of one that nobody has, throttled.

Only of callers that are proven: strangers leave no durable row (DESIGN §8). Without parameters and
without any value of the request, since nothing has said yet which of them are secrets.
A record that cannot be written is logged; the refusal stands either way.
"""

import logging
import re

from genkan.audit.operations import refused_request
from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Caller, Origin
from genkan.core.errors import Unauthenticated
from genkan.fronts.aws.authenticate import authenticate
from genkan.fronts.aws.services import SERVICES, Service
from genkan.perform import perform
from genkan.protocols.aws.errors import ErrorAnswer, refusal_error
from genkan.protocols.aws.identify import TARGETS, VERSIONS, Unknown
from genkan.protocols.aws.model import OperationModel, load
from genkan.protocols.aws.refusals import HIDDEN, ConstraintViolations, RequestRefused, Violation
from genkan.protocols.aws.wire import Request

_log = logging.getLogger("genkan.aws")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}", re.ASCII)


async def record_undecoded(
    app: App,
    operation: OperationModel,
    refused: RequestRefused,
    *,
    caller: Caller,
    origin: Origin,
    region: str,
) -> None:
    """A request of a known operation that the decoder refused."""
    service = SERVICES[operation.service]
    known = service.operations.get(operation.name)
    answer = refusal_error(operation, _without_values(refused))
    await _record(
        app,
        service,
        operation.name,
        answer,
        caller=caller,
        origin=origin,
        region=region,
        read_only=known is not None and known.reads is not None,
    )


async def record_not_served(
    app: App,
    operation: OperationModel,
    answer: ErrorAnswer,
    *,
    caller: Caller,
    origin: Origin,
    region: str,
) -> None:
    """A request of an operation that AWS has and this release has not."""
    service = SERVICES[operation.service]
    await _record(
        app,
        service,
        operation.name,
        answer,
        caller=caller,
        origin=origin,
        region=region,
        read_only=operation.readonly,
    )


async def record_throttled(app: App, service: Service, call: Call, answer: ErrorAnswer) -> None:
    """A request that came too soon; `throttling` bounds how many of them are recorded."""
    await _record(
        app,
        service,
        call.operation.name,
        answer,
        caller=call.caller,
        origin=call.origin,
        region=call.region,
        read_only=call.operation.reads is not None,
    )


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
    await _record(
        app, service, name, answer, caller=caller, origin=origin, region=region, read_only=False
    )


async def _record(
    app: App,
    service: Service,
    name: str,
    answer: ErrorAnswer,
    *,
    caller: Caller,
    origin: Origin,
    region: str,
    read_only: bool,
) -> None:
    if isinstance(caller, Anonymous):
        return
    operation = refused_request(name, code=answer.code, message=answer.message, read_only=read_only)
    call = Call(
        operation=operation,
        params={},
        caller=caller,
        origin=origin,
        event_source=service.event_source,
        event_name=name,
        region=region,
    )
    try:
        await perform(app, call)
    except Exception:
        _log.exception("the refusal of request %s could not be recorded", origin.request_id)


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
