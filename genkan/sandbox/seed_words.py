"""Words that mean one of several things: which one is meant, and by which word to refer to it.

For what may bear the same name as another, such as applications; accounts are in `seed_names`.
"""

from collections import defaultdict
from collections.abc import Iterable

from genkan.sandbox.seed_mistakes import Found, Guesses, Path, Unread
from genkan.sandbox.seed_rules import shown


class Words:
    """Things by number, each with its words, the one it is best referred to by first.

    The last is the thing's own: it means that thing, whatever others are called.
    """

    def __init__(self, kind: str, things: Iterable[tuple[str, ...]]) -> None:
        self._kind = kind
        self._guesses = Guesses(kind)
        self._things = list(things)
        self._incomplete = any(isinstance(word, Unread) for words in self._things for word in words)
        self._own: dict[str, int] = {}
        self._meant: defaultdict[str, set[int]] = defaultdict(set)
        for number, words in enumerate(self._things):
            self._own.setdefault(words[-1], number)
            for word in words:
                self._meant[word].add(number)

    def find(self, word: str) -> int:
        """The number of the one thing that is meant; LookupError otherwise."""
        meant = self._meaning(word)
        if len(meant) != 1:
            raise LookupError(word)
        return next(iter(meant))

    def word_for(self, number: int) -> str:
        """The first of a thing's words that means no other; the last that it has when each does."""
        words = [word for word in self._things[number] if word]
        return next((word for word in words if self._meaning(word) == {number}), words[-1])

    def check(self, path: Path, word: str) -> Found:
        """What is wrong with a reference."""
        meant = self._meaning(word)
        if len(meant) > 1:
            others = sorted({self.word_for(number) for number in meant} - {word})
            better = f"; write {' or '.join(map(shown, others))}" if others else ""
            yield path, f"{shown(word)} means {len(meant)} {self._kind}s{better}"
        elif word and not meant and not self._incomplete:
            yield path, self._guesses.unknown(word, filter(None, self._meant))

    def _meaning(self, word: str) -> set[int]:
        if not word:
            return set()
        return {self._own[word]} if word in self._own else self._meant.get(word, set())
