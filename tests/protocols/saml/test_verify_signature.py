"""Signatures that must not pass: absent, weak, odd, by a stranger, over something else."""

from __future__ import annotations

import base64
import copy
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from genkan.protocols.saml import verify as verification
from genkan.protocols.saml.assertion import Signed
from genkan.protocols.saml.keys import SigningKey
from genkan.protocols.saml.names import ds, saml
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind
from genkan.protocols.saml.signing import sign_enveloped
from genkan.protocols.saml.verify import verify_response
from tests.protocols.saml import samples
from tests.protocols.saml.samples import (
    EXPECTED,
    NOW,
    key,
    oddly_signed,
    response,
    the_assertion,
    the_signature,
    tree,
    verify,
)

SIGNATURE = SamlRefusalKind.SIGNATURE


def refusal(document: bytes | etree._Element, **options: object) -> SamlRefusal:
    with pytest.raises(SamlRefusal) as caught:
        verify(document, **options)  # type: ignore[arg-type]
    return caught.value


BY_CRYPTOGRAPHY = "no pinned key made the signature, or the content was changed"


def form_refusal(document: bytes | etree._Element) -> str:
    """The detail of a refusal made by the signature's form, before any cryptography."""
    refused = refusal(document)
    assert refused.kind is SIGNATURE
    assert refused.detail != BY_CRYPTOGRAPHY
    return refused.detail


def test_the_forger_of_these_tests_can_make_a_signature_that_passes() -> None:
    assert verify(oddly_signed()).subject == samples.CONTENT.subject


@pytest.mark.parametrize("signed", Signed)
def test_a_response_without_its_signatures_is_refused(signed: Signed) -> None:
    root = tree(response(signed))
    for signature in list(root.iter(ds("Signature"))):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    assert refusal(root).kind is SIGNATURE


@pytest.mark.parametrize("signed", Signed)
def test_a_signature_by_an_unpinned_key_is_refused_though_its_certificate_comes_along(
    signed: Signed,
) -> None:
    assert refusal(response(signed, by="attacker")).kind is SIGNATURE


def test_the_pinned_certificate_in_key_info_does_not_help_a_stranger() -> None:
    root = tree(response(by="attacker"))
    theirs = the_signature(the_assertion(root)).find(ds("KeyInfo"))
    ours = the_signature(the_assertion(tree(response()))).find(ds("KeyInfo"))
    assert theirs is not None
    assert ours is not None
    theirs.getparent().replace(theirs, ours)  # type: ignore[union-attr]
    assert refusal(root).kind is SIGNATURE


def test_a_foreign_certificate_in_key_info_does_not_matter_to_a_pinned_key() -> None:
    root = tree(response())
    ours = the_signature(the_assertion(root)).find(ds("KeyInfo"))
    theirs = the_signature(the_assertion(tree(response(by="attacker")))).find(ds("KeyInfo"))
    assert ours is not None
    assert theirs is not None
    ours.getparent().replace(ours, theirs)  # type: ignore[union-attr]
    assert verify(root).subject == samples.CONTENT.subject


def test_a_public_key_in_key_info_is_not_used() -> None:
    root = tree(response(by="attacker"))
    numbers = key("attacker").private_key.public_key().public_numbers()
    info = the_signature(the_assertion(root)).find(ds("KeyInfo"))
    assert info is not None
    info.clear()
    value = etree.SubElement(etree.SubElement(info, ds("KeyValue")), ds("RSAKeyValue"))
    etree.SubElement(value, ds("Modulus")).text = base64.b64encode(
        numbers.n.to_bytes(256, "big")
    ).decode()
    etree.SubElement(value, ds("Exponent")).text = "AQAB"
    assert refusal(root).kind is SIGNATURE


def test_one_of_several_pinned_certificates_is_enough() -> None:
    certificates = [key("previous").certificate, key().certificate]
    verified = verify_response(response(), certificates=certificates, expected=EXPECTED, now=NOW)
    assert verified.subject == samples.CONTENT.subject


