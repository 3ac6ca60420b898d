"""Whatever happens to a signed response on its way, it is read as signed or not at all."""

from __future__ import annotations

import copy
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from genkan.protocols.saml.assertion import Signed
from genkan.protocols.saml.names import DS, SAML, SAMLP
from genkan.protocols.saml.refusal import SamlRefusal
from genkan.protocols.saml.verified import VerifiedAssertion
from genkan.protocols.saml.verify import decode_response
from tests.protocols.saml.samples import response, tree, verify

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def original(signed: Signed) -> tuple[bytes, VerifiedAssertion]:
    document = response(signed)
    return document, verify(document)


def read_as_signed_or_refused(document: bytes | etree._Element, signed: Signed) -> None:
    try:
        found = verify(document)
    except SamlRefusal:
        return
    assert found == original(signed)[1]


@SETTINGS
@given(st.sampled_from(Signed), st.data())
def test_changed_bytes_never_give_another_assertion(signed: Signed, data: st.DataObject) -> None:
    document = bytearray(original(signed)[0])
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(document) - 1))
        length = data.draw(st.integers(0, 8))
        document[start : start + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<!---->", b"&#0;", b"&lt;", b" ", b"<x/>"])
        )
    read_as_signed_or_refused(bytes(document), signed)


TAGS = [
    f"{{{namespace}}}{name}"
    for namespace, names in (
        (SAML, ("Assertion", "Issuer", "Subject", "NameID", "Attribute", "AttributeValue")),
        (SAMLP, ("Response", "Status", "Extensions")),
        (DS, ("Signature", "SignedInfo", "Reference", "Object", "KeyInfo", "Transform")),
    )
    for name in names
]
NAMES = ["ID", "Id", "URI", "Algorithm", "Value", "Format", "Recipient", "InResponseTo", "Name"]


@SETTINGS
@given(st.sampled_from(Signed), st.data())
def test_rearranged_elements_never_give_another_assertion(
    signed: Signed, data: st.DataObject
) -> None:
    root = tree(original(signed)[0])
    for _ in range(data.draw(st.integers(1, 3))):
        _rearrange(root, data)
    read_as_signed_or_refused(root, signed)


def _rearrange(root: etree._Element, data: st.DataObject) -> None:
    elements = list(root.iter())
    some, other = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
    match data.draw(
        st.sampled_from(["move", "copy", "drop", "retag", "text", "attribute", "swap"])
    ):
        case "move" if some not in list(other.iterancestors()) and some is not other:
            other.insert(data.draw(st.integers(0, len(other))), some)
        case "copy":
            other.insert(data.draw(st.integers(0, len(other))), copy.deepcopy(some))
        case "drop" if some.getparent() is not None:
            some.getparent().remove(some)  # type: ignore[union-attr]
        case "retag":
            some.tag = data.draw(st.sampled_from(TAGS))
        case "text":
            some.text = data.draw(st.sampled_from([None, "", " ", "evil", "AAAA"]))
        case "attribute":
            values = [v for e in elements for v in e.attrib.values()] + ["", "_evil"]
            some.set(data.draw(st.sampled_from(NAMES)), data.draw(st.sampled_from(values)))
        case "swap":
            some.text, other.text = other.text, some.text


@SETTINGS
@given(st.text() | st.text("AZaz09+/= \n"))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        decoded = decode_response(text)
    except SamlRefusal:
        return
    assert len(decoded) <= len(text)


@SETTINGS
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_refused(document: bytes) -> None:
    try:
        verify(document)
    except SamlRefusal:
        return
    raise AssertionError("random bytes were verified")
