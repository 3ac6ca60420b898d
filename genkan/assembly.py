"""Settings → application: the only place that constructs and wires."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from genkan import worker
from genkan.asgi import Server
from genkan.assignments import subscribers as assignments
from genkan.audit.recorder import Home, Recorder
from genkan.core import ids
from genkan.core.app import App, Deployment
from genkan.core.call import Call, Operation, Origin, Owner
from genkan.core.clock import Clock, system_clock
from genkan.core.errors import NotFound
from genkan.core.events import (
    EventBus,
    GroupDeleted,
    PermissionSetChanging,
    PermissionSetDeleting,
    RoleSessionUsed,
    UserDeleted,
    UserDisabled,
)
from genkan.core.vault import KEY_BYTES, Vault, new_key
from genkan.db.database import Services, Tx
from genkan.db.migrate import MigrationRefused, migrate_sqlite
from genkan.db.sqlite import AlreadyOpen, SqliteDatabase, connect, lock
from genkan.fronts.aws.gateway import Gateway
from genkan.instances import operations as instances
from genkan.oauth import operations as oauth
from genkan.oauth.persons import require_person
from genkan.organization import operations as organization
from genkan.perform import perform
from genkan.provisioning.jobs import ProvisioningContext, make_handlers
from genkan.sandbox import facts
from genkan.settings import SandboxSettings, SettingsRefused
from genkan.signin import operations as signin
from genkan.sts import trust

DATABASE_FILE = "genkan.sqlite"
KEY_FILE = "key"
MINIMUM_SQLITE = (3, 37, 0)


def wire_events(events: EventBus) -> None:
    """Who answers and hears which event."""
    events.subscribe(UserDeleted, assignments.on_user_deleted)
    events.subscribe(UserDeleted, signin.forget_user)
    events.subscribe(UserDeleted, oauth.forget_user)
    events.subscribe(UserDisabled, signin.on_user_disabled)
    events.subscribe(GroupDeleted, assignments.on_group_deleted)
    events.subscribe(PermissionSetDeleting, assignments.on_permission_set_deleting)
    events.subscribe(PermissionSetChanging, assignments.on_permission_set_changing)
    events.subscribe(RoleSessionUsed, assignments.on_role_session_used)


def home_of(tx: Tx) -> Home:
    """Where acts of people are recorded: the instance's account, or nowhere before there is one."""
    return tx.remembered(("home",), lambda: _home_of(tx))


def _home_of(tx: Tx) -> Home:
    try:
        found = instances.the_instance(tx)
    except NotFound:
        return Home(account_id="", identity_store_arn="")
    return Home(account_id=found.owner_account_id, identity_store_arn=found.identity_store_arn)


