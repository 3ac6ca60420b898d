"""Trusted token issuers."""

import re
from typing import Any

import pytest

from genkan.core import arns
from genkan.core.errors import Conflict, Invalid, NotFound, QuotaExceeded
from genkan.db.database import Tx
from tests.slices.applications.world import (
    OIDC,
    OTHER_INSTANCE,
    OTHER_INSTANCE_ID,
    all_pages,
    an_application,
    an_issuer,
    run,
)
from tests.slices.assignments.world import INSTANCE_ARN, INSTANCE_ID, MEMBER
from tests.support.store import MANAGEMENT, Store

ZEROS = "tti-00000000-0000-0000-0000-000000000000"
NOWHERE = arns.trusted_token_issuer(MANAGEMENT, INSTANCE_ID, ZEROS)


@pytest.fixture(autouse=True)
def everywhere(world: object) -> None:
    """Each test has the world."""


def described(tx: Tx, arn: str) -> Any:
    return run(tx, "DescribeTrustedTokenIssuer", trusted_token_issuer_arn=arn)


def update(tx: Tx, arn: str, **change: Any) -> None:
    configuration = {key: change.pop(key) for key in tuple(change) if key in OIDC}
    if configuration:
        change["trusted_token_issuer_configuration"] = {"oidc_jwt_configuration": configuration}
    assert run(tx, "UpdateTrustedTokenIssuer", trusted_token_issuer_arn=arn, **change) == {}


def test_an_issuer_is_described_as_it_was_made(store: Store) -> None:
    with store.write() as tx:
        arn = an_issuer(tx, "Issuer")
        found = described(tx, arn)
    shape = f"arn:aws:sso::{MANAGEMENT}:trustedTokenIssuer/{INSTANCE_ID}/tti-[0-9a-f-]{{36}}"
    assert re.fullmatch(shape, arn)
    assert found == {
        "trusted_token_issuer_arn": arn,
        "name": "Issuer",
        "trusted_token_issuer_type": "OIDC_JWT",
        "trusted_token_issuer_configuration": {"oidc_jwt_configuration": OIDC},
    }


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"claim_attribute_path": "sub"},
        {"identity_store_attribute_path": "userName"},
        {"name": "Other", "claim_attribute_path": "sub"},
        {},
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    store: Store, change: dict[str, str]
) -> None:
    with store.write() as tx:
        arn = an_issuer(tx)
        before = described(tx, arn)
        update(tx, arn, **change)
        after = described(tx, arn)
    name = change.get("name", before["name"])
    configuration = {**OIDC, **{key: value for key, value in change.items() if key in OIDC}}
    assert after == {
        **before,
        "name": name,
        "trusted_token_issuer_configuration": {"oidc_jwt_configuration": configuration},
    }


def test_a_url_has_one_issuer_in_an_instance(store: Store) -> None:
    with store.write() as tx:
        first = an_issuer(tx, "First")
        with pytest.raises(Conflict, match=f"{OIDC['issuer_url']} already exists"):
            an_issuer(tx, "Second")
        an_issuer(tx, "First", issuer_url="https://other.example.com")
        an_issuer(tx, "First", instance_arn=OTHER_INSTANCE)
        run(tx, "DeleteTrustedTokenIssuer", trusted_token_issuer_arn=first)
        an_issuer(tx, "Second")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"issuer_url": "https://a.example/.well-known/openid-configuration"},
            "must not contain /.well-known/openid-configuration",
        ),
        (
            {"issuer_url": "https://a.example/.well-known/openid-configuration/"},
            "must not contain /.well-known/openid-configuration",
        ),
        ({"identity_store_attribute_path": "displayName"}, "attribute path displayName is not"),
        ({"identity_store_attribute_path": "username"}, "attribute path username is not"),
    ],
)
def test_an_issuer_that_could_find_nobody_is_invalid(
    store: Store, wrong: dict[str, str], sentence: str
) -> None:
    with store.write() as tx:
        with pytest.raises(Invalid, match=sentence):
            an_issuer(tx, **wrong)
        if "issuer_url" not in wrong:
            arn = an_issuer(tx)
            with pytest.raises(Invalid, match=sentence):
                update(tx, arn, **wrong)


