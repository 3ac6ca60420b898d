"""Writing a seed's instances: the organization's with its Regions, and those of accounts."""

import asyncio
from collections.abc import Mapping

from msgspec import UNSET

from genkan.core import ids
from genkan.core.app import App
from genkan.credentials.operations import CREATE_SIGNING_KEY, SAML_IDP
from genkan.federation.identity_provider import new_key_pair
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.instances.records import ACTIVE
from genkan.instances.tags import read_tags
from genkan.sandbox import seed_applications
from genkan.sandbox.document import AccountInstance, SeedDocument, Settings
from genkan.sandbox.seed_door import Seeder, wait_until
from genkan.sandbox.seed_names import Names
from genkan.sandbox.seed_people import make_people, restrict
from genkan.sandbox.seed_tags import tag_list

_WIRE = {operation.name: operation for operation in instances.OPERATIONS}


async def make_instance(app: App, seeder: Seeder, settings: Settings) -> None:
    """The organization's instance over a new identity store, and its signing key."""
    management = seeder.made.management
    seeder.made.identity_store_id = settings.identity_store_id or ids.identity_store_id()
    seeder.made.instance_arn = await _instance(
        seeder,
        identity_store_id=seeder.made.identity_store_id,
        owner_account_id=management,
        region=app.deployment.region,
        name=settings.instance_name,
        alias=settings.instance_alias,
        tags=settings.instance_tags,
        instance_id=settings.instance_id,
    )
    attributes = settings.access_control_attributes
    if attributes is not UNSET:
        await seeder.run(
            instances.create_access_control_configuration,
            instance_arn=seeder.made.instance_arn,
            instance_access_control_attribute_configuration={
                "access_control_attributes": [
                    {"key": key, "value": {"source": [source]}}
                    for key, source in attributes.items()
                ]
            },
        )
    private_key, certificate = await asyncio.to_thread(new_key_pair, app.clock())
    await seeder.do(
        CREATE_SIGNING_KEY, purpose=SAML_IDP, private_key=private_key, certificate=certificate
    )


async def _instance(
    seeder: Seeder,
    *,
    identity_store_id: str,
    owner_account_id: str,
    region: str,
    name: str,
    tags: Mapping[str, str],
    instance_id: str,
    alias: str = "",
    kind: str = instances.ORGANIZATION,
) -> str:
    await seeder.run(
        identity_store.create_identity_store,
        identity_store_id=identity_store_id,
        owner_account_id=owner_account_id,
    )
    made = await seeder.run(
        instances.create_instance,
        identity_store_id=identity_store_id,
        owner_account_id=owner_account_id,
        region=region,
        name=name,
        alias=alias,
        kind=kind,
        tags=read_tags(tag_list(tags)),
        instance_id=instance_id or None,
    )
    arn: str = made.arn
    return arn


async def add_regions(seeder: Seeder, settings: Settings) -> None:
    """Add Regions to the organization's instance, and wait until each is there.

    Its own may be among them: where a seed names none, the process chooses it.
    """
    for region in settings.added_regions:
        if region == seeder.region:
            continue
        named = {"instance_arn": seeder.made.instance_arn, "region_name": region}
        await seeder.do(_WIRE["AddRegion"], **named)

        async def added(named: Mapping[str, str] = named) -> bool:
            return bool((await seeder.do(_WIRE["DescribeRegion"], **named))["status"] == ACTIVE)

        # Only one is added at a time (reference §1.6).
        await wait_until(added, f"adding the Region {region}")


async def make_account_instances(seeder: Seeder, document: SeedDocument, names: Names) -> None:
    """Instances of member accounts, each with its own people and applications."""
    for one in document.account_instances:
        await _account_instance(seeder, one, names)


async def _account_instance(seeder: Seeder, one: AccountInstance, names: Names) -> None:
    account_id = seeder.made.accounts[names.account(one.account)]
    store_id = one.identity_store_id or ids.identity_store_id()
    region = one.region or seeder.region
    arn = await _instance(
        seeder,
        identity_store_id=store_id,
        owner_account_id=account_id,
        region=region,
        name=one.name,
        kind=instances.ACCOUNT,
        tags=one.tags,
        instance_id=one.id,
    )
    users, groups = await make_people(seeder, store_id, one.users, one.groups)
    await seed_applications.make_applications(
        seeder,
        seed_applications.Inside(arn, region, users, groups),
        one.trusted_token_issuers,
        one.applications,
        names,
    )
    if one.network is not UNSET:
        await restrict(seeder, store_id, one.network)
