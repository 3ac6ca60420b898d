"""What is wrong with a seed's instances: the organization's, and those of member accounts."""

from msgspec import UNSET, UnsetType

from genkan.core.errors import Invalid
from genkan.core.quotas import Quotas
from genkan.identity_store import network as slice_network
from genkan.instances.regions import REGION_LIMIT
from genkan.sandbox import seed_application_checks, seed_people_checks
from genkan.sandbox.document import AccountInstance, Network, SeedDocument, Settings
from genkan.sandbox.seed_mistakes import Found, Ids, Path, Unique, at_most
from genkan.sandbox.seed_names import Ambiguous, Names
from genkan.sandbox.seed_rules import shown
from genkan.sandbox.seed_tags import tags_mistakes


def mistakes_in(document: SeedDocument, names: Names, ids: Ids, quotas: Quotas) -> Found:
    """Path and sentence of each mistake; `ids` are those found before."""
    settings = document.settings
    yield from _settings(settings)
    instance_ids, store_ids = Unique("instance id"), Unique("identity store id")
    yield from instance_ids.again(("settings", "instance_id"), settings.instance_id)
    yield from store_ids.again(("settings", "identity_store_id"), settings.identity_store_id)
    accounts: set[int] = set()
    for index, one in enumerate(document.account_instances):
        path: Path = ("account_instances", index)
        yield from instance_ids.again((*path, "id"), one.id)
        yield from store_ids.again((*path, "identity_store_id"), one.identity_store_id)
        yield from _account((*path, "account"), one.account, names, accounts)
        yield from tags_mistakes((*path, "tags"), one.tags)
        yield from _network((*path, "network"), one.network)
        yield from seed_people_checks.mistakes_in(path, one, ids, quotas)
        yield from _passwords(path, one)
        yield from seed_application_checks.mistakes_in(path, one, names, ids, quotas)


def _settings(settings: Settings) -> Found:
    yield from tags_mistakes(("settings", "instance_tags"), settings.instance_tags)
    yield from _network(("settings", "network"), settings.network)
    path: Path = ("settings", "added_regions")
    yield from at_most(path, len(settings.added_regions), REGION_LIMIT)
    regions = Unique("Region")
    list(regions.again(path, settings.region))
    for number, region in enumerate(settings.added_regions):
        yield from regions.again((*path, number), region)


def _account(path: Path, reference: str, names: Names, taken: set[int]) -> Found:
    yield from names.check(path, reference)
    try:
        account = names.account(reference)
    except Ambiguous:
        return
    if account == 0:
        yield path, "the management account has the organization's instance"
    if account in taken:
        yield path, f"the account {shown(reference)} has an instance already"
    taken.add(account)


def _network(path: Path, network: Network | UnsetType) -> Found:
    if network is UNSET:
        return
    for name in ("api_allow_source_ips", "scim_allow_source_ips"):
        for number, block in enumerate(getattr(network, name)):
            try:
                if block:
                    slice_network.checked(
                        {"vpce_access_required": False, name: [block]}, source_ip=None
                    )
            except Invalid as refused:
                yield (*path, name, number), refused.message


def _passwords(path: Path, one: AccountInstance) -> Found:
    for number, user in enumerate(one.users):
        if isinstance(user.password, str):
            yield (
                (*path, "users", number, "password"),
                "nobody signs in to an account instance; leave it out",
            )
