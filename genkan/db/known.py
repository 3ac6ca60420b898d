"""What SQLite's one writer knows already: values kept until a statement changes their tables.

Owns which tables each remembered value was read from, told by the statements that reading it ran,
and forgets a value as soon as a statement names one of them to change it; and again when the
savepoint of that statement is undone. Leaves to `db.sqlite` to forget everything when rows change
in any other way: a lost transaction, another connection's commit, a reset.
Invariants: there is one writer, so nothing changes between its statements; no table has a trigger
or cascades (`tests/db/test_known.py`), so a statement changes only tables that it names; what is
not plainly an INSERT, UPDATE or DELETE of one of our tables is taken for a change of everything.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Any

_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)")
_TARGET = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) [a-z_]+(?=[ (]|$)")
_MOST = 20_000


@lru_cache(maxsize=2_000)
def tables_of(sql: str) -> frozenset[str]:
    """Every table that a statement of ours names, to read or to change."""
    return frozenset(_TABLE.findall(sql))


@lru_cache(maxsize=2_000)
def changed_by(sql: str) -> frozenset[str]:
    """The tables that a statement may change; empty for all of them."""
    return tables_of(sql) if _TARGET.match(sql) else frozenset()


class Known:
    """Values by key, each with the tables that it was read from."""

    __slots__ = ("_by_table", "_changed", "_reading", "_values")

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[Any, frozenset[str]]] = {}
        self._by_table: dict[str, set[Hashable]] = {}
        self._reading: list[set[str]] = []
        self._changed: set[str] | None = set()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value, computed if it is not known."""
        known = self._values.get(key)
        if known is None:
            known = self._learn(key, compute)
        if self._reading:
            self._reading[-1] |= known[1]
        return known[0]

    def _learn(self, key: Hashable, compute: Callable[[], Any]) -> tuple[Any, frozenset[str]]:
        read: set[str] = set()
        self._reading.append(read)
        try:
            value = compute()
        finally:
            self._reading.pop()
        if len(self._values) >= _MOST:
            self.forget()
        known = self._values[key] = (value, frozenset(read))
        for table in read:
            self._by_table.setdefault(table, set()).add(key)
        return known

    def read(self, sql: str) -> None:
        """A statement is about to read."""
        if self._reading:
            self._reading[-1] |= tables_of(sql)

    def changed(self, sql: str) -> None:
        """A statement is about to change rows."""
        tables = changed_by(sql)
        if not tables:
            self.forget()
            self._changed = None
            return
        if self._changed is not None:
            self._changed |= tables
        self._forget_tables(tables)

    def begun(self) -> None:
        """A savepoint begins."""
        if self._changed is None or self._changed:
            self._changed = set()

    def undone(self) -> None:
        """The savepoint that began last is undone: what it changed is as it was before."""
        if self._changed is None:
            self.forget()
        else:
            self._forget_tables(self._changed)

    def forget(self) -> None:
        """Everything."""
        self._values.clear()
        self._by_table.clear()

    def _forget_tables(self, tables: Iterable[str]) -> None:
        for table in tables:
            keys = self._by_table.get(table)
            if keys:
                for key in keys:
                    self._values.pop(key, None)
                keys.clear()
