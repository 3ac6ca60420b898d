"""Role sessions: who gets one, whom it proves, and when it is dead."""

from collections.abc import Callable

import pytest

from genkan.core.call import Signer
from genkan.core.errors import Denied, Invalid
from genkan.core.vault import same, token_hash
from genkan.db.database import Tx
from genkan.iam import policies, roles, users
from genkan.identity_store import operations as identity_store
from genkan.sts import operations as sts
from genkan.sts import sessions, trust
from genkan.sts.records import AssumedRole
from tests.slices.sts.world import MANAGEMENT, OWNER, Provisioned, base
from tests.support.store import Store

ROOT_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
    '{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}]}'
)


def _mint(store: Store, world: Provisioned) -> AssumedRole:
    with store.write() as tx:
        return sessions.mint_assigned(tx, world.content(), source="test")


def _resolves(store: Store, assumed: AssumedRole) -> bool:
    key_id = assumed.credentials.access_key_id
    with store.write() as tx:
        found = sts.resolve_access_key(tx, access_key_id=key_id)
        assert found is not None
        return not found.ended


def test_a_session_proves_the_person_behind_it(store: Store, world: Provisioned) -> None:
    assumed = _mint(store, world)
    with store.write() as tx:
        found = sts.resolve_access_key(tx, access_key_id=assumed.credentials.access_key_id)
    assert found is not None
    assert found.secret_access_key == assumed.credentials.secret_access_key
    assert found.token_hash is not None
    assert same(found.token_hash, token_hash(assumed.credentials.session_token))
    assert found.signer.arn == assumed.assumed_role_user.arn
    assert found.signer.arn.endswith(f"assumed-role/{world.role_name}/alice")
    assert found.signer.person_id == world.people.alice
    assert found.expires_at == store.clock.now + 3_600_000


def test_secret_and_token_are_not_in_the_store_in_clear(store: Store, world: Provisioned) -> None:
    given = _mint(store, world).credentials
    dump = store.everything()
    assert given.access_key_id in dump
    for secret in (given.secret_access_key, given.session_token):
        assert secret not in dump
        assert secret.encode().hex() not in dump.lower()


def test_a_person_without_the_assignment_gets_none(store: Store, world: Provisioned) -> None:
    with store.write() as tx, pytest.raises(Denied, match="No access"):
        sessions.mint_assigned(tx, world.content(subject=world.people.bob), source="test")


def _unassign(tx: Tx, world: Provisioned) -> None:
    people = world.people
    base.unassign(tx, base.MEMBER, people.read_only, people.group, "GROUP")


def _leave_group(tx: Tx, world: Provisioned) -> None:
    people = world.people
    member = {"user_id": people.alice}
    found = base.run(
        tx,
        identity_store,
        "GetGroupMembershipId",
        identity_store_id=base.STORE,
        group_id=people.group,
        member_id=member,
    )
    base.run(
        tx,
        identity_store,
        "DeleteGroupMembership",
        identity_store_id=base.STORE,
        membership_id=found["membership_id"] if isinstance(found, dict) else found.membership_id,
    )


def _delete_group(tx: Tx, world: Provisioned) -> None:
    base.run(
        tx,
        identity_store,
        "DeleteGroup",
        identity_store_id=base.STORE,
        group_id=world.people.group,
    )


def _delete_user(tx: Tx, world: Provisioned) -> None:
    base.run(
        tx,
        identity_store,
        "DeleteUser",
        identity_store_id=base.STORE,
        user_id=world.people.alice,
    )


def _disable(tx: Tx, world: Provisioned) -> None:
    identity_store.set_user_status(
        tx, identity_store_id=base.STORE, user_id=world.people.alice, status="DISABLED"
    )


@pytest.mark.parametrize("end", [_unassign, _leave_group, _delete_group, _delete_user, _disable])
def test_losing_the_right_ends_the_session_at_once(
    store: Store, world: Provisioned, end: Callable[[Tx, Provisioned], None]
) -> None:
    assumed = _mint(store, world)
    assert _resolves(store, assumed)
    with store.write() as tx:
        end(tx, world)
    assert not _resolves(store, assumed)


def test_a_role_made_anew_under_the_same_name_is_not_the_sessions_role(
    store: Store, world: Provisioned
) -> None:
    assumed = _mint(store, world)
    with store.write(OWNER) as tx:
        roles.delete_role(tx, account_id=base.MEMBER, role_name=world.role_name)
        roles.put_role(
            tx,
            account_id=base.MEMBER,
            role_name=world.role_name,
            path="/aws-reserved/sso.amazonaws.com/",
            assume_role_policy_document=ROOT_TRUST % MANAGEMENT,
        )
    assert not _resolves(store, assumed)


