"""One cradle for all lives, and data directories to copy."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.house import House, open_house
from tests.faults.lives import Cradle, Life
from tests.faults.scene import Scene, Witness, make_scene, take_the_provider_away, until
from tests.faults.site import Site
from tests.support.postgresql import Cluster, own_server
from tests.support.server import free_port


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    """Where lives begin."""
    opened = Cradle()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server that these tests may treat as they like."""
    with own_server() as made:
        yield made


@pytest.fixture(scope="session")
def site(cradle: Cradle, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The sample organization on both engines, to be copied."""
    return Site(cradle, cluster, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def house(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A node and workers whose processes come to an end at a step."""
    with open_house(site, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`before` and `after` are data directories of dead servers, without and with the assignment.

    `session`: Ken's credentials of the role, taken where the assignment is.
    """

    scene: Scene
    witness: Witness
    before: Path
    after: Path
    session: dict[str, str]
    port: int


@pytest.fixture(scope="session")
def stage(cradle: Cradle, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The scene, ready for the assignment's creation and for its deletion."""
    port = free_port()
    folder = tmp_path_factory.mktemp("stage")
    life = Life(cradle, folder / "before", port=port).start()
    scene = make_scene(life)
    life.stop(kill=True)
    take_the_provider_away(folder / "before", scene)

    shutil.copytree(folder / "before", folder / "after")
    life = Life(cradle, folder / "after", port=port).start()
    witness = Witness(scene, life)
    witness.creation()
    until(lambda: witness.open_session().is_success)
    given = witness.open_session().json()["roleCredentials"]
    session = {
        "access_key_id": given["accessKeyId"],
        "secret_access_key": given["secretAccessKey"],
        "session_token": given["sessionToken"],
    }
    assert witness.is_alive(session)
    until(lambda: not life.jobs_left())
    life.stop(kill=True)
    return Stage(
        scene=scene,
        witness=witness,
        before=folder / "before",
        after=folder / "after",
        session=session,
        port=port,
    )
