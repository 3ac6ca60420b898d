"""The assembly of `genkan serve` and `genkan worker`: an installation made by `genkan init`.

No sample data, no reset, nothing of the sandbox but the accounts: they stand in the store itself.
Invariant: a database that this release cannot work on, another installation's key, or half of an
installation is refused before anything is served, and nothing of it is changed.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genkan.assembly.wiring import (
    job_handlers,
    looking,
    make_app,
    node_health,
    wired_events,
)
from genkan.audit.refusals import RefusalLimit, Teller
from genkan.core import ids
from genkan.core.app import App, Deployment
from genkan.core.call import Call, Operation, Origin, Owner
from genkan.core.clock import Clock, system_clock
from genkan.core.vault import Vault
from genkan.db import installation
from genkan.db.database import Connection, Database, Services
from genkan.db.failures import Unavailable, Unsuitable
from genkan.db.ours import is_anothers
from genkan.db.place import Place, SqlitePlace, place_of
from genkan.db.release import misfit
from genkan.health import Operations
from genkan.instances import operations as instances
from genkan.keys.kek import KeyEncryptionKey, KeyRefused, given_key
from genkan.keys.ring import open_vault
from genkan.metrics import Metrics
from genkan.organization import operations as organization
from genkan.perform import perform
from genkan.settings.node import NodeSettings
from genkan.settings.values import SettingsRefused
from genkan.worker import InProcessWorker

if TYPE_CHECKING:
    from genkan.asgi import Server
    from genkan.tls.certificates import Certificates

_POLL_SECONDS = 0.25
_SANDBOX_FILES = ("sandbox.json", "seed.sqlite")


@dataclass(frozen=True, slots=True)
class Installation:
    """What was found at a place, and what opens it."""

    place: Place
    vault: Vault
    region: str
    instance_name: str


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what a database or a key has against it into a refusal of the settings."""
    try:
        yield
    except (KeyRefused, Unsuitable, Unavailable) as refused:
        raise SettingsRefused(str(refused)) from None
    except OSError as error:
        raise SettingsRefused(f"cannot use {error.filename}: {error.strerror}") from None


def place(settings: NodeSettings) -> Place:
    """Where the database is, unless it is a sandbox's."""
    with told():
        found = place_of(settings.database)
    if isinstance(found, SqlitePlace):
        for name in _SANDBOX_FILES:
            if (found.path.parent / name).exists():
                raise SettingsRefused(
                    f"{found.path.parent} is a sandbox's data directory, with passwords that are"
                    " written down: choose another place and make an installation with"
                    " `genkan init`"
                )
    return found


def key_encryption_key(settings: NodeSettings) -> KeyEncryptionKey:
    """The key that everything sealed depends on."""
    with told():
        found = given_key(settings.key.text, settings.key.file)
    assert found is not None, "settings without a key are refused"
    return found


def open_installation(settings: NodeSettings) -> Installation:
    """Look into the place that the settings name; `SettingsRefused` says what is in the way."""
    found = place(settings)
    kek = key_encryption_key(settings)
    nothing = f"{found} holds no installation: make one with `genkan init`"
    if isinstance(found, SqlitePlace) and not found.path.exists():
        raise SettingsRefused(nothing)
    with told(), closing(found.direct()) as database:
        tables = database.tables()
        if not tables:
            raise SettingsRefused(nothing)
        if is_anothers(tables):
            raise Unsuitable(f"{found} is another program's database")
        return database.read(lambda rows: _installation(rows, found, kek))


def _installation(rows: Connection, found: Place, kek: KeyEncryptionKey) -> Installation:
    problem = misfit(rows)
    if problem:
        raise Unsuitable(problem)
    if installation.state(rows) != installation.READY:
        raise Unsuitable(f"{found} holds no installation: make one with `genkan init`")
    vault = open_vault(rows, kek)
    tx = looking(rows, vault)
    instance = instances.the_instance(tx)
    owner = organization.find_account(tx, instance.owner_account_id)
    return Installation(
        place=found,
        vault=vault,
        region=instance.region,
        instance_name=owner.name if owner else instance.name,
    )


