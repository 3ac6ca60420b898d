"""Tags of applications and trusted token issuers, found and kept by ARN."""

import pytest

from genkan.applications import operations as applications
from genkan.core.errors import NotFound
from genkan.db.database import Tx
from tests.slices.applications.world import OTHER_INSTANCE_ID, an_application, an_issuer, run
from tests.slices.assignments.world import INSTANCE_ID, MEMBER
from tests.support.store import MANAGEMENT, Store

GIVEN = [{"key": "team", "value": "docs"}]


@pytest.fixture(autouse=True)
def everywhere(world: object) -> None:
    """Each test has the world."""


def both(tx: Tx) -> tuple[str, str]:
    return an_application(tx, tags=GIVEN), an_issuer(tx, tags=GIVEN)


def test_tags_are_those_given_until_others_are_set(store: Store) -> None:
    with store.write() as tx:
        made = both(tx)
        for arn in made:
            assert applications.tags_of(tx, arn) == (("team", "docs"),)
            applications.set_tags(tx, arn, (("a", "1"), ("b", "")))
            assert applications.tags_of(tx, arn) == (("a", "1"), ("b", ""))
        applications.set_tags(tx, made[0], ())
        assert applications.tags_of(tx, made[0]) == ()
        assert applications.tags_of(tx, made[1]) == (("a", "1"), ("b", ""))


def test_setting_tags_changes_nothing_else(store: Store) -> None:
    with store.write() as tx:
        application, issuer = both(tx)

        def described() -> tuple[object, object]:
            return (
                run(tx, "DescribeApplication", application_arn=application),
                run(tx, "DescribeTrustedTokenIssuer", trusted_token_issuer_arn=issuer),
            )

        before = described()
        for arn in (application, issuer):
            applications.set_tags(tx, arn, ())
        assert described() == before


def test_an_update_keeps_the_tags(store: Store) -> None:
    with store.write() as tx:
        application, issuer = both(tx)
        run(tx, "UpdateApplication", application_arn=application, name="Other")
        run(tx, "UpdateTrustedTokenIssuer", trusted_token_issuer_arn=issuer, name="Other")
        for arn in (application, issuer):
            assert applications.tags_of(tx, arn) == (("team", "docs"),)


def test_what_is_not_there_has_no_tags(store: Store) -> None:
    with store.write() as tx:
        for arn in both(tx):
            for wrong in (
                arn[:-4] + "0000",
                arn.replace(MANAGEMENT, MEMBER),
                arn.replace(INSTANCE_ID, OTHER_INSTANCE_ID),
            ):
                with pytest.raises(NotFound):
                    applications.tags_of(tx, wrong)
                with pytest.raises(NotFound):
                    applications.set_tags(tx, wrong, ())
