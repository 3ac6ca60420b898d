"""XML signature wrapping: a good signature somewhere, and the forged assertion elsewhere.

The eight classic shapes, and their relatives with extensions, key information, objects, duplicate
ids and nested assertions. In each the original signature and what it signs are untouched.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from lxml import etree

from genkan.protocols.saml.assertion import Signed
from genkan.protocols.saml.names import ds, saml, samlp
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from tests.protocols.saml import samples
from tests.protocols.saml.samples import (
    ASSERTION_ID,
    RESPONSE_ID,
    evil_twin,
    response,
    the_assertion,
    the_signature,
    tree,
    verify,
)

Forgery = Callable[[], etree._Element]


def evil_response(original: etree._Element) -> etree._Element:
    evil = copy.deepcopy(original)
    for signature in list(evil.iter(ds("Signature"))):
        signature.getparent().remove(signature)  # type: ignore[union-attr]
    evil.set("ID", "_evil-response")
    assertion = the_assertion(evil)
    evil.replace(assertion, evil_twin(assertion))
    return evil


def xsw1() -> etree._Element:
    """Signed response moved into the signature of an evil response."""
    original = tree(response(Signed.RESPONSE))
    evil = evil_response(original)
    signature = the_signature(original)
    original.remove(signature)
    signature.append(original)
    samples.element(evil, "Issuer").addnext(signature)
    return evil


def xsw2() -> etree._Element:
    """Signed response as a sibling before its detached signature, in an evil response."""
    original = tree(response(Signed.RESPONSE))
    evil = evil_response(original)
    signature = the_signature(original)
    original.remove(signature)
    issuer = samples.element(evil, "Issuer")
    issuer.addnext(signature)
    issuer.addnext(original)
    return evil


def xsw3() -> etree._Element:
    """Evil assertion before the signed one."""
    root = tree(response())
    original = the_assertion(root)
    original.addprevious(evil_twin(original))
    return root


def xsw4() -> etree._Element:
    """Signed assertion inside the evil one."""
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    root.replace(original, evil)
    evil.append(original)
    return root


def xsw5() -> etree._Element:
    """Signature left in the evil assertion, the original behind it."""
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    signature = the_signature(original)
    original.remove(signature)
    samples.element(evil, "Issuer").addnext(signature)
    original.addprevious(evil)
    return root


def xsw6() -> etree._Element:
    """Original assertion inside the signature inside the evil assertion."""
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    signature = the_signature(original)
    original.remove(signature)
    root.replace(original, evil)
    samples.element(evil, "Issuer").addnext(signature)
    signature.append(original)
    return root


def xsw7() -> etree._Element:
    """Evil assertion with the same ID in Extensions, before the original."""
    root = tree(response())
    extensions = etree.Element(samlp("Extensions"))
    extensions.append(evil_twin(the_assertion(root), ASSERTION_ID))
    root.insert(1, extensions)
    return root


def xsw8() -> etree._Element:
    """Original assertion in an Object of the signature of the evil assertion."""
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    signature = the_signature(original)
    original.remove(signature)
    root.replace(original, evil)
    samples.element(evil, "Issuer").addnext(signature)
    etree.SubElement(signature, ds("Object")).append(original)
    return root


def original_in_key_info() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    signature = the_signature(original)
    original.remove(signature)
    root.replace(original, evil)
    samples.element(evil, "Issuer").addnext(signature)
    signature[2].append(original)
    return root


def original_in_advice() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    root.replace(original, evil)
    etree.SubElement(evil, saml("Advice")).append(original)
    return root


def original_in_an_attribute_value() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    root.replace(original, evil)
    value = samples.element(evil, "AttributeStatement", "Attribute", "AttributeValue")
    value.text = None
    value.append(original)
    return root


def original_in_status_detail() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    root.replace(original, evil_twin(original))
    status = root.find(samlp("Status"))
    assert status is not None
    etree.SubElement(status, samlp("StatusDetail")).append(original)
    return root


def original_behind_the_evil_one_without_namespace() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original)
    for element in evil.iter():
        element.tag = etree.QName(element).localname
    original.addprevious(evil)
    return root


def same_id_twice() -> etree._Element:
    root = tree(response())
    root.set("ID", ASSERTION_ID)
    return root


def same_id_in_another_spelling(name: str) -> Forgery:
    def forged() -> etree._Element:
        root = tree(response())
        samples.element(the_assertion(root), "Subject").set(name, ASSERTION_ID)
        return root

    return forged


def evil_with_the_id_in_another_spelling() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    evil = evil_twin(original, ASSERTION_ID)
    original.addprevious(evil)
    del original.attrib["ID"]
    original.set("Id", ASSERTION_ID)
    return root


def response_signature_around_an_exchanged_assertion() -> etree._Element:
    root = tree(response(Signed.RESPONSE))
    original = the_assertion(root)
    root.replace(original, evil_twin(original, ASSERTION_ID))
    return root


def assertion_signature_moved_up_to_the_response() -> etree._Element:
    root = tree(response())
    original = the_assertion(root)
    signature = the_signature(original)
    root.replace(original, evil_twin(original))
    samples.element(root, "Issuer").addnext(signature)
    return root


def response_signature_moved_down_to_the_assertion() -> etree._Element:
    root = tree(response(Signed.RESPONSE))
    signature = the_signature(root)
    evil = evil_twin(the_assertion(root), RESPONSE_ID)
    root.set("ID", "_other")
    root.replace(the_assertion(root), evil)
    samples.element(evil, "Issuer").addnext(signature)
    return root


def two_signatures_in_the_assertion() -> etree._Element:
    root = tree(response())
    signature = the_signature(the_assertion(root))
    signature.addnext(copy.deepcopy(signature))
    return root


def a_strangers_signature_first() -> etree._Element:
    root = tree(response())
    stranger = the_signature(the_assertion(tree(response(by="attacker"))))
    the_signature(the_assertion(root)).addprevious(stranger)
    return root


def two_genuine_assertions() -> etree._Element:
    root = tree(response())
    other = the_assertion(tree(response(assertion_id="_b", response_id="_c")))
    root.append(other)
    return root


FORGERIES: list[Forgery] = [
    xsw1,
    xsw2,
    xsw3,
    xsw4,
    xsw5,
    xsw6,
    xsw7,
    xsw8,
    original_in_key_info,
    original_in_advice,
    original_in_an_attribute_value,
    original_in_status_detail,
    original_behind_the_evil_one_without_namespace,
    same_id_twice,
    evil_with_the_id_in_another_spelling,
    response_signature_around_an_exchanged_assertion,
    assertion_signature_moved_up_to_the_response,
    response_signature_moved_down_to_the_assertion,
    two_signatures_in_the_assertion,
    a_strangers_signature_first,
    two_genuine_assertions,
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.__name__)
def test_a_wrapped_message_is_refused(forgery: Forgery) -> None:
    with pytest.raises(SamlRefusal) as caught:
        verify(forgery())
    assert caught.value.kind in (SamlRefusalKind.MALFORMED, SamlRefusalKind.SIGNATURE)


@pytest.mark.parametrize(
    "name", ["ID", "Id", "id", "iD", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}ID"]
)
def test_a_second_element_with_the_signed_id_is_refused_in_every_spelling(name: str) -> None:
    with pytest.raises(SamlRefusal) as caught:
        verify(same_id_in_another_spelling(name)())
    assert caught.value.detail == "two elements with one ID"


@pytest.mark.parametrize("tag", ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"])
def test_an_encrypted_element_is_refused(tag: str) -> None:
    root = tree(response())
    encrypted = etree.SubElement(samples.element(the_assertion(root), "Subject"), saml(tag))
    etree.SubElement(encrypted, "{http://www.w3.org/2001/04/xmlenc#}EncryptedData")
    with pytest.raises(SamlRefusal) as caught:
        verify(root)
    assert caught.value.detail == "an encrypted element"


def test_an_encrypted_assertion_in_place_of_a_plain_one_is_refused() -> None:
    root = tree(response(Signed.RESPONSE))
    root.replace(the_assertion(root), etree.Element(saml("EncryptedAssertion")))
    with pytest.raises(SamlRefusal) as caught:
        verify(root)
    assert caught.value.detail == "an encrypted element"


def test_a_response_without_assertion_is_refused() -> None:
    root = tree(response(Signed.RESPONSE))
    root.remove(the_assertion(root))
    with pytest.raises(SamlRefusal) as caught:
        verify(root)
    assert caught.value.detail == "no assertion or several"


def test_unsigned_extensions_are_refused() -> None:
    root = tree(response())
    root.insert(1, etree.Element(samlp("Extensions")))
    with pytest.raises(SamlRefusal) as caught:
        verify(root)
    assert caught.value.detail == "an unexpected element in Response"


def test_an_assertion_alone_is_not_a_response() -> None:
    with pytest.raises(SamlRefusal) as caught:
        verify(the_assertion(tree(response())))
    assert caught.value.detail == "not a Response"
