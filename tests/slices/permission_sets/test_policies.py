"""The policies of a permission set."""

import json
from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded, Refusal
from genkan.core.events import PermissionSetChanging
from genkan.db.database import Tx
from genkan.permission_sets import operations as permission_sets
from tests.slices.assignments.world import INSTANCE_ARN, make_world
from tests.support.store import Store

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
DOCUMENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
    }
)


def run(tx: Tx, name: str, arn: str, /, **params: Any) -> Any:
    operation = next(one for one in permission_sets.OPERATIONS if one.name == name)
    return operation.run(tx, instance_arn=INSTANCE_ARN, permission_set_arn=arn, **params)


def attach(tx: Tx, arn: str, policy_arn: str) -> Any:
    return run(tx, "AttachManagedPolicyToPermissionSet", arn, managed_policy_arn=policy_arn)


def attach_own(tx: Tx, arn: str, **reference: str) -> Any:
    return run(
        tx,
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        arn,
        customer_managed_policy_reference=reference,
    )


@pytest.fixture
def arn(store: Store) -> str:
    return make_world(store).read_only


def content_hash(tx: Tx, arn: str) -> str:
    found = permission_sets.find_permission_set(tx, arn)
    assert found is not None
    return found.content_hash


def test_attached_managed_policies_are_listed_with_the_last_part_of_their_arn(
    store: Store, arn: str
) -> None:
    with store.write() as tx:
        assert attach(tx, arn, READ_ONLY) == {}
        attach(tx, arn, BILLING)
        listed = run(tx, "ListManagedPoliciesInPermissionSet", arn)
        first = run(tx, "ListManagedPoliciesInPermissionSet", arn, max_results=1)
        second = run(tx, "ListManagedPoliciesInPermissionSet", arn, next_token=first["next_token"])
    assert listed["attached_managed_policies"] == [
        {"name": "ReadOnlyAccess", "arn": READ_ONLY},
        {"name": "Billing", "arn": BILLING},
    ]
    both = first["attached_managed_policies"] + second["attached_managed_policies"]
    assert both == listed["attached_managed_policies"]


def test_attaching_twice_is_a_conflict(store: Store, arn: str) -> None:
    with store.write() as tx:
        attach(tx, arn, READ_ONLY)
        with pytest.raises(Conflict, match="already has a typed link attachment to a manged"):
            attach(tx, arn, READ_ONLY)


def test_a_policy_that_aws_does_not_have_is_not_found(store: Store, arn: str) -> None:
    with store.write() as tx, pytest.raises(NotFound) as refusal:
        attach(tx, arn, "arn:aws:iam::aws:policy/NoSuchPolicy")
    assert refusal.value.message == (
        "Policy does not exist with ARN: arn:aws:iam::aws:policy/NoSuchPolicy"
    )


def test_detaching_what_is_not_attached_is_not_found(store: Store, arn: str) -> None:
    with store.write() as tx:
        attach(tx, arn, READ_ONLY)
        run(tx, "DetachManagedPolicyFromPermissionSet", arn, managed_policy_arn=READ_ONLY)
        with pytest.raises(NotFound) as refusal:
            run(tx, "DetachManagedPolicyFromPermissionSet", arn, managed_policy_arn=READ_ONLY)
    assert refusal.value.message == f"Could not find ManagedPolicy with arn {READ_ONLY}"


def test_customer_managed_references_are_kept_by_path_and_name(store: Store, arn: str) -> None:
    with store.write() as tx:
        attach_own(tx, arn, name="Same")
        attach_own(tx, arn, name="Same", path="/team/")
        listed = run(tx, "ListCustomerManagedPolicyReferencesInPermissionSet", arn)
        first = run(tx, "ListCustomerManagedPolicyReferencesInPermissionSet", arn, max_results=1)
        second = run(
            tx,
            "ListCustomerManagedPolicyReferencesInPermissionSet",
            arn,
            next_token=first["next_token"],
        )
        with pytest.raises(Conflict, match="name: Same  and path / already attached"):
            attach_own(tx, arn, name="Same", path="/")
    found = [(one.path, one.name) for one in listed["customer_managed_policy_references"]]
    assert found == [("/", "Same"), ("/team/", "Same")]
    paged = [
        *first["customer_managed_policy_references"],
        *second["customer_managed_policy_references"],
    ]
    assert paged == listed["customer_managed_policy_references"]


def test_detaching_a_reference_of_another_path_is_not_found(store: Store, arn: str) -> None:
    with store.write() as tx:
        attach_own(tx, arn, name="Own", path="/team/")
        with pytest.raises(NotFound, match="name: Own  and path / does not exist"):
            run(
                tx,
                "DetachCustomerManagedPolicyReferenceFromPermissionSet",
                arn,
                customer_managed_policy_reference={"name": "Own"},
            )


def test_twenty_policies_of_both_kinds_together_are_the_limit(store: Store, arn: str) -> None:
    with store.write() as tx:
        attach(tx, arn, READ_ONLY)
        for number in range(19):
            attach_own(tx, arn, name=f"Own{number}")
    with pytest.raises(QuotaExceeded), store.write() as tx:
        attach_own(tx, arn, name="OneTooMany")
    with pytest.raises(QuotaExceeded), store.write() as tx:
        attach(tx, arn, BILLING)
    with store.write() as tx:
        own = run(tx, "ListCustomerManagedPolicyReferencesInPermissionSet", arn)
    assert len(own["customer_managed_policy_references"]) == 19


