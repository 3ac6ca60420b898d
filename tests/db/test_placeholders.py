"""`?` becomes `$1`, `$2`, … wherever it is a placeholder, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.db.placeholders import numbered

# Pieces of a statement in which nothing is a placeholder, whatever they hold.
_TEXT = st.text(alphabet="?%$1a '\"-*/\n", max_size=12)
_QUOTED = st.one_of(
    _TEXT.map(lambda text: "'" + text.replace("'", "''") + "'"),
    _TEXT.map(lambda text: '"' + text.replace('"', '""') + '"'),
    _TEXT.map(lambda text: "--" + text.replace("\n", " ") + "\n"),
    _TEXT.map(lambda text: "/*" + text.replace("*/", "  ").rstrip("*") + "*/"),
)
_PLAIN = st.text(alphabet="abc =%(),<>$1\n", max_size=8)


@given(st.lists(st.one_of(_PLAIN, _QUOTED, st.just("?")), max_size=12))
def test_only_placeholders_are_numbered_and_all_else_stays(pieces: list[str]) -> None:
    # A space keeps two pieces from meaning something else together.
    sql = " ".join(pieces)
    numbers = iter(range(1, len(pieces) + 1))
    wanted = " ".join(f"${next(numbers)}" if piece == "?" else piece for piece in pieces)
    assert numbered(sql) == wanted


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"),
        ("SELECT '?' || ?", "SELECT '?' || $1"),
        ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1"),
        ('SELECT "odd?""name?" FROM t WHERE a = ?', 'SELECT "odd?""name?" FROM t WHERE a = $1'),
        ("SELECT a FROM t WHERE b LIKE '100%?' OR c = ?%5", None),
    ],
)
def test_quoted_question_marks_and_percent_signs_are_text(sql: str, wanted: str | None) -> None:
    assert numbered(sql) == (wanted or sql.replace("?%5", "$1%5"))
