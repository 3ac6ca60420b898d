"""Pagination of every list: opaque tokens, bound to their question, stable (§2.4, §16.4)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name

from tests.fronts.aws.refusal import refused
from tests.fronts.aws.samples import OPERATIONS, furnish, keys_of, sample
from tests.fronts.aws.samples_applications import CUSTOM
from tests.fronts.aws.samples_instances import OWNER
from tests.fronts.aws.wire import service_model
from tests.fronts.aws.world import INLINE, Clients, World, read_world
from tests.support.person import access_token
from tests.support.server import Server

#: What each service says of a token that is not one of its own.
FOREIGN = {
    "sso-admin": "ValidationException",
    "identitystore": "ValidationException",
    "organizations": "InvalidInputException",
    "iam": "ValidationError",
    "cloudtrail": "InvalidNextTokenException",
    "sso": "InvalidRequestException",
}
LIMITS = ("MaxResults", "MaxItems", "maxResults")
TOKENS = ("NextToken", "Marker", "nextToken")
#: Lists that hold one thing at most.
ONE_ROW = {
    "ListInstances",
    "ListApplicationProviders",
    "ListIdentityStores",
    "ListRoots",
    "ListParents",
}


#: A list in three members, tried by tests of its own.
IN_PARTS = {"ListEntitiesForPolicy"}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list operation with its members."""

    service: str
    operation: str
    limit: str
    token: str
    output_token: str
    result: str


def listings() -> list[Listing]:
    """Every served operation that pages, read from botocore's models."""
    found = []
    for service, operation in OPERATIONS:
        if operation in IN_PARTS:
            continue
        model = service_model(service).operation_model(operation)
        members = set(model.input_shape.members) if model.input_shape else set()
        outputs = model.output_shape.members if model.output_shape else {}
        for limit in members & set(LIMITS):
            (token,) = members & set(TOKENS)
            (result,) = [name for name, shape in outputs.items() if shape.type_name == "list"]
            output_token = token if token in outputs else "Marker"
            found.append(Listing(service, operation, limit, token, output_token, result))
    return found


LISTINGS = listings()


@pytest.fixture(scope="module")
def world(running_server: Server) -> World:
    """An organization in which every list has more than one row."""
    running_server.reset()
    world = furnish(read_world(running_server))
    sso, spare = world.admin.sso_admin, world.more["spare"]
    target = {"InstanceArn": world.instance, "PermissionSetArn": spare}
    for name in ("SecurityAudit", "ReadOnlyAccess"):
        sso.attach_managed_policy_to_permission_set(
            **target, ManagedPolicyArn=f"arn:aws:iam::aws:policy/{name}"
        )
    for name in ("Second", "Third"):
        sso.attach_customer_managed_policy_reference_to_permission_set(
            **target, CustomerManagedPolicyReference={"Name": name}
        )
    read_only, ken = world.sets["ReadOnlyAccess"], world.users["ken"]
    for alias in ("sakura-web-dev", "sakura-data-dev", "sakura-data-prod"):
        world.assign(read_only, ken, alias)
    world.unassign(read_only, ken, "sakura-data-prod")
    world.assign(read_only, ken, "sakura-management")
    world.provision(read_only, "sakura-web-dev")
    world.join(world.groups["Auditors"], ken)
    for name in ("Developers", "Administrators"):
        world.join(world.groups[name], world.users["maria"])
    wide = world.permission_set("Wide")
    sso.put_inline_policy_to_permission_set(
        InstanceArn=world.instance, PermissionSetArn=wide, InlinePolicy=INLINE
    )
    for name in ("ReadOnlyAccess", "SecurityAudit", "AdministratorAccess"):
        sso.attach_managed_policy_to_permission_set(
            InstanceArn=world.instance,
            PermissionSetArn=wide,
            ManagedPolicyArn=f"arn:aws:iam::aws:policy/{name}",
        )
    world.assign(wide, ken, "sakura-management")
    names = [role["RoleName"] for role in world.admin.iam.list_roles()["Roles"]]
    world.more["wide role"] = next(name for name in names if "_Wide_" in name)
    world.more["access token"] = access_token(running_server, "alex")
    return world