def test_of_two_signatures_both_must_be_good() -> None:
    inner_by_stranger = tree(response(by="attacker"))
    inner_by_stranger = sign_enveloped(inner_by_stranger, key(), after=saml("Issuer"))
    assert refusal(inner_by_stranger).kind is SIGNATURE
    outer_by_stranger = sign_enveloped(tree(response()), key("attacker"), after=saml("Issuer"))
    assert refusal(outer_by_stranger).kind is SIGNATURE


@pytest.mark.parametrize("signed", Signed)
@pytest.mark.parametrize("tag", ["SignatureValue", "DigestValue"])
def test_a_changed_or_empty_value_in_the_signature_is_refused(signed: Signed, tag: str) -> None:
    for text in ("AAAA", "", " ", "=", "花", "A" * 5_000):
        root = tree(response(signed))
        next(root.iter(ds(tag))).text = text
        assert refusal(root).kind is SIGNATURE


@pytest.mark.parametrize("signed", Signed)
def test_a_changed_subject_is_refused(signed: Signed) -> None:
    document = response(signed).replace(b"hanako@example.com</saml:NameID>", b"x</saml:NameID>")
    assert refusal(document).kind is SIGNATURE


# --- weak and odd algorithms: each of these signatures is mathematically good ---


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "signature_method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "signature_hash": hashes.SHA1(),
        },
        {"digest_method": "http://www.w3.org/2000/09/xmldsig#sha1", "digest": "sha1"},
        {
            "signature_method": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
            "signature_hash": hashes.SHA224(),
        },
        {"signature_method": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"},
        {"signature_method": "http://www.w3.org/2000/09/xmldsig#hmac-sha1"},
        {"signature_method": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"},
        {"signature_method": "urn:none"},
        {"digest_method": "http://www.w3.org/2001/04/xmldsig-more#md5", "digest": "md5"},
    ],
    ids=lambda p: str(p.get("signature_method", p.get("digest_method"))).rpartition("#")[2],
)
def test_a_weak_or_foreign_algorithm_is_refused(parameters: dict[str, object]) -> None:
    assert form_refusal(oddly_signed(**parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        {"transforms": ()},
        {"transforms": (samples.ENVELOPED,)},
        {"transforms": (samples.EXC_C14N,)},
        {"transforms": (samples.EXC_C14N, samples.ENVELOPED)},
        {"transforms": (samples.ENVELOPED, samples.EXC_C14N, samples.EXC_C14N)},
        {"transforms": (samples.ENVELOPED, samples.EXC_C14N + "WithComments")},
        {"transforms": (samples.ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")},
        {"transforms": (samples.ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116")},
        {"transforms": (samples.ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116")},
        {"transforms": (samples.ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64")},
        {"signed_info_c14n": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
        {"signed_info_c14n": "http://www.w3.org/2006/12/xml-c14n11"},
        {"signed_info_c14n": samples.EXC_C14N + "WithComments"},
    ],
    ids=lambda p: next(iter(p)) + "-" + str(next(iter(p.values())))[-40:],
)
def test_an_unexpected_transform_or_canonicalization_is_refused(
    parameters: dict[str, object],
) -> None:
    assert form_refusal(oddly_signed(**parameters))


@pytest.mark.parametrize("references", [0, 2])
def test_a_signature_without_exactly_one_reference_is_refused(references: int) -> None:
    assert form_refusal(oddly_signed(references=references))


@pytest.mark.parametrize(
    "uri",
    [
        f"#{samples.RESPONSE_ID}",
        "#_elsewhere",
        f"##{samples.ASSERTION_ID}",
        samples.ASSERTION_ID,
        f"#xpointer(id('{samples.ASSERTION_ID}'))",
        "https://attacker.example/assertion.xml",
        "file:///etc/passwd",
        "#",
    ],
)
def test_a_signature_that_refers_to_another_element_is_refused(uri: str) -> None:
    assert form_refusal(oddly_signed(uri=uri))


def test_a_signature_over_the_whole_document_by_an_empty_reference_is_refused() -> None:
    root = tree(response())
    the_assertion(root).remove(the_signature(the_assertion(root)))
    samples.odd_signature(root, uri="")
    reference = next(root.iter(ds("Reference")))
    reference.set("URI", "")
    assert form_refusal(root)


def test_a_reference_without_uri_is_refused() -> None:
    root = tree(oddly_signed())
    del next(root.iter(ds("Reference"))).attrib["URI"]
    assert form_refusal(root)


def test_a_truncated_hmac_length_is_refused() -> None:
    root = tree(oddly_signed())
    method = next(root.iter(ds("SignatureMethod")))
    etree.SubElement(method, ds("HMACOutputLength")).text = "0"
    assert "RSA" in form_refusal(root)


@pytest.mark.parametrize("tag", ["Object", "Manifest", "Signature", "KeyInfo", "SignedInfo"])
def test_an_additional_element_in_the_signature_is_refused(tag: str) -> None:
    root = tree(response())
    signature = the_signature(the_assertion(root))
    etree.SubElement(signature, ds(tag))
    assert form_refusal(root)


def test_an_inclusive_namespace_list_is_allowed_but_not_a_long_one() -> None:
    for prefixes, good in (("xs", True), (" ".join(f"p{n}" for n in range(17)), False)):
        root = tree(response())
        assertion = the_assertion(root)
        signature = the_signature(assertion)
        for method in (signature[0][0], signature[0][2][0][1]):
            etree.SubElement(
                method,
                f"{{{samples.EXC_C14N}}}InclusiveNamespaces",
                {"PrefixList": prefixes},
                nsmap={"ec": samples.EXC_C14N},
            )
        info = etree.tostring(
            signature[0], method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes.split()
        )
        value = key().private_key.sign(info, padding.PKCS1v15(), hashes.SHA256())
        signature[1].text = base64.b64encode(value).decode()
        if good:
            assert verify(root).subject == samples.CONTENT.subject
        else:
            assert refusal(root).kind is SIGNATURE


@pytest.mark.parametrize("sha", [384, 512])
def test_longer_sha_2_is_accepted(sha: int) -> None:
    documents = oddly_signed(
        signature_method=f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{sha}",
        signature_hash=hashes.SHA384() if sha == 384 else hashes.SHA512(),
        digest_method={
            384: "http://www.w3.org/2001/04/xmldsig-more#sha384",
            512: "http://www.w3.org/2001/04/xmlenc#sha512",
        }[sha],
        digest=f"sha{sha}",
    )
    assert verify(documents).subject == samples.CONTENT.subject


# --- pinned certificates ---


def weak_key() -> SigningKey:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    builder = x509.CertificateBuilder(name, name, private_key.public_key(), 1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return SigningKey(private_key, builder.sign(private_key, hashes.SHA256()))


def test_a_pinned_rsa_1024_certificate_is_not_used() -> None:
    weak = weak_key()
    root = tree(response())
    assertion = the_assertion(root)
    assertion.remove(the_signature(assertion))
    root.remove(assertion)
    root.append(sign_enveloped(assertion, weak, after=saml("Issuer")))
    with pytest.raises(SamlRefusal) as caught:
        verify_response(
            etree.tostring(root), certificates=[weak.certificate], expected=EXPECTED, now=NOW
        )
    assert caught.value.kind is SIGNATURE


def test_a_pinned_certificate_of_another_kind_of_key_is_not_used() -> None:
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ec")])
    builder = x509.CertificateBuilder(name, name, private_key.public_key(), 1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    certificate = builder.sign(private_key, hashes.SHA256())
    with pytest.raises(SamlRefusal) as caught:
        verify_response(response(), certificates=[certificate], expected=EXPECTED, now=NOW)
    assert caught.value.kind is SIGNATURE


def test_without_a_pinned_certificate_nothing_is_trusted() -> None:
    with pytest.raises(SamlRefusal) as caught:
        verify_response(response(), certificates=[], expected=EXPECTED, now=NOW)
    assert caught.value.kind is SIGNATURE
    assert "no pinned certificate" in caught.value.detail


def test_more_pinned_certificates_than_anyone_needs_are_a_bug() -> None:
    ten = [key().certificate] * 10
    assert verify_response(response(), certificates=ten, expected=EXPECTED, now=NOW)
    with pytest.raises(ValueError):
        verify_response(
            response(), certificates=[key().certificate] * 11, expected=EXPECTED, now=NOW
        )


@pytest.mark.parametrize("years", [-1, 6])
def test_a_pinned_certificate_outside_its_validity_is_our_rules_to_decide(years: int) -> None:
    now = NOW + timedelta(days=365 * years)
    times = {
        "issued_at": now,
        "not_before": now,
        "not_on_or_after": now + timedelta(minutes=5),
        "session_not_on_or_after": None,
    }
    document = response(**times)  # type: ignore[arg-type]
    certificates = [key().certificate]
    with pytest.raises(SamlRefusal) as caught:
        verify_response(document, certificates=certificates, expected=EXPECTED, now=now)
    assert caught.value.kind is SIGNATURE
    verified = verify_response(
        document,
        certificates=certificates,
        expected=EXPECTED,
        now=now,
        honour_certificate_validity=False,
    )
    assert verified.subject == samples.CONTENT.subject


def test_an_expired_certificate_does_not_stand_in_the_way_of_a_valid_one() -> None:
    now = NOW + timedelta(days=6 * 365)
    # the expired certificate of the very key, and a foreign valid one: neither may verify it
    document = response(
        issued_at=now,
        not_before=now,
        not_on_or_after=now + timedelta(minutes=5),
        session_not_on_or_after=None,
    )
    fresh = renewed(key(), now)
    verified = verify_response(
        document, certificates=[key().certificate, fresh], expected=EXPECTED, now=now
    )
    assert verified.subject == samples.CONTENT.subject


def renewed(old: SigningKey, now: object) -> x509.Certificate:
    subject = old.certificate.subject
    builder = x509.CertificateBuilder(subject, subject, old.private_key.public_key(), 2)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1))  # type: ignore[arg-type, operator]
    return builder.sign(old.private_key, hashes.SHA256())


def test_nothing_of_an_assertion_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    verify(response())
    assert "hanako" not in caplog.text


def test_threads_verify_and_sign_side_by_side() -> None:
    def once(number: int) -> str:
        return verify(response(session_index=f"_{number}")).session_index or ""

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(once, range(80)))
    assert found == [f"_{number}" for number in range(80)]


def test_a_signature_of_another_response_does_not_fit() -> None:
    root = tree(response(session_index="_other"))
    other = copy.deepcopy(the_signature(the_assertion(tree(response()))))
    assertion = the_assertion(root)
    assertion.replace(the_signature(assertion), other)
    assert refusal(root).kind is SIGNATURE


@pytest.mark.parametrize("tag", [ds("Signature"), "{urn:x}Signature", "Signature"])
def test_a_signature_hidden_in_key_info_is_a_stray(tag: str) -> None:
    root = tree(response())
    etree.SubElement(the_signature(the_assertion(root))[2], tag)
    assert form_refusal(root) == "a signature where none belongs"


def test_verification_of_an_answer_to_a_request_still_needs_the_signature() -> None:
    expected = replace(EXPECTED, in_response_to="_r")
    document = response(in_response_to="_r", by="attacker")
    assert refusal(document, expected=expected).kind is SIGNATURE


@pytest.mark.parametrize("name", ["Reference", "Transforms", "CanonicalizationMethod"])
def test_an_additional_element_inside_signed_info_is_refused(name: str) -> None:
    root = tree(response())
    etree.SubElement(next(root.iter(ds(name))), ds("XPath"))
    assert form_refusal(root)


@pytest.mark.parametrize("number", [0, 1])
def test_an_additional_element_inside_a_transform_is_refused(number: int) -> None:
    root = tree(response())
    etree.SubElement(list(root.iter(ds("Transform")))[number], ds("XPath")).text = "1"
    assert form_refusal(root)


def test_an_additional_element_inside_the_digest_method_is_refused() -> None:
    root = tree(response())
    etree.SubElement(next(root.iter(ds("DigestMethod"))), ds("XPath"))
    assert form_refusal(root)


@pytest.mark.parametrize(("count", "refused"), [(16, False), (17, True)])
def test_sixteen_inclusive_prefixes_are_the_most(count: int, refused: bool) -> None:
    root = tree(response())
    prefixes = " ".join(f"p{number}" for number in range(count))
    _add_inclusive(root, {"PrefixList": prefixes})
    assert (refusal(root).detail != BY_CRYPTOGRAPHY) is refused


def test_an_inclusive_namespace_list_has_a_list_and_no_children_and_is_the_only_one() -> None:
    without_list = tree(response())
    _add_inclusive(without_list, {})
    nested = tree(response())
    etree.SubElement(_add_inclusive(nested, {"PrefixList": "xs"}), "{urn:x}y")
    twice = tree(response())
    _add_inclusive(twice, {"PrefixList": "xs"})
    _add_inclusive(twice, {"PrefixList": "xs"})
    for root in (without_list, nested, twice):
        assert form_refusal(root)


def _add_inclusive(root: etree._Element, attributes: dict[str, str]) -> etree._Element:
    method = next(root.iter(ds("CanonicalizationMethod")))
    return etree.SubElement(method, f"{{{samples.EXC_C14N}}}InclusiveNamespaces", attributes)


@pytest.mark.parametrize("identifier", ["", "#x", "0x", "a b", "x" * 257])
def test_a_signature_over_an_element_with_a_bad_id_is_refused(identifier: str) -> None:
    root = tree(response())
    assertion = the_assertion(root)
    assertion.set("ID", identifier)
    next(root.iter(ds("Reference"))).set("URI", f"#{identifier}")
    assert "another element" in form_refusal(root)


def test_a_signature_over_an_element_without_id_is_refused() -> None:
    root = tree(response())
    del the_assertion(root).attrib["ID"]
    assert "another element" in form_refusal(root)


@pytest.mark.parametrize("moment", ["not_valid_before_utc", "not_valid_after_utc"])
def test_a_certificate_is_valid_to_the_second(moment: str) -> None:
    now = getattr(key().certificate, moment)
    times = {
        "issued_at": now,
        "not_before": now,
        "not_on_or_after": now + timedelta(minutes=5),
        "session_not_on_or_after": None,
    }
    assert verify(response(**times), now=now).subject == samples.CONTENT.subject


# --- the layers behind the form, which must hold without it ---


def test_a_detached_signature_would_not_pass_even_if_its_form_were_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verification, "check_form", lambda signature, parent: None)
    root = tree(response())
    signature = the_signature(the_assertion(root))
    the_assertion(root).remove(signature)
    samples.element(root, "Issuer").addnext(signature)
    assert refusal(root).detail == "the signed element is another one"


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "signature_method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "signature_hash": hashes.SHA1(),
        },
        {"digest_method": "http://www.w3.org/2000/09/xmldsig#sha1", "digest": "sha1"},
        {"references": 2},
    ],
)
def test_a_weak_signature_would_not_pass_even_if_its_form_were_not_checked(
    parameters: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "check_form", lambda signature, parent: None)
    assert refusal(oddly_signed(**parameters)).detail == BY_CRYPTOGRAPHY


def test_a_prefix_list_of_another_element_is_refused() -> None:
    root = tree(response())
    method = next(root.iter(ds("CanonicalizationMethod")))
    etree.SubElement(method, "{urn:x}InclusiveNamespaces", {"PrefixList": "xs"})
    assert form_refusal(root)


def test_an_element_without_issuer_has_no_place_for_a_signature() -> None:
    with pytest.raises(ValueError):
        sign_enveloped(etree.Element("x", {"ID": "_x"}), key(), after=saml("Issuer"))
