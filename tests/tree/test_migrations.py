"""Migrations are one time line: numbered from 1, without gaps or twins."""

import re

from tests.tree.files import ROOT


def test_migrations_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "genkan" / "db" / "migrations").glob("*.sql"))
    assert names
    numbers = []
    for name in names:
        match = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", name)
        assert match, name
        numbers.append(int(match.group(1)))
    assert numbers == list(range(1, len(numbers) + 1))