def caller(world: World, listing: Listing) -> Callable[..., dict[str, Any]]:
    """The operation with its sample's parameters."""
    params = sample(world, listing.service, listing.operation)
    if listing.operation == "ListAttachedRolePolicies":
        params = {"RoleName": world.more["wide role"]}
    if listing.service == "sso":
        params["accessToken"] = world.more["access token"]
    operation = snake(listing.operation)
    call = getattr(getattr(client(world, listing), listing.service.replace("-", "_")), operation)
    return lambda **more: call(**{**params, **more})


def client(world: World, listing: Listing) -> Clients:
    """Clients of whose list it is; making one takes longer than what is asked of it."""
    keys = keys_of(world, listing.service, listing.operation)
    if keys == world.wire.administrator:
        return world.admin
    return Clients(world.server, keys)


def snake(name: str) -> str:
    """The method of a boto3 client for an operation."""
    return str(xform_name(name))


def walk(call: Callable[..., dict[str, Any]], listing: Listing, size: int) -> list[Any]:
    """Every row, page by page; each page but the last is full."""
    rows: list[Any] = []
    token: dict[str, str] = {}
    for _ in range(400):
        page = call(**{listing.limit: size}, **token)
        rows += page[listing.result]
        if listing.output_token not in page:
            assert len(page[listing.result]) <= size
            return rows
        assert len(page[listing.result]) == size
        assert page.get("IsTruncated", True) is True
        token = {listing.token: page[listing.output_token]}
    raise AssertionError("pages without end")


def named(listing: Listing) -> str:
    return f"{listing.service}-{listing.operation}"


@pytest.mark.parametrize("listing", LISTINGS, ids=named)
def test_every_row_is_on_exactly_one_page(world: World, listing: Listing) -> None:
    call = caller(world, listing)
    short = listing.operation == "ListApplicationAccessScopes"
    whole = walk(call, listing, 10 if short else 20 if listing.service == "organizations" else 50)
    if listing.operation == "ListInstances":
        whole = walk(call, listing, 10)
    assert whole
    assert listing.operation in ONE_ROW or len(whole) > 1 or one_by_nature(listing)
    assert walk(call, listing, 1) == whole
    if len(whole) > 2:
        assert walk(call, listing, 2) == whole


def one_by_nature(listing: Listing) -> bool:
    """One account has no more of it: units below a root, a role's inline policies."""
    return listing.operation in {"ListRolePolicies", "ListAccountsForParent", "ListChildren"}


@pytest.mark.parametrize("listing", LISTINGS, ids=named)
def test_a_token_that_is_none_is_refused(world: World, listing: Listing) -> None:
    call = caller(world, listing)
    sealed = base64.urlsafe_b64encode(bytes(60)).decode()
    for token in ("AAAA", sealed, "0", base64.b64encode(b"10").decode()):
        refused(call, FOREIGN[listing.service], **{listing.token: token})


PAGED = [
    listing
    for listing in LISTINGS
    if listing.operation not in ONE_ROW and not one_by_nature(listing)
]


@pytest.mark.parametrize("listing", PAGED, ids=named)
def test_a_token_is_opaque_and_of_its_own_list_only(world: World, listing: Listing) -> None:
    call = caller(world, listing)
    token = call(**{listing.limit: 1})[listing.output_token]
    raw = base64.urlsafe_b64decode(token)
    # Nothing of what comes next can be read from it, or put into it.
    for row in walk(call, listing, 10):
        for value in row.values() if isinstance(row, dict) else [row]:
            assert len(str(value)) < 5 or str(value).encode() not in raw
    assert call(**{listing.limit: 1})[listing.output_token] != token
    changed = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    refused(call, FOREIGN[listing.service], **{listing.token: changed})
    # The size of a page may change on the way, the question may not.
    assert call(**{listing.limit: 2, listing.token: token})[listing.result]
    for other in some_others(listing):
        refused(caller(world, other), FOREIGN[other.service], **{other.token: token})


def some_others(listing: Listing) -> list[Listing]:
    """Lists that take tokens by the same name: those that follow, and one of another service."""
    others = [
        other
        for other in (*PAGED[PAGED.index(listing) + 1 :], *PAGED[: PAGED.index(listing)])
        if other.token == listing.token
    ]
    return [*others[:3], *[other for other in others if other.service != listing.service][:1]]


