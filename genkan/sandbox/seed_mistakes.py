"""Mistakes in a seed file: what is wrong, and where, all of them at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from genkan.sandbox.seed_rules import one_line, shown

Path = tuple[str | int, ...]
"""Where something stands in a document: `("users", 3, "user_name")`."""

Found = Iterator[tuple[Path, str]]
"""Path and sentence of each mistake that a check finds."""


class Unread(str):
    """Stands in for a text that is wrong in form, and is not to be found wrong again."""

    __slots__ = ()


MOST_SHOWN = 100
MOST_GUESSED = 20
_LONGEST = 500
"""Characters of one message: those of the policy language repeat what they are about."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. Lines and columns count from 1; `path` is empty where there is none yet."""

    line: int
    column: int
    message: str
    path: str = ""


class SeedRefused(Exception):
    """A seed file has mistakes; nothing was made of it. `mistakes` are in the file's order."""

    def __init__(self, name: str, mistakes: Iterable[Mistake]) -> None:
        # What an alias repeats is one mistake, at the line where it is written.
        found = {(one.line, one.column, one.message): one for one in mistakes}
        self.name = name
        self.mistakes: Sequence[Mistake] = sorted(found.values())
        super().__init__(self.text())

    def text(self) -> str:
        """One line for each mistake, as compilers write them, and a last line that counts."""
        lines = [
            f"{self.name}:{one.line}:{one.column}: {f'{one.path}: ' if one.path else ''}"
            f"{one_line(one.message, _LONGEST)}"
            for one in self.mistakes[:MOST_SHOWN]
        ]
        count = len(self.mistakes)
        if count > MOST_SHOWN:
            lines.append(f"… and {count - MOST_SHOWN} more")
        lines.append(f"{count} mistake{'s' if count > 1 else ''}; nothing was made")
        return "\n".join(lines)


def path_text(path: Path) -> str:
    """`users[3].user_name`; keys as `shown` shows them, without its quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f"{'.' if text else ''}{shown(step)[1:-1]}"
    return text


class Guesses:
    """The words for names that nothing of a kind bears.

    What the first of them may mean is looked for among all that there are; of more, that would
    take minutes in a large file in which everything is named amiss.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._left = MOST_GUESSED

    def unknown(self, name: str, known: Iterable[str]) -> str:
        """`there is no user "hanak"; did you mean "hanako"?`"""
        close = get_close_matches(name[:256], list(known), n=1) if self._left else []
        self._left = max(0, self._left - 1)
        hint = f"; did you mean {shown(close[0])}?" if close else ""
        return f"there is no {self._kind} {shown(name)}{hint}"


def at_most(path: Path, count: int, limit: int, what: str = "entries") -> Found:
    """The words for more of something than there may be."""
    if count > limit:
        yield path, f"has {count} {what}; at most {limit} are allowed"


class Unique:
    """Values that may stand once, with the words for a second one."""

    def __init__(self, what: str, key: Callable[[str], str] = str) -> None:
        self._what = what
        self._key = key
        self._seen: set[str] = set()

    def again(self, path: Path, value: str) -> Found:
        if not value:
            return
        key = self._key(value)
        if key in self._seen:
            yield path, f"the {self._what} {shown(value)} is given twice"
        self._seen.add(key)


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids that may stand once, whichever instance or identity store has them."""

    principals: Unique = field(default_factory=lambda: Unique("user or group id"))
    memberships: Unique = field(default_factory=lambda: Unique("membership id"))
    applications: Unique = field(default_factory=lambda: Unique("application id"))
    issuers: Unique = field(default_factory=lambda: Unique("trusted token issuer id"))


class Known:
    """Names that references may use. A name that is wrong in form might be any of them."""

    def __init__(self, kind: str, names: Iterable[str]) -> None:
        self._guesses = Guesses(kind)
        self._names = set(names)

    def check(self, path: Path, name: str) -> Found:
        if name and name not in self._names and "" not in self._names:
            yield path, self._guesses.unknown(name, self._names)
