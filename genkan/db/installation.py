"""How far an installation was made: nothing, begun by `genkan init`, or ready to be served.

The only SQL of `installation`. What was begun and is not ready is the remains of a command that
was cut off: nobody was ever served from it.
"""

from genkan.db.database import Connection

NOTHING, BEGUN, READY = "", "begun", "ready"


def state(connection: Connection) -> str:
    """`NOTHING`, `BEGUN` or `READY`."""
    row = connection.one("SELECT value FROM installation WHERE name = 'state'", ())
    return str(row[0]) if row else NOTHING


def mark(connection: Connection, state: str) -> None:
    """Say how far it is."""
    connection.run(
        "INSERT INTO installation VALUES ('state', ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (state,),
    )


def is_used(connection: Connection) -> bool:
    """Whether there is anything in the database, whoever put it there."""
    return connection.one("SELECT 1 FROM data_keys LIMIT 1", ()) is not None