class Node:
    """One process of an installation: the application, its worker, and what a front needs.

    `server()` makes the ASGI application of a serving node, `operations()` the one that tells of
    it; in this order. `works` says whether jobs are done here, `holds` whether it takes the file
    for itself where only one process may. `start` and `stop` run with the event loop.
    """

    def __init__(
        self,
        settings: NodeSettings,
        found: Installation,
        *,
        works: bool,
        holds: bool = True,
        clock: Clock = system_clock,
    ) -> None:
        self._settings = settings
        self._found = found
        self.alone = isinstance(found.place, SqlitePlace)
        self._held = contextlib.ExitStack()
        self.certificates = _certificates(settings)
        self._watching: asyncio.Task[None] | None = None
        deployment = Deployment(
            accounts="embedded",
            base_url=settings.base_url,
            region=found.region,
            quotas=settings.quotas,
        )
        events = wired_events()
        with told():
            if holds and isinstance(found.place, SqlitePlace):
                self._held.enter_context(found.place.hold())
            self.db: Database = found.place.serve(
                Services(vault=found.vault, events=events, deployment=deployment), clock
            )
        self.refusals = RefusalLimit(
            clock=clock, limits_proven=settings.refusal_records == "limited"
        )
        self.app: App = make_app(
            deployment=deployment,
            db=self.db,
            clock=clock,
            vault=found.vault,
            events=events,
            refusals=self.refusals,
        )
        self._teller = Teller(self.app, self.refusals, perform)
        self.app.closing.append(self._teller.close)
        self.worker: InProcessWorker | None = None
        if works:
            self.worker = InProcessWorker(
                self.app,
                *job_handlers(),
                alone=self.alone,
                poll_seconds=5.0 if self.alone else _POLL_SECONDS,
            )
            self.db.on_wake = self.worker.wake

        self.health = node_health(self.db, self.worker)
        self._metrics: Metrics | None = None

    def server(self) -> "Server":
        """The application that answers people and programs."""
        from genkan.asgi import Server
        from genkan.fronts.aws.gateway import Gateway
        from genkan.fronts.aws.throttling import Throttle
        from genkan.fronts.web.application import web_application

        web = web_application(self.app, instance_name=self._found.instance_name)
        throttle = Throttle() if self._settings.throttling == "aws" else None
        if self._settings.operations_listen is not None:
            self._metrics = Metrics(
                self.db,
                worker=self.worker,
                hashing=web.state.hashing,
                throttle=throttle,
                refusals=self.refusals,
            )
        return Server(
            gateway=Gateway(self.app, throttle),
            web=web,
            allowed_hosts=self._settings.allowed_hosts,
            started=self.start,
            stopped=self.stop,
            trusted_proxies=self._settings.trusted_proxies,
            health=self.health,
            metrics=self._metrics,
        )

    def operations(self) -> Operations:
        """The application that answers those who operate it."""
        if self._metrics is None and self._settings.operations_listen is not None:
            self._metrics = Metrics(self.db, worker=self.worker)
        return Operations(self.health, self._metrics.scrape if self._metrics else None)

    async def start(self) -> None:
        """Begin to work."""
        self._teller.start()
        if self.certificates is not None:
            self._watching = asyncio.create_task(self.certificates.watch())
        if self.worker is not None:
            await self.worker.start()

    async def stop(self) -> None:
        """Hand back what is not done, then close the store."""
        if self._watching is not None:
            self._watching.cancel()
        if self.worker is not None:
            await self.worker.stop()
        for close in self.app.closing:
            await close()
        await self.db.close()
        self._held.close()

    async def own(self, operation: Operation, **params: Any) -> Any:
        """Perform an operation as the owner of the process."""
        return await perform(self.app, _own_call(operation, params))


def _own_call(operation: Operation, params: dict[str, Any]) -> Call:
    return Call(
        operation=operation,
        params=params,
        caller=Owner(reason="installation"),
        origin=Origin(request_id=ids.request_id()),
        event_source="installation.genkan",
    )


def _certificates(settings: NodeSettings) -> "Certificates | None":
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    from genkan.tls.certificates import CertificateRefused, Certificates

    try:
        return Certificates(settings.tls_certificate, settings.tls_key)
    except CertificateRefused as refused:
        raise SettingsRefused(str(refused)) from None