def test_a_token_is_bound_to_its_instance_and_store(world: World) -> None:
    """Another instance's token continues nothing: neither the list of its kind nor from there."""
    other = Clients(world.server, world.member_administrator(OWNER))
    instance = world.more["account instance"]
    store = other.sso_admin.describe_instance(InstanceArn=instance)["IdentityStoreId"]
    for number in range(2):
        other.identitystore.create_group(IdentityStoreId=store, DisplayName=f"Other{number}")
        other.sso_admin.create_application(
            InstanceArn=instance, ApplicationProviderArn=CUSTOM, Name=f"other{number}"
        )
    for clients, mine, theirs in (
        (world.admin, (world.instance, world.store), (instance, store)),
        (other, (instance, store), (world.instance, world.store)),
    ):
        asks: list[tuple[Any, str, str, str]] = [
            (clients.sso_admin.list_applications, "InstanceArn", mine[0], theirs[0]),
            (clients.identitystore.list_groups, "IdentityStoreId", mine[1], theirs[1]),
        ]
        back = other if clients is world.admin else world.admin
        for ask, member, own, foreign in asks:
            token = ask(**{member: own}, MaxResults=1)["NextToken"]
            assert ask(**{member: own}, NextToken=token)
            service = "sso_admin" if member == "InstanceArn" else "identitystore"
            there = getattr(getattr(back, service), ask.__name__)
            refused(there, "ValidationException", **{member: foreign}, NextToken=token)


def test_a_token_is_bound_to_the_parameters_of_its_list(world: World) -> None:
    store, sso, iam = world.admin.identitystore, world.admin.sso_admin, world.admin.iam
    at = {"IdentityStoreId": world.store}
    auditors, developers = world.groups["Auditors"], world.groups["Developers"]
    token = store.list_group_memberships(**at, GroupId=auditors, MaxResults=1)["NextToken"]
    refused(
        store.list_group_memberships,
        "ValidationException",
        "The provided pagination token is not valid for this request.",
        **at,
        GroupId=developers,
        NextToken=token,
    )
    target = {"InstanceArn": world.instance, "PermissionSetArn": world.sets["ReadOnlyAccess"]}
    answer = sso.list_account_assignments(**target, AccountId=world.management, MaxResults=1)
    refused(
        sso.list_account_assignments,
        "ValidationException",
        **target,
        AccountId=world.account("sakura-web-dev"),
        NextToken=answer["NextToken"],
    )
    marker = iam.list_roles(MaxItems=1)["Marker"]
    refused(iam.list_roles, "ValidationError", PathPrefix="/aws-reserved/", Marker=marker)
    member = Clients(world.server, world.member_administrator()).iam
    refused(member.list_roles, "ValidationError", f"Invalid Marker: {marker}", Marker=marker)


def test_rows_that_come_and_go_do_not_shift_a_page(world: World) -> None:
    store = world.admin.identitystore
    at = {"IdentityStoreId": world.store}
    made = [world.user(f"page{number}") for number in range(12)]
    before = [user["UserId"] for user in store.list_users(**at)["Users"]]
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = store.list_users(**at, MaxResults=3, **token)
        seen += [user["UserId"] for user in page["Users"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
        # The last one seen goes, and others come anywhere.
        if seen[-1] in made:
            store.delete_user(**at, UserId=seen[-1])
        world.user(f"page-{len(seen)}")
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_a_token_outlives_the_row_it_stands_on(world: World) -> None:
    store = world.admin.identitystore
    at = {"IdentityStoreId": world.store}
    made = {world.group(f"row{number}") for number in range(2)}
    order = [group["GroupId"] for group in store.list_groups(**at)["Groups"]]
    # Of two, one has something after it.
    place = next(number for number, group_id in enumerate(order) if group_id in made)
    page = store.list_groups(**at, MaxResults=place + 1)
    assert page["Groups"][-1]["GroupId"] == order[place]
    store.delete_group(**at, GroupId=order[place])
    rest = store.list_groups(**at, NextToken=page["NextToken"])["Groups"]
    assert [group["GroupId"] for group in rest] == order[place + 1 :]
