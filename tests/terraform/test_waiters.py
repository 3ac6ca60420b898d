"""What the provider tells when a state is not what it waited for, and when it waits again."""

import pytest
from botocore.exceptions import ClientError

from tests.terraform.assignments import AccountAssignment
from tests.terraform.permission_sets import (
    CustomerManagedPolicyAttachment,
    ManagedPolicyAttachment,
)
from tests.terraform.provider import Failed, code_of
from tests.terraform.scene import (
    POLICY,
    READ_ONLY,
    WITH_POLICY,
    WITHOUT_POLICY,
    Scene,
)


def _assignment(scene: Scene, base: dict[str, str], alias: str) -> dict[str, str]:
    return base | {
        "principal_type": "USER",
        "principal_id": scene.user(),
        "target_id": scene.server.account(alias),
        "target_type": "AWS_ACCOUNT",
    }


def test_an_assignment_without_its_customer_managed_policy_tells_which_is_missing(
    scene: Scene,
) -> None:
    base = scene.permission_set()
    attachment = CustomerManagedPolicyAttachment(scene.provider)
    attachment.create(base | {"customer_managed_policy_reference": POLICY})
    config = _assignment(scene, base, WITHOUT_POLICY)
    resource = AccountAssignment(scene.provider)
    with pytest.raises(Failed) as caught:
        resource.create(config)
    account = scene.server.account(WITHOUT_POLICY)
    assert str(caught.value) == (
        f"waiting for SSO Account Assignment for USER ({config['principal_id']}) create:"
        " unexpected state 'FAILED', wanted target 'SUCCEEDED'."
        " last error: Received a 404 status error:"
        f" Not supported policy arn:aws:iam::{account}:policy/DataLakeReaders."
    )
    ids = ("principal_id", "principal_type", "target_id", "target_type")
    failed_id = ",".join((*(config[name] for name in ids), *base.values()))
    assert resource.read(failed_id) is None, "what failed is not there"


def test_a_policy_attached_later_that_an_account_lacks_fails_the_provisioning(
    scene: Scene,
) -> None:
    base = scene.permission_set()
    AccountAssignment(scene.provider).create(_assignment(scene, base, WITHOUT_POLICY))
    attachment = CustomerManagedPolicyAttachment(scene.provider)
    config = base | {"customer_managed_policy_reference": POLICY}
    with pytest.raises(Failed, match="unexpected state 'FAILED', wanted target 'SUCCEEDED'"):
        attachment.create(config)
    # Terraform keeps it as tainted: it is there, and deleting it makes the account right again.
    resource_id = ",".join((*POLICY.values(), *base.values()))
    assert attachment.read(resource_id) is not None
    attachment.delete(resource_id)
    assert attachment.read(resource_id) is None


def test_where_the_policy_is_there_the_same_assignment_succeeds(scene: Scene) -> None:
    base = scene.permission_set()
    attachment = CustomerManagedPolicyAttachment(scene.provider)
    attachment.create(base | {"customer_managed_policy_reference": POLICY})
    config = _assignment(scene, base, WITH_POLICY)
    AccountAssignment(scene.provider).create(config)


def test_an_assignment_that_is_there_already_is_refused_by_the_provider(scene: Scene) -> None:
    config = _assignment(scene, scene.permission_set(), WITH_POLICY)
    resource = AccountAssignment(scene.provider)
    resource.create(config)
    with pytest.raises(Failed, match=r"creating SSO Account Assignment .*: already exists"):
        resource.create(config)


def test_a_managed_policy_that_is_attached_already_is_refused_by_the_provider(
    scene: Scene,
) -> None:
    config = scene.permission_set() | {"managed_policy_arn": READ_ONLY}
    resource = ManagedPolicyAttachment(scene.provider)
    resource.create(config)
    with pytest.raises(Failed, match=r"attaching Managed Policy .*: already attached"):
        resource.create(config)


def test_an_unknown_aws_managed_policy_is_told_at_once(scene: Scene) -> None:
    unknown = "arn:aws:iam::aws:policy/NoSuchPolicy"
    config = scene.permission_set() | {"managed_policy_arn": unknown}
    with pytest.raises(ClientError) as caught:
        ManagedPolicyAttachment(scene.provider).create(config)
    assert code_of(caught.value) == "ResourceNotFoundException"


def test_a_principal_that_is_gone_fails_the_assignment_in_words(scene: Scene) -> None:
    config = _assignment(scene, scene.permission_set(), WITH_POLICY)
    scene.provider.store(
        "delete_user",
        IdentityStoreId=scene.identity_store_id,
        UserId=config["principal_id"],
    )
    with pytest.raises((Failed, ClientError), match="not found"):
        AccountAssignment(scene.provider).create(config)
