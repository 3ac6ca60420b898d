"""What should be true, on paper: facts by kind and key, as acts make and end them.

The same effects write two papers: an actor's own, from what it was told, and the judge's, from what
the audit has. What has ended never comes back: ids are not used twice, so a fact that mentions one
is not true any more, in whatever order the acts of two threads were noted.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Key = tuple[str, ...]
Value = Any
Facts = Mapping[str, Mapping[Key, Value]]


class Paper:
    """Facts. A key's parts are ids, names and ARNs."""

    def __init__(self, facts: Facts | None = None) -> None:
        self._facts: dict[str, dict[Key, Value]] = defaultdict(dict)
        for kind, known in (facts or {}).items():
            self._facts[kind].update(known)
        self._gone: set[str] = set()

    def put(self, kind: str, *key: str, value: Value = True) -> None:
        """This is so from now on."""
        if not self._mentions_gone(key):
            self._facts[kind][key] = value

    def begin(self, kind: str, *key: str, value: Value = True) -> None:
        """This is so unless the key has a value: a creation may be told twice."""
        if key not in self._facts[kind]:
            self.put(kind, *key, value=value)

    def drop(self, kind: str, *key: str) -> None:
        """This is not so any more, but may be again."""
        self._facts[kind].pop(key, None)

    def clear(self, kind: str) -> None:
        """None of this kind is so any more."""
        self._facts[kind].clear()

    def end(self, name: str) -> None:
        """What has this id or ARN is gone for ever, with everything that hangs on it."""
        self._gone.add(name.rpartition("/")[2])
        for facts in self._facts.values():
            for key in [key for key in facts if self._mentions_gone(key)]:
                del facts[key]

    def of(self, kind: str) -> dict[Key, Value]:
        """What is so."""
        return dict(self._facts[kind])

    def get(self, kind: str, *key: str) -> Value | None:
        """The value of a key, or None."""
        return self._facts[kind].get(key)

    def everything(self) -> dict[tuple[str, Key], Value]:
        """All facts, by kind and key."""
        return {
            (kind, key): value
            for kind, facts in self._facts.items()
            for key, value in facts.items()
        }

    def _mentions_gone(self, key: Key) -> bool:
        return any(piece in self._gone for part in key for piece in part.split("/"))


def found(document: Any, member: str) -> Any:
    """The first member of this name however deep, spelt as a client or as CloudTrail spells it."""
    return next(_found(document, member.casefold()), None)


def _found(document: Any, member: str) -> Iterator[Any]:
    if isinstance(document, Mapping):
        for name, value in document.items():
            if str(name).casefold() == member:
                yield value
        for value in document.values():
            yield from _found(value, member)


def texts(document: Any) -> tuple[str, ...]:
    """Every text in a document, in order: the same however its members are spelt."""
    if isinstance(document, Mapping):
        return tuple(sorted(text for value in document.values() for text in texts(value)))
    if isinstance(document, list | tuple):
        return tuple(sorted(text for value in document for text in texts(value)))
    return (str(document),)
