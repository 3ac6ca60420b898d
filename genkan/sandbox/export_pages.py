"""Reading lists whole that are answered in pages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Answer = Mapping[str, Any]


def every(read: Callable[..., Answer], members: str, **params: Any) -> Iterator[Any]:
    """Every item of a paged list."""
    token: str | None = None
    while True:
        answer = read(**params, next_token=token)
        yield from answer[members]
        token = answer["next_token"]
        if token is None:
            return
