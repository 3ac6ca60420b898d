"""What a person may open: lists, role credentials, and the content of an account's assertion."""

import re
from typing import Literal

from genkan.assignments import operations as assignments
from genkan.core import arns
from genkan.core.call import Operation, OwnSession, Person, Public
from genkan.core.errors import Denied
from genkan.core.pages import open_token, page_of
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.organization.records import Account
from genkan.permission_sets import operations as permission_sets
from genkan.portal.records import (
    AccountInfo,
    AccountList,
    ConsoleSession,
    Entrance,
    GetRoleCredentialsAnswer,
    OpenedAccount,
    PortalAccount,
    PortalRole,
    RoleCredentials,
    RoleInfo,
    RoleList,
)
from genkan.sts import sessions
from genkan.sts.records import AssertionContent

_PAGE = 100
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")


def list_accounts(
    tx: Tx, *, next_token: str | None = None, max_results: int = _PAGE
) -> AccountList:
    """sso ListAccounts: the accounts with at least one assignment, by name."""
    person = _person(tx)
    query = f"ListAccounts:{person.user_id}"
    after = open_token(tx.vault, query, next_token)
    accounts = sorted(_accounts(tx, person.user_id), key=_order)
    rows = [account for account in accounts if after is None or _order(account) > after]
    page = page_of(tx.vault, query, rows, max_results, _order)
    infos = [
        AccountInfo(account_id=row.account_id, account_name=row.name, email_address=row.email)
        for row in page.items
    ]
    return AccountList(account_list=infos, next_token=page.next_token)


def list_account_roles(
    tx: Tx, *, account_id: str, next_token: str | None = None, max_results: int = _PAGE
) -> RoleList:
    """sso ListAccountRoles: the permission sets' names; an account of others has none."""
    person = _person(tx)
    query = f"ListAccountRoles:{person.user_id}:{account_id}"
    after = open_token(tx.vault, query, next_token)
    found = [a for a in _accounts(tx, person.user_id) if a.account_id == account_id]
    names = sorted(role.name for account in found for role in account.roles)
    rows = [name for name in names if after is None or name > after]
    page = page_of(tx.vault, query, rows, max_results, lambda name: name)
    roles = [RoleInfo(role_name=name, account_id=account_id) for name in page.items]
    return RoleList(role_list=roles, next_token=page.next_token)


def get_role_credentials(tx: Tx, *, role_name: str, account_id: str) -> GetRoleCredentialsAnswer:
    """sso GetRoleCredentials: a session of the assigned role, else `Denied` "No access"."""
    content, _ = _content(tx, _person(tx), account_id, role_name)
    assumed = sessions.mint_assigned(tx, content, source="GetRoleCredentials")
    return GetRoleCredentialsAnswer(
        role_credentials=RoleCredentials(
            access_key_id=assumed.credentials.access_key_id,
            secret_access_key=assumed.credentials.secret_access_key,
            session_token=assumed.credentials.session_token,
            expiration=assumed.credentials.expiration,
        )
    )


def read_portal(tx: Tx) -> tuple[PortalAccount, ...]:
    """The portal's first page: every account and role of the person, by account name."""
    return tuple(sorted(_accounts(tx, _person(tx).user_id), key=_order))


def read_entrance(tx: Tx) -> Entrance:
    """What a command line needs before anyone has signed in."""
    instance = instances.the_instance(tx)
    return Entrance(aws_start_url=instances.aws_start_url(instance), region=instance.region)


def read_console(tx: Tx, *, access_key_id: str) -> ConsoleSession | None:
    """The person's own role session, living or ended; None for anybody else's, or none."""
    session = sessions.find_session(tx, access_key_id)
    if session is None or session.person_id != _person(tx).user_id:
        return None
    account = organization.find_account(tx, session.account_id)
    if account is None:
        return None
    ended: Literal["expired", "revoked"] | None = None
    if session.expires_at <= tx.now:
        ended = "expired"
    elif not sessions.alive(tx, session):
        ended = "revoked"
    return ConsoleSession(
        account=_portal_account(account, ()),
        role_name=_permission_set_name(session.role_name),
        session_arn=arns.assumed_role(session.account_id, session.role_name, session.session_name),
        issued_at=session.issued_at,
        expires_at=session.expires_at,
        ended=ended,
    )


def _permission_set_name(role_name: str) -> str:
    """`AWSReservedSSO_<permission set>_<suffix>` without its frame (reference §3.4)."""
    return role_name.removeprefix("AWSReservedSSO_").rpartition("_")[0] or role_name


