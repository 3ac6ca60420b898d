"""What one node has acknowledged the other one tells at once, of everything that can be changed.

Both nodes are warm, nothing fails: each deed of the table is done at either node, and every fact
that it changed is looked at on the other one right after the answer.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos import SEED
from tests.faults.deeds.deed import Room
from tests.faults.deeds.table import ROOMS
from tests.faults.journal import Journal
from tests.faults.keeper import Keeper
from tests.faults.leftovers import Rows
from tests.faults.verdict import judge, what_is
from tests.support.nodes import Nodes, new_database
from tests.support.postgresql import Cluster

_ROUNDS = 500
"""Ten are enough for every second seed; one of six thousand has taken a hundred."""
_AGAIN = 0.15
"""How often what was done already is done again, so that there is something for the others."""
_NEVER_ASKED = frozenset({"DescribeInstance"})


@pytest.fixture(scope="module")
def nodes(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("both")
    with new_database(cluster.dsn()) as database:
        made = Nodes(folder, database, nodes=2, works=True).make()
        try:
            yield made.start()
        finally:
            made.stop(kill=True)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_what_a_node_acknowledged_the_other_tells_at_once(
    nodes: Nodes, room: Room, tmp_path: Path
) -> None:
    rows = Rows(nodes.database)
    before = what_is(rows)
    journal = Journal(tmp_path / "journal.jsonl")
    keepers = [
        Keeper(f"{room.name}-{node}", journal, nodes, SEED, room, looks=1, node=node)
        for node in (0, 1)
    ]
    keepers[0].know(before)
    keepers[0].prepare()
    keepers[1].share(keepers[0])
    wanted = {deed for deed in room.deeds if deed.name not in _NEVER_ASKED}
    for _ in range(_ROUNDS):
        for deed in room.deeds:
            for keeper in keepers:
                if deed not in keeper.done or keeper.dice.random() < _AGAIN:
                    keeper.attempt(deed)
        if all(wanted <= keeper.done for keeper in keepers):
            break
    missing = [deed.name for keeper in keepers for deed in wanted - keeper.done]
    assert missing == []
    for race in room.races:
        for keeper in keepers:
            keeper.attempt(race)
    assert judge(journal, nodes.database, before) == []
