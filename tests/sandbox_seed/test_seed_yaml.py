"""YAML is read within bounds, with places, and with nothing constructed from it."""

import pytest
import yaml

from genkan.sandbox import seed_yaml
from genkan.sandbox.seed_mistakes import SeedRefused
from genkan.sandbox.seed_policies import plain_value
from genkan.sandbox.seed_yaml import Mapping, Scalar, load


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers; the one in C is missing on some platforms."""
    monkeypatch.setattr(seed_yaml, "_Loader", getattr(yaml, request.param))


def refused(text: str | bytes) -> list[tuple[int, int, str]]:
    raw = text.encode() if isinstance(text, str) else text
    try:
        _, mistakes = load(raw, "seed.yaml")
    except SeedRefused as refusal:
        mistakes = list(refusal.mistakes)
    return [(one.line, one.column, one.message) for one in mistakes]


def test_every_node_knows_its_place() -> None:
    root, mistakes = load(b"a:\n  - b\n  - {c: 'd'}\n", "x")
    assert mistakes == []
    assert isinstance(root, Mapping)
    listed = root.items["a"]
    assert (listed.line, listed.column) == (2, 3)
    first, second = listed.items  # type: ignore[union-attr, misc]
    assert (first.line, first.column) == (2, 5)
    assert (second.items["c"].line, second.items["c"].column) == (3, 9)
    assert (second.keys["c"].line, second.keys["c"].column) == (3, 6)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("2012-10-17", "2012-10-17"),
        ("12:30:45", "12:30:45"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("007", 7),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
    ],
)
def test_plain_scalars_are_read_as_yaml_1_2_reads_them(written: str, value: object) -> None:
    root, _ = load(f"a: {written}\n".encode(), "x")
    assert isinstance(root, Mapping)
    node = root.items["a"]
    assert isinstance(node, Scalar)
    assert node.value == value
    assert type(node.value) is type(value)


def test_an_alias_stands_for_its_anchor() -> None:
    root, _ = load(b"a: &x {b: 1}\nc: *x\n", "x")
    assert plain_value(root) == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_merge_key_adds_what_is_not_given() -> None:
    text = b"base: &x {a: 1, b: 2}\nother: &y {c: 3}\nall: {<<: [*x, *y], b: 5}\n"
    root, mistakes = load(text, "x")
    assert mistakes == []
    assert plain_value(root)["all"] == {"b": 5, "a": 1, "c": 3}


def test_a_quoted_merge_key_is_a_key() -> None:
    root, _ = load(b"{'<<': {a: 1}}", "x")
    assert plain_value(root) == {"<<": {"a": 1}}


def test_a_key_given_twice_is_a_mistake_where_it_is_given_again() -> None:
    assert refused("a: 1\nb: 2\na: 3\n") == [(3, 1, 'the key "a" stands in line 1 already')]


def test_every_key_given_twice_is_told() -> None:
    assert [place[:2] for place in refused("a: 1\na: 2\nb: {c: 1, c: 2}\n")] == [(2, 1), (3, 11)]


def bomb(levels: int, width: int = 10) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]"
        for level in range(1, levels)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("levels", [9, 50])
def test_an_alias_bomb_is_refused_before_it_is_written_out(levels: int) -> None:
    (place,) = refused(bomb(levels))
    assert "with its aliases the document has more than" in place[2]
    assert place[0] == 7, "at the first line beyond the bound"


def test_aliases_within_the_bound_are_read() -> None:
    assert refused(bomb(4)) == []


def test_a_bomb_of_merge_keys_is_refused() -> None:
    lines = ["a0: &a0 {x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}"]
    lines += [
        f"a{level}: &a{level} {{p: [{', '.join([f'*a{level - 1}'] * 10)}], <<: *a{level - 1}}}"
        for level in range(1, 12)
    ]
    (place,) = refused("\n".join(lines))
    assert "with its aliases" in place[2]


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert refused("a: &x [*x]") == [(1, 8, 'the alias "x" stands inside its own anchor')]


def test_an_alias_without_an_anchor_is_refused() -> None:
    assert refused("a: *x") == [(1, 4, 'there is no anchor "x" before this alias')]


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000, "{a: " * 50_000])
def test_deep_nesting_is_refused(text: str) -> None:
    (place,) = refused(text)
    assert "nested more than 64 deep" in place[2]


def test_as_deep_as_allowed_is_read() -> None:
    assert refused("[" * 64 + "]" * 64) == []


def chain(levels: int) -> str:
    """Aliases that nest `levels` deep where they are used, and one deep where they are written."""
    lines = ["a1: &a1 [x]"]
    lines += [f"a{level}: &a{level} [*a{level - 1}]" for level in range(2, levels + 1)]
    return "\n".join(lines)


def test_deep_nesting_through_aliases_is_refused() -> None:
    message = "with its aliases the document is nested more than 64 deep"
    assert refused(chain(1_000)) == [(64, 12, message)]


def test_as_deep_as_allowed_through_aliases_is_read() -> None:
    assert refused(chain(63)) == []


def test_a_file_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_yaml, "MOST_BYTES", 10)
    assert refused("a: 123456")[:1] == []
    assert refused("a: 12345678") == [(1, 1, "the file is larger than 10 bytes")]


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system ['true']", "!!str 5", "!x y", "a: !!binary aGk="],
)
def test_tags_are_refused(text: str) -> None:
    assert any("is not read here" in message for _, _, message in refused(text))


def test_a_second_document_is_refused() -> None:
    assert refused("a: 1\n---\nb: 2\n") == [(2, 1, "a second document begins here; a seed is one")]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert refused(text) == [(1, 1, "the file is empty")]


def test_what_is_no_yaml_is_told_with_its_place() -> None:
    ((line, _, message),) = refused("a: 1\nb: [1, 2\nc: 3\n")
    assert line in (2, 3)
    assert message.startswith("this is no YAML: ")


def test_what_is_no_utf_8_is_told_with_its_line() -> None:
    assert refused(b"a: 1\nb: \xff\n") == [(2, 1, "this is no UTF-8 text")]


def test_a_control_character_is_told_with_its_place() -> None:
    assert refused("a: 1\nb: x\x00y\n") == [(2, 5, "the character U+0000 is not allowed in YAML")]


def test_a_byte_order_mark_is_skipped() -> None:
    assert refused(b"\xef\xbb\xbfa: 1\n") == []


def test_a_list_as_a_key_is_a_mistake() -> None:
    assert [message for _, _, message in refused("? [a]\n: 1\n")] == [
        "a key must be a text, not a list or a mapping"
    ]


@pytest.mark.parametrize(
    "text",
    ['a: "\\U00110000"', 'a: "\\UFFFFFFFF"', f"%YAML {'1' * 5_000}.1\n---\na: 1"],
    ids=["no character", "no number", "no version"],
)
def test_what_only_a_number_beyond_all_bounds_says_is_refused(text: str) -> None:
    (place,) = refused(text)
    assert place[2].startswith("this is no YAML: ")
