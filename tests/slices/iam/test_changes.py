"""Changes to what stands in an account: IAM's rules, and who may touch reserved roles."""

import json
from collections.abc import Callable
from itertools import product

import pytest

from genkan.core.call import Caller, Operation, Owner, System, Worker
from genkan.core.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam import policies, roles, saml_providers, users
from genkan.iam.records import PROVISION_JOB
from tests.slices.iam.test_reads import DOCUMENT, READ_ONLY, TRUST
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store

OTHER = "222233334444"
OWNER = Owner(reason="test")
WORKER = Worker(kind=PROVISION_JOB, job_id="job", fence=1)
RESERVED = "/aws-reserved/sso.amazonaws.com/"


def a_role(tx: Tx, name: str = "Reader", path: str = "/") -> None:
    roles.put_role(
        tx, account_id=MANAGEMENT, role_name=name, path=path, assume_role_policy_document=TRUST
    )


def test_putting_a_role_again_keeps_its_identity(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        first = iam.find_role(tx, MANAGEMENT, "Reader")
        roles.put_role(
            tx,
            account_id=MANAGEMENT,
            role_name="Reader",
            assume_role_policy_document=TRUST,
            description="new",
            max_session_duration=43_200,
        )
        second = iam.find_role(tx, MANAGEMENT, "Reader")
    assert first is not None
    assert second is not None
    assert (first.role_id, first.created_at) == (second.role_id, second.created_at)
    assert (second.description, second.max_session_duration) == ("new", 43_200)


@pytest.mark.parametrize(("name", "path"), [("READER", "/"), ("Reader", "/team/")])
def test_a_role_name_is_taken_in_any_case_and_path(store: Store, name: str, path: str) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        with pytest.raises(Conflict) as refusal:
            a_role(tx, name, path)
    assert refusal.value.code == "EntityAlreadyExists"


def test_a_trust_policy_that_is_none_is_malformed(store: Store) -> None:
    with store.write(OWNER) as tx, pytest.raises(Invalid) as refusal:
        roles.put_role(
            tx, account_id=MANAGEMENT, role_name="R", assume_role_policy_document=DOCUMENT
        )
    assert refusal.value.code == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "caller",
    [ADMINISTRATOR, Worker(kind="OtherJob", job_id="job", fence=1)],
    ids=["signer", "another job"],
)
def test_nobody_else_touches_a_reserved_role(store: Store, caller: Caller) -> None:
    with store.write(WORKER) as tx:
        a_role(tx, "Reserved", RESERVED)
    where = {"account_id": MANAGEMENT, "role_name": "Reserved"}
    with store.write(caller) as tx:
        changes: tuple[Callable[[], object], ...] = (
            lambda: a_role(tx, "Another", RESERVED),
            lambda: a_role(tx, "Reserved", RESERVED),
            lambda: roles.delete_role(tx, **where),
            lambda: roles.attach_role_policy(tx, **where, policy_arn=READ_ONLY),
            lambda: roles.detach_role_policy(tx, **where, policy_arn=READ_ONLY),
            lambda: roles.put_role_policy(tx, **where, policy_name="p", policy_document=DOCUMENT),
            lambda: roles.delete_role_policy(tx, **where, policy_name="p"),
            lambda: roles.put_role_permissions_boundary(
                tx, **where, permissions_boundary=READ_ONLY
            ),
            lambda: roles.delete_role_permissions_boundary(tx, **where),
        )
        for change in changes:
            with pytest.raises(Denied) as refusal:
                change()
            assert refusal.value.code == "UnmodifiableEntity"
            assert "only modifiable by AWS" in refusal.value.message


def test_changes_are_for_the_worker_and_the_owner_only() -> None:
    steps = [value for value in vars(iam).values() if isinstance(value, Operation)]
    assert len(steps) == 12
    for step in steps:
        assert isinstance(step.access, System)
        assert step.access.jobs <= {PROVISION_JOB}
        assert step.reads is None
        # A worker's steps are bookkeeping; what the owner makes is an act of its own.
        assert step.recorded == (not step.access.jobs)


