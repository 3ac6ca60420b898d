"""`docs/coverage.md` says what is true: every operation of every model, served or with a reason."""

import pytest

from genkan.fronts.aws import gateway
from genkan.fronts.aws.services import SERVICES
from scripts import coverage
from scripts.not_yet import NOT_YET
from tests.tree.files import ROOT

MODELS = sorted(path.stem for path in (ROOT / "genkan/protocols/aws/models").glob("*.json"))


def test_every_shipped_model_is_on_the_page() -> None:
    assert sorted(SERVICES) == MODELS
    assert set(MODELS) >= NOT_YET.keys()


@pytest.mark.parametrize("service", MODELS)
def test_every_operation_is_served_or_has_a_reason_why_not(service: str) -> None:
    reasons = coverage.not_yet(service)
    assert coverage.modelled(service) - coverage.served(service) - reasons.keys() == set()
    assert all(len(reason) > 15 for reason in reasons.values())


@pytest.mark.parametrize("service", MODELS)
def test_what_is_served_has_no_reason_why_not(service: str) -> None:
    """Take it out of `scripts/not_yet.py` in the same commit."""
    reasons = coverage.not_yet(service)
    assert reasons.keys() & coverage.served(service) == set()
    assert reasons.keys() <= coverage.modelled(service)
    named = [name for names in NOT_YET.get(service, {}).values() for name in names.split()]
    assert len(named) == len(set(named))


def test_what_the_gateway_answers_itself_is_named() -> None:
    named = {
        (service, name) for service, names in coverage.BY_THE_GATEWAY.items() for name in names
    }
    assert named == gateway._SPECIAL.keys()


def test_the_page_is_the_one_that_would_be_written() -> None:
    """`python -m scripts.coverage` writes it."""
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()


def test_an_operation_that_is_forgotten_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NOT_YET, "organizations", {})
    missing = coverage.modelled("organizations") - coverage.served("organizations")
    assert "CreateOrganization" in missing - coverage.not_yet("organizations").keys()
    assert coverage.PAGE.read_text(encoding="utf-8") != coverage.page()