def test_an_inline_policy_is_given_back_as_it_was_put(store: Store, arn: str) -> None:
    text = DOCUMENT.replace(":", " :\n ")
    with store.write() as tx:
        assert run(tx, "GetInlinePolicyForPermissionSet", arn) == {"inline_policy": ""}
        run(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=text.replace("s3 :\n ", "s3:"))
        put = run(tx, "GetInlinePolicyForPermissionSet", arn)["inline_policy"]
        run(tx, "DeleteInlinePolicyFromPermissionSet", arn)
        with pytest.raises(NotFound):
            run(tx, "DeleteInlinePolicyFromPermissionSet", arn)
    assert put == text.replace("s3 :\n ", "s3:")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}',
        DOCUMENT.replace('"Effect"', '"Efect"'),
        DOCUMENT.replace('"Effect": "Allow"', '"Effect": "Allow", "Principal": "*"'),
    ],
)
def test_an_inline_policy_that_is_no_policy_is_invalid_and_not_kept(
    store: Store, arn: str, text: str
) -> None:
    with store.write() as tx:
        with pytest.raises(Invalid):
            run(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=text)
        assert run(tx, "GetInlinePolicyForPermissionSet", arn) == {"inline_policy": ""}


def test_white_space_of_an_inline_policy_does_not_count(store: Store, arn: str) -> None:
    actions = ",".join(f'"s3:{"x" * 90}{number:04}"' for number in range(110))
    text = DOCUMENT.replace('"s3:Get*"', f"[{actions}]")
    with store.write() as tx:
        with pytest.raises(QuotaExceeded):
            run(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=text)
        run(tx, "PutInlinePolicyToPermissionSet", arn, inline_policy=DOCUMENT + " " * 20_000)


def test_a_boundary_names_exactly_one_policy(store: Store, arn: str) -> None:
    with store.write() as tx:
        for wrong in (
            {},
            {
                "managed_policy_arn": READ_ONLY,
                "customer_managed_policy_reference": {"name": "Own"},
            },
        ):
            with pytest.raises(Invalid):
                run(tx, "PutPermissionsBoundaryToPermissionSet", arn, permissions_boundary=wrong)


def test_a_boundary_is_put_replaced_and_deleted(store: Store, arn: str) -> None:
    with store.write() as tx:
        for name in (
            "GetPermissionsBoundaryForPermissionSet",
            "DeletePermissionsBoundaryFromPermissionSet",
        ):
            with pytest.raises(NotFound):
                run(tx, name, arn)
        put = "PutPermissionsBoundaryToPermissionSet"
        run(tx, put, arn, permissions_boundary={"managed_policy_arn": READ_ONLY})
        run(
            tx,
            put,
            arn,
            permissions_boundary={"customer_managed_policy_reference": {"name": "Own"}},
        )
        got = run(tx, "GetPermissionsBoundaryForPermissionSet", arn)["permissions_boundary"]
        run(tx, "DeletePermissionsBoundaryFromPermissionSet", arn)
        with pytest.raises(NotFound):
            run(tx, "GetPermissionsBoundaryForPermissionSet", arn)
    assert got.managed_policy_arn is None
    assert (got.customer_managed_policy_reference.path, "Own") == ("/", "Own")


EDITS: tuple[tuple[str, dict[str, Any], str, dict[str, Any]], ...] = (
    (
        "AttachManagedPolicyToPermissionSet",
        {"managed_policy_arn": READ_ONLY},
        "DetachManagedPolicyFromPermissionSet",
        {"managed_policy_arn": READ_ONLY},
    ),
    (
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        {"customer_managed_policy_reference": {"name": "Own"}},
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        {"customer_managed_policy_reference": {"name": "Own"}},
    ),
    (
        "PutInlinePolicyToPermissionSet",
        {"inline_policy": DOCUMENT},
        "DeleteInlinePolicyFromPermissionSet",
        {},
    ),
    (
        "PutPermissionsBoundaryToPermissionSet",
        {"permissions_boundary": {"managed_policy_arn": READ_ONLY}},
        "DeletePermissionsBoundaryFromPermissionSet",
        {},
    ),
    ("UpdatePermissionSet", {"session_duration": "PT2H"}, "UpdatePermissionSet", {}),
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit[0])
def test_the_content_hash_changes_with_an_edit_and_returns_with_its_reverse(
    store: Store, arn: str, edit: tuple[str, dict[str, Any], str, dict[str, Any]]
) -> None:
    do, params, undo, undo_params = edit
    with store.write() as tx:
        before = content_hash(tx, arn)
        run(tx, do, arn, **params)
        changed = content_hash(tx, arn)
        run(tx, undo, arn, **undo_params)
        assert before != changed
        assert content_hash(tx, arn) == before


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit[0])
def test_an_edit_is_refused_when_a_subscriber_refuses_it(
    store: Store, arn: str, edit: tuple[str, dict[str, Any], str, dict[str, Any]]
) -> None:
    def refuse(tx: Tx, event: object) -> None:
        raise Conflict("There is a conflicting operation in process.")

    store.events.subscribe(PermissionSetChanging, refuse)
    for name, params in ((edit[0], edit[1]), (edit[2], edit[3])):
        with store.write() as tx, pytest.raises(Refusal, match="conflicting operation"):
            run(tx, name, arn, **params)
