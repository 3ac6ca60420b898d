"""Fixtures of the journeys: a server that logs what it is asked, and a person's desk before it."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from scripts.install_aws_cli import Slot
from tests.clients.fixtures import NewAwsCli, NewWindow
from tests.journeys.desk import Desk
from tests.support.server import Server
from tests.support.wire_engines import new_server

#: `desk("new", "hanako")`: AWS CLI of that release and a browser window of that person. The CLI's
#: endpoints are those of the server, unless `environment` is given to say what it knows.
NewDesk = Callable[..., Desk]


@pytest.fixture(scope="session")
def logging_server(wire_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for this worker's journeys, which logs every request."""
    server = new_server(
        wire_engine,
        tmp_path_factory.mktemp("journeys") / "data",
        environment={"GENKAN_LOG_LEVEL": "info"},
    )
    yield server.start()
    server.stop()


@pytest.fixture
def house(logging_server: Server) -> Server:
    """The logging server with a clean organization."""
    logging_server.reset()
    return logging_server


@pytest.fixture
def desk(house: Server, aws_cli: NewAwsCli, window: NewWindow) -> NewDesk:
    """Set up desks; each has a home folder and a window of its own."""

    def make(
        slot: Slot,
        user_name: str,
        *,
        language: str = "en-US",
        server: Server | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Desk:
        where = server or house
        endpoint = where.facts["base_url"] if environment is None else None
        cli = aws_cli(slot, endpoint, environment=environment)
        return Desk(where, cli, window(language=language), user_name)

    return make
