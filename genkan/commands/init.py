"""`genkan init`: make an installation and hand over what opens it.

What it prints can be printed once only: the store keeps passwords and keys hashed or sealed. So
the installation is ready only after they were handed over: whatever goes wrong before, nobody was
ever served from what is left, and the next call begins anew.
"""

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genkan.commands.directory import refusals
from genkan.commands.handing_over import Handing, handing_over
from genkan.commands.installation import settings_option
from genkan.settings import SettingsRefused
from genkan.settings.node import NodeSettings, node_settings

if TYPE_CHECKING:
    from genkan.db.database import Connection
    from genkan.db.place import Place
    from genkan.keys.kek import KeyEncryptionKey
    from genkan.sandbox.document import SeedDocument

_DEFAULT_REGION = "us-east-1"
_FIRST = """\
version: 1
organization:
  management_account: {{name: Management, email: {email}, alias: management}}
users:
  - user_name: {user_name}
    display_name: {user_name}
    name: {{given_name: {user_name}, family_name: {user_name}}}
    emails: [{{value: {email}, type: work, primary: true}}]
permission_sets:
  - name: AdministratorAccess
    description: Everything, everywhere.
    managed_policies: ["arn:aws:iam::aws:policy/AdministratorAccess"]
assignments:
  - {{user: {user_name}, permission_set: AdministratorAccess, accounts: all}}
"""


@click.command()
@settings_option
@click.option(
    "--seed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that describes the organization (docs/seeds.md).",
)
@click.option("--user-name", default="admin", help="Without --seed: who can sign in at first.")
@click.option("--email", help="Without --seed: that person's address.")
@click.option("--region", help="The instance's Region, where the seed names none.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write keys and passwords to this new file instead of the terminal.",
)
@refusals
def init(
    settings_file: Path | None,
    seed: Path | None,
    user_name: str,
    email: str | None,
    region: str | None,
    output: Path | None,
) -> None:
    """Make an installation: its schema, its keys, its organization, its first administrator."""
    from genkan.sandbox.seed_door import SeedFailed
    from genkan.sandbox.seed_mistakes import SeedRefused

    settings = node_settings(settings_file)
    try:
        document = _document(settings, seed, user_name, email)
        with handing_over(output) as handing:
            asyncio.run(_make(settings, document, region, handing))
    except (SeedRefused, SeedFailed) as refused:
        click.echo(refused, err=True)
        raise SystemExit(1) from None
    if output is not None:
        click.echo(f"Keys and first passwords are in {output}: keep them, nothing else has them.")


def _document(
    settings: NodeSettings, seed: Path | None, user_name: str, email: str | None
) -> "SeedDocument":
    from genkan.sandbox.seed_reader import read_seed

    try:
        if seed is not None:
            return read_seed(seed, settings.quotas)
        return _first_document(user_name, email)
    except OSError as error:
        raise SettingsRefused(f"cannot read {seed}: {error.strerror}") from None


def _first_document(user_name: str, email: str | None) -> "SeedDocument":
    import tempfile

    from genkan.sandbox.seed_mistakes import SeedRefused
    from genkan.sandbox.seed_reader import read_seed

    if not email:
        raise SettingsRefused(
            "describe the organization with --seed FILE, or name the first administrator's"
            " address with --email"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "first.yaml"
        values = {"user_name": json.dumps(user_name), "email": json.dumps(email)}
        file.write_text(_FIRST.format(**values), encoding="utf-8")
        try:
            return read_seed(file)
        except SeedRefused as refused:
            _, _, mistake = str(refused).splitlines()[0].partition(": ")
            raise SettingsRefused(f"--user-name or --email will not do: {mistake}") from None


async def _make(
    settings: NodeSettings,
    document: "SeedDocument",
    region: str | None,
    handing: Handing,
) -> None:
    from genkan.assembly import node
    from genkan.sandbox import facts
    from genkan.sandbox.seed import seed

    place = node.place(settings)
    kek = node.key_encryption_key(settings)
    with node.told(), place.hold():
        _begin(place, kek)
        found = node.Installation(
            place=place,
            vault=_vault(place, kek),
            region=document.settings.region or region or _DEFAULT_REGION,
            instance_name="",
        )
        made = node.Node(settings, found, works=True, holds=False)
        await made.start()
        try:
            handed = await seed(made.app, document)
            described: dict[str, Any] = await made.own(facts.DESCRIBE_ORGANIZATION, handed=handed)
        finally:
            await made.stop()
        handing.over(described)
        _end(place, handing)


def _begin(place: "Place", kek: "KeyEncryptionKey") -> None:
    """An empty schema with keys, marked as begun."""
    from genkan.db import installation
    from genkan.db.failures import Unsuitable
    from genkan.keys.ring import make_keys

    now = time.time_ns() // 1_000_000
    if _state(place) == installation.READY:  # and its schema is left as its nodes need it
        raise Unsuitable(f"{place} holds an installation already")
    place.migrate(now)
    with closing(place.direct()) as database:
        state = database.read(installation.state)
        used = database.read(installation.is_used)
    if used and state == installation.NOTHING:
        raise Unsuitable(f"{place} holds something else than an installation")
    if state == installation.BEGUN:
        place.forget()
        place.migrate(now)

    def begin(rows: "Connection") -> None:
        installation.mark(rows, installation.BEGUN)
        make_keys(rows, kek, now)

    with closing(place.direct()) as database:
        database.write(begin)


def _state(place: "Place") -> str:
    """How far an installation is that lies here, of whichever release."""
    from genkan.db import installation
    from genkan.db.ours import is_anothers
    from genkan.db.place import SqlitePlace

    if isinstance(place, SqlitePlace) and not place.path.exists():
        return installation.NOTHING
    with closing(place.direct()) as database:
        tables = database.tables()
        if is_anothers(tables) or "installation" not in tables:
            return installation.NOTHING
        return database.read(installation.state)


def _vault(place: "Place", kek: "KeyEncryptionKey") -> Any:
    from genkan.keys.ring import open_vault

    with closing(place.direct()) as database:
        return database.read(lambda rows: open_vault(rows, kek))


def _end(place: "Place", handing: Handing) -> None:
    """Ready from here on: whatever cuts this off, what was handed over is kept."""
    from genkan.db.failures import OutcomeUnknown, Unavailable

    handing.kept = True
    try:
        _mark_ready(place)
    except Unavailable:
        handing.kept = False  # it is known that nothing was committed
        raise
    except OutcomeUnknown as unknown:
        raise SettingsRefused(
            f"{unknown}: keep what was handed over if `genkan serve` finds an installation now, and"
            " call this again if it finds none"
        ) from None


def _mark_ready(place: "Place") -> None:
    from genkan.db import installation

    with closing(place.direct()) as database:
        database.write(lambda rows: installation.mark(rows, installation.READY))
