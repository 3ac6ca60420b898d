"""IAM's reads: the caller's own account, in IAM's shapes and words."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from genkan.core.call import Call, Iam, Operation, Owner, Signer
from genkan.core.errors import Denied, Invalid, NotFound
from genkan.db.database import Tx
from genkan.iam import operations as iam
from genkan.iam import policies, roles, saml_providers
from tests.support.store import ADMINISTRATOR, MANAGEMENT, Store, a_call

OTHER = "222233334444"
OWNER = Owner(reason="test")
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},'
    '"Action":"sts:AssumeRole"}]}'
)
DOCUMENT = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"a1","Effect":"Allow","Action":"s3:*",'
    '"Resource":"arn:aws:s3:::~b-1_2.3/*"}]}'
)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


def run(tx: Tx, name: str, /, **params: Any) -> Any:
    return op(name).run(tx, **params)


def op(name: str) -> Operation:
    return next(one for one in iam.OPERATIONS if one.name == name)


def a_role(tx: Tx, name: str = "Reader", path: str = "/", account_id: str = MANAGEMENT) -> None:
    roles.put_role(
        tx, account_id=account_id, role_name=name, path=path, assume_role_policy_document=TRUST
    )


def test_a_role_is_got_with_everything_iam_tells(store: Store) -> None:
    with store.write(OWNER) as tx:
        roles.put_role(
            tx,
            account_id=MANAGEMENT,
            role_name="Reader",
            path="/team/",
            assume_role_policy_document=TRUST,
            description="Reads",
            max_session_duration=7200,
            tags=(("team", "data"),),
        )
        roles.put_role_permissions_boundary(
            tx, account_id=MANAGEMENT, role_name="Reader", permissions_boundary=READ_ONLY
        )
    with store.write() as tx:
        role = run(tx, "GetRole", role_name="Reader")["role"]
    assert role["arn"] == f"arn:aws:iam::{MANAGEMENT}:role/team/Reader"
    assert role["role_id"].startswith("AROA")
    assert role["create_date"] == store.clock.now
    assert role["max_session_duration"] == 7200
    assert role["permissions_boundary"]["permissions_boundary_arn"] == READ_ONLY
    assert role["tags"] == [{"key": "team", "value": "data"}]
    assert unquote(role["assume_role_policy_document"]) == TRUST


def test_documents_are_url_encoded_by_rfc_3986(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        roles.put_role_policy(
            tx,
            account_id=MANAGEMENT,
            role_name="Reader",
            policy_name="inline",
            policy_document=DOCUMENT,
        )
    with store.write() as tx:
        found = run(tx, "GetRolePolicy", role_name="Reader", policy_name="inline")
    encoded = found["policy_document"]
    assert encoded.startswith("%7B%22Version%22%3A%222012-10-17%22%2C")
    assert "~b-1_2.3%2F%2A" in encoded
    assert "+" not in encoded
    assert unquote(encoded) == DOCUMENT


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("GetRole", {"role_name": "X"}, "The role with name X cannot be found."),
        ("ListRolePolicies", {"role_name": "X"}, "The role with name X cannot be found."),
        ("ListAttachedRolePolicies", {"role_name": "X"}, "The role with name X cannot be found."),
        (
            "GetRolePolicy",
            {"role_name": "Reader", "policy_name": "P"},
            "The role policy with name P cannot be found.",
        ),
        (
            "GetSAMLProvider",
            {"saml_provider_arn": f"arn:aws:iam::{MANAGEMENT}:saml-provider/X"},
            f"Manifest not found for arn arn:aws:iam::{MANAGEMENT}:saml-provider/X",
        ),
        (
            "GetPolicy",
            {"policy_arn": f"arn:aws:iam::{MANAGEMENT}:policy/X"},
            f"Policy arn:aws:iam::{MANAGEMENT}:policy/X was not found.",
        ),
    ],
)
def test_what_does_not_exist_is_no_such_entity(
    store: Store, name: str, params: dict[str, str], message: str
) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
    with store.write() as tx, pytest.raises(NotFound) as refusal:
        run(tx, name, **params)
    assert refusal.value.code == "NoSuchEntity"
    assert refusal.value.message == message


def test_another_accounts_things_do_not_exist_for_the_caller(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx, account_id=OTHER)
        provider = saml_providers.put_saml_provider(
            tx, account_id=OTHER, name="idp", saml_metadata_document="<x/>"
        )
        policy = policies.create_policy(
            tx, account_id=OTHER, policy_name="Own", policy_document=DOCUMENT
        )
    with store.write() as tx:
        assert run(tx, "ListRoles")["roles"] == []
        assert run(tx, "ListSAMLProviders") == {"saml_provider_list": []}
        for name, params in (
            ("GetRole", {"role_name": "Reader"}),
            ("GetSAMLProvider", {"saml_provider_arn": provider.arn}),
            ("GetPolicy", {"policy_arn": policy.policy_arn}),
            ("GetPolicyVersion", {"policy_arn": policy.policy_arn, "version_id": "v1"}),
        ):
            with pytest.raises(NotFound):
                run(tx, name, **params)


def test_pages_of_roles_show_each_once(store: Store) -> None:
    with store.write(OWNER) as tx:
        for number in range(5):
            a_role(tx, f"Role{number}")
    with store.write() as tx:
        first = run(tx, "ListRoles", max_items=3)
        second = run(tx, "ListRoles", max_items=3, marker=first["marker"])
        with pytest.raises(Invalid) as refusal:
            run(tx, "ListRoles", path_prefix="/other/", marker=first["marker"])
    assert first["is_truncated"]
    assert not second["is_truncated"]
    assert second["marker"] is None
    names = [role["role_name"] for role in first["roles"] + second["roles"]]
    assert names == [f"Role{number}" for number in range(5)]
    assert refusal.value.code == "ValidationError"


def test_roles_are_listed_by_path_prefix_without_wildcards(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx, "Plain")
        a_role(tx, "Reserved", "/aws-reserved/sso.amazonaws.com/")
        a_role(tx, "Trap", "/aws_reserved/")
    with store.write() as tx:
        found = run(tx, "ListRoles", path_prefix="/aws-reserved/")["roles"]
        none = run(tx, "ListRoles", path_prefix="/%/")["roles"]
    assert [role["role_name"] for role in found] == ["Reserved"]
    assert none == []


def test_attached_policies_are_listed_by_path_and_page(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        for policy_arn in (READ_ONLY, BILLING):
            roles.attach_role_policy(
                tx, account_id=MANAGEMENT, role_name="Reader", policy_arn=policy_arn
            )
    with store.write() as tx:
        listed = run(tx, "ListAttachedRolePolicies", role_name="Reader")
        jobs = run(tx, "ListAttachedRolePolicies", role_name="Reader", path_prefix="/job-function/")
        first = run(tx, "ListAttachedRolePolicies", role_name="Reader", max_items=1)
        second = run(tx, "ListAttachedRolePolicies", role_name="Reader", marker=first["marker"])
    assert listed["attached_policies"] == [
        {"policy_name": "ReadOnlyAccess", "policy_arn": READ_ONLY},
        {"policy_name": "Billing", "policy_arn": BILLING},
    ]
    assert [one["policy_arn"] for one in jobs["attached_policies"]] == [BILLING]
    assert first["is_truncated"]
    assert first["attached_policies"] + second["attached_policies"] == listed["attached_policies"]


def test_a_page_goes_on_where_the_last_one_ended_whatever_is_gone_since(store: Store) -> None:
    named = {"account_id": MANAGEMENT, "role_name": "Reader"}
    with store.write(OWNER) as tx:
        a_role(tx)
        for policy_arn in (READ_ONLY, BILLING):
            roles.attach_role_policy(tx, **named, policy_arn=policy_arn)
        made = policies.create_policy(
            tx,
            account_id=MANAGEMENT,
            policy_name="Tagged",
            policy_document=DOCUMENT,
            tags=(("a" * 127 + "あ", "1"), ("a" * 128, "2"), ("b", "3")),
        )
    arn = {"policy_arn": made.policy_arn}
    with store.write() as tx:
        first = run(tx, "ListAttachedRolePolicies", role_name="Reader", max_items=1)
        tags = run(tx, "ListPolicyTags", **arn, max_items=2)
        assert len(tags["marker"]) <= 320
    with store.write(OWNER) as tx:
        roles.detach_role_policy(tx, **named, policy_arn=READ_ONLY)
    with store.write() as tx:
        run(tx, "UntagPolicy", **arn, tag_keys=[tags["tags"][-1]["key"]])
        second = run(tx, "ListAttachedRolePolicies", role_name="Reader", marker=first["marker"])
        rest = run(tx, "ListPolicyTags", **arn, marker=tags["marker"])
    assert [one["policy_arn"] for one in second["attached_policies"]] == [BILLING]
    assert [one["key"] for one in rest["tags"]] == ["b"]


def test_markers_are_short_enough_to_be_sent_back(store: Store) -> None:
    path = "/" + "p" * 510 + "/"
    with store.write(OWNER) as tx:
        for number in range(3):
            a_role(tx, f"{number}" * 64, path)
            made = policies.create_policy(
                tx,
                account_id=MANAGEMENT,
                policy_name=f"{number}" * 128,
                path=path,
                policy_document=DOCUMENT,
            )
            where = {"account_id": MANAGEMENT, "role_name": "0" * 64}
            roles.attach_role_policy(tx, **where, policy_arn=made.policy_arn)
            roles.put_role_policy(
                tx, **where, policy_name=f"{number}" * 128, policy_document=DOCUMENT
            )
    for name, params in (
        ("ListRoles", {}),
        ("ListRolePolicies", {"role_name": "0" * 64}),
        ("ListAttachedRolePolicies", {"role_name": "0" * 64}),
    ):
        with store.write() as tx:
            marker, pages = None, 0
            while True:
                answer = run(tx, name, max_items=1, marker=marker, **params)
                pages += 1
                marker = answer["marker"]
                if marker is None:
                    break
                assert len(marker) <= 320
        assert pages == 3


def test_saml_providers_show_metadata_and_a_distant_end(store: Store) -> None:
    with store.write(OWNER) as tx:
        made = saml_providers.put_saml_provider(
            tx, account_id=MANAGEMENT, name="idp", saml_metadata_document="<old/>"
        )
        store.clock.advance(seconds=60)
        saml_providers.put_saml_provider(
            tx, account_id=MANAGEMENT, name="idp", saml_metadata_document="<new/>"
        )
    with store.write() as tx:
        (listed,) = run(tx, "ListSAMLProviders")["saml_provider_list"]
        got = run(tx, "GetSAMLProvider", saml_provider_arn=made.arn)
    assert listed["arn"] == made.arn
    assert got["saml_metadata_document"] == "<new/>"
    assert got["create_date"] == made.created_at
    assert got["saml_provider_uuid"] == made.uuid
    assert got["valid_until"] > made.created_at + 99 * 365 * 86_400_000


def test_what_is_no_arn_is_invalid(store: Store) -> None:
    with store.write() as tx, pytest.raises(Invalid) as refusal:
        run(tx, "GetSAMLProvider", saml_provider_arn="not an arn of anything")
    assert refusal.value.code == "ValidationError"


def test_a_customer_managed_policy_is_got_with_its_version(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        made = policies.create_policy(
            tx, account_id=MANAGEMENT, policy_name="Own", path="/team/", policy_document=DOCUMENT
        )
        roles.attach_role_policy(
            tx, account_id=MANAGEMENT, role_name="Reader", policy_arn=made.policy_arn
        )
    with store.write() as tx:
        policy = run(tx, "GetPolicy", policy_arn=made.policy_arn)["policy"]
        version = run(tx, "GetPolicyVersion", policy_arn=made.policy_arn, version_id="v1")[
            "policy_version"
        ]
        with pytest.raises(NotFound):
            run(tx, "GetPolicyVersion", policy_arn=made.policy_arn, version_id="v2")
    assert made.policy_arn == f"arn:aws:iam::{MANAGEMENT}:policy/team/Own"
    assert policy["attachment_count"] == 1
    assert policy["default_version_id"] == "v1"
    assert unquote(version["document"]) == DOCUMENT


def test_who_holds_no_access_key_is_denied(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx)
        with pytest.raises(Denied):
            run(tx, "GetRole", role_name="Reader")


def test_a_role_is_asked_about_by_its_own_arn(store: Store) -> None:
    with store.write(OWNER) as tx:
        a_role(tx, path="/team/")
    with store.write() as tx:
        known = resources(tx, "GetRole", {"role_name": "Reader"})
        unknown = resources(tx, "GetRole", {"role_name": "X"})
        listed = resources(tx, "ListRoles", {})
    assert known == ("iam:GetRole", (f"arn:aws:iam::{MANAGEMENT}:role/team/Reader",))
    assert unknown == ("iam:GetRole", (f"arn:aws:iam::{MANAGEMENT}:role/X",))
    assert listed == ("iam:ListRoles", (f"arn:aws:iam::{MANAGEMENT}:role/",))


def test_every_operation_asks_for_its_own_action_in_the_callers_account(store: Store) -> None:
    params = {
        "role_name": "X",
        "policy_name": "P",
        "saml_provider_arn": "arn",
        "policy_arn": "arn",
    }
    with store.write() as tx:
        for operation in iam.OPERATIONS:
            assert resources(tx, operation.name, params)[0] == f"iam:{operation.name}"
            assert isinstance(operation.access, Iam)
            assert operation.access.owner is None
            assert not operation.access.delegable


def resources(tx: Tx, name: str, params: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    operation = op(name)
    call: Call = replace(a_call(ADMINISTRATOR), operation=operation, params=params)
    assert isinstance(call.caller, Signer)
    assert isinstance(operation.access, Iam)
    (check,) = operation.access.checks(tx, call)
    return check.action, check.resources
