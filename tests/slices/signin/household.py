"""One instance with a few people, for whoever tests signing in."""

from dataclasses import dataclass, replace
from functools import cache

from genkan.core.call import Origin, Person
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.signin import operations as signin
from genkan.signin.hashing import Parameters, hash_password
from genkan.signin.records import NotSignedIn, PasswordChallenge, SignedIn
from tests.support.store import MANAGEMENT, Store

STORE_ID = "d-1234567890"
PASSWORD = "Correct-horse-7"
CHEAP = Parameters(time_cost=1, memory_kib=64)


@cache
def cheap_hash(password: str) -> str:
    """Argon2id with parameters that cost nothing; the compared password is the real one."""
    return hash_password(password, CHEAP)


@dataclass(frozen=True, slots=True)
class Household:
    """The people's ids."""

    hana: str
    ken: str


def furnish(tx: Tx) -> Household:
    """Make organization, identity store, instance, and two people with `PASSWORD`."""
    organization.create_organization(
        tx,
        account_id=MANAGEMENT,
        name="Sakura",
        email="aws@sakura.example",
    )
    identity_store.create_identity_store(
        tx, identity_store_id=STORE_ID, owner_account_id=MANAGEMENT
    )
    instances.create_instance(
        tx, identity_store_id=STORE_ID, owner_account_id=MANAGEMENT, region="us-east-1"
    )
    made = [
        identity_store.create_user(
            tx,
            identity_store_id=STORE_ID,
            user_name=name,
            display_name=name.title(),
            name={"given_name": name, "family_name": "Sato"},
        ).user_id
        for name in ("hana", "ken")
    ]
    for user_id in made:
        signin.set_password(tx, user_id=user_id, password_hash=cheap_hash(PASSWORD))
    return Household(*made)


def from_address(tx: Tx, address: str, user_agent: str = "") -> Tx:
    """The same transaction for a call from another address."""
    origin = Origin(request_id="r", source_ip=address, user_agent=user_agent)
    tx.call = replace(tx.call, origin=origin)
    return tx


def prepare(
    store: Store,
    user_name: str = "hana",
    *,
    address: str = "192.0.2.1",
    browser_tokens: tuple[str, ...] = (),
) -> PasswordChallenge | NotSignedIn:
    """PREPARE_PASSWORD in a transaction of its own."""
    with store.write() as tx:
        return signin.prepare_password(
            from_address(tx, address),
            user_name=user_name,
            workflow_id="workflow",
            browser_tokens=browser_tokens,
        )


def record(
    store: Store,
    challenge: PasswordChallenge,
    *,
    matches: bool,
    address: str = "192.0.2.1",
    upgraded_hash: str | None = None,
) -> SignedIn | NotSignedIn:
    """RECORD_PASSWORD_OUTCOME in a transaction of its own."""
    with store.write() as tx:
        return signin.record_password_outcome(
            from_address(tx, address),
            challenge=challenge,
            matches=matches,
            workflow_id="workflow",
            upgraded_hash=upgraded_hash,
        )


def attempt(
    store: Store,
    user_name: str = "hana",
    *,
    right: bool,
    address: str = "192.0.2.1",
    browser_tokens: tuple[str, ...] = (),
) -> SignedIn | NotSignedIn:
    """A whole attempt whose password matches or not; nothing is hashed."""
    challenge = prepare(store, user_name, address=address, browser_tokens=browser_tokens)
    if isinstance(challenge, NotSignedIn):
        return challenge
    return record(
        store, challenge, matches=right and challenge.password_hash is not None, address=address
    )


def sign_in(store: Store, user_name: str = "hana") -> Person:
    """A signed-in person."""
    outcome = attempt(store, user_name, right=True)
    assert isinstance(outcome, SignedIn)
    return outcome.person
