"""Compiled documents by the hash of their text, within bounds.

Owns how long a compiled document is kept. A document is a pure function of its text and kind, so an
entry never goes stale and may be shared by all threads and requests.

Invariant: at most `max_documents` documents and `max_characters` characters of source are held; a
compiled document takes a small multiple of its text.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from genkan.authorization.document import Document, PolicyKind
from genkan.authorization.parse import parse

MAX_DOCUMENTS = 1024
MAX_CACHED_CHARACTERS = 2_000_000


class DocumentCache:
    """A least-recently-used cache of compiled documents."""

    def __init__(
        self,
        max_documents: int = MAX_DOCUMENTS,
        max_characters: int = MAX_CACHED_CHARACTERS,
    ) -> None:
        self._max_documents = max_documents
        self._max_characters = max_characters
        self._entries: OrderedDict[tuple[str, bytes], tuple[Document, int]] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def compile(self, text: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
        """Parse a text, or find it parsed.

        Raises:
            PolicySyntaxError: the text is malformed; a refusal is not remembered.
        """
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return self.get((kind.name, digest), lambda: text, kind)

    def get(self, key: tuple[str, bytes], load: Callable[[], str], kind: PolicyKind) -> Document:
        """The document under a key that names its content, loading and parsing it when absent."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
                return entry[0]
        text = load()
        document = parse(text, kind)
        self._keep(key, document, len(text))
        return document

    def _keep(self, key: tuple[str, bytes], document: Document, characters: int) -> None:
        with self._lock:
            if characters > self._max_characters or key in self._entries:
                return
            self._entries[key] = (document, characters)
            self._characters += characters
            while (
                len(self._entries) > self._max_documents or self._characters > self._max_characters
            ):
                _, (_, freed) = self._entries.popitem(last=False)
                self._characters -= freed

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._characters = 0

    def __len__(self) -> int:
        return len(self._entries)


_shared = DocumentCache()


def compile_policy(text: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
    """Parse a text through the process's one cache; see `DocumentCache.compile`."""
    return _shared.compile(text, kind)


def shared_cache() -> DocumentCache:
    return _shared
