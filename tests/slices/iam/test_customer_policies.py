"""Customer managed policies by IAM's own API: versions, tags, what uses them."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from genkan.core.call import Iam, Signer
from genkan.core.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded, Refusal
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam import policies, roles, users
from tests.slices.iam.test_reads import DOCUMENT, OWNER, READ_ONLY, a_role, op, run
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store, a_call

OTHER = "222233334444"
ARN = f"arn:aws:iam::{MANAGEMENT}:policy/Own"
NARROW = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
    '"Resource":"*"}]}'
)
STRANGER = Signer(
    account_id=OTHER,
    arn=f"arn:aws:iam::{OTHER}:user/somebody",
    user_id="AIDABBBBBBBBBBBBBBBBB",
    access_key_id="AKIABBBBBBBBBBBBBBBBB",
)
AWS_CHANGES = (
    "CreatePolicyVersion",
    "SetDefaultPolicyVersion",
    "DeletePolicyVersion",
    "DeletePolicy",
    "TagPolicy",
    "UntagPolicy",
)


def create(tx: Tx, name: str = "Own", document: str = DOCUMENT, **more: Any) -> dict[str, Any]:
    policy: dict[str, Any] = run(
        tx, "CreatePolicy", policy_name=name, policy_document=document, **more
    )["policy"]
    return policy


def version(tx: Tx, document: str = NARROW, **more: Any) -> str:
    made = run(tx, "CreatePolicyVersion", policy_arn=ARN, policy_document=document, **more)
    version_id: str = made["policy_version"]["version_id"]
    return version_id


def params_of(operation: str, policy_arn: str) -> dict[str, Any]:
    given: dict[str, Any] = {"policy_arn": policy_arn}
    if operation == "CreatePolicyVersion":
        given["policy_document"] = NARROW
    if operation in ("SetDefaultPolicyVersion", "DeletePolicyVersion", "GetPolicyVersion"):
        given["version_id"] = "v1"
    if operation == "TagPolicy":
        given["tags"] = [{"key": "a", "value": "b"}]
    if operation == "UntagPolicy":
        given["tag_keys"] = ["a"]
    return given


def refused(store: Store, name: str, /, **params: Any) -> Refusal:
    with store.write() as tx, pytest.raises(Refusal) as refusal:
        run(tx, name, **params)
    return refusal.value


def test_a_policy_is_created_with_everything_it_is_given(store: Store) -> None:
    with store.write() as tx:
        made = create(
            tx,
            path="/team/",
            description="Reads",
            tags=[{"key": "team", "value": "data"}, {"key": "Cost", "value": ""}],
        )
        got = run(tx, "GetPolicy", policy_arn=made["arn"])["policy"]
        found = run(tx, "GetPolicyVersion", policy_arn=made["arn"], version_id="v1")
    assert made["arn"] == f"arn:aws:iam::{MANAGEMENT}:policy/team/Own"
    assert made["policy_id"].startswith("ANPA")
    assert made["tags"] == [{"key": "Cost", "value": ""}, {"key": "team", "value": "data"}]
    assert (made["create_date"], made["update_date"]) == (store.clock.now, store.clock.now)
    assert (made["attachment_count"], made["permissions_boundary_usage_count"]) == (0, 0)
    assert got == {**made, "description": "Reads"}
    assert unquote(found["policy_version"]["document"]) == DOCUMENT


@pytest.mark.parametrize(
    ("params", "kind", "code"),
    [
        ({"policy_document": "{}"}, Invalid, "MalformedPolicyDocument"),
        ({"policy_document": "no JSON"}, Invalid, "MalformedPolicyDocument"),
        (
            {"policy_document": DOCUMENT.replace('"Resource"', '"Principal":"*","Resource"')},
            Invalid,
            "MalformedPolicyDocument",
        ),
        ({"policy_name": "OWN", "path": "/x/"}, Conflict, "EntityAlreadyExists"),
        (
            {"policy_document": DOCUMENT.replace("s3:*", "s3:" + "a" * 6_144)},
            QuotaExceeded,
            "LimitExceeded",
        ),
        (
            {"tags": [{"key": "A", "value": "1"}, {"key": "a", "value": "2"}]},
            Invalid,
            "InvalidInput",
        ),
        ({"tags": [{"key": "aws:a", "value": "1"}]}, Invalid, "InvalidInput"),
    ],
)
def test_what_is_no_good_policy_is_refused(
    store: Store, params: dict[str, Any], kind: type[Refusal], code: str
) -> None:
    with store.write() as tx:
        create(tx)
    refusal = refused(
        store, "CreatePolicy", **{"policy_name": "New", "policy_document": DOCUMENT, **params}
    )
    assert isinstance(refusal, kind)
    assert refusal.code == code
    assert store.count("iam_policies") == 1


def test_an_account_has_so_many_policies(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "POLICIES_PER_ACCOUNT", 2)
    with store.write() as tx:
        create(tx, "One")
        create(tx, "Two")
    refusal = refused(store, "CreatePolicy", policy_name="Three", policy_document=DOCUMENT)
    assert isinstance(refusal, QuotaExceeded)
    with store.write(STRANGER) as tx:
        create(tx, "One")


def test_versions_are_numbered_on_and_five_at_most(store: Store) -> None:
    with store.write() as tx:
        create(tx)
        assert [version(tx) for _ in range(4)] == ["v2", "v3", "v4", "v5"]
    refusal = refused(store, "CreatePolicyVersion", policy_arn=ARN, policy_document=NARROW)
    assert isinstance(refusal, QuotaExceeded)
    assert refusal.code == "LimitExceeded"
    assert refusal.message.startswith("A managed policy can have up to 5 versions.")
    with store.write() as tx:
        run(tx, "DeletePolicyVersion", policy_arn=ARN, version_id="v5")
        assert version(tx) == "v6"
        listed = run(tx, "ListPolicyVersions", policy_arn=ARN)["versions"]
    assert [one["version_id"] for one in listed] == ["v6", "v4", "v3", "v2", "v1"]
    assert [one["version_id"] for one in listed if one["is_default_version"]] == ["v1"]
    assert all("document" not in one for one in listed)


def test_versions_beyond_nine_are_listed_newest_first_in_pages(store: Store) -> None:
    with store.write() as tx:
        create(tx)
        for _ in range(9):
            run(tx, "DeletePolicyVersion", policy_arn=ARN, version_id=version(tx))
        for _ in range(2):
            version(tx)
        first = run(tx, "ListPolicyVersions", policy_arn=ARN, max_items=2)
        rest = run(tx, "ListPolicyVersions", policy_arn=ARN, marker=first["marker"])
    found = [one["version_id"] for one in first["versions"] + rest["versions"]]
    assert found == ["v12", "v11", "v1"]
    assert (first["is_truncated"], rest["is_truncated"]) == (True, False)


def test_the_version_in_effect_is_the_one_that_a_role_has(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", policy_document=DOCUMENT
        )
        roles.attach_role_policy(tx, account_id=MANAGEMENT, role_name="Reader", policy_arn=ARN)
    store.clock.advance(seconds=10)
    with store.write() as tx:
        assert version(tx) == "v2"
        policy = run(tx, "GetPolicy", policy_arn=ARN)["policy"]
    assert policy["default_version_id"] == "v1"
    assert (policy["update_date"], policy["create_date"]) == (
        store.clock.now,
        store.clock.now - 10_000,
    )
    assert text_of_role(store) == DOCUMENT
    with store.write() as tx:
        run(tx, "SetDefaultPolicyVersion", policy_arn=ARN, version_id="v2")
    assert text_of_role(store) == NARROW
    with store.write() as tx:
        assert version(tx, DOCUMENT, set_as_default=True) == "v3"
    assert text_of_role(store) == DOCUMENT
    with store.write() as tx:
        assert run(tx, "GetPolicy", policy_arn=ARN)["policy"]["default_version_id"] == "v3"


def text_of_role(store: Store) -> str:
    with store.write() as tx:
        found = iam.policies_of_role(tx, MANAGEMENT, "Reader")
    assert found is not None
    ((_, text),) = found.managed
    return text


def test_what_is_not_there_is_no_such_entity(store: Store) -> None:
    with store.write() as tx:
        create(tx)
    for name in ("SetDefaultPolicyVersion", "DeletePolicyVersion", "GetPolicyVersion"):
        refusal = refused(store, name, policy_arn=ARN, version_id="v7")
        assert isinstance(refusal, NotFound)
        assert refusal.code == "NoSuchEntity"
        assert refusal.message == f"Policy {ARN} version v7 does not exist or is not attachable."
    missing = f"{ARN}2"
    reads = ("GetPolicy", "ListPolicyVersions", "ListPolicyTags", "ListEntitiesForPolicy")
    for name in (*AWS_CHANGES, *reads):
        refusal = refused(store, name, **params_of(name, missing))
        assert isinstance(refusal, NotFound)
        assert refusal.message == f"Policy {missing} was not found."


def test_another_accounts_policy_does_not_exist(store: Store) -> None:
    with store.write(STRANGER) as tx:
        arn = create(tx)["arn"]
    for name in (*AWS_CHANGES, "ListPolicyVersions", "ListPolicyTags", "ListEntitiesForPolicy"):
        refusal = refused(store, name, **params_of(name, arn))
        assert isinstance(refusal, NotFound)
    with store.write() as tx:
        assert run(tx, "ListPolicies", scope="Local")["policies"] == []


@pytest.mark.parametrize("name", AWS_CHANGES)
def test_awss_own_policies_are_changed_by_nobody(store: Store, name: str) -> None:
    refusal = refused(store, name, **params_of(name, READ_ONLY))
    assert isinstance(refusal, Denied)
    assert refusal.code == "AccessDenied"


def test_the_version_in_effect_is_not_deleted(store: Store) -> None:
    with store.write() as tx:
        create(tx)
        version(tx, set_as_default=True)
    refusal = refused(store, "DeletePolicyVersion", policy_arn=ARN, version_id="v2")
    assert isinstance(refusal, Conflict)
    assert refusal.code == "DeleteConflict"
    assert refusal.message == "Cannot delete the default version of a policy."


def test_a_policy_goes_only_when_nothing_uses_it_and_one_version_is_left(store: Store) -> None:
    role = {"account_id": MANAGEMENT, "role_name": "Reader"}
    user = {"account_id": MANAGEMENT, "user_name": "anna"}
    with store.write(OWNER) as tx:
        a_role(tx)
        users.create_user(tx, **user)
        policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", policy_document=DOCUMENT
        )
        roles.put_role_permissions_boundary(tx, **role, permissions_boundary=ARN)
    assert conflict(store) == "Cannot delete a policy attached to entities."
    with store.write(OWNER) as tx:
        roles.delete_role_permissions_boundary(tx, **role)
        roles.attach_role_policy(tx, **role, policy_arn=ARN)
    assert conflict(store) == "Cannot delete a policy attached to entities."
    with store.write(OWNER) as tx:
        roles.detach_role_policy(tx, **role, policy_arn=ARN)
    with store.write() as tx:
        version(tx)
    assert conflict(store).startswith("This policy has more than one version.")
    with store.write() as tx:
        run(tx, "DeletePolicyVersion", policy_arn=ARN, version_id="v2")
        run(tx, "DeletePolicy", policy_arn=ARN)
    assert store.count("iam_policies") == store.count("iam_policy_versions") == 0
    with store.write() as tx:
        create(tx)


def conflict(store: Store) -> str:
    refusal = refused(store, "DeletePolicy", policy_arn=ARN)
    assert isinstance(refusal, Conflict)
    assert refusal.code == "DeleteConflict"
    return refusal.message


def test_tags_are_added_replaced_and_removed_in_any_case(store: Store) -> None:
    with store.write() as tx:
        create(tx, tags=[{"key": "Team", "value": "a"}])
        more = [{"key": "team", "value": "b"}, {"key": "Äpfel", "value": "c"}]
        run(tx, "TagPolicy", policy_arn=ARN, tags=more)
        listed = run(tx, "ListPolicyTags", policy_arn=ARN)
        first = run(tx, "ListPolicyTags", policy_arn=ARN, max_items=1)
        rest = run(tx, "ListPolicyTags", policy_arn=ARN, marker=first["marker"])
        run(tx, "UntagPolicy", policy_arn=ARN, tag_keys=["TEAM", "nothing"])
        left = run(tx, "GetPolicy", policy_arn=ARN)["policy"]["tags"]
    assert (
        listed["tags"]
        == first["tags"] + rest["tags"]
        == [
            {"key": "team", "value": "b"},
            {"key": "Äpfel", "value": "c"},
        ]
    )
    assert left == [{"key": "Äpfel", "value": "c"}]


def test_a_policy_has_fifty_tags(store: Store) -> None:
    with store.write() as tx:
        create(tx, tags=[{"key": f"k{number}", "value": ""} for number in range(50)])
    refusal = refused(store, "TagPolicy", policy_arn=ARN, tags=[{"key": "more", "value": ""}])
    assert isinstance(refusal, QuotaExceeded)


def test_policies_are_listed_by_scope_path_and_use(store: Store) -> None:
    role = {"account_id": MANAGEMENT, "role_name": "Reader"}
    billing = "arn:aws:iam::aws:policy/job-function/Billing"
    with store.write(OWNER) as tx:
        a_role(tx)
        for name, path in (("own", "/"), ("Team", "/team/"), ("Edge", "/")):
            policies.create_policy(
                tx, account_id=MANAGEMENT, policy_name=name, path=path, policy_document=DOCUMENT
            )
        roles.attach_role_policy(tx, **role, policy_arn=READ_ONLY)
        roles.attach_role_policy(
            tx, **role, policy_arn=f"arn:aws:iam::{MANAGEMENT}:policy/team/Team"
        )
        edge = f"arn:aws:iam::{MANAGEMENT}:policy/Edge"
        roles.put_role_permissions_boundary(tx, **role, permissions_boundary=edge)

    def names(**params: Any) -> list[str]:
        with store.write() as tx:
            found = run(tx, "ListPolicies", max_items=1000, **params)["policies"]
        return [one["policy_name"] for one in found]

    assert names(scope="Local") == ["Edge", "own", "Team"]
    assert names(scope="Local", path_prefix="/team/") == ["Team"]
    assert names(only_attached=True) == ["Edge", "Team", "ReadOnlyAccess"]
    assert names(scope="AWS", only_attached=True) == ["ReadOnlyAccess"]
    assert names(policy_usage_filter="PermissionsBoundary") == ["Edge"]
    assert names(policy_usage_filter="PermissionsPolicy") == ["Team", "ReadOnlyAccess"]
    assert "Billing" in names(path_prefix="/job-function/")
    assert names()[:4] == ["Edge", "own", "Team", names(scope="AWS")[0]]
    with store.write() as tx:
        found = run(tx, "GetPolicy", policy_arn=edge)["policy"]
        every = run(tx, "ListPolicies", only_attached=True)["policies"]
        billed = run(tx, "GetPolicy", policy_arn=billing)["policy"]
    assert (found["attachment_count"], found["permissions_boundary_usage_count"]) == (0, 1)
    assert [one["attachment_count"] for one in every] == [0, 1, 1]
    assert all("description" not in one and "tags" not in one for one in every)
    assert (billed["path"], billed["attachment_count"]) == ("/job-function/", 0)


@pytest.mark.parametrize("size", [1, 3, 7, 400, 1000])
def test_pages_of_policies_show_each_once(store: Store, size: int) -> None:
    with store.write() as tx:
        for name in "abcde":
            create(tx, name)
        params: dict[str, Any] = {"max_items": size}
        if size < 100:
            params["path_prefix"] = "/"
            params["scope"] = "Local"
        seen: list[str] = []
        while True:
            page = run(tx, "ListPolicies", **params)
            seen += [one["arn"] for one in page["policies"]]
            if not page["is_truncated"]:
                break
            assert len(page["policies"]) == size
            params["marker"] = page["marker"]
            assert len(page["marker"]) <= 320
        whole = run(tx, "ListPolicies", scope="Local")["policies"]
        assert [one["arn"] for one in whole] == [arn for arn in seen if "::aws:" not in arn]
        assert len(set(seen)) == len(seen)
        assert (len(seen) > 1_400) == (size >= 100)
        if "marker" in params:
            with pytest.raises(Invalid):
                run(tx, "ListPolicies", scope="AWS", marker=params["marker"])


def test_awss_policies_are_read_in_their_newest_version(store: Store) -> None:
    with store.write() as tx:
        policy = run(tx, "GetPolicy", policy_arn=READ_ONLY)["policy"]
        (only,) = run(tx, "ListPolicyVersions", policy_arn=READ_ONLY)["versions"]
        found = run(
            tx,
            "GetPolicyVersion",
            policy_arn=READ_ONLY,
            version_id=policy["default_version_id"],
        )["policy_version"]
        tags = run(tx, "ListPolicyTags", policy_arn=READ_ONLY)["tags"]
        with pytest.raises(NotFound):
            run(tx, "GetPolicyVersion", policy_arn=READ_ONLY, version_id="v1")
        with pytest.raises(NotFound):
            run(tx, "GetPolicy", policy_arn="arn:aws:iam::aws:policy/Nothing")
    assert policy["policy_name"] == "ReadOnlyAccess"
    assert policy["create_date"] < policy["update_date"]
    assert only["version_id"] == policy["default_version_id"]
    assert only["is_default_version"]
    assert tags == []
    assert '"Effect":"Allow"' in unquote(found["document"])


def test_what_uses_a_policy_is_listed_in_pages(store: Store) -> None:
    with store.write(OWNER) as tx:
        policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", policy_document=DOCUMENT
        )
        for name in ("anna", "ben"):
            users.create_user(tx, account_id=MANAGEMENT, user_name=name)
            users.attach_user_policy(tx, account_id=MANAGEMENT, user_name=name, policy_arn=ARN)
        for name, path in (("One", "/"), ("Two", "/team/"), ("Three", "/")):
            a_role(tx, name, path)
            role = {"account_id": MANAGEMENT, "role_name": name}
            if name != "Three":
                roles.attach_role_policy(tx, **role, policy_arn=ARN)
            if name != "One":
                roles.put_role_permissions_boundary(tx, **role, permissions_boundary=ARN)

    def names(**params: Any) -> list[str]:
        found: list[str] = []
        with store.write() as tx:
            while True:
                page = run(tx, "ListEntitiesForPolicy", policy_arn=ARN, **params)
                assert page["policy_groups"] == []
                found += [one["user_name"] for one in page["policy_users"]]
                found += [one["role_name"] for one in page["policy_roles"]]
                if not page["is_truncated"]:
                    return found
                params["marker"] = page["marker"]

    every = ["anna", "ben", "One", "Two", "Three"]
    for size in (1, 2, 3, 5, 100):
        assert names(max_items=size) == every
    assert names(entity_filter="User") == ["anna", "ben"]
    assert names(entity_filter="Role") == ["One", "Two", "Three"]
    assert names(entity_filter="Group") == []
    assert names(path_prefix="/team/") == ["Two"]
    assert names(policy_usage_filter="PermissionsBoundary") == ["Three", "Two"]
    assert names(policy_usage_filter="PermissionsPolicy") == ["anna", "ben", "One", "Two"]
    with store.write() as tx:
        unused = run(tx, "ListEntitiesForPolicy", policy_arn=READ_ONLY)
    assert unused["policy_users"] == unused["policy_roles"] == []


def test_tags_are_condition_keys_of_the_question(store: Store) -> None:
    def context(tx: Tx, name: str, **params: Any) -> dict[str, Any]:
        access = op(name).access
        assert isinstance(access, Iam)
        call = replace(a_call(ADMINISTRATOR), operation=op(name), params=params)
        (check,) = access.checks(tx, call)
        assert check.resources == (ARN,)
        return dict(check.context)

    tags = [{"key": "team", "value": "data"}]
    asked = {"aws:RequestTag/team": "data", "aws:TagKeys": ("team",)}
    stands = {"aws:ResourceTag/team": "data", "iam:ResourceTag/team": "data"}
    with store.write() as tx:
        assert context(tx, "CreatePolicy", policy_name="Own", tags=tags) == asked
        create(tx, tags=tags)
        assert context(tx, "GetPolicy", policy_arn=ARN) == stands
        assert context(tx, "TagPolicy", policy_arn=ARN, tags=tags) == {**stands, **asked}
        assert context(tx, "UntagPolicy", policy_arn=ARN, tag_keys=["team"]) == {
            **stands,
            "aws:TagKeys": ("team",),
        }
