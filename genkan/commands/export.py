"""`genkan export`: an organization as a seed file."""

from pathlib import Path

import click

from genkan.commands.printing import settle_output
from genkan.settings import SettingsRefused, sandbox_settings


@click.command()
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

    Passwords and keys are not written; what else the file cannot hold is said. A server may be
    running on the directory.
    """
    from genkan.assembly.sandbox import export_organization
    from genkan.sandbox.export import ALWAYS_LEFT_OUT, ExportRefused
    from genkan.sandbox.seed_order import without_ids
    from genkan.sandbox.seed_text import EXPORTED, text_of

    try:
        settings = sandbox_settings(data_dir=data_dir)
        exported = export_organization(settings.data_dir)
        document = exported.document if ids else without_ids(exported.document)
        text = text_of(document, comment=EXPORTED)
        if output is None:
            click.echo(text.encode(), nl=False)  # a seed is UTF-8, whatever the terminal is
        else:
            output.write_text(text, encoding="utf-8")
    except (SettingsRefused, ExportRefused) as refused:
        raise click.ClickException(str(refused)) from None
    except BrokenPipeError:
        raise  # who read this has gone, and click ends without a word
    except OSError as error:
        settle_output()
        where = output or "the output"
        raise click.ClickException(f"cannot write {where}: {error.strerror}") from None
    for phrase in (ALWAYS_LEFT_OUT, *exported.left_out):
        click.echo(f"Not in the file: {phrase}", err=True)
