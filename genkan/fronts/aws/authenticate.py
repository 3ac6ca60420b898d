"""Who sends an AWS request: a verified signature, a bearer token, or nobody."""

from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Caller, Origin, Person
from genkan.core.errors import Unauthenticated
from genkan.core.vault import same, token_hash
from genkan.decide import DEAD
from genkan.fronts.aws.services import Service
from genkan.oauth.operations import FIND_TOKEN
from genkan.perform import perform
from genkan.protocols.aws.errors import signature_error
from genkan.protocols.aws.model import OperationModel
from genkan.protocols.aws.sigv4 import Claimed, SignatureRefusal, parse_authorization, verify
from genkan.protocols.aws.wire import Request
from genkan.sts.operations import RESOLVE_ACCESS_KEY
from genkan.sts.records import SigningIdentity

EXPIRED = "The security token included in the request is expired"
NO_TOKEN = "Session token not found or invalid"  # noqa: S105 - AWS's sentence, not a token
# The model's name, and the one that older portals send (reference §8.1).
_BEARER = (b"x-amz-sso_bearer_token", b"x-amz-sso-bearer-token")
_LONGEST_TOKEN = 4096


async def authenticate(
    app: App, service: Service, operation: OperationModel, request: Request, origin: Origin
) -> tuple[Caller, str]:
    """The caller and the Region that is meant. Raises `Unauthenticated` with AWS's code."""
    if service.authentication == "bearer":
        return await _by_token(app, request, origin), app.deployment.region
    if service.authentication == "none" or operation.unsigned:
        return Anonymous(), app.deployment.region
    return await _by_signature(app, operation, request, origin)


async def _by_token(app: App, request: Request, origin: Origin) -> Person:
    tokens = [value for value in map(request.header, _BEARER) if value]
    if len(tokens) != 1 or len(tokens[0]) > _LONGEST_TOKEN:
        raise Unauthenticated(NO_TOKEN, code="UnauthorizedException")
    person: Person | None = await perform(
        app,
        Call(
            operation=FIND_TOKEN,
            params={"access_token": tokens[0].decode("latin-1")},
            caller=Anonymous(),
            origin=origin,
            event_source="sso.amazonaws.com",
        ),
    )
    if person is None:
        raise Unauthenticated(NO_TOKEN, code="UnauthorizedException")
    return person


def with_modelled_token(request: Request) -> Request:
    """The request with its token under the name that the model knows, as the decoder reads it."""
    current, older = _BEARER
    if request.header(current) is not None:
        return request
    headers = [
        (current if name.lower() == older else name, value) for name, value in request.headers
    ]
    return Request(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=headers,
        body=request.body,
    )


async def _by_signature(
    app: App, operation: OperationModel, request: Request, origin: Origin
) -> tuple[Caller, str]:
    query = operation.protocol == "query"
    claimed: Claimed | None = None
    identity: SigningIdentity | None = None
    try:
        claimed = parse_authorization(request)
        identity = await perform(
            app,
            Call(
                operation=RESOLVE_ACCESS_KEY,
                params={"access_key_id": claimed.access_key_id},
                caller=Anonymous(),
                origin=origin,
                event_source="sts.amazonaws.com",
            ),
        )
        if identity is None or not _token_matches(identity, claimed.session_token):
            raise _dead(operation, claimed)
        now = app.clock()
        verify(
            claimed,
            identity.secret_access_key,
            request,
            now,
            allowed_services=(operation.signing_name,),
        )
    except SignatureRefusal as refused:
        if claimed is not None and identity is not None and identity.ended:
            # A key that is gone is as good as none, however it is used.
            raise _dead(operation, claimed) from None
        answer = signature_error(operation.protocol, refused)
        key = claimed.access_key_id if claimed is not None else ""
        raise Unauthenticated(answer.message, code=answer.code, claimed=key) from None
    if identity.ended:
        raise _dead(operation, claimed, identity.signer)
    if identity.expires_at is not None and identity.expires_at <= now:
        code = "ExpiredToken" if query else "ExpiredTokenException"
        raise Unauthenticated(EXPIRED, code=code, caller=identity.signer)
    return identity.signer, claimed.scope.region


def _dead(
    operation: OperationModel, claimed: Claimed, caller: Caller | None = None
) -> Unauthenticated:
    query = operation.protocol == "query"
    return Unauthenticated(
        DEAD,
        code="InvalidClientTokenId" if query else "UnrecognizedClientException",
        detail=claimed.access_key_id,
        claimed=claimed.access_key_id,
        caller=caller,
    )


def _token_matches(identity: SigningIdentity, token: str | None) -> bool:
    if identity.token_hash is None:
        return token is None
    return token is not None and same(token_hash(token), identity.token_hash)
