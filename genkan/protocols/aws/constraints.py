"""The constraints of one shape: which a value breaks, and how AWS words them."""

from collections.abc import Callable
from math import inf

from .model import Shape
from .patterns import whole_match

NOT_NULL = "Member must not be null"

# A request may hold a million characters where ten are allowed: for a value beyond its maximum
# and beyond this, being too long is all that is said.
LONGEST_MATCHED = 8192


class StringConstraints:
    """Length in characters, pattern and enumeration of a string shape."""

    __slots__ = ("enum", "high", "low", "match", "shape")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.low = shape.min or 0
        self.high = inf if shape.max is None else shape.max
        self.enum = frozenset(shape.enum)
        self.match: Callable[[str], object] | None = None
        if shape.pattern is not None:
            self.match = whole_match(shape.pattern)

    def __bool__(self) -> bool:
        return bool(self.low or self.high < inf or self.enum or self.match)

    def satisfied(self, value: str) -> object:
        """Truthy when nothing is broken. The cheap checks come first."""
        return (
            self.low <= len(value) <= self.high
            and (not self.enum or value in self.enum)
            and (self.match is None or self.match(value))
        )

    def broken(self, value: str) -> list[str]:
        """The texts of every broken constraint, in the order AWS gives them."""
        texts = []
        size = len(value)
        if self.enum and value not in self.enum:
            texts.append(_enum_text(self.shape))
        far_too_long = size > max(self.high, LONGEST_MATCHED)
        if self.match is not None and not far_too_long and not self.match(value):
            texts.append(_pattern_text(self.shape))
        if size > self.high:
            texts.append(length_text("less", self.high))
        if size < self.low:
            texts.append(length_text("greater", self.low))
        return texts

    def texts(self) -> list[str]:
        """Every constraint of the shape, as AWS lists them for the elements of a list or map."""
        found = []
        if self.high < inf:
            found.append(length_text("less", self.high))
        if self.shape.min is not None:
            found.append(length_text("greater", self.low))
        if self.match is not None:
            found.append(_pattern_text(self.shape))
        if self.enum:
            found.append(_enum_text(self.shape))
        return found


def length_text(direction: str, bound: float) -> str:
    return f"Member must have length {direction} than or equal to {bound}"


def value_text(direction: str, bound: float) -> str:
    return f"Member must have value {direction} than or equal to {bound}"


def _pattern_text(shape: Shape) -> str:
    return f"Member must satisfy regular expression pattern: {shape.pattern}"


def _enum_text(shape: Shape) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def broken_range(shape: Shape, value: float) -> list[str]:
    """The texts of the bounds that a number breaks."""
    texts = []
    if shape.max is not None and value > shape.max:
        texts.append(value_text("less", shape.max))
    if shape.min is not None and value < shape.min:
        texts.append(value_text("greater", shape.min))
    return texts


def broken_length(shape: Shape, size: int) -> list[str]:
    """The texts of the bounds that the size of a list, map or blob breaks."""
    texts = []
    if shape.max is not None and size > shape.max:
        texts.append(length_text("less", shape.max))
    if shape.min is not None and size < shape.min:
        texts.append(length_text("greater", shape.min))
    return texts


def element_texts(shape: Shape) -> list[str]:
    """What `Member must satisfy constraint: [...]` lists for a scalar inside a list or map."""
    if shape.type == "string":
        return StringConstraints(shape).texts()
    texts = []
    if shape.max is not None:
        texts.append(value_text("less", shape.max))
    if shape.min is not None:
        texts.append(value_text("greater", shape.min))
    return texts
