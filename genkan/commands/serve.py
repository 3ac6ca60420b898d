"""`genkan serve` and `genkan worker`: the nodes of an installation."""

import asyncio
import contextlib
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genkan.commands.directory import refusals
from genkan.commands.installation import settings_option
from genkan.commands.listening import listening
from genkan.logs import configure
from genkan.settings import SettingsRefused
from genkan.settings.node import NodeSettings, node_settings

if TYPE_CHECKING:
    from genkan.assembly.node import Node


@click.command()
@settings_option
@refusals
def serve(settings_file: Path | None) -> None:
    """Serve an installation: portal, sign-in and every AWS endpoint on one port.

    Any number of nodes serve from one PostgreSQL database; one process from an SQLite file.
    """
    settings = node_settings(settings_file)
    sockets = [listening(*settings.listen)]
    operations_sockets = _operations_sockets(settings)
    from genkan.commands import server

    configure(settings.log_level, settings.log_format)
    node = _node(settings, works=settings.worker)
    server.serve(
        server.Serving(
            application=node.server(),
            sockets=sockets,
            certificates=node.certificates,
            base_url=settings.base_url,
            health=node.health,
            drain_seconds=settings.drain_seconds,
            operations=node.operations(),
            operations_sockets=operations_sockets,
            started=lambda: click.echo(f"Genkan serves {settings.base_url}", err=True),
        )
    )


@click.command()
@settings_option
@refusals
def worker(settings_file: Path | None) -> None:
    """Do what operations leave to do, such as making roles; beside any number of nodes."""
    settings = node_settings(settings_file)
    operations_sockets = _operations_sockets(settings)
    configure(settings.log_level, settings.log_format)
    node = _node(settings, works=True)
    if node.alone:
        raise SettingsRefused(
            "one process uses an SQLite file, and `genkan serve` works on its own jobs: workers"
            " need PostgreSQL"
        )
    with contextlib.suppress(KeyboardInterrupt):  # the second Ctrl-C
        asyncio.run(_work(node, operations_sockets))


async def _work(node: "Node", operations_sockets: list[socket.socket]) -> None:
    from genkan.commands.server import Beside

    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        told_to_stop.set()
        loop.remove_signal_handler(signal.SIGINT)  # a second one skips the order, as in `server`

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    beside = Beside(node.operations(), operations_sockets)
    await node.start()
    beside.start()
    click.echo("Genkan works", err=True)
    await told_to_stop.wait()
    node.health.begin_stopping()
    await node.stop()
    await beside.stop()


def _operations_sockets(settings: NodeSettings) -> list[socket.socket]:
    if settings.operations_listen is None:
        return []
    return [listening(*settings.operations_listen)]


def _node(settings: NodeSettings, *, works: bool) -> "Node":
    from genkan.assembly.node import Node, open_installation

    return Node(settings, open_installation(settings), works=works)
