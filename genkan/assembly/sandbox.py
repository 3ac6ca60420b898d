"""The assembly of `genkan up`: one process, one SQLite file, a sample organization."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genkan import worker
from genkan.asgi import Server
from genkan.assembly.wiring import job_handlers, make_app, node_health, wired_events
from genkan.audit.refusals import RefusalLimit, Teller
from genkan.core import ids
from genkan.core.app import Deployment
from genkan.core.call import Call, Operation, Origin, Owner
from genkan.core.clock import Clock, system_clock
from genkan.db.database import Services
from genkan.db.sqlite import SqliteDatabase
from genkan.fronts.aws.gateway import Gateway
from genkan.fronts.aws.throttling import Throttle
from genkan.keys.kek import KeyRefused, given_key
from genkan.perform import perform
from genkan.sandbox import facts
from genkan.sandbox.directory import (
    DATABASE_FILE,
    Directory,
    DirectoryRefused,
    open_directory,
)
from genkan.sandbox.reset import attach, snapshot
from genkan.settings import SandboxSettings, SettingsRefused

if TYPE_CHECKING:
    from genkan.sandbox.document import SeedDocument
    from genkan.sandbox.export import Exported
    from genkan.tls.certificates import Certificates

_DEFAULT_REGION = "us-east-1"
_TLS_DIRECTORY = "tls"
_USERS_NAMED = 5


class Sandbox:
    """The sandbox assembly: one process, one SQLite file, a sample organization.

    Constructing opens and migrates the store; `server` is the ASGI application, whose start seeds
    the organization the first time. `described` and `facts_path` are known after that.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._document = _seed_document(settings)
        self.certificates = _given_certificates(settings)
        self.described: dict[str, Any] = {}
        self.facts_path = settings.data_dir / facts.FILE_NAME
        self._directory = _open_directory(settings, clock)
        self.ca_file: Path | None = None
        self._watching: asyncio.Task[None] | None = None
        if settings.tls:
            self._make_certificates(clock)
        deployment = Deployment(
            accounts="embedded",
            base_url=settings.url,
            region=_region(settings, self._document, self._directory),
            cookie_suffix=f"_{settings.port}",
            quotas=settings.quotas,
        )
        vault = self._directory.vault
        events = wired_events()
        self.db = SqliteDatabase(
            self._directory.database,
            services=Services(vault=vault, events=events, deployment=deployment),
            clock=clock,
        )
        self.refusals = RefusalLimit(clock=clock)
        self.app = make_app(
            deployment=deployment,
            db=self.db,
            clock=clock,
            vault=vault,
            events=events,
            refusals=self.refusals,
        )
        self._teller = Teller(self.app, self.refusals, perform)
        self.app.closing.append(self._teller.close)
        self.worker = worker.InProcessWorker(self.app, *job_handlers())
        self.db.on_wake = self.worker.wake
        self.health = node_health(self.db, self.worker)
        self._web = self._pages()
        self.server = Server(
            gateway=Gateway(self.app, Throttle() if settings.throttling == "aws" else None),
            web=self._web,
            allowed_hosts=settings.allowed_hosts,
            started=self.start,
            stopped=self.stop,
            health=self.health,
        )

    def _make_certificates(self, clock: Clock) -> None:
        from genkan.tls.authority import LocalAuthority
        from genkan.tls.certificates import CertificateRefused, of_authority

        authority = LocalAuthority(
            self._settings.data_dir / _TLS_DIRECTORY, (self._settings.host,), clock
        )
        try:
            self.certificates = of_authority(authority)
        except CertificateRefused as refused:
            raise SettingsRefused(str(refused)) from None
        self.ca_file = authority.ca_file

    def _pages(self) -> Any:
        from genkan.fronts.web.application import web_application
        from genkan.sandbox.web import reset_routes

        return web_application(self.app, more_routes=reset_routes(self.app, self._forget))

    def _forget(self) -> None:
        """What the process remembers of rows that are about to be put back."""
        self.worker.drop()
        self.refusals.forget()

    def _name_the_organization(self) -> None:
        """Tell the pages whose they are, which is known only once it is made or found."""
        from genkan.fronts.web.pages import SandboxHint

        users = [user["user_name"] for user in self.described["users"]]
        management = self.described["management_account_id"]
        self._web.state.sandbox = SandboxHint(
            users_file=str(self.facts_path), user_names=tuple(users[:_USERS_NAMED])
        )
        self._web.state.instance_name = next(
            account["name"] for account in self.described["accounts"] if account["id"] == management
        )

    async def start(self) -> None:
        """Start the worker, seed a new organization, write `sandbox.json`."""
        await self.worker.start()
        self._teller.start()
        if self.certificates is not None:
            self._watching = asyncio.create_task(self.certificates.watch())
        if not await self._own(facts.IS_READY):
            from genkan.sandbox.sample import sample_document
            from genkan.sandbox.seed import seed

            await self._own(facts.MARK_BEGUN)
            handed = await seed(self.app, self._document or sample_document())
            await self._own(facts.REMEMBER, handed=handed, reset_secret=ids.token())
            await self.db.maintain(lambda raw: snapshot(raw, self._directory.seed))
            await self._own(facts.MARK_READY)
        await self.db.maintain(lambda raw: attach(raw, self._directory.seed))
        self.described = await self._own(facts.DESCRIBE)
        if self.ca_file is not None:
            self.described["ca_file"] = str(self.ca_file)
        self._name_the_organization()
        facts.write_file(self._settings.data_dir, self.described)

    async def stop(self) -> None:
        """Finish what runs, then close the store and free the directory."""
        if self._watching is not None:
            self._watching.cancel()
        await self.worker.stop()
        for close in self.app.closing:
            await close()
        await self.db.close()
        self._directory.held.close()

    async def _own(self, operation: Operation, **params: Any) -> Any:
        call = Call(
            operation=operation,
            params=params,
            caller=Owner(reason="sandbox start"),
            origin=Origin(request_id=ids.request_id()),
            event_source="sandbox.genkan",
        )
        return await perform(self.app, call)


