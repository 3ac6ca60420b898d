"""Service control policies: attached from the root down, and what they leave to an account."""

from typing import Any

import pytest

from genkan.core.errors import Conflict, Invalid, NotFound, Refusal
from genkan.db.database import Tx
from genkan.organization import operations as organization
from tests.slices.organization.support import (
    INNER,
    LOOSE,
    ORGANIZATION,
    OUTER,
    PRODUCTION,
    ROOT,
    SECURITY,
    an_account,
    run,
)
from tests.support.store import MANAGEMENT, Store

SCP = "SERVICE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
ARN = f"arn:aws:organizations::{MANAGEMENT}"
TYPE = {"root_id": ROOT, "policy_type": SCP}


@pytest.fixture
def controlled(organized: Store) -> Store:
    """The organization with service control policies enabled."""
    with organized.write() as tx:
        run(tx, "EnablePolicyType", **TYPE)
    return organized


def create(tx: Tx, name: str = "NoBuckets", **more: Any) -> str:
    params = {"name": name, "description": "d", "content": DENY, "type": SCP, **more}
    policy_id: str = run(tx, "CreatePolicy", **params)["policy"]["policy_summary"]["id"]
    return policy_id


def attached(tx: Tx, target_id: str) -> list[str]:
    found = run(tx, "ListPoliciesForTarget", target_id=target_id, filter=SCP)["policies"]
    return [policy["id"] for policy in found]


def levels(tx: Tx, account_id: str) -> list[list[str]]:
    return [[policy.name for policy in level] for level in organization.levels_of(tx, account_id)]


def refused(store: Store, name: str, /, **params: Any) -> Refusal:
    with store.write() as tx, pytest.raises(Refusal) as refusal:
        run(tx, name, **params)
    return refusal.value


def test_nothing_limits_before_the_type_is_enabled(organized: Store) -> None:
    with organized.write() as tx:
        assert levels(tx, PRODUCTION) == []
        assert attached(tx, PRODUCTION) == []
        policy_id = create(tx)
    refusal = refused(organized, "AttachPolicy", policy_id=policy_id, target_id=PRODUCTION)
    assert refusal.code == "PolicyTypeNotEnabledException"
    assert refused(organized, "DisablePolicyType", **TYPE).code == "PolicyTypeNotEnabledException"


def test_enabling_gives_everything_full_access(organized: Store) -> None:
    with organized.write() as tx:
        root = run(tx, "EnablePolicyType", **TYPE)["root"]
        assert run(tx, "ListRoots")["roots"] == [root]
        for target in (ROOT, OUTER, INNER, PRODUCTION, LOOSE, MANAGEMENT):
            assert attached(tx, target) == [FULL]
        an_account(tx, "555566667777", "new", INNER)
        unit = organization.create_organizational_unit(tx, parent_id=OUTER, name="More")
        assert attached(tx, "555566667777") == attached(tx, unit.unit_id) == [FULL]
    assert root["policy_types"] == ({"type": SCP, "status": "ENABLED"},)
    refusal = refused(organized, "EnablePolicyType", **TYPE)
    assert refusal.code == "PolicyTypeAlreadyEnabledException"


def test_levels_go_from_the_root_to_the_account_and_spare_the_management(
    controlled: Store,
) -> None:
    with controlled.write() as tx:
        policy_id = create(tx)
        for target in (OUTER, PRODUCTION, MANAGEMENT):
            run(tx, "AttachPolicy", policy_id=policy_id, target_id=target)
    with controlled.write() as tx:
        both = ["FullAWSAccess", "NoBuckets"]
        full = ["FullAWSAccess"]
        assert [sorted(level) for level in levels(tx, PRODUCTION)] == [full, both, full, both]
        assert [sorted(level) for level in levels(tx, SECURITY)] == [full, both, full]
        assert levels(tx, LOOSE) == [full, full]
        assert levels(tx, MANAGEMENT) == []
        assert levels(tx, "999999999999") == []


def test_disabling_forgets_what_was_attached(controlled: Store) -> None:
    with controlled.write() as tx:
        policy_id = create(tx)
        run(tx, "AttachPolicy", policy_id=policy_id, target_id=PRODUCTION)
        run(tx, "DetachPolicy", policy_id=FULL, target_id=PRODUCTION)
        assert run(tx, "DisablePolicyType", **TYPE)["root"]["policy_types"] == ()
    with controlled.write() as tx:
        assert levels(tx, PRODUCTION) == []
        run(tx, "EnablePolicyType", **TYPE)
        assert attached(tx, PRODUCTION) == [FULL]
        run(tx, "DeletePolicy", policy_id=policy_id)


def test_a_policy_is_read_updated_and_deleted(organized: Store) -> None:
    with organized.write() as tx:
        policy_id = create(tx)
        summary = {
            "id": policy_id,
            "arn": f"{ARN}:policy/{ORGANIZATION}/service_control_policy/{policy_id}",
            "name": "NoBuckets",
            "description": "d",
            "type": SCP,
            "aws_managed": False,
        }
        found = run(tx, "DescribePolicy", policy_id=policy_id)["policy"]
        assert found == {"policy_summary": summary, "content": DENY}
        for change in ({"name": "Other"}, {"description": ""}, {"content": DENY + " "}):
            run(tx, "UpdatePolicy", policy_id=policy_id, **change)
        found = run(tx, "DescribePolicy", policy_id=policy_id)["policy"]
        assert found["policy_summary"] == {**summary, "name": "Other", "description": ""}
        assert found["content"] == DENY + " "
        listed = run(tx, "ListPolicies", filter=SCP)["policies"]
        assert {policy["name"] for policy in listed} == {"FullAWSAccess", "Other"}
        assert run(tx, "ListPolicies", filter="TAG_POLICY")["policies"] == []
        run(tx, "DeletePolicy", policy_id=policy_id)
    for name in ("DescribePolicy", "UpdatePolicy", "DeletePolicy", "ListTargetsForPolicy"):
        assert refused(organized, name, policy_id=policy_id).code == "PolicyNotFoundException"


