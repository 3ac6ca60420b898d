"""Wrap, replay or redirect a SAML message.

Every forgery starts from a response that this server has really signed, for alex in his own
account, and leaves its signature as it is. None may be exchanged, at the wire's AssumeRoleWithSAML
or in the browser; afterwards the untouched response still is, so what was refused was the change.
Replay is tried in `test_used_twice`, form by form in `tests/protocols/saml`.
"""

import base64
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from lxml import etree

from genkan.protocols.saml.keys import generate_signing_key, load_signing_key
from genkan.protocols.saml.names import ds, saml, samlp
from genkan.protocols.saml.signing import sign_enveloped
from tests.fronts.aws.world import read_world
from tests.security.attacker import (
    Ledger,
    assume,
    code_of,
    person,
    post,
    role_pair,
    saml_response,
)
from tests.security.enclosed import Enclosed
from tests.support.person import Person
from tests.support.server import Server

Forgery = Callable[[etree._Element], etree._Element]
ALIAS, ROLE = "sakura-playground", "DeveloperAccess"
EVIL = "00000000-0000-7000-8000-00000000e711"


def child(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.find(f".//{tag}")
    assert found is not None
    return found


def the_assertion(root: etree._Element) -> etree._Element:
    return child(root, saml("Assertion"))


def evil_twin(root: etree._Element, *, identifier: str = "_evil") -> etree._Element:
    """The assertion's copy about somebody else, unsigned."""
    twin = copy.deepcopy(the_assertion(root))
    signature = twin.find(ds("Signature"))
    assert signature is not None
    twin.remove(signature)
    twin.set("ID", identifier)
    child(twin, saml("NameID")).text = EVIL
    return twin


# ── changes ───────────────────────────────────────────────────────────────────────────────────────


def texts(tag: str, old: str, new: str) -> Forgery:
    """Replace a text in every element of that tag."""

    def forge(root: etree._Element) -> etree._Element:
        changed = 0
        for element in root.iter(tag):
            if re.search(old, element.text or ""):
                element.text = re.sub(old, new, element.text or "")
                changed += 1
        assert changed
        return root

    return forge


def attribute(tag: str, name: str, value: str) -> Forgery:
    """Replace an attribute of the first element of that tag."""

    def forge(root: etree._Element) -> etree._Element:
        element = root if root.tag == tag else child(root, tag)
        assert element.get(name) not in (None, value)
        element.set(name, value)
        return root

    return forge


def without_signature(root: etree._Element) -> etree._Element:
    signature = child(root, ds("Signature"))
    parent = signature.getparent()
    assert parent is not None
    parent.remove(signature)
    return root


def commented_name(root: etree._Element) -> etree._Element:
    """A reader that stops at the comment reads another name than the signer wrote."""
    name = child(root, saml("NameID"))
    text = name.text or ""
    name.text = text[:10]
    comment = etree.Comment("")
    comment.tail = text[10:]
    name.append(comment)
    return root


def signed_by_another_key(root: etree._Element) -> etree._Element:
    """All true but the signer, whose certificate comes along in KeyInfo."""
    pair = generate_signing_key("Genkan identity provider", now=datetime.now(UTC), serial_number=7)
    key = load_signing_key(pair.private_key_pem, pair.certificate_pem)
    assertion = the_assertion(root)
    bare = evil_twin(root, identifier=assertion.get("ID") or "")
    signed = sign_enveloped(bare, key, after=saml("Issuer"))
    root.replace(assertion, signed)
    return root


# ── wrapping ──────────────────────────────────────────────────────────────────────────────────────


def evil_before(root: etree._Element) -> etree._Element:
    the_assertion(root).addprevious(evil_twin(root))
    return root


def evil_after(root: etree._Element) -> etree._Element:
    the_assertion(root).addnext(evil_twin(root))
    return root


def evil_with_the_same_id(root: etree._Element) -> etree._Element:
    assertion = the_assertion(root)
    assertion.addprevious(evil_twin(root, identifier=assertion.get("ID") or ""))
    return root


def evil_around(root: etree._Element) -> etree._Element:
    good, evil = the_assertion(root), evil_twin(root)
    root.replace(good, evil)
    evil.append(good)
    return root


def evil_around_in_the_signature(root: etree._Element) -> etree._Element:
    """The signature moves to the evil assertion and carries the good one in an Object."""
    good, evil = the_assertion(root), evil_twin(root)
    root.replace(good, evil)
    signature = copy.deepcopy(child(good, ds("Signature")))
    child(evil, saml("Issuer")).addnext(signature)
    etree.SubElement(signature, ds("Object")).append(good)
    return root


def evil_with_the_good_one_in_extensions(root: etree._Element) -> etree._Element:
    good, evil = the_assertion(root), evil_twin(root)
    root.replace(good, evil)
    extensions = etree.Element(samlp("Extensions"))
    extensions.append(good)
    child(root, samlp("Status")).addprevious(extensions)
    return root


def evil_with_the_good_one_in_advice(root: etree._Element) -> etree._Element:
    good, evil = the_assertion(root), evil_twin(root)
    root.replace(good, evil)
    etree.SubElement(evil, saml("Advice")).append(good)
    return root


def evil_response_around(root: etree._Element) -> etree._Element:
    outer = copy.deepcopy(root)
    outer.set("ID", "_outer")
    outer.replace(the_assertion(outer), evil_twin(root))
    outer.append(root)
    return outer


def evil_attribute_statement(root: etree._Element) -> etree._Element:
    assertion = the_assertion(root)
    assertion.append(copy.deepcopy(child(assertion, saml("AttributeStatement"))))
    return root


FORGERIES: dict[str, Forgery] = {
    "another person": texts(saml("NameID"), ".+", EVIL),
    "another role": texts(saml("AttributeValue"), "DeveloperAccess", "AdministratorAccess"),
    "another account": texts(saml("AttributeValue"), r"::\d{12}:", "::111122223333:"),
    "another session name": texts(saml("AttributeValue"), "^alex$", "hanako"),
    "a longer session": texts(saml("AttributeValue"), r"^\d+$", "43200"),
    "another issuer": texts(saml("Issuer"), ".+", "urn:genkan:evil:111122223333"),
    "another audience": texts(saml("Audience"), ".+", "urn:evil"),
    "another recipient": attribute(saml("SubjectConfirmationData"), "Recipient", "https://evil/"),
    "another destination": attribute(samlp("Response"), "Destination", "https://evil.example/"),
    "a later end": attribute(saml("Conditions"), "NotOnOrAfter", "2999-01-01T00:00:00Z"),
    "a later confirmation": attribute(
        saml("SubjectConfirmationData"), "NotOnOrAfter", "2999-01-01T00:00:00Z"
    ),
    "a later issue": attribute(saml("Assertion"), "IssueInstant", "2999-01-01T00:00:00Z"),
    "another assertion id": attribute(saml("Assertion"), "ID", "_0123456789abcdef0123456789abcdef"),
    "another digest": texts(ds("DigestValue"), "^.", "A="),
    "another reference": attribute(ds("Reference"), "URI", "#_other"),
    "a reference to everything": attribute(ds("Reference"), "URI", ""),
    "a weaker signature": attribute(
        ds("SignatureMethod"), "Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
    ),
    "another canonical form": attribute(
        ds("CanonicalizationMethod"),
        "Algorithm",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    ),
    "a failed sign-in": attribute(
        samlp("StatusCode"), "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"
    ),
    "no signature": without_signature,
    "a comment in the name": commented_name,
    "another key": signed_by_another_key,
    "evil before": evil_before,
    "evil after": evil_after,
    "evil with the same id": evil_with_the_same_id,
    "evil around": evil_around,
    "evil around in the signature": evil_around_in_the_signature,
    "good in extensions": evil_with_the_good_one_in_extensions,
    "good in advice": evil_with_the_good_one_in_advice,
    "a response around": evil_response_around,
    "a second attribute statement": evil_attribute_statement,
}
REFUSED = {"InvalidIdentityToken", "ExpiredTokenException", "IDPRejectedClaim", "AccessDenied"}


def forged(response: str, forge: Forgery) -> str:
    root = forge(etree.fromstring(base64.b64decode(response)))
    return base64.b64encode(etree.tostring(root)).decode()


@dataclass(slots=True)
class Scene:
    """alex, his one response, and what the tables were."""

    alex: Person
    response: str
    ledger: Ledger


@pytest.fixture(scope="module")
def scene(running_server: Server) -> Iterator[Scene]:
    """One response for all forgeries: at the end it must still be good for one exchange."""
    running_server.reset()
    alex = person(running_server, "alex")
    response = saml_response(alex, ALIAS, ROLE)
    made = Scene(alex, response, Ledger(running_server))
    yield made
    assert assume(running_server, response).status_code == 200


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_response_is_refused_at_both_doors(scene: Scene, forge: Forgery) -> None:
    message = forged(scene.response, forge)
    assert message != scene.response
    server = scene.alex.server
    answer = assume(server, message, role_pair(scene.response))
    assert code_of(answer) in REFUSED, answer.text
    posted = scene.alex.http.post("/saml/console", data={"SAMLResponse": message})
    assert posted.status_code in (400, 403)
    assert scene.ledger.changes_unaudited() == {}


XML = {
    "entities": '<!DOCTYPE r [<!ENTITY e "x">]>',
    "a file": '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "another machine": '<!DOCTYPE r SYSTEM "http://192.0.2.1/evil.dtd">',
    "an instruction": "<?xml-stylesheet href='evil'?>",
}


@pytest.mark.parametrize("prologue", XML.values(), ids=XML)
def test_a_response_with_a_prologue_is_refused(scene: Scene, prologue: str) -> None:
    document = prologue.encode() + base64.b64decode(scene.response)
    message = base64.b64encode(document).decode()
    server = scene.alex.server
    assert code_of(assume(server, message, role_pair(scene.response))) == "InvalidIdentityToken"
    posted = scene.alex.http.post("/saml/console", data={"SAMLResponse": message})
    assert posted.status_code == 400


@pytest.mark.parametrize(
    "message", ["", "x", "AAAA", "=", "PHg+", "%3Cx%3E", "<x/>", "é", "A" * 99_999]
)
def test_what_is_no_response_is_refused(scene: Scene, message: str) -> None:
    server = scene.alex.server
    answer = assume(server, message, role_pair(scene.response))
    assert code_of(answer) in {*REFUSED, "ValidationError"}
    posted = scene.alex.http.post("/saml/console", data={"SAMLResponse": message})
    assert posted.status_code == 400


def test_a_form_of_another_site_brings_no_response(scene: Scene) -> None:
    """Redirected: another site has the victim's browser post what it got hold of."""
    posted = scene.alex.http.post(
        "/saml/console",
        data={"SAMLResponse": scene.response},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert posted.status_code == 403


def test_a_response_is_asked_for_by_a_form_of_ours_only(scene: Scene) -> None:
    """Neither a link nor another site's form makes the portal hand out an assertion."""
    fields = {"account_id": scene.alex.server.account(ALIAS), "role_name": ROLE}
    assert scene.alex.http.get("/console", params=fields).status_code == 405
    for data in (fields, {**fields, "csrf_token": "x"}):
        answer = scene.alex.http.post("/console", data=data)
        assert answer.status_code == 403
        assert "SAMLResponse" not in answer.text


def test_a_response_is_good_for_five_minutes(enclosed: Enclosed) -> None:
    alex = person(enclosed, "alex")
    early, late = (saml_response(alex, ALIAS, ROLE) for _ in "ab")
    enclosed.advance(seconds=299)
    assert assume(enclosed, early).status_code == 200
    enclosed.advance(seconds=62)
    assert code_of(assume(enclosed, late)) == "ExpiredTokenException"
    posted = alex.http.post("/saml/console", data={"SAMLResponse": late})
    assert posted.status_code == 400


def test_a_response_is_remembered_for_as_long_as_it_is_good(enclosed: Enclosed) -> None:
    """Exchanged at once, then again each minute: forgetting must not come before expiry."""
    alex = person(enclosed, "alex")
    response = saml_response(alex, ALIAS, ROLE)
    assert assume(enclosed, response).status_code == 200
    for _ in range(8):
        enclosed.advance(seconds=60)
        # Other exchanges are what forgets old ones.
        assert assume(enclosed, saml_response(alex, ALIAS, ROLE)).status_code == 200
        assert code_of(assume(enclosed, response)) in REFUSED


def test_a_relay_state_leads_nowhere(server: Server) -> None:
    """What the form carries beside the response is the attacker's to choose."""
    alex = person(server, "alex")
    for target in ("https://evil.example/", "//evil.example", "/signout", "javascript:alert(1)"):
        answer = alex.http.post(
            "/saml/console",
            data={"SAMLResponse": saml_response(alex, ALIAS, ROLE), "RelayState": target},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")


def test_a_response_is_not_for_another_accounts_provider(server: Server) -> None:
    """An account that its own people administer cannot be made to trust another's assertion."""
    alex = person(server, "alex")
    response = saml_response(alex, ALIAS, ROLE)
    world = read_world(server)
    keys = world.member_administrator("sakura-web-dev")
    providers = server.client("iam", keys).list_saml_providers()["SAMLProviderList"]
    (provider,) = (entry["Arn"] for entry in providers)
    role = role_pair(response)[0]
    for pair in (
        (role, provider),
        (role.replace(server.account(ALIAS), server.account("sakura-web-dev")), provider),
    ):
        answer = assume(server, response, pair)
        assert code_of(answer) in REFUSED
    assert post(alex, "/signout").status_code == 200
