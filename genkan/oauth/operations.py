"""Operations of the OAuth slice: the three of `sso-oidc`, and the pages' own."""

from collections.abc import Sequence

from genkan.core.call import Operation, OwnSession, Public
from genkan.core.events import UserDeleted
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.oauth import authorizations, clients, devices, errors, store, tokens
from genkan.oauth.records import (
    Client,
    Registration,
    Rejected,
    StartedDeviceAuthorization,
    Token,
)


def register_client(
    tx: Tx,
    *,
    client_name: str,
    client_type: str,
    scopes: Sequence[str] = (),
    redirect_uris: Sequence[str] = (),
    grant_types: Sequence[str] = (),
    issuer_url: str | None = None,
    entitled_application_arn: str | None = None,
) -> Registration | Rejected:
    """sso-oidc RegisterClient: a public client, valid for 90 days, of which no row is made."""
    if entitled_application_arn is not None:
        return errors.invalid_request("Invalid entitled application provided")
    if issuer_url is not None and not instances.accepts_start_url(tx, issuer_url):
        return errors.INVALID_START_URL
    made = clients.register(
        tx.vault,
        tx.now,
        client_name=client_name,
        client_type=client_type,
        scopes=scopes,
        redirect_uris=redirect_uris,
        grant_types=grant_types,
        issuer_url=issuer_url,
    )
    if isinstance(made, Rejected):
        return made
    return Registration(
        client_id=made[0],
        client_secret=made[1],
        client_id_issued_at=tx.now // 1000,
        client_secret_expires_at=(tx.now + clients.LIFETIME_MS) // 1000,
    )


def start_device_authorization(
    tx: Tx, *, client_id: str, client_secret: str, start_url: str
) -> StartedDeviceAuthorization | Rejected:
    """sso-oidc StartDeviceAuthorization: codes for ten minutes; the start URL must be ours."""
    client = clients.authenticate(tx.vault, tx.now, client_id, client_secret)
    if client is None:
        return errors.INVALID_CLIENT
    if not clients.may_use(client, clients.DEVICE_CODE):
        return errors.unauthorized_client()
    if not instances.accepts_start_url(tx, start_url):
        return errors.INVALID_START_URL
    return devices.start(tx, client)


def create_token(
    tx: Tx,
    *,
    client_id: str,
    client_secret: str,
    grant_type: str,
    device_code: str | None = None,
    code: str | None = None,
    redirect_uri: str | None = None,
    code_verifier: str | None = None,
    refresh_token: str | None = None,
    scope: Sequence[str] = (),
) -> Token | Rejected:
    """sso-oidc CreateToken for the three grant types; `scope` is ignored, as on AWS (§8.3)."""
    client = clients.authenticate(tx.vault, tx.now, client_id, client_secret)
    if client is None:
        return errors.INVALID_CLIENT
    if grant_type not in clients.GRANT_TYPES:
        return errors.unsupported_grant_type()
    if not clients.may_use(client, grant_type):
        return errors.unauthorized_client()
    if grant_type == clients.DEVICE_CODE:
        return devices.poll(tx, client, device_code) if device_code else _missing("deviceCode")
    if grant_type == clients.REFRESH_TOKEN:
        return (
            tokens.refresh(tx, client, refresh_token) if refresh_token else _missing("refreshToken")
        )
    return _exchange(tx, client, code, redirect_uri, code_verifier)


def _exchange(
    tx: Tx,
    client: Client,
    code: str | None,
    redirect_uri: str | None,
    code_verifier: str | None,
) -> Token | Rejected:
    if not code:
        return _missing("code")
    if not redirect_uri:
        return _missing("redirectUri")
    if not code_verifier:
        return _missing("codeVerifier")
    return authorizations.redeem(
        tx, client, code=code, redirect_uri=redirect_uri, code_verifier=code_verifier
    )


def _missing(member: str) -> Rejected:
    return errors.invalid_request(f"{member} is required for this grant type")


def forget_user(tx: Tx, event: UserDeleted) -> None:
    """Subscriber of `UserDeleted`: what the person allowed goes with the person."""
    store.delete_grants_of(tx, event.user_id)


_PERSON = OwnSession(of="person")
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="RegisterClient",
        run=register_client,
        access=Public(reason="gives nothing but a signed text, and makes no row"),
        reads="point",
        conceals=frozenset({"client_secret"}),
    ),
    Operation(
        name="StartDeviceAuthorization",
        run=start_device_authorization,
        access=Public(reason="a client of ours, rows bounded by address, number and time"),
        secret=frozenset({"client_secret"}),
        conceals=frozenset({"device_code"}),
        recorded=False,
    ),
    Operation(
        name="CreateToken",
        run=create_token,
        access=Public(reason="a code or token that a person's consent gave is the proof"),
        secret=frozenset(
            {"client_secret", "device_code", "code", "code_verifier", "refresh_token"}
        ),
        conceals=frozenset({"access_token", "refresh_token"}),
    ),
)
FIND_TOKEN = Operation(
    name="FindToken",
    run=tokens.find_token,
    access=Public(reason="the token is the proof"),
    reads="point",
    secret=frozenset({"access_token"}),
)
READ_DEVICE_REQUEST = Operation(
    name="ReadDeviceRequest",
    run=devices.read_request,
    access=_PERSON,
    secret=frozenset({"user_code"}),
    recorded=False,
)
DECIDE_DEVICE_REQUEST = Operation(
    name="DecideDeviceRequest",
    run=devices.decide_request,
    access=_PERSON,
    secret=frozenset({"user_code"}),
)
PREPARE_AUTHORIZATION = Operation(
    name="PrepareAuthorization",
    run=authorizations.prepare,
    access=Public(reason="checks a request and gives nothing"),
    reads="point",
)
GRANT_AUTHORIZATION = Operation(
    name="GrantAuthorization",
    run=authorizations.grant,
    access=_PERSON,
    secret=frozenset({"query"}),
    conceals=frozenset({"redirect_to"}),
)
DENY_AUTHORIZATION = Operation(
    name="DenyAuthorization",
    run=authorizations.deny,
    access=_PERSON,
    secret=frozenset({"query"}),
    conceals=frozenset({"redirect_to"}),
)
