"""What docs/seeds.md shows is what happens."""

import re
from pathlib import Path

import pytest

from genkan.sandbox.seed_mistakes import SeedRefused
from genkan.sandbox.seed_reader import parse_seed

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "seeds.md").read_text()
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_can_be_seeded() -> None:
    assert parse_seed(EXAMPLE.encode()).users[0].user_name == "ana"


def test_the_mistakes_shown_are_those_told() -> None:
    (shown,) = re.findall(r"```\n(organization\.yaml:.*?)\n```", TEXT, re.DOTALL)
    bad = EXAMPLE.replace("colour: red", "colour: rde").replace("[Production]", "[Prodution]")
    with pytest.raises(SeedRefused) as refused:
        parse_seed(bad.encode(), "organization.yaml")
    assert str(refused.value) == shown
