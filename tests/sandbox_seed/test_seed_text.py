"""A document written as YAML is read as the same document, by us and as editors read it."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from genkan.sandbox import schema, seed_text, seed_yaml
from genkan.sandbox.document import SeedDocument
from genkan.sandbox.sample import SAMPLE_FILE
from genkan.sandbox.seed_order import in_order, without_ids
from genkan.sandbox.seed_policies import mapping_of, text_of
from genkan.sandbox.seed_reader import parse_seed
from genkan.sandbox.seed_text import text_of as yaml_of
from tests.sandbox_seed.documents import BREAKS, TRICKY, attributes, documents, policies

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "seed.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text()))


class _CoreLoader(yaml.SafeLoader):
    """Dates stay texts, as in YAML 1.2, which editors read."""


_CoreLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def complaints(text: str) -> list[str]:
    """What an editor would underline."""
    data: Any = yaml.load(text, Loader=_CoreLoader)
    return [error.message for error in VALIDATOR.iter_errors(data)]


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers; the one in C is missing on some platforms."""
    monkeypatch.setattr(seed_yaml, "_Loader", getattr(yaml, request.param))


@settings(deadline=None, max_examples=25)
@given(document=documents())
def test_a_document_written_as_yaml_is_read_as_the_same_document(document: SeedDocument) -> None:
    assert parse_seed(yaml_of(document).encode()) == document


@settings(deadline=None, max_examples=8)
@given(document=documents())
def test_both_parsers_read_the_same_document(document: SeedDocument) -> None:
    text = yaml_of(document).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_yaml, "_Loader", yaml.SafeLoader)
        assert parse_seed(text) == document


@settings(deadline=None, max_examples=12)
@given(document=documents())
def test_a_document_written_in_pieces_is_the_same_text(document: SeedDocument) -> None:
    whole = yaml_of(document)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_text, "_AT_A_TIME", 1)
        assert yaml_of(document) == whole


@settings(deadline=None, max_examples=12)
@given(document=documents())
def test_the_published_schema_accepts_what_is_written(document: SeedDocument) -> None:
    assert complaints(yaml_of(document)) == []


@settings(deadline=None, max_examples=12)
@given(document=documents())
def test_a_document_in_order_means_the_same_and_stays_in_order(document: SeedDocument) -> None:
    ordered = in_order(document)
    assert in_order(ordered) == ordered
    assert parse_seed(yaml_of(ordered).encode()) == ordered


@settings(deadline=None, max_examples=12)
@given(document=documents())
def test_a_document_without_ids_can_be_seeded(document: SeedDocument) -> None:
    bare = without_ids(in_order(document))
    assert parse_seed(yaml_of(bare).encode()) == bare
    assert not any(user.id for user in bare.users)
    assert not any(one.id for one in bare.permission_sets)
    assert not bare.settings.instance_id


@settings(deadline=None, max_examples=40)
@given(text=attributes())
def test_any_attribute_survives_yaml(text: str) -> None:
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.users[0].title = text
    assert parse_seed(yaml_of(document).encode()).users[0].title == text


@pytest.mark.parametrize("text", TRICKY)
def test_a_tricky_text_survives_both_parsers(loader: None, text: str) -> None:
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.groups[0].description = text
    assert parse_seed(yaml_of(document).encode()).groups[0].description == text


@pytest.mark.parametrize(
    "text", ["0o17", "0x1F", "1e999", "1e1000", "+.5", "-0", "9" * 5_000, "null", "no", "12:30:45"]
)
def test_what_another_reader_could_take_for_something_else_is_quoted(text: str) -> None:
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.groups[0].description = text
    assert f"description: '{text}'\n" in yaml_of(document)


@pytest.mark.parametrize("text", BREAKS)
def test_whatever_a_policy_may_hold_survives_both_parsers(loader: None, text: str) -> None:
    condition = {"StringEquals": {"aws:username": [text]}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policy = text_of({"Version": "2012-10-17", "Statement": [statement]}, 32_768)
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.permission_sets[0].inline_policy = policy
    assert parse_seed(yaml_of(document).encode()).permission_sets[0].inline_policy == policy


@settings(deadline=None, max_examples=40)
@given(text=policies())
def test_a_policy_written_as_a_mapping_gives_its_very_text(text: str) -> None:
    mapping = mapping_of(text, 32_768)
    if mapping is not None:
        assert text_of(mapping, 32_768) == text
    document = parse_seed(SAMPLE_FILE.read_bytes())
    document.permission_sets[0].inline_policy = text
    written = yaml_of(document)
    assert parse_seed(written.encode()).permission_sets[0].inline_policy == text


@settings(deadline=None)
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(TRICKY),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(TRICKY), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_json_of_any_kind_survives_as_a_mapping(value: Any) -> None:
    """Not only policies: what the policy language refuses is still read as it was written."""
    text = text_of({"a": value}, 32_768)
    mapping = mapping_of(text, 32_768)
    assert mapping is not None
    root, mistakes = seed_yaml.load(yaml_of_mapping(mapping).encode(), "x")
    from genkan.sandbox.seed_policies import plain_value

    assert mistakes == []
    assert text_of(plain_value(root), 32_768) == text


def yaml_of_mapping(mapping: dict[str, Any]) -> str:
    """As `seed_text` writes a policy."""
    from genkan.sandbox.seed_text import _Dumper

    written: str = yaml.dump(mapping, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return written


def test_a_policy_too_long_when_indented_is_kept_compact() -> None:
    mapping = {"Statement": [{"Action": ["s3:GetObject"] * 50}]}
    long = text_of(mapping, 10_000)
    short = text_of(mapping, len(long) - 1)
    assert "\n" in long
    assert "\n" not in short
    assert json.loads(short) == mapping


def test_the_published_schema_is_the_definitions() -> None:
    """After a change: python -m genkan.sandbox.schema > docs/schemas/seed.schema.json"""
    assert PUBLISHED.read_text() == schema.text()


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_the_schema_accepts_the_sample_organization() -> None:
    assert complaints(SAMPLE_FILE.read_text()) == []


@pytest.mark.parametrize(
    "change",
    [
        ("version: 1", "version: 2"),
        ("user_name: alex", "username: alex"),
        ("user_name: alex", "user_name: 5"),
        ("colour: purple", "colour: violet"),
        ("session_duration: PT4H", "session_duration: 4 hours"),
        ("accounts: all", "accounts: everywhere"),
        ("alias: sakura-management", "alias: Sakura"),
        ("- {name: DataLakeReaders}", "- DataLakeReaders"),
        ("document: *read_the_data_lake", 'document: ""'),
    ],
)
def test_the_schema_and_the_reader_refuse_the_same_mistakes_of_form(
    change: tuple[str, str],
) -> None:
    from genkan.sandbox.seed_mistakes import SeedRefused

    text = SAMPLE_FILE.read_text()
    assert change[0] in text
    text = text.replace(*change, 1)
    assert complaints(text)
    with pytest.raises(SeedRefused):
        parse_seed(text.encode())
