"""What every assembly has: who hears which event, what the door is given, what jobs need."""

from collections.abc import Mapping

from genkan.applications import subscribers as applications
from genkan.assignments import subscribers as assignments
from genkan.audit.recorder import Home, Recorder
from genkan.audit.refusals import RefusalLimit
from genkan.audit.sealing import SEAL_JOB, SealingRequests, make_sealer
from genkan.core import ids
from genkan.core.app import App, Deployment
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.clock import Clock, system_clock
from genkan.core.errors import NotFound
from genkan.core.events import (
    EventBus,
    GroupDeleted,
    InstanceDeleted,
    PermissionSetChanging,
    PermissionSetDeleting,
    RoleSessionUsed,
    UserDeleted,
    UserDisabled,
)
from genkan.core.vault import Vault, new_key
from genkan.db.database import Connection, Database, Services, Tx
from genkan.health import Health, database_checks
from genkan.instances import operations as instances
from genkan.oauth import operations as oauth
from genkan.oauth.persons import require_person
from genkan.organization import operations as organization
from genkan.perform import perform
from genkan.provisioning.jobs import GiveUp, Handler, ProvisioningContext, make_handlers
from genkan.signin import operations as signin
from genkan.sts import trust
from genkan.worker import InProcessWorker

_LOOK = Operation(name="LookInside", run=lambda tx: None, access=System())


def wired_events() -> EventBus:
    """Who answers and hears which event."""
    events = EventBus()
    events.subscribe(UserDeleted, assignments.on_user_deleted)
    events.subscribe(UserDeleted, applications.on_user_deleted)
    events.subscribe(UserDeleted, signin.forget_user)
    events.subscribe(UserDeleted, oauth.forget_user)
    events.subscribe(UserDisabled, signin.on_user_disabled)
    events.subscribe(GroupDeleted, assignments.on_group_deleted)
    events.subscribe(GroupDeleted, applications.on_group_deleted)
    events.subscribe(InstanceDeleted, applications.on_instance_deleted)
    events.subscribe(PermissionSetDeleting, assignments.on_permission_set_deleting)
    events.subscribe(PermissionSetChanging, assignments.on_permission_set_changing)
    events.subscribe(RoleSessionUsed, assignments.on_role_session_used)
    return events


def make_app(
    *,
    deployment: Deployment,
    db: Database,
    clock: Clock,
    vault: Vault,
    events: EventBus,
    refusals: RefusalLimit | None = None,
) -> App:
    """What the door and the fronts are given."""
    refusals = refusals or RefusalLimit(clock=clock)
    return App(
        deployment=deployment,
        db=db,
        clock=clock,
        vault=vault,
        events=events,
        standing=trust.standing,
        require_session=require_person,
        is_member=organization.is_member,
        is_delegate=organization.is_delegate,
        place_of=organization.place_of,
        record=Recorder(home=home_of, admits=refusals.admits, sealing=SealingRequests()).record,
        admits=refusals.admits,
    )


def home_of(tx: Tx) -> Home:
    """Where acts of people are recorded: the instance's account, before that the management one."""
    return tx.remembered(("home",), lambda: _home_of(tx))


def _home_of(tx: Tx) -> Home:
    try:
        found = instances.the_instance(tx)
    except NotFound:
        whole = organization.find_organization(tx)
        return Home(account_id=whole.management_account_id if whole else "", identity_store_arn="")
    return Home(account_id=found.owner_account_id, identity_store_arn=found.identity_store_arn)


def looking(rows: Connection, vault: Vault | None = None) -> Tx:
    """A look into a store by a command, for what slices find; it must not be written by.

    Without a vault nothing sealed can be opened, nor a long list paged through.
    """
    return Tx(
        rows,
        now=system_clock(),
        call=Call(
            operation=_LOOK,
            params={},
            caller=Owner(reason="command"),
            origin=Origin(request_id=ids.request_id()),
            event_source="installation.genkan",
        ),
        services=Services(
            vault=vault or Vault(new_key()),
            events=EventBus(),
            deployment=Deployment(accounts="embedded", base_url="", region=""),
        ),
    )


def node_health(db: Database, worker: InProcessWorker | None) -> Health:
    """What a node must be able to do to be ready."""
    checks = database_checks(db)
    if worker is not None:

        async def works() -> bool:
            return not worker.stuck

        checks["worker"] = works
    return Health(checks)


def job_handlers() -> tuple[Mapping[str, Handler], Mapping[str, GiveUp]]:
    """What the worker of every assembly can do, and what it does when a job is dead."""
    handlers, give_up = make_handlers(provisioning_context())
    return {**handlers, SEAL_JOB: make_sealer(perform)}, give_up


def provisioning_context() -> ProvisioningContext:
    """What provisioning jobs ask of what stands above them."""
    return ProvisioningContext(metadata_for=_metadata_for)


async def _metadata_for(app: App, account_id: str) -> str:
    from genkan.federation.identity_provider import metadata_document

    return await metadata_document(app, account_id)