class Sandbox:
    """The sandbox assembly: one process, one SQLite file, a sample organization.

    Constructing opens and migrates the store; `server` is the ASGI application, whose start seeds
    the organization the first time. `described` and `facts_path` are known after that.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self.described: dict[str, Any] = {}
        self.facts_path = settings.data_dir / facts.FILE_NAME
        self._lock = _open_directory(settings)
        deployment = Deployment(
            kind="sandbox",
            base_url=settings.url,
            region=settings.region,
            cookie_suffix=f"_{settings.port}",
        )
        path = settings.data_dir / DATABASE_FILE
        vault = Vault(_key(settings.data_dir / KEY_FILE, may_make=not path.exists()))
        events = EventBus()
        wire_events(events)
        _prepare(path, clock)
        self.db = SqliteDatabase(
            path,
            services=Services(vault=vault, events=events, deployment=deployment),
            clock=clock,
        )
        self.app = App(
            deployment=deployment,
            db=self.db,
            clock=clock,
            vault=vault,
            events=events,
            standing=trust.standing,
            require_session=require_person,
            is_member=lambda tx, account_id: organization.find_account(tx, account_id) is not None,
            record=Recorder(home=home_of).record,
        )
        self.worker = worker.InProcessWorker(
            self.app, *make_handlers(ProvisioningContext(metadata_for=_metadata_for))
        )
        self.db.on_wake = self.worker.wake
        self.server = Server(
            gateway=Gateway(self.app),
            web=self._web(),
            allowed_hosts=settings.allowed_hosts,
            started=self.start,
            stopped=self.stop,
        )

    def _web(self) -> Any:
        from genkan.fronts.web.application import web_application
        from genkan.fronts.web.pages import SandboxHint
        from genkan.sandbox import sample
        from genkan.sandbox.web import reset_routes

        hint = SandboxHint(
            users_file=str(self.facts_path),
            user_names=tuple(user.user_name for user in sample.USERS),
        )
        return web_application(
            self.app,
            sandbox=hint,
            instance_name=sample.MANAGEMENT.name,
            more_routes=reset_routes(self.app, self.worker.drop),
        )

    async def start(self) -> None:
        """Start the worker, seed a new organization, write `sandbox.json`."""
        await self.worker.start()
        seed_path = self._settings.data_dir / _SEED_FILE
        if not await self._own(facts.IS_READY):
            from genkan.sandbox.reset import snapshot
            from genkan.sandbox.seed import seed

            await seed(self.app)
            await self.db.maintain(lambda raw: snapshot(raw, seed_path))
            await self._own(facts.MARK_READY)
        if seed_path.exists():
            _migrate_copy(seed_path, self.app.clock)
            await self.db.maintain(lambda raw: _attach(raw, seed_path))
        self.described = await self._own(facts.DESCRIBE)
        facts.write_file(self._settings.data_dir, self.described)

    async def stop(self) -> None:
        """Finish what runs, then close the store and free the directory."""
        await self.worker.stop()
        for close in self.app.closing:
            await close()
        await self.db.close()
        self._lock.close()

    async def _own(self, operation: Operation) -> Any:
        call = Call(
            operation=operation,
            params={},
            caller=Owner(reason="sandbox start"),
            origin=Origin(request_id=ids.request_id()),
            event_source="sandbox.genkan",
        )
        return await perform(self.app, call)


_SEED_FILE = "seed.sqlite"


async def _metadata_for(app: App, account_id: str) -> str:
    from genkan.federation.identity_provider import metadata_document

    return await metadata_document(app, account_id)


def _attach(raw: sqlite3.Connection, path: Path) -> None:
    from genkan.sandbox.reset import attach

    attach(raw, path)


def _open_directory(settings: SandboxSettings) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
        raise SettingsRefused("this Python carries an SQLite older than 3.37")
    directory = settings.data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = lock(directory)
    except AlreadyOpen:
        raise SettingsRefused(f"another process uses {directory}") from None
    except OSError as error:
        raise SettingsRefused(f"cannot use {directory}: {error.strerror}") from None
    if settings.fresh or not _seeded(directory / DATABASE_FILE):
        _forget(directory)
    return held


def _seeded(path: Path) -> bool:
    """Whether the file holds an organization that was made to its end."""
    if not path.exists():
        return False
    raw = sqlite3.connect(path)
    try:
        found = raw.execute("SELECT 1 FROM sandbox_facts WHERE name = 'ready'").fetchone()
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        raise SettingsRefused(f"{path} is damaged or not ours; --fresh makes a new one") from None
    finally:
        raw.close()
    return found is not None


def _forget(directory: Path) -> None:
    for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm", _SEED_FILE):
        (directory / name).unlink(missing_ok=True)
    (directory / facts.FILE_NAME).unlink(missing_ok=True)


def _prepare(path: Path, clock: Clock) -> None:
    raw = connect(path, read_only=False)
    try:
        path.chmod(0o600)
        migrate_sqlite(raw, clock())
    except MigrationRefused as refused:
        raise SettingsRefused(str(refused)) from None
    finally:
        raw.close()


def _migrate_copy(path: Path, clock: Clock) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        migrate_sqlite(raw, clock())
    finally:
        raw.close()


def _key(path: Path, *, may_make: bool) -> bytes:
    """The key-encryption key of this directory, made with the store. A missing one is an error."""
    if not path.exists():
        if not may_make:
            raise SettingsRefused(f"{path} is missing: without it the store cannot be read")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(new_key())
            file.flush()
            os.fsync(file.fileno())
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SettingsRefused(f"{path} is damaged: {KEY_BYTES} bytes are expected")
    return key
