"""AssumeRoleWithSAML behind the verification: one exchange, the named person, the named role."""

import pytest

from genkan.core.errors import Denied, Invalid
from genkan.iam import roles
from genkan.sts import operations as sts
from genkan.sts.records import AssumedRoleWithSaml
from tests.slices.sts.world import OWNER, Provisioned, base
from tests.support.store import Store


def _exchange(store: Store, world: Provisioned, **changed: object) -> AssumedRoleWithSaml:
    asked = {"role_arn": world.role_arn, "principal_arn": world.provider_arn}
    claims = world.claims(**{key: value for key, value in changed.items() if key not in asked})
    asked |= {key: str(value) for key, value in changed.items() if key in asked}
    with store.write() as tx:
        return sts.assume_role_with_saml(tx, claims=claims, **asked)  # type: ignore[arg-type]


def test_an_assertion_gives_the_named_person_a_session(store: Store, world: Provisioned) -> None:
    given = _exchange(store, world)
    assert given.assumed_role_user.arn.endswith(f"{world.role_name}/alice")
    assert given.audience == "https://signin.aws.amazon.com/saml"
    assert given.credentials.expiration == store.clock.now + 3_600_000
    assert given.audit_account == base.MEMBER


def test_an_assertion_is_exchanged_once(store: Store, world: Provisioned) -> None:
    _exchange(store, world)
    with pytest.raises(Invalid, match="used before") as refused:
        _exchange(store, world)
    assert refused.value.code == "InvalidIdentityToken"
    _exchange(store, world, assertion_id="urn:test#_2")


@pytest.mark.parametrize(
    "changed",
    [
        {"roles": ()},
        {"roles": (("arn:aws:iam::222233334444:role/Other", "x"),)},
        {"role_arn": "arn:aws:iam::222233334444:role/Other"},
        {"recipient": "https://evil.example/saml"},
        {"principal_arn": "arn:aws:iam::333344445555:saml-provider/Elsewhere"},
    ],
)
def test_a_role_that_is_not_named_or_does_not_trust_is_refused(
    store: Store, world: Provisioned, changed: dict[str, object]
) -> None:
    with pytest.raises(Denied, match="Not authorized to perform sts:AssumeRoleWithSAML"):
        _exchange(store, world, **changed)


@pytest.mark.parametrize("subject", ["", "somebody", "bob"])
def test_a_role_of_identity_center_needs_an_assigned_person(
    store: Store, world: Provisioned, subject: str
) -> None:
    who = world.people.bob if subject == "bob" else subject
    with pytest.raises(Denied):
        _exchange(store, world, subject=who)


def test_the_identity_providers_session_end_cuts_the_role_session(
    store: Store, world: Provisioned
) -> None:
    given = _exchange(store, world, session_ends_at=store.clock.now + 1_000_000)
    assert given.credentials.expiration == store.clock.now + 1_000_000
    with pytest.raises(Invalid) as refused:
        _exchange(store, world, assertion_id="b", session_ends_at=store.clock.now)
    assert refused.value.code == "ExpiredTokenException"


def test_another_identity_providers_role_needs_no_person_of_ours(
    store: Store, world: Provisioned
) -> None:
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"'
        + world.provider_arn
        + '"},"Action":"sts:AssumeRoleWithSAML"}]}'
    )
    with store.write(OWNER) as tx:
        role = roles.put_role(
            tx, account_id=base.MEMBER, role_name="Partner", assume_role_policy_document=trust
        )
    pair = ((role.arn, world.provider_arn),)
    given = _exchange(store, world, role_arn=role.arn, roles=pair, subject="partner-7")
    assert given.assumed_role_user.arn.endswith("Partner/alice")
    with pytest.raises(Denied, match="sts:TagSession"):
        _exchange(store, world, role_arn=role.arn, roles=pair, tags={"team": "a"}, assertion_id="c")
