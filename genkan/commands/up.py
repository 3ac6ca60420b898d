"""`genkan up`: the sandbox."""

import socket
from pathlib import Path
from typing import Any

import click

from genkan.commands.listening import loopbacks
from genkan.logs import configure
from genkan.settings import SandboxSettings, SettingsRefused, sandbox_settings


@click.command()
@click.option("--port", type=int, help="The one port (default 8420).")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the organization is kept (default ~/.local/share/genkan).",
)
@click.option(
    "--fresh", is_flag=True, help="Forget the organization in --data-dir; make a new one."
)
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that describes the new organization (docs/seeds.md).",
)
@click.option("--tls", is_flag=True, help="Speak https, with a certificate made on first start.")
@click.option(
    "--tls-certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Speak https with the certificate in this file (PEM, with its chain).",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key of --tls-certificate (PEM).",
)
@click.option("--throttling", help="off (default), or aws: refuse what is beyond AWS's rates.")
@click.option("--bind", help="The address to listen on (default 127.0.0.1).")
@click.option("--listen-anywhere", is_flag=True, help="Allow --bind to be other than loopback.")
def up(**options: Any) -> None:
    """Start the sandbox: a whole AWS organization in this process."""
    from genkan.sandbox.seed_mistakes import SeedRefused

    try:
        settings = sandbox_settings(**options)
        sockets = loopbacks(settings.bind, settings.port, "; choose another with --port")
        _run(settings, sockets)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from None
    except SeedRefused as refused:
        click.echo(refused, err=True)
        raise SystemExit(1) from None


def _run(settings: SandboxSettings, sockets: list[socket.socket]) -> None:
    from genkan.assembly.sandbox import Sandbox
    from genkan.commands.server import Serving, serve
    from genkan.sandbox.banner import banner

    configure(settings.log_level, settings.log_format)
    sandbox = Sandbox(settings)
    serve(
        Serving(
            application=sandbox.server,
            sockets=sockets,
            certificates=sandbox.certificates,
            base_url=settings.url,
            health=sandbox.health,
            started=lambda: click.echo(banner(sandbox.described, sandbox.facts_path)),
        )
    )
