"""The parser's own limits, each at its bound, and its two layers one without the other."""

from __future__ import annotations

import pytest

from genkan.protocols.saml import document as documents
from genkan.protocols.saml.document import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_NAMESPACE_DECLARATIONS,
    parse_document,
)
from genkan.protocols.saml.refusal import SamlRefusal

DECLARATIONS = [
    b"<!DOCTYPE x><x/>",
    b"<!DOCTYPE x [<!ENTITY e 'text'>]><x>&e;</x>",
    b"<!DOCTYPE x [<!ENTITY e 'text'>]><x y='&e;'/>",
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
]


def detail(document: bytes) -> str:
    with pytest.raises(SamlRefusal) as caught:
        parse_document(document, max_bytes=100_000)
    return caught.value.detail


def parsed(document: bytes) -> bool:
    return parse_document(document, max_bytes=100_000) is not None


def test_depth_is_bounded() -> None:
    assert parsed(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)
    assert "too deep" in detail(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))


def test_elements_are_counted_not_only_depth() -> None:
    assert parsed(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>")
    assert "too many" in detail(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


def test_attributes_of_an_element_are_bounded() -> None:
    attributes = [b"a%d='1'" % number for number in range(MAX_ATTRIBUTES + 1)]
    assert parsed(b"<a " + b" ".join(attributes[1:]) + b"/>")
    assert "too many attributes" in detail(b"<a " + b" ".join(attributes) + b"/>")


def test_namespace_declarations_are_bounded() -> None:
    declarations = [b"xmlns:a%d='u'" % number for number in range(MAX_NAMESPACE_DECLARATIONS + 1)]
    assert parsed(b"<a " + b" ".join(declarations[1:]) + b"/>")
    assert "namespace" in detail(b"<a " + b" ".join(declarations) + b"/>")


def test_size_is_bounded() -> None:
    assert parsed(b"<a>" + b"x" * 99_993 + b"</a>")
    assert "longer" in detail(b"<a>" + b"x" * 99_994 + b"</a>")


@pytest.mark.parametrize("declaration", DECLARATIONS)
def test_a_declaration_never_reaches_the_parser(declaration: bytes) -> None:
    assert detail(declaration) == "a document type or entity declaration"


def test_an_entity_declaration_alone_never_reaches_the_parser() -> None:
    assert detail(b"<x><!ENTITY e 'text'></x>") == "a document type or entity declaration"


@pytest.mark.parametrize("declaration", DECLARATIONS)
def test_a_declaration_that_reached_the_parser_would_be_refused_there(
    declaration: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_check_bytes", lambda document: None)
    assert detail(declaration) == "a document type declaration"


def test_bytes_that_are_not_utf_8_never_reach_the_parser() -> None:
    assert detail("<é/>".encode("latin-1")) == "not UTF-8"


def test_a_nul_byte_never_reaches_the_parser() -> None:
    assert detail("<!DOCTYPE x><x/>".encode("utf-16-le")) == "a NUL byte"