def test_an_expired_session_is_told_apart_from_an_unknown_one(
    store: Store, world: Provisioned
) -> None:
    assumed = _mint(store, world)
    store.clock.advance(seconds=3600)
    with store.write() as tx:
        found = sts.resolve_access_key(tx, access_key_id=assumed.credentials.access_key_id)
        unknown = sts.resolve_access_key(tx, access_key_id="ASIAAAAAAAAAAAAAAAAA")
    assert found is not None
    assert found.expires_at == store.clock.now
    assert not found.ended
    assert unknown is None


def test_the_door_refuses_a_session_that_died_after_its_signature_was_checked(
    store: Store, world: Provisioned
) -> None:
    assumed = _mint(store, world)
    with store.write() as tx:
        found = sts.resolve_access_key(tx, access_key_id=assumed.credentials.access_key_id)
        assert found is not None
        trust.standing(tx, found.signer)
        _unassign(tx, world)
        with pytest.raises(Denied):
            trust.standing(tx, found.signer)


def _chain(store: Store, caller: Signer, **asked: object) -> AssumedRole:
    with store.write(caller) as tx:
        return sts.assume_role(
            tx,
            role_arn=f"arn:aws:iam::{base.OTHER}:role/Target",
            role_session_name="next",
            **asked,  # type: ignore[arg-type]
        )


def _target(store: Store, trusting: str, caller_may: bool) -> None:
    with store.write(OWNER) as tx:
        roles.put_role(
            tx,
            account_id=base.OTHER,
            role_name="Target",
            max_session_duration=43_200,
            assume_role_policy_document=ROOT_TRUST % trusting,
        )
        if caller_may:
            users.create_user(tx, account_id=MANAGEMENT, user_name="administrator")
            users.attach_user_policy(
                tx,
                account_id=MANAGEMENT,
                user_name="administrator",
                policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
            )


def _alice(store: Store, world: Provisioned) -> tuple[Signer, AssumedRole]:
    assumed = _mint(store, world)
    with store.write(OWNER) as tx:
        policies.create_policy(
            tx,
            account_id=base.MEMBER,
            policy_name="Assume",
            policy_document='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
            '"Action":"sts:AssumeRole","Resource":"*"}]}',
        )
        roles.attach_role_policy(
            tx,
            account_id=base.MEMBER,
            role_name=world.role_name,
            policy_arn=f"arn:aws:iam::{base.MEMBER}:policy/Assume",
        )
        found = sts.resolve_access_key(tx, access_key_id=assumed.credentials.access_key_id)
    assert found is not None
    return found.signer, assumed


def test_a_chained_session_needs_the_trust_of_the_role(store: Store, world: Provisioned) -> None:
    caller, _ = _alice(store, world)
    _target(store, MANAGEMENT, caller_may=False)
    with pytest.raises(Denied, match="is not authorized to perform: sts:AssumeRole"):
        _chain(store, caller)


def test_a_chained_session_dies_with_the_right_of_its_parent(
    store: Store, world: Provisioned
) -> None:
    caller, _ = _alice(store, world)
    _target(store, base.MEMBER, caller_may=False)
    chained = _chain(store, caller)
    assert _resolves(store, chained)
    with store.write() as tx:
        _unassign(tx, world)
    assert not _resolves(store, chained)


def test_a_chained_session_outlives_its_parents_expiry_but_not_an_hour(
    store: Store, world: Provisioned
) -> None:
    caller, _ = _alice(store, world)
    _target(store, base.MEMBER, caller_may=False)
    store.clock.advance(seconds=3000)
    chained = _chain(store, caller)
    store.clock.advance(seconds=1200)
    assert _resolves(store, chained)
    with pytest.raises(Denied):
        _chain(store, caller)  # the parent itself has expired


def test_role_chaining_is_limited_to_one_hour(store: Store, world: Provisioned) -> None:
    caller, _ = _alice(store, world)
    _target(store, base.MEMBER, caller_may=False)
    with pytest.raises(Invalid, match="1 hour session limit for roles assumed by role chaining"):
        _chain(store, caller, duration_seconds=3601)


def test_what_is_not_honoured_is_refused_rather_than_ignored(
    store: Store, world: Provisioned
) -> None:
    caller, _ = _alice(store, world)
    _target(store, base.MEMBER, caller_may=False)
    with pytest.raises(Invalid, match="SourceIdentity"):
        _chain(store, caller, source_identity="alice")


def test_tag_keys_that_differ_in_case_only_are_duplicates(store: Store, world: Provisioned) -> None:
    caller, _ = _alice(store, world)
    _target(store, base.MEMBER, caller_may=False)
    tags = [{"key": "Team", "value": "a"}, {"key": "team", "value": "b"}]
    with pytest.raises(Invalid, match="Duplicate tag keys found"):
        _chain(store, caller, tags=tags)
