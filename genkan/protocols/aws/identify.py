"""Which operation a request is, before anything of it is believed.

By `X-Amz-Target` for JSON 1.1, by method and path for REST JSON, by `Action` and `Version` for
Query. An unknown one is an answer too: it says in which protocol to refuse, and how.
"""

from functools import cache
from typing import NamedTuple

from .model import OperationModel, Protocol, load
from .refusals import RequestRefused
from .wire import FORM, Request, pairs

TARGETS = {
    b"SWBExternalService": "sso-admin",
    b"AWSIdentityStore": "identitystore",
    b"AWSOrganizationsV20161128": "organizations",
    b"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101": "cloudtrail",
}
VERSIONS = {"2011-06-15": "sts", "2010-05-08": "iam"}
REST_SERVICES = ("sso", "sso-oidc")


class Unknown(NamedTuple):
    """No operation of ours. `code` and `message` are AWS's for it, `status` the HTTP status."""

    protocol: Protocol
    code: str
    message: str
    status: int


_UNKNOWN_TARGET = Unknown("json", "UnknownOperationException", "", 400)
_UNKNOWN_PATH = Unknown("rest-json", "UnknownOperationException", "", 404)


def identify(request: Request) -> OperationModel | Unknown:
    """The operation that the request asks for. Reads no more of it than that needs."""
    target = request.header(b"x-amz-target")
    if target is not None:
        return _by_target(request, target)
    if request.path != b"/":
        return _by_path(request)
    return _by_action(request)


def _by_target(request: Request, target: bytes) -> OperationModel | Unknown:
    prefix, dot, name = target.strip().rpartition(b".")
    service = TARGETS.get(prefix)
    if not dot or service is None or request.method != "POST" or request.path != b"/":
        return _UNKNOWN_TARGET
    return load(service).operation(name.decode("latin-1")) or _UNKNOWN_TARGET


def _by_path(request: Request) -> OperationModel | Unknown:
    candidates = _routes().get((request.method, request.path.decode("latin-1").removesuffix("/")))
    if candidates is None:
        return _UNKNOWN_PATH
    if len(candidates) == 1 and not candidates[0].query:
        return candidates[0]
    try:
        present = set(pairs(request.query))
    except RequestRefused:
        return _UNKNOWN_PATH
    for operation in candidates:
        if present.issuperset(pairs(operation.query.encode())):
            return operation
    return _UNKNOWN_PATH


@cache
def _routes() -> dict[tuple[str, str], list[OperationModel]]:
    """The REST operations by method and path, those that need a literal query first."""
    routes: dict[tuple[str, str], list[OperationModel]] = {}
    for service in REST_SERVICES:
        model = load(service)
        for name in model.operation_names:
            operation = model.operation(name)
            assert operation is not None
            if "{" in operation.path:
                raise ValueError(f"{operation}: labels in a path are not supported")
            routes.setdefault((operation.method, operation.path), []).append(operation)
    for candidates in routes.values():
        candidates.sort(key=lambda operation: not operation.query)
    return routes


def _by_action(request: Request) -> OperationModel | Unknown:
    if request.method not in ("GET", "POST"):
        return _UNKNOWN_PATH
    if request.body and request.media_type() != FORM:
        return _UNKNOWN_TARGET
    try:
        form = request.form()
    except RequestRefused as refused:
        return Unknown("query", "MalformedInput", refused.message, 400)
    action, version = form.get("Action"), form.get("Version")
    if action is None:
        return Unknown("query", "MissingAction", "Missing Action", 400)
    service = VERSIONS.get(version or "")
    operation = load(service).operation(action) if service else None
    if operation is None:
        shown = f"{action[:128]} for version {(version or 'NO_VERSION_SPECIFIED')[:32]}"
        return Unknown("query", "InvalidAction", f"Could not find operation {shown}", 400)
    return operation
