"""Databases that one test after the other is given."""

import pytest

from tests.support import engines
from tests.support.engines import PostgresData

ROW = "INSERT INTO organization_service_access VALUES ('x', 0)"


@pytest.fixture
def nothing_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_free", [])
    monkeypatch.setattr(engines, "_LOCK_TIMEOUT", "100ms")


@pytest.mark.usefixtures("nothing_free")
def test_a_database_is_given_again_without_its_rows() -> None:
    data = PostgresData.lease()
    data.raw.execute(ROW)
    data.close()
    again = PostgresData.lease()
    assert again.dsn == data.dsn
    assert again.rows("SELECT 1 FROM organization_service_access") == []
    again.raw.close()


@pytest.mark.usefixtures("nothing_free")
def test_a_database_that_somebody_holds_on_to_is_not_given_again() -> None:
    data = PostgresData.lease()
    left = data.another()
    left.begin()
    left.raw.execute(ROW)
    left.raw.execute("LOCK TABLE organization_service_access IN EXCLUSIVE MODE")
    data.close()
    other = PostgresData.lease()
    assert other.dsn != data.dsn
    other.raw.close()
    left.close()


@pytest.mark.usefixtures("nothing_free")
def test_a_database_whose_connection_is_gone_is_not_given_again() -> None:
    data = PostgresData.lease()
    data.raw.close()
    data.close()
    other = PostgresData.lease()
    assert other.dsn != data.dsn
    other.raw.close()
