"""Around the hashing pool: signing in with a password, and setting one.

A place in the pool comes first, so that an attempt that cannot be served is not counted, and so
that strangers can make rows only as fast as the pool hashes.
"""

from collections.abc import Sequence

from genkan.core.app import App
from genkan.core.call import Anonymous, Call, Caller, Origin
from genkan.core.errors import Invalid, Throttled
from genkan.perform import perform, record_refusal
from genkan.signin import operations, throttle
from genkan.signin.hashing import HashingPool
from genkan.signin.password_policy import violations
from genkan.signin.records import NotSignedIn, PasswordChallenge, SignedIn

_SIGN_IN = "signin.amazonaws.com"


async def sign_in_with_password(
    app: App,
    pool: HashingPool,
    *,
    user_name: str,
    password: str,
    workflow_id: str,
    origin: Origin,
    browser_tokens: Sequence[str] = (),
) -> SignedIn | NotSignedIn:
    """Check a password and sign in; `Throttled` when the pool is full, nothing being counted."""
    challenge = Call(
        operation=operations.PREPARE_PASSWORD,
        params={
            "user_name": user_name,
            "workflow_id": workflow_id,
            "browser_tokens": tuple(browser_tokens),
        },
        caller=Anonymous(),
        origin=origin,
        event_source=_SIGN_IN,
        event_name="CredentialChallenge",
        region=app.deployment.region,
    )
    try:
        async with pool.place(throttle.network(origin.source_ip)):
            prepared: PasswordChallenge | NotSignedIn = await perform(app, challenge)
            if isinstance(prepared, NotSignedIn):
                return prepared
            verification = await pool.verify(prepared.password_hash, password)
    except Throttled as busy:
        await record_refusal(app, challenge, busy)
        raise
    outcome: SignedIn | NotSignedIn = await perform(
        app,
        Call(
            operation=operations.RECORD_PASSWORD_OUTCOME,
            params={
                "challenge": prepared,
                "matches": verification.matches,
                "workflow_id": workflow_id,
                "upgraded_hash": verification.upgraded_hash,
            },
            caller=Anonymous(),
            origin=origin,
            event_source=_SIGN_IN,
            event_name="CredentialVerification",
            region=app.deployment.region,
        ),
    )
    return outcome


async def set_password(
    app: App, pool: HashingPool, *, user_id: str, password: str, caller: Caller, origin: Origin
) -> None:
    """Set a user's password; `Invalid` naming the rules of the password policy that it breaks."""
    broken = violations(password)
    if broken:
        rules = ", ".join(broken)
        raise Invalid(f"The password does not meet the password policy: {rules}.")
    async with pool.place("administration"):
        password_hash = await pool.hash(password)
    await perform(
        app,
        Call(
            operation=operations.SET_PASSWORD,
            params={"user_id": user_id, "password_hash": password_hash},
            caller=caller,
            origin=origin,
            event_source="sso-directory.amazonaws.com",
            region=app.deployment.region,
        ),
    )
