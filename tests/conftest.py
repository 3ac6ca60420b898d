"""Fixtures that every room of the tests may use."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import engines
from tests.support.store import Store, open_store

pytest_plugins = ["tests.clients.fixtures", "tests.support.wire_engines"]

# No test asserts time: a busy machine must not fail a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


# What chance decides must be the same in all processes of a session: they have one environment.
os.environ.setdefault("GENKAN_TEST_SEED", str(random.randrange(1, 2**31)))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let the examples of property tests follow from the same seed."""
    if config.getoption("--hypothesis-seed") is None:
        config.option.hypothesis_seed = os.environ["GENKAN_TEST_SEED"]


def pytest_report_header() -> str:
    """With what this session can be repeated."""
    return f"GENKAN_TEST_SEED={os.environ['GENKAN_TEST_SEED']}"


@pytest.fixture(params=engines.chosen())
def engine(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgres`: whatever asks for it runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def store(engine: str, tmp_path: Path) -> Iterator[Store]:
    """A real, migrated, empty store, on either engine."""
    opened = open_store(tmp_path, engine)
    yield opened
    opened.close()
