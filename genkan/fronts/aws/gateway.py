"""The life of an AWS request, from raw bytes to raw bytes.

`STEPS` is the whole of it, in order; each step fills in one more field of the `Exchange`, and a
step that sets `response` ends it. Whatever is raised is written as an error in the protocol
identified.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from genkan.core import trace
from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Caller, Origin
from genkan.core.errors import Invalid, Refusal, Unauthenticated
from genkan.db.failures import Unavailable
from genkan.federation.exchange import assume_role_with_saml
from genkan.fronts.aws.authenticate import authenticate, with_modelled_token
from genkan.fronts.aws.refusals import refusal_answer
from genkan.fronts.aws.refused_requests import (
    Asker,
    record_not_served,
    record_refused,
    record_undecoded,
    record_unknown,
)
from genkan.fronts.aws.services import SERVICES, Service
from genkan.fronts.aws.throttling import Throttle
from genkan.oauth.records import Rejected
from genkan.perform import perform, record_refusal
from genkan.protocols.aws import codec
from genkan.protocols.aws.errors import ErrorAnswer, encode_error, refusal_error
from genkan.protocols.aws.identify import Unknown, identify
from genkan.protocols.aws.model import Model, OperationModel, load
from genkan.protocols.aws.refusals import RequestRefused
from genkan.protocols.aws.wire import Request, Response

_log = logging.getLogger("genkan.aws")
_denials = logging.getLogger("genkan.audit.unauthenticated")
_DENIALS_A_SECOND = 10


@dataclass(slots=True)
class Exchange:
    """One request on its way."""

    app: App
    request: Request
    origin: Origin
    throttle: Throttle | None = None
    operation: OperationModel | None = None
    service: Service | None = None
    caller: Caller | None = None
    region: str = ""
    params: dict[str, Any] | None = None
    result: Any = None
    response: Response | None = None


async def _identify(exchange: Exchange) -> None:
    found = identify(exchange.request)
    if isinstance(found, Unknown):
        await record_unknown(exchange.app, exchange.request, exchange.origin, found)
        exchange.response = encode_error(
            found.protocol,
            code=found.code,
            message=found.message,
            status=found.status,
            request_id=exchange.origin.request_id,
        )
        return
    exchange.operation = found
    exchange.service = SERVICES[found.service]
    if (running := trace.current.get()) is not None:
        running.operation = found.name


async def _authenticate(exchange: Exchange) -> None:
    service, operation = _known(exchange)
    exchange.caller, exchange.region = await authenticate(
        exchange.app, service, operation, exchange.request, exchange.origin
    )


async def _decode(exchange: Exchange) -> None:
    service, operation = _known(exchange)
    if operation.name not in service.operations and _special(operation) is None:
        exchange.response = await _not_served(exchange, operation)
        return
    bearer = service.authentication == "bearer"
    request = with_modelled_token(exchange.request) if bearer else exchange.request
    exchange.params = codec.decode(operation, request)
    if bearer:
        exchange.params.pop("access_token", None)


async def _perform(exchange: Exchange) -> None:
    service, operation = _known(exchange)
    special = _special(operation)
    if special is not None:
        exchange.result = await special(exchange)
        return
    call = _call(exchange)
    if exchange.throttle is None:
        exchange.result = await perform(exchange.app, call)
    else:
        exchange.result = await exchange.throttle.perform(exchange.app, service, call)


async def _encode(exchange: Exchange) -> None:
    _, operation = _known(exchange)
    request_id = exchange.origin.request_id
    if isinstance(exchange.result, Rejected):
        await _rejected(exchange, exchange.result)
        exchange.response = encode_error(
            operation.protocol,
            code=exchange.result.shape,
            message=exchange.result.error_description or "",
            request_id=request_id,
            model=operation.model,
        )
        return
    exchange.response = codec.encode(operation, exchange.result, request_id=request_id)


STEPS: tuple[Callable[[Exchange], Awaitable[None]], ...] = (
    _identify,
    _authenticate,
    _decode,
    _perform,
    _encode,
)


class Gateway:
    """Answers AWS requests for one application; as often as they come, without a `throttle`."""

    def __init__(self, app: App, throttle: Throttle | None = None) -> None:
        self._app = app
        self._throttle = throttle
        self._second = 0
        self._denied = 0

    async def answer(self, request: Request, origin: Origin) -> Response:
        """The answer to one request; never raises."""
        exchange = Exchange(self._app, request, origin, self._throttle)
        try:
            for step in STEPS:
                await step(exchange)
                if exchange.response is not None:
                    return exchange.response
        except Unauthenticated as refused:
            self._log_denial(exchange, refused)
            return await _refused(exchange, refused)
        except Refusal as refused:
            return await _refused(exchange, refused)
        except RequestRefused as refused:
            return await _malformed(exchange, refused)
        except Unavailable as unavailable:
            _log.warning("503 to request %s: %s", origin.request_id, unavailable)
            return _unavailable(exchange)
        except Exception:
            _log.exception("a bug answered 500 to request %s", origin.request_id)
            return _internal(exchange)
        raise AssertionError("the last step answers")

    def _log_denial(self, exchange: Exchange, refused: Unauthenticated) -> None:
        """At most ten lines a second: a flood of bad signatures must not fill the disk."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._denied = second, 0
        self._denied += 1
        if self._denied <= _DENIALS_A_SECOND:
            _denials.warning(
                "%s %s from %s request %s",
                refused.code,
                exchange.operation,
                exchange.origin.source_ip,
                exchange.origin.request_id,
            )


