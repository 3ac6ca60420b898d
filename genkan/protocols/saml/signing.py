"""XML signatures in the one form that SAML allows (core §5.4): making, placing, verifying them.

Form: enveloped, one reference to the `ID` of the signature's own parent, exclusive canonicalization
without comments, RSA with SHA-2. The form is checked on our own tree before signxml computes
anything, and only what signxml returns as signed is handed on. `KeyInfo` is never read: the key is
the pinned certificate's, so a certificate that a message brings along has no say.
Leaves to others: which certificates are pinned, and what a signed element means.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from genkan.protocols.saml.document import exact_text, local_name
from genkan.protocols.saml.keys import SigningKey, is_strong_rsa
from genkan.protocols.saml.limits import MESSAGE_ID
from genkan.protocols.saml.names import DS, ENVELOPED_SIGNATURE, EXC_C14N, ds
from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind

# signxml logs at DEBUG what it canonicalizes: people's attributes, and assertions to bear.
logging.getLogger("signxml").setLevel(logging.INFO)

MAX_CERTIFICATES = 10
MAX_PREFIXES = 16  # of an InclusiveNamespaces list: canonicalization looks up each for each element

_SIGNATURE_METHODS = frozenset(
    {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_METHOD_URIS = frozenset(method.value for method in _SIGNATURE_METHODS)
_DIGEST_URIS = frozenset(digest.value for digest in _DIGESTS)

_FORMS = (
    [ds("SignedInfo"), ds("SignatureValue")],
    [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")],
)
_SIGNED_INFO = [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]
_REFERENCE = [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]
_INCLUSIVE_NAMESPACES = f"{{{EXC_C14N}}}InclusiveNamespaces"

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")

_SIGNATURE = SamlRefusalKind.SIGNATURE


def sign_enveloped(root: etree._Element, key: SigningKey, *, after: str) -> etree._Element:
    """A copy of `root` with its signature behind its child `after`: RSA-SHA256, KeyInfo included.

    `root` must carry an `ID`. Schema order wants the signature right behind `Issuer`.
    """
    place = root.find(after)
    if place is None:
        raise ValueError(f"no {after} to place the signature behind")
    place.addnext(etree.Element(ds("Signature"), {"Id": "placeholder"}, nsmap={"ds": DS}))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(
        root,
        key=key.private_key,
        cert=[key.certificate],
        reference_uri=str(root.attrib["ID"]),
        id_attribute="ID",
    )


def pinned_certificates(
    certificates: Sequence[x509.Certificate], *, now: datetime, honour_validity: bool
) -> list[x509.Certificate]:
    """The certificates whose keys may have signed. Refuses (SIGNATURE) when none is left.

    With `honour_validity`, those outside their own validity at `now` are left out; otherwise a
    pinned certificate counts until it is unpinned.
    """
    if len(certificates) > MAX_CERTIFICATES:
        raise ValueError(f"more than {MAX_CERTIFICATES} certificates")
    usable = [
        certificate
        for certificate in certificates
        if is_strong_rsa(certificate)
        and (
            not honour_validity
            or certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        )
    ]
    if not usable:
        raise SamlRefusal(
            _SIGNATURE, "no pinned certificate is RSA of 2048 bits or more and in its validity"
        )
    return usable


def check_form(signature: etree._Element, parent: etree._Element) -> None:
    """Refuse (SIGNATURE) a `ds:Signature` that is not of our form over exactly its own parent."""
    if [child.tag for child in signature] not in _FORMS:
        raise SamlRefusal(_SIGNATURE, "an unexpected element in Signature")
    signed_info = signature[0]
    if [child.tag for child in signed_info] != _SIGNED_INFO:
        raise SamlRefusal(_SIGNATURE, "SignedInfo does not hold exactly one reference")
    canonicalization, method, reference = signed_info
    _check_exclusive_c14n(canonicalization)
    if method.get("Algorithm") not in _METHOD_URIS or len(method):
        raise SamlRefusal(_SIGNATURE, "a signature method other than RSA with SHA-2")
    _check_reference(reference, parent)
    _check_base64_text(signature[1])


def _check_reference(reference: etree._Element, parent: etree._Element) -> None:
    if [child.tag for child in reference] != _REFERENCE:
        raise SamlRefusal(_SIGNATURE, "an unexpected element in Reference")
    # an ID such as "##x" would be resolved to another element than this parent
    identifier = parent.get("ID", "")
    if not MESSAGE_ID.fullmatch(identifier) or reference.get("URI") != f"#{identifier}":
        raise SamlRefusal(
            _SIGNATURE, f"the signature in {local_name(parent)} refers to another element"
        )
    transforms, digest, digest_value = reference
    if [(child.tag, child.get("Algorithm")) for child in transforms] != [
        (ds("Transform"), ENVELOPED_SIGNATURE),
        (ds("Transform"), EXC_C14N),
    ]:
        raise SamlRefusal(
            _SIGNATURE, "transforms other than enveloped signature and exclusive c14n"
        )
    if len(transforms[0]):
        raise SamlRefusal(_SIGNATURE, "an unexpected element in Transform")
    _check_exclusive_c14n(transforms[1])
    if digest.get("Algorithm") not in _DIGEST_URIS or len(digest):
        raise SamlRefusal(_SIGNATURE, "a digest other than SHA-2")
    _check_base64_text(digest_value)


def _check_base64_text(element: etree._Element) -> None:
    if not _BASE64.fullmatch("".join(exact_text(element).split())):
        raise SamlRefusal(_SIGNATURE, f"a {local_name(element)} that is not base64")


def _check_exclusive_c14n(method: etree._Element) -> None:
    if method.get("Algorithm") != EXC_C14N:
        raise SamlRefusal(_SIGNATURE, "canonicalization other than exclusive without comments")
    for child in method:
        prefixes = child.get("PrefixList", "").split()
        if child.tag != _INCLUSIVE_NAMESPACES or len(child):
            raise SamlRefusal(_SIGNATURE, "an unexpected element in the canonicalization method")
        if not 1 <= len(prefixes) <= MAX_PREFIXES:
            raise SamlRefusal(_SIGNATURE, f"no prefix or over {MAX_PREFIXES} in PrefixList")
    if len(method) > 1:
        raise SamlRefusal(_SIGNATURE, "several InclusiveNamespaces")


def signed_element(
    root: etree._Element, path: str, keys: Sequence[x509.Certificate]
) -> etree._Element:
    """What the signature at `path` really signs, parsed anew from its canonical bytes.

    `path` is the path of the signature's parent from `root`, ending in "/"; its form must have
    been checked, and it must be the only signature there. Refuses (SIGNATURE) when no key fits.
    """
    for certificate in keys:
        config = SignatureConfiguration(
            location=path,
            expect_references=1,
            signature_methods=_SIGNATURE_METHODS,
            digest_algorithms=_DIGESTS,
            ignore_ambiguous_key_info=True,  # KeyInfo is not looked at, so it cannot disagree
            # `pinned_certificates` has decided about validity; signxml must not ask the clock
            verification_time=certificate.not_valid_before_utc,
        )
        try:
            result = XMLVerifier().verify(
                root,
                x509_cert=certificate,
                id_attribute="ID",
                expect_config=config,
                # the schema refuses InclusiveNamespaces in CanonicalizationMethod, which some
                # providers write; `check_form` is narrower than the schema everywhere else
                validate_schema=False,
            )
        except (
            SignXMLException,
            InvalidSignature,
            UnsupportedAlgorithm,
            etree.LxmlError,
            ValueError,
        ):
            continue
        if isinstance(result, VerifyResult) and result.signed_xml is not None:
            return result.signed_xml
    raise SamlRefusal(_SIGNATURE, "no pinned key made the signature, or the content was changed")
