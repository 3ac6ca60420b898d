"""Applications and trusted token issuers in the small organization of the assignments' tests."""

from typing import Any

from genkan.applications import operations as applications
from genkan.core.events import GroupDeleted, InstanceDeleted, UserDeleted
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from tests.slices.assignments.world import INSTANCE_ARN, MEMBER, World, make_world
from tests.slices.assignments.world import run as run_of
from tests.support.store import Store

CUSTOM = "arn:aws:sso::aws:applicationProvider/custom"
OTHER_STORE = "d-0123456789"
OTHER_INSTANCE_ID = "ssoins-fedcba0987654321"
OTHER_INSTANCE = f"arn:aws:sso:::instance/{OTHER_INSTANCE_ID}"
OIDC = {
    "issuer_url": "https://issuer.example.com",
    "claim_attribute_path": "email",
    "identity_store_attribute_path": "emails.value",
    "jwks_retrieval_option": "OPEN_ID_DISCOVERY",
}


def make_applications_world(store: Store) -> World:
    """The organization, events wired, and an account instance that the member owns."""
    world = make_world(store)
    store.events.subscribe(UserDeleted, applications.on_user_deleted)
    store.events.subscribe(GroupDeleted, applications.on_group_deleted)
    store.events.subscribe(InstanceDeleted, applications.on_instance_deleted)
    with store.write() as tx:
        identity_store.create_identity_store(
            tx, identity_store_id=OTHER_STORE, owner_account_id=MEMBER
        )
        instances.create_instance(
            tx,
            identity_store_id=OTHER_STORE,
            owner_account_id=MEMBER,
            region="us-east-1",
            kind=instances.ACCOUNT,
            instance_id=OTHER_INSTANCE_ID,
        )
    return world


def run(tx: Tx, name: str, /, **params: Any) -> Any:
    """Run a wire operation of the slice by AWS's name."""
    return run_of(tx, applications, name, **params)


def an_application(tx: Tx, name: str = "Wiki", **more: Any) -> str:
    """A new application's ARN."""
    given = {"instance_arn": INSTANCE_ARN, "application_provider_arn": CUSTOM, **more}
    arn: str = run(tx, "CreateApplication", name=name, **given)["application_arn"]
    return arn


def an_issuer(tx: Tx, name: str = "Issuer", **more: Any) -> str:
    """A new trusted token issuer's ARN; `issuer_url` and its like go into the configuration."""
    configuration = {key: more.pop(key, value) for key, value in OIDC.items()}
    arn: str = run(
        tx,
        "CreateTrustedTokenIssuer",
        name=name,
        trusted_token_issuer_type="OIDC_JWT",
        trusted_token_issuer_configuration={"oidc_jwt_configuration": configuration},
        **{"instance_arn": INSTANCE_ARN, **more},
    )["trusted_token_issuer_arn"]
    return arn


def assign(tx: Tx, arn: str, principal_id: str, kind: str = "USER") -> None:
    """Assign a principal."""
    run(
        tx,
        "CreateApplicationAssignment",
        application_arn=arn,
        principal_id=principal_id,
        principal_type=kind,
    )


def all_pages(tx: Tx, name: str, member: str, size: int | None = 1, **params: Any) -> list[Any]:
    """Everything that a list operation gives, page by page."""
    found: list[Any] = []
    token = None
    while True:
        sized = {} if size is None else {"max_results": size}
        answer = run(tx, name, next_token=token, **sized, **params)
        assert size is None or len(answer[member]) <= size
        found += answer[member]
        token = answer["next_token"]
        if token is None:
            return found
