"""Every read operation of sso-admin and identitystore: what is asked, of whom, and how it is timed.

Owns a sensible request for each Describe*, Get*, Is* and List* of the two models, with several
different targets spread over the data set, lists with several different pages; a test holds the
table against the models. Requests name no MaxResults, so a page is what the operation gives by
itself: the model's maximum, which is 100 (10 for access scopes), but 50 for ListApplications and 10
for ListInstances. While reads are measured somebody changes: one UpdateUser every 100 ms, so that
nothing is answered from what was remembered of an unchanged database.
"""

import itertools
import secrets
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from benchmarks import catalogue, dataset, load
from benchmarks.load import Beside, Flow, Repeated, Wrong
from benchmarks.sites import Site

CONNECTIONS = 16
TARGETS = 48
"""Different things asked about, or pages, where the data set has as many."""
PAGES = 16
CHANGE_SECONDS = 0.1
RUNS, SECONDS, WARM_SECONDS = 3, 0.4, 0.2
CONDITIONS = (
    f"Median of {RUNS} runs of {SECONDS:g} seconds each, {CONNECTIONS} connections, a user changed"
    f" every {CHANGE_SECONDS * 1000:.0f} ms. *asks*: different requests, asked in turn; *items*:"
    " of an answer's list, on average."
)
_MANAGED = "arn:aws:sso::aws:applicationProvider/custom"
Members = dict[str, Any]
_PREFIXES = {"sso-admin": "SWBExternalService", "identitystore": "AWSIdentityStore"}
_SIGNED_AS = {"sso-admin": "sso", "identitystore": "identitystore"}


