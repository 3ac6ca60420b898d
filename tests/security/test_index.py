"""The table of this package names the tests that there are."""

import re
from pathlib import Path

import tests.security


def test_every_line_names_tests_that_exist_and_every_test_is_named() -> None:
    named = set(re.findall(r"`(test_\w+)`", tests.security.__doc__ or ""))
    there = {path.stem for path in Path(__file__).parent.glob("test_*.py")} - {"test_index"}
    assert named == there
