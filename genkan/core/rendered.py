"""A list, or a structure, whose JSON is there already.

A slice that keeps its things as AWS's JSON has them hands one, or a page of them, on as it is: an
encoder takes `json`, anybody else reads the items or members, as of any list or mapping.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload


class Rendered(Sequence[Any]):
    """`texts` are JSON objects with AWS's names; `read` makes an item of one, in snake_case."""

    __slots__ = ("_items", "_read", "_texts")

    def __init__(self, texts: Sequence[str], read: Callable[[str], Any]) -> None:
        self._texts = texts
        self._read = read
        self._items: list[Any] | None = None

    @property
    def json(self) -> bytes:
        """The whole list."""
        return f"[{','.join(self._texts)}]".encode()

    @property
    def _listed(self) -> list[Any]:
        if self._items is None:
            self._items = [self._read(text) for text in self._texts]
        return self._items

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._listed[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._texts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self._texts))

    def __repr__(self) -> str:
        return repr(self._listed)


class RenderedItem(Mapping[str, Any]):
    """`text` is a JSON object with AWS's names; `read` makes its members, in snake_case."""

    __slots__ = ("_members", "_read", "_text")

    def __init__(self, text: str, read: Callable[[str], Mapping[str, Any]]) -> None:
        self._text = text
        self._read = read
        self._members: Mapping[str, Any] | None = None

    @property
    def json(self) -> bytes:
        """The whole object."""
        return self._text.encode()

    @property
    def _told(self) -> Mapping[str, Any]:
        if self._members is None:
            self._members = self._read(self._text)
        return self._members

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def __repr__(self) -> str:
        return repr(self._told)