class Targets:
    """What there is to ask about, found through the API, each kind when first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.instance = {"InstanceArn": site.facts["instance_arn"]}
        self.store = {"IdentityStoreId": site.facts["identity_store_id"]}
        self._admin = site.client("sso-admin")
        self._identity = site.client("identitystore")

    def _all(self, operation: str, key: str, most: int, **members: Any) -> list[Any]:
        """At most `most` items of a list, from its beginning."""
        client = self._identity if "IdentityStoreId" in members else self._admin
        pages = client.get_paginator(operation).paginate(
            **members, PaginationConfig={"MaxItems": most}
        )
        return [item for page in pages for item in page.get(key, ())]

    @cached_property
    def users(self) -> list[Members]:
        """Users from all over the store, told by their names."""
        step = max(1, self._site.users // (TARGETS + 1))
        found = []
        for number in range(TARGETS):
            name = dataset.user_name(number * step)
            listed = self._identity.list_users(
                **self.store, Filters=[{"AttributePath": "UserName", "AttributeValue": name}]
            )
            found += listed["Users"]
        return found

    @cached_property
    def memberships(self) -> list[Members]:
        """The first membership of each of the users."""
        return [
            self._identity.list_group_memberships_for_member(
                **self.store, MemberId={"UserId": user["UserId"]}, MaxResults=1
            )["GroupMemberships"][0]
            for user in self.users
        ]

    @cached_property
    def groups(self) -> list[Members]:
        """Groups that some of the users are in."""
        ids = dict.fromkeys(one["GroupId"] for one in self.memberships)
        return [self._identity.describe_group(**self.store, GroupId=one) for one in ids]

    @cached_property
    def crowds(self) -> list[str]:
        """Groups with a permission set in every account; none in the small data set.

        Told by the accounts: two of them share few other groups.
        """
        first, second = (self._groups_everywhere(account_id) for account_id in self.accounts[-2:])
        return sorted(first & second)[: TARGETS // 8]

    def _groups_everywhere(self, account_id: str) -> set[str]:
        """Groups that have one of the account's permission sets of many accounts."""
        found = set()
        for arn in self._admin.list_permission_sets_provisioned_to_account(
            **self.instance, AccountId=account_id
        )["PermissionSets"]:
            accounts = self._admin.list_accounts_for_provisioned_permission_set(
                **self.instance, PermissionSetArn=arn
            )["AccountIds"]
            if len(accounts) == 100:
                found |= {
                    one["PrincipalId"]
                    for one in self._admin.list_account_assignments(
                        **self.instance, AccountId=account_id, PermissionSetArn=arn
                    )["AccountAssignments"]
                    if one["PrincipalType"] == "GROUP"
                }
        return found

    @cached_property
    def principals(self) -> list[Members]:
        """Users, half of them with thousands of assignments where the data set has such."""
        members = [
            one["MemberId"]["UserId"]
            for group in self.crowds
            for one in self._all(
                "list_group_memberships",
                "GroupMemberships",
                TARGETS // 8,
                **self.store,
                GroupId=group,
            )
        ]
        chosen = [*members, *(user["UserId"] for user in self.users)][:TARGETS]
        return [{"PrincipalId": one, "PrincipalType": "USER"} for one in chosen]

    @cached_property
    def permission_sets(self) -> list[str]:
        """ARNs of permission sets from all over the list."""
        return _spread(self._all("list_permission_sets", "PermissionSets", 10_000, **self.instance))

    @cached_property
    def drafts(self) -> list[str]:
        """Permission sets with an inline policy, a boundary and references."""
        every = self._all("list_permission_sets", "PermissionSets", 10_000, **self.instance)
        return [arn for arn in every if self._is_draft(arn)][:PAGES]

    def _is_draft(self, permission_set_arn: str) -> bool:
        listed = self._admin.list_customer_managed_policy_references_in_permission_set(
            **self.instance, PermissionSetArn=permission_set_arn
        )["CustomerManagedPolicyReferences"]
        return any(one["Path"] == catalogue.PATH for one in listed)

    @cached_property
    def accounts(self) -> list[str]:
        """Account ids from all over the organization."""
        client = self._site.client("organizations")
        pages = client.get_paginator("list_accounts").paginate()
        return _spread([account["Id"] for page in pages for account in page["Accounts"]])

    @cached_property
    def placed(self) -> list[Members]:
        """Accounts, each with a permission set that it has, not always the same."""
        found = []
        for number, account_id in enumerate(self.accounts):
            listed = self._admin.list_permission_sets_provisioned_to_account(
                **self.instance, AccountId=account_id
            )["PermissionSets"]
            if listed:
                chosen = listed[number % len(listed)]
                found.append({"AccountId": account_id, "PermissionSetArn": chosen})
        return found

    @cached_property
    def applications(self) -> list[str]:
        """ARNs of applications from all over the list, the popular ones among them."""
        every = self._all("list_applications", "Applications", 10_000, **self.instance)
        return _spread([one["ApplicationArn"] for one in every])

    @cached_property
    def issuers(self) -> list[str]:
        """ARNs of trusted token issuers."""
        every = self._all(
            "list_trusted_token_issuers", "TrustedTokenIssuers", TARGETS, **self.instance
        )
        return [one["TrustedTokenIssuerArn"] for one in every]

    @cached_property
    def regions(self) -> list[str]:
        """The instance's Regions."""
        listed = self._admin.list_regions(**self.instance)["Regions"]
        return [one["RegionName"] for one in listed]

    def requests(self, what: str, key: str) -> list[str]:
        """Ids of the last requests of a kind."""
        listed: list[Members] = getattr(self._admin, f"list_{what}")(**self.instance)[key]
        return [one["RequestId"] for one in listed][:TARGETS]

    def first(self, name: str, key: str, **members: Any) -> str | None:
        """A member of the first item of a list of applications' parts."""
        listed = getattr(self._admin, f"list_{name}")(**members)
        return next(iter(listed.values()))[0][key] if listed else None

    def pages(self, operation: str, **members: Any) -> list[Members]:
        """Requests for the first pages of a list, one after the other."""
        client = self._identity if "IdentityStoreId" in members else self._admin
        found = [dict(members)]
        while len(found) < PAGES:
            token = getattr(client, operation)(**found[-1]).get("NextToken")
            if not token:
                break
            found.append({**members, "NextToken": token})
        return found


