"""Which database a node of this release may use.

The rule of an upgrade: `genkan migrate` of the new release first, while nodes of the release
before go on; then the nodes, one after the other. So a database may be ahead of a node, by steps
that say so themselves (`-- keeps:`, see `db.migrate`), but never behind it.
"""

from genkan.db.database import Connection
from genkan.db.migrate import shipped

_MOST_STEPS = 10_000


def misfit(connection: Connection) -> str:
    """Why this release cannot work on a database of ours, in one sentence; empty when it can."""
    applied: dict[int, str] = dict(
        connection.all("SELECT number, digest FROM schema_migrations LIMIT ?", (_MOST_STEPS,))
    )
    known = {migration.number: migration.digest for migration in shipped()}
    if any(applied[number] != known[number] for number in applied.keys() & known.keys()):
        return "the database was not made by this release"
    if known.keys() - applied.keys():
        return "the database is of an older release: run `genkan migrate`"
    if not _goes_on(connection, applied.keys() - known.keys(), last=max(known)):
        return "the database is of a newer release, beside which this one cannot work"
    return ""


def _goes_on(connection: Connection, newer: set[int], *, last: int) -> bool:
    """Whether every step that this release does not know keeps nodes whose last step is `last`."""
    if not newer:
        return True
    keeps: dict[int, int] = dict(
        connection.all("SELECT number, keeps FROM schema_floors LIMIT ?", (_MOST_STEPS,))
    )
    return all(keeps.get(number, number) <= last for number in newer)
