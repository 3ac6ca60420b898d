"""One connection to PostgreSQL: our statements, prepared once, and rows as SQLite gives them.

Speaks to libpq through psycopg's own binding, one blocking call a statement: that costs half of
what cursors cost, and the server alone decides the types of parameters, by where they stand.
Leaves to others: when a transaction begins, is tried again or ends (`db.postgres`).
Invariants: one thread at a time; a text with NUL is refused, since libpq would cut it off there;
errors carry the server's sentence without its DETAIL, which quotes rows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq.abc import PGresult

from genkan.db.database import Row
from genkan.db.failures import OutcomeUnknown, Unsuitable
from genkan.db.placeholders import numbered

MINIMUM_VERSION = 130000
_PREPARED_LIMIT = 400
_FINE = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY})
_DEFAULTS: dict[str, str] = {
    "application_name": "genkan",
    "client_encoding": "UTF8",
    "connect_timeout": "5",
    # A peer that vanished is noticed within a quarter of a minute, waiting or sending.
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
# Predicate locks of a sequential scan cover the whole table and make strangers conflict; our
# statements all have an index. Durability is not for the server's settings to take away.
_SESSION = (
    "SELECT set_config('enable_seqscan', 'off', false),"
    " set_config('statement_timeout', ?, false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " CASE WHEN current_setting('synchronous_commit') = 'off'"
    " THEN set_config('synchronous_commit', 'on', false) END"
)


class PostgresConnection:
    """`db.database.Connection` over libpq. `failure` is the first error of this transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.raw = connection
        self._pgconn = connection.pgconn
        self._transformer = Transformer(connection)
        self._prepared: dict[str, bytes] = {}
        self._names = 0
        self._lost = False
        self.failure: psycopg.Error | None = None

    @property
    def alive(self) -> bool:
        """Whether, as far as this side knows, the server still listens."""
        return not self._lost and self._pgconn.status == pq.ConnStatus.OK

    def run(self, sql: str, parameters: Sequence[Any]) -> int:
        return self._execute(sql, parameters).command_tuples or 0

    def one(self, sql: str, parameters: Sequence[Any]) -> Row | None:
        result = self._execute(sql, parameters)
        if not result.ntuples:
            return None
        self._transformer.set_pgresult(result)
        return self._transformer.load_row(0, tuple)

    def all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        result = self._execute(sql, parameters)
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def begin(self, statement: bytes) -> None:
        """Begin a transaction with a `BEGIN …`."""
        self.failure = None
        self._command(statement)

    def commit(self) -> None:
        """Make the transaction durable; `OutcomeUnknown` when the answer was lost.

        A transaction of which a statement failed is rolled back by the server and raises that
        statement's error, whoever swallowed it.
        """
        if not self.alive:
            raise psycopg.OperationalError("the connection was lost before the commit")
        try:
            result = self._command(b"COMMIT")
        except psycopg.Error as error:
            if not self.alive:
                raise OutcomeUnknown("the connection was lost while committing") from error
            raise
        if result.command_status != b"COMMIT":
            raise self.failure or psycopg.InternalError("the transaction was rolled back")

    def rollback(self) -> None:
        """Undo the transaction. A lost connection has undone it already."""
        if self.alive:
            self._command(b"ROLLBACK")

    def close(self) -> None:
        """Give the connection back to the server; what was not committed is undone."""
        self.raw.close()

    def _execute(self, sql: str, parameters: Sequence[Any]) -> PGresult:
        name = self._prepared.get(sql) or self._prepare(sql)
        values, formats = encoded(parameters)
        return self._asked(self._pgconn.exec_prepared, name, values, formats, pq.Format.BINARY)

    def _prepare(self, sql: str) -> bytes:
        if len(self._prepared) >= _PREPARED_LIMIT:
            self._command(b"DEALLOCATE ALL")
            self._prepared.clear()
        self._names += 1
        name = b"s%d" % self._names
        self._asked(self._pgconn.prepare, name, numbered(sql).encode())
        self._prepared[sql] = name
        return name

    def _command(self, statement: bytes) -> PGresult:
        return self._asked(self._pgconn.exec_, statement)

    def _asked(self, ask: Callable[..., PGresult], *arguments: Any) -> PGresult:
        """What the server answers; its refusal is raised and remembered as `failure`."""
        try:
            result = ask(*arguments)
            if result.status not in _FINE:
                raise _error(result)
        except psycopg.Error as error:
            self.failure = self.failure or error
            # Every error of the server has a state; one without is libpq's, which may still call
            # a connection good on which it could not send.
            self._lost = self._lost or error.sqlstate is None
            raise
        return result


def open_connection(dsn: str, *, statement_timeout_ms: int = 10_000) -> PostgresConnection:
    """Connect and prepare the session; psycopg's `OperationalError` when that cannot be done.

    `dsn` is a connection string or URI as libpq takes it; what it leaves out comes from our
    defaults. `Unsuitable` when the server is too old or its database not in UTF-8.
    """
    options: dict[str, Any] = {**_DEFAULTS, **conninfo_to_dict(dsn)}
    raw = psycopg.connect("", autocommit=True, **options)
    if raw.info.server_version < MINIMUM_VERSION:
        raw.close()
        raise Unsuitable("PostgreSQL 13 or newer is needed")
    if raw.info.parameter_status("server_encoding") != "UTF8":
        raw.close()
        raise Unsuitable("the database's encoding must be UTF8")
    opened = PostgresConnection(raw)
    opened.one(_SESSION, [f"{statement_timeout_ms}ms"])
    return opened


def encoded(parameters: Sequence[Any]) -> tuple[list[bytes | None], list[int]]:
    """Values and formats for libpq: bytes as they are, all else as text that the server reads."""
    values: list[bytes | None] = []
    formats: list[int] = []
    for parameter in parameters:
        if isinstance(parameter, str):
            if "\0" in parameter:
                raise ValueError("a text with NUL cannot be stored")
            values.append(parameter.encode())
            formats.append(0)
        elif isinstance(parameter, int):
            values.append(b"%d" % parameter)
            formats.append(0)
        elif isinstance(parameter, bytes):
            values.append(parameter)
            formats.append(1)
        elif parameter is None:
            values.append(None)
            formats.append(0)
        else:
            raise TypeError(f"{type(parameter).__name__} is no type of the store")
    return values, formats


def _error(result: PGresult) -> psycopg.Error:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    primary = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    try:
        kind = psycopg.errors.lookup(state)
    except KeyError:
        kind = psycopg.OperationalError
    error = kind(primary.decode(errors="replace").strip())
    error.sqlstate = state or None
    return error
