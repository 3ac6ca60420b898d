"""Operations performed by whoever seeds: the owner of the process, through the door."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from genkan.core import ids
from genkan.core.app import App
from genkan.core.call import Call, Operation, Origin, Owner, System
from genkan.core.errors import Refusal
from genkan.perform import perform

_SERVICES = {"iam": "iam", "identity_store": "identitystore", "organization": "organizations"}
"""Whose events a slice's operations are, where they are not Identity Center's."""
_LONGEST_SECONDS = 60
_PAUSE_SECONDS = 0.005


class SeedFailed(Exception):
    """The organization could not be made; the data directory holds half of one."""


@dataclass(slots=True)
class Made:
    """Ids that later steps need. `accounts` are in the order of `seed_names.Names.accounts`.

    `units` are by Python's `id` of `seed_names.PlacedUnit`, principals and sets by name.
    """

    root_id: str = ""
    accounts: list[str] = field(default_factory=list)
    units: dict[int, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    permission_sets: dict[str, str] = field(default_factory=dict)
    instance_arn: str = ""
    identity_store_id: str = ""

    @property
    def management(self) -> str:
        """The management account."""
        return self.accounts[0]


class Seeder:
    """Performs operations as the owner of the process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.made = Made()

    @property
    def region(self) -> str:
        """The Region of the organization's instance."""
        return self._app.deployment.region

    async def do(self, operation: Operation, **params: Any) -> Any:
        """Perform one operation of a slice; `SeedFailed` when it is refused."""
        try:
            return await perform(
                self._app,
                Call(
                    operation=operation,
                    params=params,
                    caller=Owner(reason="seed"),
                    origin=Origin(request_id=ids.request_id(), user_agent="genkan sandbox"),
                    event_source=_event_source(operation),
                    region=self.region,
                ),
            )
        except Refusal as refusal:
            raise SeedFailed(f"{operation.name} is refused: {refusal.message}") from refusal

    async def run(self, function: Callable[..., Any], **params: Any) -> Any:
        """Perform a slice's internal function."""
        name = "".join(part.title() for part in function.__name__.split("_"))
        return await self.do(Operation(name=name, run=function, access=System()), **params)


async def wait_until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for what the worker does; `SeedFailed` when `what` takes longer than a minute."""
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            while True:
                if await done():
                    return
                await asyncio.sleep(_PAUSE_SECONDS)
    except TimeoutError:
        raise SeedFailed(f"{what} takes longer than {_LONGEST_SECONDS} seconds") from None


def _event_source(operation: Operation) -> str:
    of_slice = operation.run.__module__.split(".")[1]
    return f"{_SERVICES.get(of_slice, 'sso')}.amazonaws.com"