async def _assume_role_with_saml(exchange: Exchange) -> Any:
    assert exchange.params is not None
    return await assume_role_with_saml(exchange.app, origin=exchange.origin, **exchange.params)


_SPECIAL = {("sts", "AssumeRoleWithSAML"): _assume_role_with_saml}


def _special(operation: OperationModel) -> Callable[[Exchange], Awaitable[Any]] | None:
    return _SPECIAL.get((operation.service, operation.name))


def _call(exchange: Exchange) -> Call:
    """What the door is asked, once the request is decoded."""
    service, operation = _known(exchange)
    assert exchange.params is not None
    assert exchange.caller is not None
    return Call(
        operation=service.operations[operation.name],
        params=exchange.params,
        caller=exchange.caller,
        origin=exchange.origin,
        event_source=service.event_source,
        event_name=operation.name,
        region=exchange.region,
        service=service.model,
    )


def _asker(exchange: Exchange) -> Asker:
    """As far as it is known: nobody, before anybody is proven."""
    return Asker(
        caller=exchange.caller or Anonymous(),
        origin=exchange.origin,
        region=exchange.region or exchange.app.deployment.region,
    )


def _known(exchange: Exchange) -> tuple[Service, OperationModel]:
    assert exchange.service is not None
    assert exchange.operation is not None
    return exchange.service, exchange.operation


def _model(exchange: Exchange) -> Model:
    _, operation = _known(exchange)
    return load(operation.service)


async def _refused(exchange: Exchange, refusal: Refusal) -> Response:
    _, operation = _known(exchange)
    await record_refused(exchange.app, operation, refusal, _asker(exchange))
    return _error(exchange, refusal_answer(operation.service, refusal))


async def _rejected(exchange: Exchange, rejected: Rejected) -> None:
    """Record an OAuth error of an operation whose results the door does not record."""
    call = _call(exchange)
    if call.operation.recorded and call.operation.reads is None:
        return
    code, message = rejected.audit_error
    await record_refusal(
        exchange.app,
        replace(call, operation=replace(call.operation, reads=None)),
        Invalid(message, code=code),
    )


async def _malformed(exchange: Exchange, refused: RequestRefused) -> Response:
    _, operation = _known(exchange)
    if exchange.caller is not None:
        await record_undecoded(exchange.app, operation, refused, _asker(exchange))
    return _error(exchange, refusal_error(operation, refused))


def _error(exchange: Exchange, answer: ErrorAnswer) -> Response:
    _, operation = _known(exchange)
    return encode_error(
        operation.protocol,
        code=answer.code,
        message=answer.message,
        request_id=exchange.origin.request_id,
        model=_model(exchange),
        members=answer.members,
    )


async def _not_served(exchange: Exchange, operation: OperationModel) -> Response:
    query = operation.protocol == "query"
    answer = ErrorAnswer(
        "InvalidAction" if query else "UnknownOperationException",
        f"{operation.name} is not served by this release.",
    )
    await record_not_served(exchange.app, operation, answer, _asker(exchange))
    return encode_error(
        operation.protocol,
        code=answer.code,
        message=answer.message,
        request_id=exchange.origin.request_id,
        status=400,
    )


def _unavailable(exchange: Exchange) -> Response:
    """Nothing was done, and trying again may help: clients do so by themselves."""
    protocol = exchange.operation.protocol if exchange.operation else "json"
    return encode_error(
        protocol,
        code="ServiceUnavailable" if protocol == "query" else "ServiceUnavailableException",
        message="The service is unavailable. Please try again later.",
        request_id=exchange.origin.request_id,
        model=_model(exchange) if exchange.operation else None,
        status=503,
    )


def _internal(exchange: Exchange) -> Response:
    protocol = exchange.operation.protocol if exchange.operation else "json"
    return encode_error(
        protocol,
        code="InternalFailure" if protocol == "query" else "InternalServerException",
        message="An internal error occurred.",
        request_id=exchange.origin.request_id,
        model=_model(exchange) if exchange.operation else None,
        status=500,
    )