@pytest.mark.parametrize(
    ("params", "kind", "code", "reason"),
    [
        ({"name": "NoBuckets"}, Conflict, "DuplicatePolicyException", None),
        ({"name": "FullAWSAccess"}, Conflict, "DuplicatePolicyException", None),
        ({"content": "{}"}, Invalid, "MalformedPolicyDocumentException", None),
        ({"content": "no JSON"}, Invalid, "MalformedPolicyDocumentException", None),
        (
            {"content": DENY + " " * 5_120},
            Conflict,
            "ConstraintViolationException",
            "POLICY_CONTENT_LIMIT_EXCEEDED",
        ),
        (
            {"type": "TAG_POLICY"},
            Conflict,
            "PolicyTypeNotAvailableForOrganizationException",
            None,
        ),
    ],
)
def test_what_is_no_good_policy_is_refused(
    organized: Store, params: dict[str, str], kind: type[Refusal], code: str, reason: str | None
) -> None:
    with organized.write() as tx:
        create(tx)
    given = {"name": "New", "description": "", "content": DENY, "type": SCP, **params}
    refusal = refused(organized, "CreatePolicy", **given)
    assert isinstance(refusal, kind)
    assert (refusal.code, refusal.members.get("reason")) == (code, reason)


def test_awss_own_policy_is_changed_by_nobody(organized: Store) -> None:
    with organized.write() as tx:
        found = run(tx, "DescribePolicy", policy_id=FULL)["policy"]["policy_summary"]
    assert found["aws_managed"] is True
    assert found["arn"] == f"arn:aws:organizations::aws:policy/{SCP.lower()}/{FULL}"
    for name in ("UpdatePolicy", "DeletePolicy"):
        refusal = refused(organized, name, policy_id=FULL)
        assert refusal.members == {"reason": "IMMUTABLE_POLICY"}


def test_attachments_have_limits_on_both_sides(controlled: Store) -> None:
    with controlled.write() as tx:
        ids = [create(tx, f"Policy{number}") for number in range(5)]
        for policy_id in ids[:4]:
            run(tx, "AttachPolicy", policy_id=policy_id, target_id=INNER)
    one = {"policy_id": ids[0], "target_id": INNER}
    assert refused(controlled, "AttachPolicy", **one).code == "DuplicatePolicyAttachmentException"
    more = refused(controlled, "AttachPolicy", policy_id=ids[4], target_id=INNER)
    assert more.members == {"reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    assert refused(controlled, "DeletePolicy", policy_id=ids[0]).code == "PolicyInUseException"
    with controlled.write() as tx:
        for policy_id in (*ids[1:4], FULL):
            run(tx, "DetachPolicy", policy_id=policy_id, target_id=INNER)
        assert attached(tx, INNER) == [ids[0]]
    last = refused(controlled, "DetachPolicy", **one)
    assert last.members == {"reason": "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    gone = refused(controlled, "DetachPolicy", policy_id=ids[1], target_id=INNER)
    assert isinstance(gone, NotFound)
    assert gone.code == "PolicyNotAttachedException"


@pytest.mark.parametrize("target", ["r-zzzz", "ou-abcd-99999999", "999999999999"])
def test_an_unknown_target_is_not_found(controlled: Store, target: str) -> None:
    for name, params in (
        ("AttachPolicy", {"policy_id": FULL}),
        ("DetachPolicy", {"policy_id": FULL}),
        ("ListPoliciesForTarget", {"filter": SCP}),
    ):
        refusal = refused(controlled, name, target_id=target, **params)
        assert refusal.code == "TargetNotFoundException"
    refusal = refused(controlled, "EnablePolicyType", root_id="r-zzzz", policy_type=SCP)
    assert refusal.code == "RootNotFoundException"


def test_targets_of_a_policy_are_listed_in_pages(controlled: Store) -> None:
    with controlled.write() as tx:
        seen: list[dict[str, str]] = []
        params: dict[str, Any] = {"policy_id": FULL, "max_results": 3}
        while True:
            page = run(tx, "ListTargetsForPolicy", **params)
            seen += page["targets"]
            if page["next_token"] is None:
                break
            params["next_token"] = page["next_token"]
    found = {target["target_id"]: target for target in seen}
    assert len(seen) == len(found)
    assert found.keys() == {ROOT, OUTER, INNER, MANAGEMENT, PRODUCTION, SECURITY, LOOSE}
    assert found[INNER] == {
        "target_id": INNER,
        "arn": f"{ARN}:ou/{ORGANIZATION}/{INNER}",
        "name": "Production",
        "type": "ORGANIZATIONAL_UNIT",
    }
    assert (found[ROOT]["type"], found[PRODUCTION]["type"]) == ("ROOT", "ACCOUNT")


def test_asking_costs_one_look_where_the_type_is_not_enabled(organized: Store) -> None:
    with organized.watched() as seen, organized.write() as tx:
        assert organization.levels_of(tx, PRODUCTION) == ()
    assert len(seen) == 1


def test_asking_costs_four_looks_where_it_is(controlled: Store) -> None:
    with controlled.watched() as seen, controlled.write() as tx:
        assert len(organization.levels_of(tx, PRODUCTION)) == 4
    assert len(seen) == 4