def _seed_document(settings: SandboxSettings) -> "SeedDocument | None":
    """What `--seed` describes, read before anything else happens; `SeedRefused` with mistakes."""
    if settings.seed is None:
        return None
    from genkan.sandbox.seed_reader import read_seed

    try:
        document = read_seed(settings.seed, settings.quotas)
    except OSError as error:
        raise SettingsRefused(f"cannot read {settings.seed}: {error.strerror}") from None
    _require_region(settings, document.settings.region)
    return document


def _given_certificates(settings: SandboxSettings) -> "Certificates | None":
    """The certificate in the files given, if any were."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    from genkan.tls.certificates import CertificateRefused, Certificates

    try:
        return Certificates(settings.tls_certificate, settings.tls_key)
    except CertificateRefused as refused:
        raise SettingsRefused(str(refused)) from None


def _region(
    settings: SandboxSettings, document: "SeedDocument | None", directory: Directory
) -> str:
    """The Region of the instance: it never changes once there is one."""
    from genkan.sandbox.export import stored_region

    region = stored_region(directory.database) or (document.settings.region if document else "")
    _require_region(settings, region)
    return region or settings.region or _DEFAULT_REGION


def _require_region(settings: SandboxSettings, region: str) -> None:
    if region and settings.region not in ("", region):
        raise SettingsRefused(
            f"GENKAN_REGION says {settings.region}, but the organization is in {region}"
        )


def export_organization(data_dir: Path) -> "Exported":
    """The organization in a directory, whether a server runs on it or not; `ExportRefused`."""
    from genkan.sandbox.export import export, reading

    with reading(data_dir / DATABASE_FILE) as tx:
        return export(tx)


def _open_directory(settings: SandboxSettings, clock: Clock) -> Directory:
    try:
        return open_directory(
            settings.data_dir,
            fresh=settings.fresh,
            must_be_new=settings.seed is not None,
            now=clock(),
            given=given_key(settings.key.text, settings.key.file),
        )
    except (DirectoryRefused, KeyRefused) as refused:
        raise SettingsRefused(str(refused)) from None
