"""Making the organization, its units and its accounts: for the seed and for connectors."""

import re
import secrets
import string
import unicodedata
from dataclasses import dataclass

from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.db.database import Tx
from genkan.organization import policy_store, store
from genkan.organization.access import organization
from genkan.organization.answers import violation
from genkan.organization.records import FULL_ACCESS, Account, Organization, OrganizationalUnit

DEEPEST_UNIT = 5
_ALPHABET = string.ascii_lowercase + string.digits
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
ALIAS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,31}")
_COLOUR = re.compile(r"[a-z][A-Za-z]{0,31}")


@dataclass(frozen=True, slots=True)
class Parent:
    """Where something may stand: the root (depth 0) or a unit."""

    path: str
    depth: int


def create_organization(
    tx: Tx,
    *,
    account_id: str,
    name: str,
    email: str,
    alias: str = "",
    environment: str = "management",
    colour: str = "none",
    organization_id: str | None = None,
    root_id: str | None = None,
) -> Organization:
    """Make the organization with its root and, from the other parameters, its management account.

    `Conflict` (AlreadyInOrganizationException) when there is one already.
    """
    if store.find_organization(tx) is not None:
        raise Conflict(
            "The provided account is already a member of an organization.",
            code="AlreadyInOrganizationException",
        )
    made = Organization(
        organization_id=organization_id or f"o-{_letters(10)}",
        management_account_id=account_id,
        root_id=root_id or f"r-{_letters(4)}",
        created_at=tx.now,
    )
    store.insert_organization(tx, made)
    _insert_account(
        tx,
        made,
        account_id=account_id,
        name=name,
        email=email,
        alias=alias,
        environment=environment,
        colour=colour,
        parent_id=made.root_id,
        joined_method="INVITED",
    )
    return made


def create_organizational_unit(
    tx: Tx, *, parent_id: str, name: str, unit_id: str | None = None
) -> OrganizationalUnit:
    """Make a unit under the root or a unit, at most five deep.

    `NotFound` for an unknown parent, `Conflict` for a name that its parent has already or a unit
    too deep.
    """
    whole = organization(tx)
    parent = find_parent(tx, parent_id)
    _check_name(name)
    if store.unit_name_taken(tx, parent_id, name):
        raise Conflict(
            "An OU with the same name already exists.",
            code="DuplicateOrganizationalUnitException",
        )
    if parent.depth >= DEEPEST_UNIT:
        raise violation("You have exceeded the allowed depth of OUs.", "OU_DEPTH_LIMIT_EXCEEDED")
    unit_id = unit_id or f"ou-{whole.root_id.removeprefix('r-')}-{_letters(8)}"
    unit = OrganizationalUnit(
        unit_id=unit_id,
        parent_id=parent_id,
        name=name,
        path=f"{parent.path}{unit_id}/",
        depth=parent.depth + 1,
        created_at=tx.now,
    )
    store.insert_unit(tx, whole.organization_id, unit)
    _begin_with_full_access(tx, unit_id)
    return unit


def create_account(
    tx: Tx,
    *,
    account_id: str,
    name: str,
    email: str,
    alias: str = "",
    environment: str = "",
    colour: str = "none",
    parent_id: str,
) -> Account:
    """Make a member account under the root or a unit.

    `environment` is a word such as `production`, or empty; `colour` one of AWS's account colours
    (`red`, `lightBlue`, …, `none`); the pages decide what they look like. `Conflict` for an id,
    e-mail or alias that is taken.
    """
    return _insert_account(
        tx,
        organization(tx),
        account_id=account_id,
        name=name,
        email=email,
        alias=alias,
        environment=environment,
        colour=colour,
        parent_id=parent_id,
        joined_method="CREATED",
    )


def find_parent(tx: Tx, parent_id: str) -> Parent:
    """The root or unit of this id; ParentNotFoundException otherwise."""
    whole = organization(tx)
    if parent_id == whole.root_id:
        return Parent(whole.path, 0)
    unit = store.find_unit(tx, parent_id)
    if unit is None:
        raise NotFound("You specified parent that doesn't exist.", code="ParentNotFoundException")
    return Parent(unit.path, unit.depth)


def _insert_account(
    tx: Tx,
    whole: Organization,
    *,
    account_id: str,
    name: str,
    email: str,
    alias: str,
    environment: str,
    colour: str,
    parent_id: str,
    joined_method: str,
) -> Account:
    _check_words(account_id, email, alias, environment, colour)
    _check_name(name)
    parent = find_parent(tx, parent_id)
    _check_free(tx, account_id, email, alias)
    account = Account(
        account_id=account_id,
        parent_id=parent_id,
        path=f"{parent.path}{account_id}/",
        name=name,
        email=email,
        alias=alias,
        environment=environment,
        colour=colour,
        status="ACTIVE",
        joined_method=joined_method,
        joined_at=tx.now,
    )
    store.insert_account(tx, whole.organization_id, account, email.casefold())
    _begin_with_full_access(tx, account_id)
    return account


def _begin_with_full_access(tx: Tx, target_id: str) -> None:
    if policy_store.type_enabled(tx, "SERVICE_CONTROL_POLICY"):
        policy_store.attach(tx, FULL_ACCESS.policy_id, target_id)


def _check_free(tx: Tx, account_id: str, email: str, alias: str) -> None:
    if store.find_account(tx, account_id) is not None:
        raise Conflict(f"The account {account_id} exists already.")
    if store.email_taken(tx, email.casefold()):
        raise Conflict(f"The e-mail address {email} is used by another account.")
    if alias and store.alias_taken(tx, alias):
        raise Conflict(f"The alias {alias} is used by another account.")


def _check_words(account_id: str, email: str, alias: str, environment: str, colour: str) -> None:
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise Invalid("An account id has twelve digits.")
    if not (6 <= len(email) <= 64 and _EMAIL.fullmatch(email)):
        raise Invalid("The e-mail address of an account has between 6 and 64 characters.")
    if alias and not (3 <= len(alias) <= 63 and ALIAS.fullmatch(alias)):
        raise Invalid("An alias has 3 to 63 lower-case letters, digits and single hyphens.")
    if environment and not ENVIRONMENT.fullmatch(environment):
        raise Invalid("An environment is a short lower-case word, such as production.")
    if not _COLOUR.fullmatch(colour):
        raise Invalid("A colour is one of AWS's words for account colours, such as lightBlue.")


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= 128 or any(unicodedata.category(char) == "Cc" for char in name):
        raise Invalid("A name has between 1 and 128 characters, none of them a control character.")


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