def test_an_instance_has_ten_issuers(store: Store) -> None:
    with store.write() as tx:
        for number in range(10):
            last = an_issuer(
                tx, issuer_url=f"https://{number}.example.com", client_token=f"{number}"
            )
        with pytest.raises(QuotaExceeded, match="at most 10"):
            an_issuer(tx, issuer_url="https://ten.example.com")
        again = an_issuer(tx, issuer_url="https://9.example.com", client_token="9")
        assert again == last
        an_issuer(tx, instance_arn=OTHER_INSTANCE)


def test_issuers_are_listed_page_by_page_without_their_configuration(store: Store) -> None:
    with store.write() as tx:
        made = sorted(
            an_issuer(tx, f"I{number}", issuer_url=f"https://{number}.example.com")
            for number in range(5)
        )
        an_issuer(tx, "Elsewhere", instance_arn=OTHER_INSTANCE)
        first = run(tx, "ListTrustedTokenIssuers", instance_arn=INSTANCE_ARN, max_results=2)
        run(tx, "DeleteTrustedTokenIssuer", trusted_token_issuer_arn=made[1])
        rest = run(
            tx,
            "ListTrustedTokenIssuers",
            instance_arn=INSTANCE_ARN,
            next_token=first["next_token"],
        )
        whole = all_pages(
            tx, "ListTrustedTokenIssuers", "trusted_token_issuers", instance_arn=INSTANCE_ARN
        )
        (theirs,) = all_pages(
            tx, "ListTrustedTokenIssuers", "trusted_token_issuers", instance_arn=OTHER_INSTANCE
        )
        with pytest.raises(Invalid, match="pagination token"):
            run(
                tx,
                "ListTrustedTokenIssuers",
                instance_arn=OTHER_INSTANCE,
                next_token=first["next_token"],
            )
        expected = {
            key: value
            for key, value in described(tx, made[0]).items()
            if key != "trusted_token_issuer_configuration"
        }
    found = first["trusted_token_issuers"] + rest["trusted_token_issuers"]
    assert [one["trusted_token_issuer_arn"] for one in found] == made
    assert [one["trusted_token_issuer_arn"] for one in whole] == [made[0], *made[2:]]
    assert whole[0] == expected
    assert theirs["name"] == "Elsewhere"


@pytest.mark.parametrize(
    "operation",
    ["DescribeTrustedTokenIssuer", "UpdateTrustedTokenIssuer", "DeleteTrustedTokenIssuer"],
)
def test_an_issuer_that_is_not_there_is_not_found(store: Store, operation: str) -> None:
    with store.write() as tx:
        arn = an_issuer(tx)
        for wrong in (
            NOWHERE,
            arn.replace(MANAGEMENT, MEMBER),
            arn.replace(INSTANCE_ID, OTHER_INSTANCE_ID),
        ):
            with pytest.raises(NotFound, match=f"{wrong} was not found"):
                run(tx, operation, trusted_token_issuer_arn=wrong)
        run(tx, operation, trusted_token_issuer_arn=arn)


def test_a_grant_outlives_the_issuer_that_it_names_and_cannot_be_put_again(store: Store) -> None:
    """As on AWS the deletion is not refused; the applications lose access (reference §15.1)."""
    with store.write() as tx:
        issuer, arn = an_issuer(tx), an_application(tx)
        grant = {
            "application_arn": arn,
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "grant": {
                "jwt_bearer": {"authorized_token_issuers": [{"trusted_token_issuer_arn": issuer}]}
            },
        }
        run(tx, "PutApplicationGrant", **grant)
        run(tx, "DeleteTrustedTokenIssuer", trusted_token_issuer_arn=issuer)
        found = run(tx, "GetApplicationGrant", application_arn=arn, grant_type=grant["grant_type"])
        assert found["grant"] == grant["grant"]
        with pytest.raises(NotFound, match=issuer):
            run(tx, "PutApplicationGrant", **grant)


def test_a_request_sent_again_is_answered_again(store: Store) -> None:
    with store.write() as tx:
        first = an_issuer(tx, "Issuer", client_token="once")
        update(tx, first, name="Renamed")
        assert an_issuer(tx, "Issuer", client_token="once") == first
        for other in (
            {"name": "Other"},
            {"issuer_url": "https://other.example.com"},
            {"claim_attribute_path": "sub"},
            {"tags": [{"key": "a", "value": "b"}]},
        ):
            with pytest.raises(Conflict, match="client token"):
                an_issuer(tx, **{"name": "Issuer", **other}, client_token="once")
        assert an_issuer(tx, "Issuer", client_token="once", instance_arn=OTHER_INSTANCE) != first
    assert store.count("trusted_token_issuers") == 2
