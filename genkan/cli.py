"""The command line: `genkan up` starts the sandbox."""

import contextlib
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import click

from genkan import __version__
from genkan.commands.keys import keys
from genkan.settings import SandboxSettings, SettingsRefused, sandbox_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="genkan")
def main() -> None:
    """Genkan: a self-hosted AWS IAM Identity Center."""


main.add_command(keys)


@main.command()
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
@click.option("--bind", help="The address to listen on (default 127.0.0.1).")
@click.option("--listen-anywhere", is_flag=True, help="Allow --bind to be other than loopback.")
def up(**options: Any) -> None:
    """Start the sandbox: a whole AWS organization in this process."""
    from genkan.sandbox.seed_mistakes import SeedRefused

    try:
        settings = sandbox_settings(**options)
        _run(settings, _listen(settings))
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from None
    except SeedRefused as refused:
        click.echo(refused, err=True)
        raise SystemExit(1) from None


@main.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the organization is kept (default ~/.local/share/genkan).",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; the terminal when left out.",
)
@click.option(
    "--ids/--no-ids", default=True, help="Keep every id (default), or have new ones chosen."
)
def export(data_dir: Path | None, output: Path | None, ids: bool) -> None:
    """Write the organization as a seed file, from which it can be made again.

    Passwords and keys are not written. A server may be running on the directory.
    """
    from genkan.assembly import export_organization
    from genkan.sandbox.export import ExportRefused
    from genkan.sandbox.seed_order import without_ids
    from genkan.sandbox.seed_text import EXPORTED, text_of

    try:
        settings = sandbox_settings(data_dir=data_dir)
        document = export_organization(settings.data_dir)
        text = text_of(document if ids else without_ids(document), comment=EXPORTED)
        if output is None:
            click.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
    except (SettingsRefused, ExportRefused) as refused:
        raise click.ClickException(str(refused)) from None
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from None


def _listen(settings: SandboxSettings) -> list[socket.socket]:
    """Listening sockets; for the default address on both loopbacks, since `localhost` is either.

    The second loopback may be missing, but if another program has it, that one would be sent what
    people type for us.
    """
    sockets = [_listening(settings.bind, settings.port)]
    if settings.bind == "127.0.0.1" and _has_address("::1"):
        sockets.append(_listening("::1", settings.port))
    return sockets


def _listening(address: str, port: int) -> socket.socket:
    try:
        bound = _bound(address, port)
        bound.listen()
    except OSError as error:
        raise SettingsRefused(
            f"cannot listen on {address}:{port}: {error.strerror}; choose another with --port"
        ) from None
    return bound


def _has_address(address: str) -> bool:
    try:
        _bound(address, 0).close()
    except OSError:
        return False
    return True


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def _run(settings: SandboxSettings, sockets: list[socket.socket]) -> None:
    import uvicorn

    from genkan.assembly import Sandbox
    from genkan.connections import BoundedHttp, Sparingly
    from genkan.sandbox.banner import banner
    from genkan.tls.listener import listen

    _log_to_stderr(settings.log_level)
    logging.getLogger("uvicorn.error").addFilter(Sparingly())
    sandbox = Sandbox(settings)

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            if sandbox.certificates is None:
                await super().startup(sockets=sockets)
            else:
                await super().startup(sockets=[])
                # Listeners have what uvicorn asks of its servers.
                self.servers = await listen(  # type: ignore[assignment]
                    self, sockets or [], sandbox.certificates, base_url=settings.url
                )
            if self.started:
                click.echo(banner(sandbox.described, sandbox.facts_path))

    server = Announcing(
        uvicorn.Config(
            sandbox.server,
            http=BoundedHttp,
            ws="none",
            loop="auto",
            # Whoever may be believed about addresses is a setting of its own; here nobody is.
            proxy_headers=False,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=75,
            limit_concurrency=2_000,
            timeout_graceful_shutdown=10,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a person stops it
        server.run(sockets=sockets)
    if not server.started:
        raise SystemExit(1)


def _log_to_stderr(level: str) -> None:
    if level.upper() not in logging.getLevelNamesMapping():
        raise SettingsRefused(f"GENKAN_LOG_LEVEL {level} is none of debug, info, warning, error")
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


if __name__ == "__main__":
    main()
