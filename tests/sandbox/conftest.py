"""Data directories to copy, and servers that start in no time."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.lives import Cradle, Life

Begin = Callable[..., Life]


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    """Where lives begin."""
    opened = Cradle()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def seeded(cradle: Cradle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a stopped server, as its first start left it. Not to be changed."""
    life = Life(cradle, tmp_path_factory.mktemp("seeded") / "data").start()
    life.stop()
    return life.data_dir


@pytest.fixture
def directory(seeded: Path, tmp_path: Path) -> Path:
    """A copy of it, to do anything with."""
    shutil.copytree(seeded, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def life(cradle: Cradle, directory: Path) -> Iterator[Life]:
    """A server on that copy."""
    started = Life(cradle, directory).start()
    yield started
    started.stop(kill=True)
