"""Applying and destroying many resources as Terraform walks its graph: ten at once.

A node starts when all it depends on is there; destroying goes the other way round.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.terraform.resource import Resource

AT_ONCE = 10
States = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Node:
    """A resource, what it needs, and its configuration by the states of what is there before."""

    resource: Resource
    config: Callable[[States], dict[str, Any]]
    needs: tuple[str, ...] = ()


class Graph:
    """A configuration: nodes by address, each after those that it needs."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self.ids: dict[str, str] = {}
        self.states: States = {}

    def add(
        self,
        address: str,
        resource: Resource,
        config: Callable[[States], dict[str, Any]],
        *needs: str,
    ) -> None:
        """Add a node. What it needs was added before, so workers never wait for one another."""
        assert set(needs) <= set(self._nodes)
        self._nodes[address] = Node(resource, config, needs)

    def apply(self) -> None:
        """Create everything."""
        done: dict[str, Future[None]] = {}

        def create(address: str) -> None:
            node = self._nodes[address]
            for need in node.needs:
                done[need].result()
            resource_id = node.resource.create(node.config(self.states))
            state = node.resource.read(resource_id)
            assert state is not None, f"{address} is not there after its creation"
            self.ids[address], self.states[address] = resource_id, state

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for address in self._nodes:
                done[address] = pool.submit(create, address)
        for future in done.values():
            future.result()

    def plan(self) -> dict[str, Any]:
        """What another apply would do: changes by address, or "create" for what is gone."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(self._nodes, pool.map(self._look, self._nodes), strict=True))
        return {address: change for address, change in found.items() if change}

    def _look(self, address: str) -> Any:
        node = self._nodes[address]
        state = node.resource.read(self.ids[address])
        if state is None:
            return "create"
        return node.resource.plan(node.config(self.states), state)

    def destroy(self) -> None:
        """Delete everything, first what nothing needs."""
        done: dict[str, Future[None]] = {}
        needed_by: dict[str, list[str]] = {address: [] for address in self._nodes}
        for address, node in self._nodes.items():
            for need in node.needs:
                needed_by[need].append(address)

        def delete(address: str) -> None:
            for dependant in needed_by[address]:
                done[dependant].result()
            self._nodes[address].resource.delete(self.ids[address])

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for address in reversed(self._nodes):
                done[address] = pool.submit(delete, address)
        for future in done.values():
            future.result()
