"""The command line: `genkan up` starts the sandbox."""

import contextlib
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import click

from genkan import __version__
from genkan.settings import SandboxSettings, SettingsRefused, sandbox_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="genkan")
def main() -> None:
    """Genkan: a self-hosted AWS IAM Identity Center."""


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
@click.option("--bind", help="The address to listen on (default 127.0.0.1).")
@click.option("--listen-anywhere", is_flag=True, help="Allow --bind to be other than loopback.")
def up(
    port: int | None, data_dir: Path | None, fresh: bool, bind: str | None, listen_anywhere: bool
) -> None:
    """Start the sandbox: a whole AWS organization in this process."""
    try:
        settings = sandbox_settings(
            port=port, data_dir=data_dir, fresh=fresh, bind=bind, listen_anywhere=listen_anywhere
        )
        _run(settings, _listen(settings))
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from None


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

    _log_to_stderr(settings.log_level)
    logging.getLogger("uvicorn.error").addFilter(Sparingly())
    sandbox = Sandbox(settings)

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                click.echo(banner(settings, sandbox.described, sandbox.facts_path))

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


def banner(settings: SandboxSettings, described: dict[str, Any], path: Path) -> str:
    """What a person reads after the start; the administrator's key is in the file only."""
    width = max(_columns(user["user_name"]) for user in described["users"])
    users = "\n".join(
        f"    {user['user_name']}{' ' * (width - _columns(user['user_name']))}   {user['password']}"
        for user in described["users"]
    )
    return f"""
  Genkan {__version__}: a sandbox organization of {len(described["accounts"])} accounts

  Access portal   {described["start_url"]}
  Sign in as      (user name, password)
{users}

  For the AWS CLI v2 and SDKs
    export AWS_ENDPOINT_URL_SSO_OIDC={settings.url} AWS_ENDPOINT_URL_SSO={settings.url} \\
           AWS_ENDPOINT_URL_STS={settings.url} AWS_ENDPOINT_URL_SSO_ADMIN={settings.url} \\
           AWS_ENDPOINT_URL_IDENTITYSTORE={settings.url} AWS_ENDPOINT_URL_IAM={settings.url} \\
           AWS_ENDPOINT_URL_ORGANIZATIONS={settings.url} AWS_ENDPOINT_URL_CLOUDTRAIL={settings.url}
    aws configure sso        start URL {described["aws_start_url"]}, region {described["region"]}

  Everything a script needs, the administrator's access key included
    {path}

  Data in {settings.data_dir}; Ctrl-C stops, starting again keeps everything.
"""


def _columns(text: str) -> int:
    """How wide a terminal shows it: CJK characters take two columns."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


if __name__ == "__main__":
    main()
