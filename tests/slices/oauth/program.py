"""A command line as the server sees it: one function a request."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from genkan.core.call import Anonymous, Person
from genkan.oauth import authorizations, devices, operations, tokens
from genkan.oauth.clients import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from genkan.oauth.records import (
    AuthorizationAnswered,
    DeviceRequest,
    Registration,
    Rejected,
    StartedDeviceAuthorization,
    Token,
)
from tests.slices.signin.household import STORE_ID, from_address
from tests.support.store import Store

START_URL = f"https://{STORE_ID}.awsapps.com/start"
VERIFIER = "aWILYzngWJ95RA07f~AAWpyDnMGGqy15PMLGjy.OXawTq6Gy-yb2YQGBOSy6uuuO"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
REDIRECT = "http://127.0.0.1:44029/oauth/callback"
PKCE: dict[str, Any] = {
    "grant_types": [AUTHORIZATION_CODE, REFRESH_TOKEN],
    "redirect_uris": ["http://127.0.0.1/oauth/callback"],
    "issuer_url": START_URL,
    "scopes": ["sso:account:access"],
}
DEVICE: dict[str, Any] = {"scopes": ["sso:account:access"]}
LEGACY: dict[str, Any] = {}


def register(store: Store, **members: Any) -> Registration:
    """RegisterClient as the AWS CLI sends it."""
    answer = try_register(store, **members)
    assert isinstance(answer, Registration)
    return answer


def try_register(store: Store, **members: Any) -> Registration | Rejected:
    """RegisterClient, whatever comes of it."""
    wanted = {"client_name": "botocore-client-corp", "client_type": "public", **members}
    with store.write(Anonymous()) as tx:
        return operations.register_client(tx, **wanted)


def try_start(
    store: Store, client: Registration, *, start_url: str = START_URL, address: str = "192.0.2.1"
) -> StartedDeviceAuthorization | Rejected:
    """StartDeviceAuthorization, whatever comes of it."""
    with store.write(Anonymous()) as tx:
        return operations.start_device_authorization(
            from_address(tx, address),
            client_id=client.client_id,
            client_secret=client.client_secret,
            start_url=start_url,
        )


def start(store: Store, client: Registration) -> StartedDeviceAuthorization:
    """StartDeviceAuthorization."""
    answer = try_start(store, client)
    assert isinstance(answer, StartedDeviceAuthorization)
    return answer


def create_token(store: Store, client: Registration, **members: Any) -> Token | Rejected:
    """CreateToken."""
    with store.write(Anonymous()) as tx:
        return operations.create_token(
            tx, client_id=client.client_id, client_secret=client.client_secret, **members
        )


def poll(
    store: Store, client: Registration, started: StartedDeviceAuthorization
) -> Token | Rejected:
    """CreateToken with the device code."""
    return create_token(store, client, grant_type=DEVICE_CODE, device_code=started.device_code)


def read(store: Store, person: Person, user_code: str) -> Any:
    """What the device page learns about a code."""
    with store.write(person) as tx:
        return devices.read_request(tx, user_code=user_code)


def decide(
    store: Store, person: Person, started: StartedDeviceAuthorization, *, approve: bool = True
) -> str:
    """Read the request and decide it, as the two device pages do."""
    request = read(store, person, started.user_code)
    assert isinstance(request, DeviceRequest)
    with store.write(person) as tx:
        return devices.decide_request(
            tx, user_code=request.user_code, request_id=request.request_id, approve=approve
        ).outcome


def query(client: Registration, **changed: str | None) -> str:
    """The query of /authorize as the AWS CLI builds it; None leaves a parameter out."""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT,
        "state": "428a4dc4-a1a0-4a72-ab07-f89a406f8231",
        "code_challenge_method": "S256",
        "scopes": "sso:account:access",
        "code_challenge": CHALLENGE,
        **changed,
    }
    return urlencode({key: value for key, value in parameters.items() if value is not None})


def authorize(store: Store, person: Person, client: Registration, **changed: str | None) -> str:
    """The code that the person's consent sends to the program."""
    with store.write(person) as tx:
        answer = authorizations.grant(tx, query=query(client, **changed))
    assert isinstance(answer, AuthorizationAnswered)
    return parse_qs(urlsplit(answer.redirect_to).query)["code"][0]


def exchange(
    store: Store,
    client: Registration,
    code: str,
    *,
    redirect_uri: str = REDIRECT,
    code_verifier: str = VERIFIER,
) -> Token | Rejected:
    """CreateToken with an authorization code."""
    return create_token(
        store,
        client,
        grant_type=AUTHORIZATION_CODE,
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=code_verifier,
    )


def log_in(store: Store, person: Person, **members: Any) -> tuple[Registration, Token]:
    """A client and its first token: by PKCE, or by device code for other registrations."""
    client = register(store, **(members or PKCE))
    if members and AUTHORIZATION_CODE not in members.get("grant_types", ()):
        started = start(store, client)
        decide(store, person, started)
        token = poll(store, client, started)
    else:
        token = exchange(store, client, authorize(store, person, client))
    assert isinstance(token, Token)
    return client, token


def refresh(store: Store, client: Registration, token: str | None) -> Token | Rejected:
    """CreateToken with a refresh token."""
    assert token is not None
    return create_token(store, client, grant_type=REFRESH_TOKEN, refresh_token=token)


def whose(store: Store, access_token: str, **members: Any) -> Person | None:
    """FIND_TOKEN."""
    with store.write(Anonymous()) as tx:
        return tokens.find_token(tx, access_token=access_token, **members)


def token_of(answer: Token | Rejected) -> Token:
    """The answer, which must be a token."""
    assert isinstance(answer, Token), answer
    return answer


def error_of(answer: object) -> str:
    """The error of an answer, which must be one."""
    assert isinstance(answer, Rejected), answer
    return answer.error
