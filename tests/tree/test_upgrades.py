"""A step that says it keeps older nodes does nothing that an older node would stumble over."""

import re

import pytest

from genkan.db.migrate import SQLITE_TOKENS, Migration, shipped

_FINE = re.compile(
    r"CREATE TABLE |(?:CREATE|DROP) INDEX |CREATE UNIQUE INDEX |ALTER TABLE \w+ ADD COLUMN |INSERT "
)
_ADDED = re.compile(r"ALTER TABLE \w+ ADD COLUMN (.*)", re.DOTALL)


def stumbling(step: Migration) -> list[str]:
    """Statements of a step that keeps others, which those could not go on beside."""
    if step.keeps >= step.number:
        return []
    return [each for each in step.statements(SQLITE_TOKENS) if not _is_fine(each)]


def _is_fine(statement: str) -> bool:
    if not _FINE.match(statement):
        return False
    added = _ADDED.match(statement)
    return added is None or "NOT NULL" not in added[1] or "DEFAULT" in added[1]


def test_the_shipped_steps_keep_what_they_say() -> None:
    assert {step.name: stumbling(step) for step in shipped() if stumbling(step)} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE jobs;\n",
        "ALTER TABLE jobs DROP COLUMN error;\n",
        "ALTER TABLE jobs RENAME COLUMN error TO failure;\n",
        "ALTER TABLE jobs ADD COLUMN colour {text} NOT NULL;\n",
        "UPDATE jobs SET error = '';\n",
        "DELETE FROM jobs;\n",
    ],
)
def test_what_older_nodes_stumble_over_is_found(statement: str) -> None:
    assert stumbling(Migration(9, "step", f"-- keeps: 0008\n{statement}"))
    assert not stumbling(Migration(9, "step", statement))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (x {int64}) {strict};\n",
        "CREATE UNIQUE INDEX more_x ON more (x);\n",
        "ALTER TABLE jobs ADD COLUMN colour {text};\n",
        "ALTER TABLE jobs ADD COLUMN colour {text} NOT NULL DEFAULT '';\n",
    ],
)
def test_what_only_adds_is_fine(statement: str) -> None:
    assert stumbling(Migration(9, "step", f"-- keeps: 0008\n{statement}")) == []
