"""Reading XML that a stranger wrote.

Owns the parser's settings, the limits and the few ways in which this library looks at a tree.
Invariants: no DTD, so no entity beyond XML's own five and nothing fetched; UTF-8 whatever the
declaration says; bounded size, depth, elements, attributes and namespace declarations; text is
read only from elements without children, so that a comment cannot cut a value short.
"""

from __future__ import annotations

from lxml import etree

from genkan.protocols.saml.refusal import SamlRefusal, SamlRefusalKind

MAX_DEPTH = 24
MAX_ELEMENTS = 2_500
MAX_ATTRIBUTES = 20  # of one element
MAX_NAMESPACE_DECLARATIONS = 1_000  # canonicalization looks through them for each element

_MALFORMED = SamlRefusalKind.MALFORMED


def parse_document(document: bytes, *, max_bytes: int) -> etree._Element:
    """The root of a well-formed, bounded document without DTD. Refuses (MALFORMED) all else."""
    if len(document) > max_bytes:
        raise SamlRefusal(_MALFORMED, f"longer than {max_bytes} bytes")
    _check_bytes(document)
    parser = etree.XMLParser(
        encoding="utf-8",  # an encoding declaration must not give libxml2 other characters than us
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        raise SamlRefusal(_MALFORMED, "not well-formed XML") from None
    docinfo = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise SamlRefusal(_MALFORMED, "a document type declaration")
    _check_shape(root)
    return root


def _check_bytes(document: bytes) -> None:
    """Refuse before parsing what the parser should never see (XML bombs, external entities)."""
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise SamlRefusal(_MALFORMED, "not UTF-8") from None
    if b"\0" in document:  # UTF-16 and UTF-32 would hide the declarations from the next line
        raise SamlRefusal(_MALFORMED, "a NUL byte")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise SamlRefusal(_MALFORMED, "a document type or entity declaration")
    if document.count(b"xmlns") > MAX_NAMESPACE_DECLARATIONS:
        raise SamlRefusal(_MALFORMED, "too many namespace declarations")


def _check_shape(root: etree._Element) -> None:
    depth = elements = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        elements += 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS or len(element.attrib) > MAX_ATTRIBUTES:
            raise SamlRefusal(_MALFORMED, "too deep, too many elements or too many attributes")


def refuse_comments_and_instructions(root: etree._Element) -> None:
    """Canonicalization drops comments, readers stop at them: nobody signs a document with one."""
    if root.getprevious() is not None or root.getnext() is not None:
        raise SamlRefusal(_MALFORMED, "a comment or processing instruction beside the root")
    for node in root.iter(etree.Comment, etree.PI, etree.Entity):
        raise SamlRefusal(_MALFORMED, f"a {type(node).__name__} node")


def exact_text(element: etree._Element) -> str:
    """All the text of an element without children. Refuses (MALFORMED) one with any child node.

    `user@example.com<!---->.evil` has the `.text` "user@example.com": a comment is a child here.
    """
    if len(element):
        raise SamlRefusal(_MALFORMED, f"{local_name(element)} holds more than text")
    return element.text or ""


def only(parent: etree._Element, tag: str) -> etree._Element:
    """The one child with that tag; none or several are refused (MALFORMED)."""
    found = optional(parent, tag)
    if found is None:
        raise SamlRefusal(_MALFORMED, f"{local_name(parent)} without {local_part(tag)}")
    return found


def optional(parent: etree._Element, tag: str) -> etree._Element | None:
    """The child with that tag or None; several are refused (MALFORMED)."""
    found = parent.findall(tag)
    if len(found) > 1:
        raise SamlRefusal(_MALFORMED, f"{local_name(parent)} with several {local_part(tag)}")
    return found[0] if found else None


def required_attribute(element: etree._Element, name: str) -> str:
    """The attribute's value; absent or empty is refused (MALFORMED)."""
    value = element.get(name)
    if not value:
        raise SamlRefusal(_MALFORMED, f"{local_name(element)} without {name}")
    return value


def local_part(tag: str) -> str:
    """`{namespace}Name` → `Name`."""
    return tag.rpartition("}")[2]


def local_name(element: etree._Element) -> str:
    """The element's name without namespace, for a private detail, bounded."""
    return local_part(str(element.tag))[:40]
