"""A whole application of either engine in this process: the same assembly that a command makes."""

from pathlib import Path
from typing import Any

from genkan.assembly.node import Node, open_installation
from genkan.assembly.sandbox import Sandbox
from genkan.assembly.wiring import home_of
from genkan.audit.recorder import Recorder
from genkan.core.clock import Clock
from genkan.settings import SandboxSettings
from genkan.settings.node import node_settings
from tests.support.installation import PostgresServer
from tests.support.wire_engines import new_server


class Assembled:
    """`assembly` starts and stops the application `assembly.app`; `server` speaks HTTP for it.

    `outside` is what a server in another process would be, which was not started: what it knows of
    its place, its key, its facts and its reset is true of this one. What is recorded is not sealed:
    the rows that a test compares change by what the test does alone.
    """

    def __init__(self, engine: str, data_dir: Path, clock: Clock) -> None:
        self.outside = new_server(engine, data_dir)
        self.assembly: Sandbox | Node
        if isinstance(self.outside, PostgresServer):
            settings = node_settings(self.outside.settings, environment={})
            self.assembly = Node(settings, open_installation(settings), works=True, clock=clock)
            self.server: Any = self.assembly.server()
        else:
            settings_of_sandbox = SandboxSettings(port=self.outside.port, data_dir=data_dir)
            self.assembly = Sandbox(settings_of_sandbox, clock=clock)
            self.server = self.assembly.server
        self.assembly.app.record = Recorder(home=home_of).record
