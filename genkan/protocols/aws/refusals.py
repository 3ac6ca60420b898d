"""What a decoder or identification refuses, in AWS's wording.

The messages are for the client; nothing here names a service's code for them: see
`errors.refusal_error`.
"""

from collections.abc import Sequence

MAX_ECHO = 1024
"""Characters of a refused value that a message repeats; a longer one is not shown at all."""


class RequestRefused(Exception):
    """Base: the request is not one that this protocol can hand on. `message` is client-safe."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SerializationFailure(RequestRefused):
    """The bytes are not the protocol's, or a value has another type than the model gives it."""


class UnsupportedMediaType(SerializationFailure):
    """A body whose Content-Type is not the protocol's."""


class Hidden:
    """Marks a value that a message must not repeat: sensitive, too long, or not a scalar."""


HIDDEN = Hidden()


class Violation:
    """One member that breaks one constraint.

    `path` is AWS's: lower-camel members joined by dots, `tags.1.member.key`. It grows while the
    walkers return, from the inside out. `value` is None for a missing member.
    """

    __slots__ = ("constraint", "path", "value")

    def __init__(self, path: str, value: object, constraint: str) -> None:
        self.path = path
        self.value = value
        self.constraint = constraint

    def __str__(self) -> str:
        return f"{self._subject()} at '{self.path}' failed to satisfy constraint: {self.constraint}"

    def _subject(self) -> str:
        if self.value is None:
            return "Value null"
        if self.value is HIDDEN:
            return "Value"
        shown = _shown(self.value)
        return "Value" if len(shown) > MAX_ECHO else f"Value '{shown}'"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class ConstraintViolations(RequestRefused):
    """Every constraint that the request breaks, in one message as AWS words it."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        count = len(violations)
        noun = "validation error" if count == 1 else "validation errors"
        super().__init__(f"{count} {noun} detected: " + "; ".join(map(str, violations)))
        self.violations = tuple(violations)
