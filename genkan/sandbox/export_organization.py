"""The organization itself as a seed describes it: units, accounts, and what holds for all of it."""

from collections import defaultdict
from typing import get_args

from msgspec import UNSET

from genkan.db.database import Tx
from genkan.fronts.web.pages import AccountColor
from genkan.iam import policies
from genkan.iam.records import ManagedPolicy
from genkan.organization import control_policies, delegation, tags
from genkan.organization import operations as organization
from genkan.organization.records import FULL_ACCESS
from genkan.organization.records import Account as AccountRecord
from genkan.sandbox.document import (
    Account,
    CustomerManagedPolicy,
    DelegatedAdministrator,
    Organization,
    PolicyVersion,
    ServiceControlPolicy,
    Unit,
)
from genkan.sandbox.export_pages import every


def exported_organization(tx: Tx) -> Organization:
    """All of it, but the instances of its accounts."""
    return _Export(tx).organization()


class _Export:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._types = [found["type"] for found in control_policies.root_answer(tx)["policy_types"]]

    def organization(self) -> Organization:
        tx = self._tx
        whole = organization.organization(tx)
        accounts = self._accounts(whole.root_id)
        trusted = [
            one["service_principal"]
            for one in every(
                delegation.list_aws_service_access_for_organization,
                "enabled_service_principals",
                tx=tx,
            )
        ]
        return Organization(
            management_account=next(
                one for one in accounts if one.id == whole.management_account_id
            ),
            accounts=[one for one in accounts if one.id != whole.management_account_id],
            units=self._units(whole.root_id),
            policy_types=self._types,
            service_control_policies=self._policies(),
            root_service_control_policies=self._attached(whole.root_id),
            root_tags=self._tags(whole.root_id),
            trusted_services=UNSET if trusted == [organization.IDENTITY_CENTER] else trusted,
            delegated_administrators=self._delegates(),
        )

    def _units(self, parent_id: str) -> list[Unit]:
        read = organization.list_organizational_units_for_parent
        return [
            Unit(
                name=unit["name"],
                id=unit["id"],
                service_control_policies=self._attached(unit["id"]),
                tags=self._tags(unit["id"]),
                accounts=self._accounts(unit["id"]),
                units=self._units(unit["id"]),
            )
            for unit in every(read, "organizational_units", tx=self._tx, parent_id=parent_id)
        ]

    def _accounts(self, parent_id: str) -> list[Account]:
        read = organization.list_accounts_for_parent
        account_ids = [
            account["id"] for account in every(read, "accounts", tx=self._tx, parent_id=parent_id)
        ]
        found = organization.accounts_by_id(self._tx, account_ids)
        return [self._account(account) for account in found.values()]

    def _account(self, account: AccountRecord) -> Account:
        return Account(
            name=account.name,
            email=account.email,
            id=account.account_id,
            alias=account.alias,
            environment=account.environment,
            colour=_colour(account.colour),
            service_control_policies=self._attached(account.account_id),
            customer_managed_policies=[
                _policy(self._tx, policy)
                for policy in policies.customer_policies(self._tx, account.account_id)
            ],
            tags=self._tags(account.account_id),
        )

    def _policies(self) -> list[ServiceControlPolicy]:
        read = control_policies.list_policies
        listed = every(read, "policies", tx=self._tx, filter=control_policies.TYPE)
        return [
            ServiceControlPolicy(
                name=one["name"],
                id=one["id"],
                description=one["description"],
                content=self._content(one["id"]),
                tags=self._tags(one["id"]),
            )
            for one in listed
            if one["id"] != FULL_ACCESS.policy_id
        ]

    def _content(self, policy_id: str) -> str:
        described = control_policies.describe_policy(self._tx, policy_id=policy_id)
        content: str = described["policy"]["content"]
        return content

    def _attached(self, target_id: str) -> list[str]:
        """The names of what is attached; nothing where that is full access alone."""
        if control_policies.TYPE not in self._types:
            return []
        attached = every(
            control_policies.list_policies_for_target,
            "policies",
            tx=self._tx,
            target_id=target_id,
            filter=control_policies.TYPE,
        )
        names = [policy["name"] for policy in attached]
        return [] if names == [FULL_ACCESS.name] else names

    def _tags(self, resource_id: str) -> dict[str, str]:
        listed = every(tags.list_tags_for_resource, "tags", tx=self._tx, resource_id=resource_id)
        return {tag["key"]: tag["value"] for tag in listed}

    def _delegates(self) -> list[DelegatedAdministrator]:
        tx = self._tx
        services: dict[str, list[str]] = defaultdict(list)
        listed = every(delegation.list_delegated_administrators, "delegated_administrators", tx=tx)
        for account_id in {one["id"] for one in listed}:
            services[account_id] += [
                one["service_principal"]
                for one in every(
                    delegation.list_delegated_services_for_account,
                    "delegated_services",
                    tx=tx,
                    account_id=account_id,
                )
            ]
        return [
            DelegatedAdministrator(account=account_id, services=found)
            for account_id, found in services.items()
        ]


def _policy(tx: Tx, policy: ManagedPolicy) -> CustomerManagedPolicy:
    return CustomerManagedPolicy(
        name=policy.policy_name,
        path=policy.path,
        id=policy.policy_id,
        description=policy.description,
        version=policy.default_version_id,
        document=policy.document,
        other_versions=[
            PolicyVersion(version=one.version_id, document=one.document)
            for one in policies.versions_of(tx, policy.policy_arn)
            if one.version_id != policy.default_version_id
        ],
        last_version=f"v{policy.last_version}",
        tags=dict(policy.tags),
    )


def _colour(word: str) -> AccountColor:
    for known in get_args(AccountColor):
        if known == word:
            return known  # type: ignore[no-any-return]
    return "none"
