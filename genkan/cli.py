"""The command line. Each command is a file of `commands`, where what it needs is imported late."""

import click

from genkan import __version__
from genkan.commands.audit import audit
from genkan.commands.backup import backup, restore
from genkan.commands.export import export
from genkan.commands.init import init
from genkan.commands.keys import keys
from genkan.commands.migrate import migrate
from genkan.commands.serve import serve, worker
from genkan.commands.simulate import simulate
from genkan.commands.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="genkan")
def main() -> None:
    """Genkan: a self-hosted AWS IAM Identity Center."""


for command in (up, export, init, serve, worker, migrate, backup, restore, keys, audit, simulate):
    main.add_command(command)


if __name__ == "__main__":
    main()