def _spread(of: Sequence[Any]) -> list[Any]:
    """A few of many, a step apart, the first included."""
    step = max(1, len(of) // TARGETS)
    return list(of[::step][:TARGETS])


Asks = Callable[[Targets], Iterable[Members]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One operation: its requests' members, and a text that every right answer contains."""

    service: str
    operation: str
    asks: Asks
    contains: bytes

    @property
    def name(self) -> str:
        """As the page says it."""
        return self.operation

    @property
    def target(self) -> str:
        """X-Amz-Target."""
        return f"{_PREFIXES[self.service]}.{self.operation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was seen of one operation. `items`: of its answers' list, on average; None without."""

    service: str
    operation: str
    targets: int
    items: float | None
    result: load.Result


def _on_instance(t: Targets) -> Iterable[Members]:
    return [t.instance]


def _on_store(t: Targets) -> Iterable[Members]:
    return [t.store]


def _on_sets(t: Targets) -> Iterable[Members]:
    return [{**t.instance, "PermissionSetArn": arn} for arn in t.permission_sets]


def _on_drafts(t: Targets) -> Iterable[Members]:
    return [{**t.instance, "PermissionSetArn": arn} for arn in t.drafts]


def _on_applications(t: Targets) -> Iterable[Members]:
    return [{"ApplicationArn": arn} for arn in t.applications]


def _paged(operation: str) -> Asks:
    """The first pages of a list of the instance."""
    return lambda t: t.pages(operation, **t.instance)


def _paged_of_store(operation: str) -> Asks:
    return lambda t: t.pages(operation, **t.store)


def _requests(kind: str, key: str, parameter: str) -> Asks:
    """Each of the last requests of a kind."""
    return lambda t: [{**t.instance, parameter: one} for one in t.requests(kind, key)]


def _scopes(t: Targets) -> Iterable[Members]:
    for arn in t.applications:
        scope = t.first("application_access_scopes", "Scope", ApplicationArn=arn)
        yield {"ApplicationArn": arn, "Scope": scope}


def _application_assignments(t: Targets) -> Iterable[Members]:
    for arn in t.applications:
        of_application = {"ApplicationArn": arn}
        principal = t.first("application_assignments", "PrincipalId", **of_application)
        kind = t.first("application_assignments", "PrincipalType", **of_application)
        yield {**of_application, "PrincipalId": principal, "PrincipalType": kind}


def _grants(t: Targets) -> Iterable[Members]:
    kinds = ("authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "refresh_token")
    return [
        {"ApplicationArn": arn, "GrantType": kinds[number % len(kinds)]}
        for number, arn in enumerate(t.applications)
    ]


def _principals(t: Targets) -> Iterable[Members]:
    return [{**t.instance, **one} for one in t.principals]


def _later_pages(t: Targets) -> Iterable[Members]:
    """First pages of all, and the pages that follow of one with thousands."""
    first = list(_principals(t))
    return first + t.pages("list_account_assignments_for_principal", **first[0])[1:]


def _tagged(t: Targets) -> Iterable[Members]:
    yield {**t.instance, "ResourceArn": t.instance["InstanceArn"]}
    for arn in (*t.permission_sets, *t.issuers):
        yield {**t.instance, "ResourceArn": arn}
    for arn in t.applications:
        yield {"ResourceArn": arn}


def _user_ids(t: Targets) -> Iterable[Members]:
    for user in t.users:
        by_name = {"AttributePath": "UserName", "AttributeValue": user["UserName"]}
        yield {**t.store, "AlternateIdentifier": {"UniqueAttribute": by_name}}
        by_email = {"AttributePath": "Emails.Value", "AttributeValue": user["Emails"][0]["Value"]}
        yield {**t.store, "AlternateIdentifier": {"UniqueAttribute": by_email}}


def _group_ids(t: Targets) -> Iterable[Members]:
    for group in t.groups:
        named = {"AttributePath": "DisplayName", "AttributeValue": group["DisplayName"]}
        yield {**t.store, "AlternateIdentifier": {"UniqueAttribute": named}}


def _in_groups(t: Targets) -> Iterable[Members]:
    """Twenty groups asked about for each user."""
    ids = [group["GroupId"] for group in t.groups]
    for number, user in enumerate(t.users):
        some = [ids[(number + step) % len(ids)] for step in range(min(20, len(ids)))]
        yield {**t.store, "MemberId": {"UserId": user["UserId"]}, "GroupIds": some}


def _admin(operation: str, asks: Asks, contains: str) -> Read:
    return Read(
        service="sso-admin", operation=operation, asks=asks, contains=f'"{contains}"'.encode()
    )


def _identity(operation: str, asks: Asks, contains: str) -> Read:
    return Read(
        service="identitystore", operation=operation, asks=asks, contains=f'"{contains}"'.encode()
    )


READS: tuple[Read, ...] = (
    _admin(
        "DescribeAccountAssignmentCreationStatus",
        _requests(
            "account_assignment_creation_status",
            "AccountAssignmentsCreationStatus",
            "AccountAssignmentCreationRequestId",
        ),
        "PermissionSetArn",
    ),
    _admin(
        "DescribeAccountAssignmentDeletionStatus",
        _requests(
            "account_assignment_deletion_status",
            "AccountAssignmentsDeletionStatus",
            "AccountAssignmentDeletionRequestId",
        ),
        "PermissionSetArn",
    ),
    _admin("DescribeApplication", _on_applications, "ApplicationProviderArn"),
    _admin("DescribeApplicationAssignment", _application_assignments, "PrincipalId"),
    _admin(
        "DescribeApplicationProvider",
        lambda t: [{"ApplicationProviderArn": _MANAGED}],
        "FederationProtocol",
    ),
    _admin("DescribeInstance", _on_instance, "EncryptionConfigurationDetails"),
    _admin(
        "DescribeInstanceAccessControlAttributeConfiguration",
        _on_instance,
        "AccessControlAttributes",
    ),
    _admin("DescribePermissionSet", _on_sets, "SessionDuration"),
    _admin(
        "DescribePermissionSetProvisioningStatus",
        _requests(
            "permission_set_provisioning_status",
            "PermissionSetsProvisioningStatus",
            "ProvisionPermissionSetRequestId",
        ),
        "PermissionSetArn",
    ),
    _admin(
        "DescribeRegion",
        lambda t: [{**t.instance, "RegionName": region} for region in t.regions],
        "IsPrimaryRegion",
    ),
    _admin(
        "DescribeTrustedTokenIssuer",
        lambda t: [{"TrustedTokenIssuerArn": arn} for arn in t.issuers],
        "OidcJwtConfiguration",
    ),
    _admin("GetApplicationAccessScope", _scopes, "AuthorizedTargets"),
    _admin("GetApplicationAssignmentConfiguration", _on_applications, "AssignmentRequired"),
    _admin(
        "GetApplicationAuthenticationMethod",
        lambda t: [
            {**members, "AuthenticationMethodType": "IAM"} for members in _on_applications(t)
        ],
        "ActorPolicy",
    ),
    _admin("GetApplicationGrant", _grants, "Grant"),
    _admin(
        "GetApplicationSessionConfiguration",
        _on_applications,
        "UserBackgroundSessionApplicationStatus",
    ),
    _admin("GetInlinePolicyForPermissionSet", _on_drafts, "InlinePolicy"),
    _admin("GetPermissionsBoundaryForPermissionSet", _on_drafts, "PermissionsBoundary"),
    _admin(
        "ListAccountAssignmentCreationStatus",
        _paged("list_account_assignment_creation_status"),
        "RequestId",
    ),
    _admin(
        "ListAccountAssignmentDeletionStatus",
        _paged("list_account_assignment_deletion_status"),
        "RequestId",
    ),
    _admin(
        "ListAccountAssignments",
        lambda t: [{**t.instance, **one} for one in t.placed],
        "PrincipalId",
    ),
    _admin("ListAccountAssignmentsForPrincipal", _later_pages, "PrincipalId"),
    _admin(
        "ListAccountsForProvisionedPermissionSet",
        lambda t: [
            {**t.instance, "PermissionSetArn": arn}
            for arn in dict.fromkeys(one["PermissionSetArn"] for one in t.placed)
        ],
        "AccountIds",
    ),
    _admin("ListApplicationAccessScopes", _on_applications, "AuthorizedTargets"),
    _admin("ListApplicationAssignments", _on_applications, "PrincipalId"),
    _admin("ListApplicationAssignmentsForPrincipal", _principals, "ApplicationAssignments"),
    _admin("ListApplicationAuthenticationMethods", _on_applications, "ActorPolicy"),
    _admin("ListApplicationGrants", _on_applications, "GrantType"),
    _admin("ListApplicationProviders", lambda t: [{}], "FederationProtocol"),
    _admin("ListApplications", _paged("list_applications"), "ApplicationProviderArn"),
    _admin("ListCustomerManagedPolicyReferencesInPermissionSet", _on_drafts, "Path"),
    _admin("ListInstances", lambda t: [{}], "IdentityStoreArn"),
    _admin("ListManagedPoliciesInPermissionSet", _on_sets, "AttachedManagedPolicies"),
    _admin(
        "ListPermissionSetProvisioningStatus",
        _paged("list_permission_set_provisioning_status"),
        "RequestId",
    ),
    _admin("ListPermissionSets", _paged("list_permission_sets"), "PermissionSets"),
    _admin(
        "ListPermissionSetsProvisionedToAccount",
        lambda t: [{**t.instance, "AccountId": one["AccountId"]} for one in t.placed],
        "PermissionSets",
    ),
    _admin("ListRegions", _on_instance, "IsPrimaryRegion"),
    _admin("ListTagsForResource", _tagged, "Tags"),
    _admin("ListTrustedTokenIssuers", _on_instance, "TrustedTokenIssuerArn"),
    _identity(
        "DescribeGroup",
        lambda t: [{**t.store, "GroupId": group["GroupId"]} for group in t.groups],
        "DisplayName",
    ),
    _identity(
        "DescribeGroupMembership",
        lambda t: [{**t.store, "MembershipId": one["MembershipId"]} for one in t.memberships],
        "MemberId",
    ),
    _identity("DescribeIdentityStore", _on_store, "IdentityStoreArn"),
    _identity(
        "DescribeUser",
        lambda t: [{**t.store, "UserId": user["UserId"]} for user in t.users],
        "Emails",
    ),
    _identity("GetGroupId", _group_ids, "GroupId"),
    _identity(
        "GetGroupMembershipId",
        lambda t: [
            {**t.store, "GroupId": one["GroupId"], "MemberId": one["MemberId"]}
            for one in t.memberships
        ],
        "MembershipId",
    ),
    _identity("GetUserId", _user_ids, "UserId"),
    _identity("IsMemberInGroups", _in_groups, "MembershipExists"),
    _identity(
        "ListGroupMemberships",
        lambda t: [{**t.store, "GroupId": group["GroupId"]} for group in t.groups],
        "MemberId",
    ),
    _identity(
        "ListGroupMembershipsForMember",
        lambda t: [{**t.store, "MemberId": {"UserId": user["UserId"]}} for user in t.users],
        "MemberId",
    ),
    _identity("ListGroups", _paged_of_store("list_groups"), "DisplayName"),
    _identity("ListIdentityStores", lambda t: [{}], "IdentityStoreArn"),
    _identity("ListUsers", _paged_of_store("list_users"), "UserName"),
)


def measured(site: Site, read: Read) -> Figure:
    """Ask each request once and look at the answer, then time all of them in turn."""
    targets: Targets = site.kept.setdefault("targets", Targets(site))
    asked = [signed(site, read, members) for members in read.asks(targets)]
    if not asked:
        raise Wrong("there is nothing to ask about")
    items = looked_at(site, read, asked)
    results = []
    for seconds in (WARM_SECONDS, *[SECONDS] * RUNS):
        results.append(
            load.run(
                site.ports,
                _flows(asked, read.contains),
                seconds=seconds,
                pids=site.pids,
                database_pids=site.database_pids,
                beside=Beside(_changes(site, targets), CHANGE_SECONDS),
            )
        )
    middle = sorted(results[1:], key=lambda result: result.rate)[RUNS // 2]
    return Figure(
        service=read.service,
        operation=read.operation,
        targets=len(asked),
        items=items,
        result=middle,
    )


def _flows(asked: Sequence[bytes], contains: bytes) -> list[Flow]:
    """Each connection asks everything in turn, beginning somewhere else."""
    step = max(1, len(asked) // CONNECTIONS)
    return [
        Repeated(
            itertools.islice(itertools.cycle(asked), number * step % len(asked), None),
            contains=contains,
        )
        for number in range(CONNECTIONS)
    ]


def signed(site: Site, read: Read, members: Members) -> bytes:
    """A whole request."""
    return site.signer(_SIGNED_AS[read.service]).json(read.target, members)


def looked_at(site: Site, read: Read, asked: Sequence[bytes]) -> float | None:
    """The mean length of the answers' list; `Wrong` for an answer that is none."""
    counts = []
    with httpx.Client(base_url=site.url, timeout=30) as client:
        for request in asked:
            answer = client.send(_as_httpx(client, request))
            if answer.status_code != 200 or read.contains not in answer.content:
                raise Wrong(f"{answer.status_code}: {answer.text[:300]}")
            members = answer.json()
            counts += [len(value) for value in members.values() if isinstance(value, list)][:1]
    return statistics.mean(counts) if counts else None


def _as_httpx(client: httpx.Client, request: bytes) -> httpx.Request:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers: Mapping[str, str] = dict(line.split(": ", 1) for line in lines)
    return client.build_request("POST", "/", headers=headers, content=body)


def _changes(site: Site, targets: Targets) -> Iterator[bytes]:
    """UpdateUser, each time of another user and to something new."""
    signer = site.signer("identitystore")
    for user in itertools.cycle(targets.users):
        title = f"Engineer {secrets.token_hex(4)}"
        members = {
            **targets.store,
            "UserId": user["UserId"],
            "Operations": [{"AttributePath": "title", "AttributeValue": title}],
        }
        yield signer.json("AWSIdentityStore.UpdateUser", members)
