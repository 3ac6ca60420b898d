"""The authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252) behind /authorize.

A request is checked from its raw query each time: when the page asks for consent and again when the
person has decided, so nothing is trusted that went through the form.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from genkan.core import ids
from genkan.core.vault import same, token_hash
from genkan.db.database import Tx
from genkan.oauth import clients, errors, pkce, store, tokens
from genkan.oauth.persons import browser_session
from genkan.oauth.records import (
    AuthorizationAnswered,
    AuthorizationCode,
    AuthorizationRefused,
    AuthorizationRequest,
    Client,
    Rejected,
    Token,
)
from genkan.signin import operations as signin

CODE_LIFETIME_MS = 120_000
_LONGEST_QUERY = 16_384
_LONGEST_STATE = 2048
_MOST_PARAMETERS = 20
_LONGEST_CODE = 256


def prepare(tx: Tx, *, query: str) -> AuthorizationRequest | AuthorizationRefused:
    """Check a request to /authorize.

    While client or redirect URI are in doubt nothing may be sent there, so the refusal names no
    `redirect_to`; afterwards the client is told in its own redirect.
    """
    parameters = _parameters(query)
    client = clients.find(tx.vault, tx.now, parameters.get("client_id", ""))
    if client is None:
        return AuthorizationRefused(error="invalid_client")
    redirect_uri = parameters.get("redirect_uri", "")
    if not clients.redirects_to(client, redirect_uri):
        return AuthorizationRefused(error="invalid_redirect_uri")
    state = parameters.get("state")
    if state is not None and len(state) > _LONGEST_STATE:
        return _told(redirect_uri, None, "invalid_request")
    scopes = tuple((parameters.get("scopes") or parameters.get("scope") or "").split())
    error = _error(client, parameters, scopes)
    if error is not None:
        return _told(redirect_uri, state, error)
    return AuthorizationRequest(
        client=client,
        scopes=scopes or client.scopes,
        redirect_uri=redirect_uri,
        state=state,
        code_challenge=parameters["code_challenge"],
    )


def grant(tx: Tx, *, query: str) -> AuthorizationAnswered | AuthorizationRefused:
    """The person allows it: a code, bound to client, redirect URI, challenge and session."""
    session = browser_session(tx)
    request = prepare(tx, query=query)
    if isinstance(request, AuthorizationRefused):
        return request
    code = ids.token()
    store.insert_code(
        tx,
        token_hash(code),
        AuthorizationCode(
            grant_id=ids.request_id(),
            client_key=request.client.client_key,
            client_name=request.client.client_name,
            redirect_uri=request.redirect_uri,
            code_challenge=request.code_challenge,
            scopes=request.scopes,
            user_id=session.person.user_id,
            session_id=session.person.session_id,
            used_at=0,
            expires_at=tx.now + CODE_LIFETIME_MS,
            keep_until=session.expires_at,
        ),
    )
    return _answered(request, granted=True, code=code)


def deny(tx: Tx, *, query: str) -> AuthorizationAnswered | AuthorizationRefused:
    """The person refuses: the client is told `access_denied`."""
    browser_session(tx)
    request = prepare(tx, query=query)
    if isinstance(request, AuthorizationRefused):
        return request
    return _answered(request, granted=False, error="access_denied")


def redeem(
    tx: Tx, client: Client, *, code: str, redirect_uri: str, code_verifier: str
) -> Token | Rejected:
    """CreateToken with an authorization code, which is spent whatever the outcome.

    A second use takes back what the first one gave (RFC 6749 §4.1.2).
    """
    key = token_hash(code[:_LONGEST_CODE])
    found = store.find_code(tx, key)
    if found is None:
        return errors.INVALID_GRANT
    if not store.use_code(tx, key):
        store.revoke_grant(tx, found.grant_id)
        return replace(errors.INVALID_GRANT, audit_bounded=False)
    if found.expires_at <= tx.now:
        return errors.EXPIRED_TOKEN
    if not _proves(found, client, redirect_uri, code_verifier):
        return replace(errors.INVALID_GRANT, audit_bounded=False)
    session = signin.live_session(tx, found.session_id)
    if session is None or session.person.user_id != found.user_id:
        return errors.INVALID_GRANT
    return tokens.give(tx, client, session=session, scopes=found.scopes, grant_id=found.grant_id)


def _parameters(query: str) -> Mapping[str, str]:
    """The query's parameters; none at all when it is too long or repeats one (RFC 6749 §3.1)."""
    if len(query) > _LONGEST_QUERY:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return {}
    parameters = dict(pairs)
    return parameters if len(parameters) == len(pairs) else {}


def _error(client: Client, parameters: Mapping[str, str], scopes: tuple[str, ...]) -> str | None:
    if not clients.may_use(client, clients.AUTHORIZATION_CODE):
        return "unauthorized_client"
    if parameters.get("response_type") != "code":
        return "unsupported_response_type"
    # Without a method RFC 7636 means "plain", which protects nothing once the request is seen.
    if parameters.get("code_challenge_method") != "S256":
        return "invalid_request"
    if not pkce.is_challenge(parameters.get("code_challenge", "")):
        return "invalid_request"
    return None if set(scopes) <= set(client.scopes) else "invalid_scope"


def _proves(
    found: AuthorizationCode, client: Client, redirect_uri: str, code_verifier: str
) -> bool:
    return (
        same(found.client_key, client.client_key)
        and same(found.redirect_uri, redirect_uri)
        and pkce.verifies(code_verifier, found.code_challenge)
    )


def _told(redirect_uri: str, state: str | None, error: str) -> AuthorizationRefused:
    return AuthorizationRefused(
        error=error, redirect_to=_with_query(redirect_uri, state, error=error)
    )


def _answered(
    request: AuthorizationRequest, *, granted: bool, **answer: str
) -> AuthorizationAnswered:
    return AuthorizationAnswered(
        redirect_to=_with_query(request.redirect_uri, request.state, **answer),
        client_name=request.client.client_name,
        granted=granted,
        audit_data={
            "clientName": request.client.client_name,
            "scopes": " ".join(request.scopes),
            "decision": "granted" if granted else "denied",
        },
    )


def _with_query(redirect_uri: str, state: str | None, **answer: str) -> str:
    # A registered redirect URI has neither query nor fragment (`clients`).
    pairs = answer if state is None else {**answer, "state": state}
    return f"{redirect_uri}?{urlencode(pairs)}"
