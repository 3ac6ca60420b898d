"""An installation with other quotas than AWS's."""

from dataclasses import replace

from genkan.core.quotas import Quotas
from tests.support.store import Store


def set_quotas(store: Store, **numbers: int) -> None:
    """Have the store, and connections made from it later, be of an installation of these quotas."""
    deployment = replace(store.services.deployment, quotas=Quotas(**numbers))
    store.services = replace(store.services, deployment=deployment)