def test_a_role_with_policies_cannot_be_deleted(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        roles.attach_role_policy(tx, **where, policy_arn=READ_ONLY)
        with pytest.raises(Conflict, match="must detach all policies first") as refusal:
            roles.delete_role(tx, **where)
        assert refusal.value.code == "DeleteConflict"
        roles.detach_role_policy(tx, **where, policy_arn=READ_ONLY)
        roles.put_role_policy(tx, **where, policy_name="p", policy_document=DOCUMENT)
        with pytest.raises(Conflict, match="must delete policies first"):
            roles.delete_role(tx, **where)
        roles.delete_role_policy(tx, **where, policy_name="p")
        roles.delete_role(tx, **where)
        assert iam.find_role(tx, MANAGEMENT, "Reader") is None
        with pytest.raises(NotFound):
            roles.delete_role(tx, **where)


def test_only_policies_that_exist_are_attachable(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        users.create_user(tx, account_id=MANAGEMENT, user_name="robot")
        foreign = policies.create_policy(
            tx, account_id=OTHER, policy_name="Own", policy_document=DOCUMENT
        ).policy_arn
        attachments: tuple[Callable[[str], object], ...] = (
            lambda arn: roles.attach_role_policy(
                tx, account_id=MANAGEMENT, role_name="Reader", policy_arn=arn
            ),
            lambda arn: roles.put_role_permissions_boundary(
                tx, account_id=MANAGEMENT, role_name="Reader", permissions_boundary=arn
            ),
            lambda arn: users.attach_user_policy(
                tx, account_id=MANAGEMENT, user_name="robot", policy_arn=arn
            ),
        )
        for policy_arn, attach in product(
            (
                foreign,
                f"arn:aws:iam::{MANAGEMENT}:policy/Missing",
                "arn:aws:iam::aws:policy/Missing",
                "ReadOnlyAccess",
            ),
            attachments,
        ):
            with pytest.raises(NotFound, match="does not exist or is not attachable"):
                attach(policy_arn)


def test_attaching_again_changes_nothing_and_the_limit_holds(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        arns = [
            policies.create_policy(
                tx, account_id=MANAGEMENT, policy_name=f"Own{n}", policy_document=DOCUMENT
            ).policy_arn
            for n in range(roles.ATTACHMENT_LIMIT + 1)
        ]
        for policy_arn in arns[:-1]:
            roles.attach_role_policy(tx, **where, policy_arn=policy_arn)
        roles.attach_role_policy(tx, **where, policy_arn=arns[0])
        with pytest.raises(QuotaExceeded, match="PoliciesPerRole"):
            roles.attach_role_policy(tx, **where, policy_arn=arns[-1])


def test_inline_policies_of_a_role_share_one_size_limit(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    statement = json.loads(DOCUMENT)
    statement["Statement"][0]["Action"] = [f"s3:{'x' * 90}{n}" for n in range(60)]
    large = json.dumps(statement, separators=(",", ":"))
    with store.write(OWNER) as tx:
        a_role(tx)
        roles.put_role_policy(tx, **where, policy_name="one", policy_document=large)
        roles.put_role_policy(tx, **where, policy_name="one", policy_document=large)
        with pytest.raises(QuotaExceeded) as refusal:
            roles.put_role_policy(tx, **where, policy_name="two", policy_document=large)
    assert refusal.value.code == "LimitExceeded"


def test_names_of_policies_and_users_are_taken_in_any_case(store: Store) -> None:
    with store.write(OWNER) as tx:
        users.create_user(tx, account_id=MANAGEMENT, user_name="robot")
        policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", policy_document=DOCUMENT
        )
        with pytest.raises(Conflict, match="User with name ROBOT already exists"):
            users.create_user(tx, account_id=MANAGEMENT, user_name="ROBOT")
        with pytest.raises(Conflict, match="policy called OWN already exists"):
            policies.create_policy(
                tx,
                account_id=MANAGEMENT,
                policy_name="OWN",
                path="/team/",
                policy_document=DOCUMENT,
            )


def test_removing_what_is_not_there_is_no_such_entity(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        removals: tuple[Callable[[], object], ...] = (
            lambda: roles.detach_role_policy(tx, **where, policy_arn=READ_ONLY),
            lambda: roles.delete_role_policy(tx, **where, policy_name="p"),
            lambda: roles.delete_role_permissions_boundary(tx, **where),
            lambda: saml_providers.delete_saml_provider(tx, account_id=MANAGEMENT, name="idp"),
        )
        for remove in removals:
            with pytest.raises(NotFound) as refusal:
                remove()
            assert refusal.value.code == "NoSuchEntity"


def test_policies_of_a_role_are_its_texts_with_aws_documents_resolved(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        own = policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", policy_document=DOCUMENT
        ).policy_arn
        roles.put_role_policy(tx, **where, policy_name="inline", policy_document=DOCUMENT)
        roles.attach_role_policy(tx, **where, policy_arn=own)
        roles.attach_role_policy(tx, **where, policy_arn=READ_ONLY)
        without = iam.policies_of_role(tx, MANAGEMENT, "Reader")
        roles.put_role_permissions_boundary(tx, **where, permissions_boundary=own)
        found = iam.policies_of_role(tx, MANAGEMENT, "Reader")
        role = iam.find_role(tx, MANAGEMENT, "Reader")
        assert iam.policies_of_role(tx, OTHER, "Reader") is None
    assert without is not None
    assert found is not None
    assert role is not None
    assert without.boundary is None
    assert found.boundary == DOCUMENT
    assert (found.role_id, found.role_arn) == (role.role_id, role.arn)
    assert found.inline == (("inline", DOCUMENT),)
    texts = dict(found.managed)
    assert texts[own] == DOCUMENT
    assert '"s3:Get*"' in texts[READ_ONLY]
    assert "Statement" in json.loads(texts[READ_ONLY])


def test_an_attached_policy_whose_text_is_gone_denies_everything(store: Store) -> None:
    where = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        roles.attach_role_policy(tx, **where, policy_arn=READ_ONLY)
        tx.run("UPDATE iam_role_attachments SET policy_arn = 'arn:aws:iam::aws:policy/Gone'")
        found = iam.policies_of_role(tx, MANAGEMENT, "Reader")
    assert found is not None
    ((_, text),) = found.managed
    assert json.loads(text)["Statement"] == [{"Effect": "Deny", "Action": "*", "Resource": "*"}]


def test_policies_of_a_user_are_its_attached_policies(store: Store) -> None:
    with store.write(OWNER) as tx:
        made = users.create_user(tx, account_id=MANAGEMENT, user_name="robot")
        users.attach_user_policy(tx, account_id=MANAGEMENT, user_name="robot", policy_arn=READ_ONLY)
        found = iam.policies_of_user(tx, MANAGEMENT, "robot")
        assert iam.find_user(tx, MANAGEMENT, "robot") == made
        assert iam.policies_of_user(tx, MANAGEMENT, "nobody") is None
        assert iam.find_user(tx, OTHER, "robot") is None
    assert found is not None
    assert found.user_id == made.user_id
    assert [arn for arn, _ in found.managed] == [READ_ONLY]


def test_a_saml_provider_is_found_by_its_exact_arn_only(store: Store) -> None:
    with store.write(OWNER) as tx:
        made = saml_providers.put_saml_provider(
            tx, account_id=MANAGEMENT, name="idp", saml_metadata_document="<x/>"
        )
        assert iam.find_saml_provider(tx, made.arn) == made
        for arn in (
            made.arn.replace(MANAGEMENT, OTHER),
            made.arn.replace("saml-provider", "role"),
            made.arn.replace("/idp", "/path/idp"),
            "idp",
        ):
            assert iam.find_saml_provider(tx, arn) is None
        saml_providers.delete_saml_provider(tx, account_id=MANAGEMENT, name="idp")
        assert iam.find_saml_provider(tx, made.arn) is None