def open_account(tx: Tx, *, account_id: str, role_name: str) -> OpenedAccount:
    """What to assert so that the person gets into the account with this permission set.

    Writes nothing but the audit record; the assertion's exchange checks the right again.
    """
    person = _person(tx)
    content, permission_set = _content(tx, person, account_id, role_name)
    account = organization.find_account(tx, account_id)
    if account is None:
        raise Denied("No access")
    role = _role(permission_set)
    return OpenedAccount(
        content=content,
        account=_portal_account(account, (role,)),
        role=role,
        relay_state=permission_set.relay_state or "",
    )


def session_name_for(user_name: str, user_id: str) -> str:
    """RoleSessionName: the user name where STS accepts it, otherwise the user id (DESIGN §5)."""
    return user_name if _SESSION_NAME.fullmatch(user_name) else user_id


def _content(
    tx: Tx, person: Person, account_id: str, role_name: str
) -> tuple[AssertionContent, permission_sets.PermissionSet]:
    found = permission_sets.find_by_name(tx, role_name)
    if found is None or not assignments.assigned(
        tx, person.user_id, account_id, found.permission_set_arn
    ):
        raise Denied("No access", code="ForbiddenException")
    provisioned = assignments.provisioned_role(tx, account_id, found.permission_set_arn)
    user = identity_store.find_user(tx, person.user_id)
    if provisioned is None or user is None:
        raise Denied("No access", code="ForbiddenException", detail="no role is provisioned")
    content = AssertionContent(
        account_id=account_id,
        role_arn=provisioned.role_arn,
        provider_arn=provisioned.saml_provider_arn,
        subject=user.user_id,
        session_name=session_name_for(user.user_name, user.user_id),
        duration_seconds=permission_sets.session_seconds(found),
        tags=instances.session_tags(tx, found.instance_id, user),
    )
    return content, found


def _accounts(tx: Tx, user_id: str) -> list[PortalAccount]:
    pairs = assignments.assignments_of(tx, user_id)
    accounts = organization.accounts_by_id(tx, sorted({pair[0] for pair in pairs}))
    sets = permission_sets.find_many(tx, sorted({pair[1] for pair in pairs}))
    roles: dict[str, list[PortalRole]] = {}
    for account_id, permission_set_arn in pairs:
        if account_id in accounts and permission_set_arn in sets:
            roles.setdefault(account_id, []).append(_role(sets[permission_set_arn]))
    return [
        _portal_account(accounts[account_id], tuple(sorted(held, key=lambda role: role.name)))
        for account_id, held in roles.items()
    ]


def _portal_account(account: Account, roles: tuple[PortalRole, ...]) -> PortalAccount:
    return PortalAccount(
        account_id=account.account_id,
        name=account.name,
        alias=account.alias,
        email=account.email,
        environment=account.environment,
        colour=account.colour,
        roles=roles,
    )


def _role(permission_set: permission_sets.PermissionSet) -> PortalRole:
    return PortalRole(
        name=permission_set.name,
        permission_set_arn=permission_set.permission_set_arn,
        description=permission_set.description or "",
        session_seconds=permission_sets.session_seconds(permission_set),
    )


def _order(account: PortalAccount) -> str:
    return f"{account.name.casefold()}\x1f{account.account_id}"


def _person(tx: Tx) -> Person:
    caller = tx.call.caller
    assert isinstance(caller, Person)
    return caller


_HIDDEN = frozenset({"role_credentials.secret_access_key", "role_credentials.session_token"})
GET_ROLE_CREDENTIALS = Operation(
    name="GetRoleCredentials",
    run=get_role_credentials,
    access=OwnSession(of="person"),
    conceals=_HIDDEN,
)
OPERATIONS = (
    Operation(
        name="ListAccounts", run=list_accounts, access=OwnSession(of="person"), reads="point"
    ),
    Operation(
        name="ListAccountRoles",
        run=list_account_roles,
        access=OwnSession(of="person"),
        reads="point",
    ),
    GET_ROLE_CREDENTIALS,
)
READ_ENTRANCE = Operation(
    name="ReadEntrance",
    run=read_entrance,
    access=Public(reason="tells an address that every command line is configured with"),
    reads="point",
)
READ_PORTAL = Operation(
    name="ReadPortal", run=read_portal, access=OwnSession(of="person"), reads="point"
)
READ_CONSOLE = Operation(
    name="ReadConsole", run=read_console, access=OwnSession(of="person"), reads="point"
)
OPEN_ACCOUNT = Operation(name="Federate", run=open_account, access=OwnSession(of="person"))
