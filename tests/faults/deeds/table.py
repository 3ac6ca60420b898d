"""All rooms as one table: whatever an act did to what was written down, by service and name."""

from collections.abc import Callable, Iterable, Mapping

from tests.faults.deeds import applications, directory, instances, organization, permission_sets
from tests.faults.deeds.deed import Answer, Deed, Fact, Params, Room
from tests.faults.paper import Paper

ROOMS: tuple[Room, ...] = (
    directory.ROOM,
    applications.ROOM,
    instances.ROOM,
    permission_sets.ROOM,
    organization.ROOM,
)


def _deeds() -> Iterable[Deed]:
    for room in ROOMS:
        yield from room.deeds
        for race in room.races:
            yield from (race.first, race.second)


EFFECTS: Mapping[tuple[str, str], Callable[[Paper, Params, Answer], None]] = {
    (deed.service, deed.name): deed.effect for deed in _deeds() if not deed.refused
}
FACTS: Mapping[str, Fact] = {fact.kind: fact for room in ROOMS for fact in room.facts}
