"""Requests that break what a model says of an operation's input, and what AWS answers to them.

Every constraint of every member at any depth is broken in some request, and as many members at a
time as one answer lists. Everything here is derived from botocore's model.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.model import Shape

from tests.fronts.aws.values import broken, broken_size, constraints, facts, longest

NOT_NULL = "Member must not be null"
#: Said of a union with none or several members set; AWS's wording is not known.
UNION = "union"
#: More are not listed in one answer.
_AT_ONCE = 60
_COMPOUND = ("structure", "list", "map")
Keys = tuple[Any, ...]
Said = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an input: the way to it, AWS's name of it, its shape."""

    keys: Keys
    label: str
    shape: Shape
    required: bool = False


@dataclass(slots=True)
class Breach:
    """A bad value for a place and what is said of it: with `shown`, and never with `secret`."""

    keys: Keys
    value: Any
    said: list[Said]
    shown: str | None = None
    secret: str | None = None


@dataclass(slots=True)
class Bad:
    """A request with everything that is wrong with it; nothing said means: of a wrong type."""

    name: str
    params: dict[str, Any]
    breaches: list[Breach] = field(default_factory=list)

    @property
    def said(self) -> list[Said]:
        return [said for breach in self.breaches for said in breach.said]


def whole(shape: Shape, number: int = 0) -> Any:
    """A value of every member; of a union, of the first."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return {"any": [1, {"x": None}]}
    if kind == "structure":
        names = list(shape.members)[: 1 if shape.is_tagged_union else None]
        return {name: whole(shape.members[name], number) for name in names}
    if kind == "list":
        size = min(2, facts(shape).get("max", 2))
        return [whole(shape.member, number + at) for at in range(size)]
    if kind == "map":
        return {whole(shape.key, number): whole(shape.value, number)}
    if kind == "string":
        return longest(shape, number)
    return {
        "integer": facts(shape).get("max", 7),
        "long": facts(shape).get("max", 7),
        "boolean": True,
        "timestamp": 1_700_000_000,
    }[kind]


def spots(shape: Shape, keys: Keys = (), label: str = "") -> Iterator[Spot]:
    """Every place of an input, the first element of each list for all."""
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure":
        names = list(shape.members)[: 1 if shape.is_tagged_union else None]
        for name in names:
            inner = shape.members[name]
            below = _joined(label, name[0].lower() + name[1:])
            yield Spot((*keys, name), below, inner, name in shape.required_members)
            yield from spots(inner, (*keys, name), below)
    elif shape.type_name == "list" and shape.member.type_name in _COMPOUND:
        yield Spot((*keys, 0), f"{label}.1.member", shape.member)
        yield from spots(shape.member, (*keys, 0), f"{label}.1.member")


def _joined(label: str, name: str) -> str:
    return f"{label}.{name}" if label else name


# --- constraints ----------------------------------------------------------------------------------


def bad_requests(shape: Shape) -> list[Bad]:
    """Requests that break each constraint of an input, many at a time and one alone."""
    base = whole(shape)
    places = list(spots(shape))
    found: list[Bad] = []
    waves: dict[int, list[Breach]] = {}
    for spot in places:
        for wave, breach in enumerate(breaches(spot)):
            waves.setdefault(wave, []).append(breach)
    for wave, broken_places in waves.items():
        for number, part in enumerate(_parts(_apart(broken_places))):
            found.append(Bad(f"wave {wave}.{number}", _changed(base, part), part))
    if found and found[0].breaches:
        alone = found[0].breaches[:1]
        found.append(Bad("one alone", _changed(base, alone), alone))
    return [*found, *_lacking(base, places)]


def _apart(breaches: list[Breach]) -> Iterator[list[Breach]]:
    """Those that can be in one request: none of them inside what another one replaces."""
    rest = breaches
    while rest:
        taken: list[Breach] = []
        left = []
        for breach in rest:
            above = any(_inside(breach.keys, other.keys) for other in taken)
            below = any(_inside(other.keys, breach.keys) for other in taken)
            (left if above or below else taken).append(breach)
        yield taken
        rest = left


def _parts(groups: Iterator[list[Breach]]) -> Iterator[list[Breach]]:
    """Cut so that one answer lists all."""
    for group in groups:
        part: list[Breach] = []
        for breach in group:
            if sum(len(one.said) for one in part) + len(breach.said) > _AT_ONCE:
                yield part
                part = []
            part.append(breach)
        yield part


def _inside(keys: Keys, other: Keys) -> bool:
    return keys[: len(other)] == other


def breaches(spot: Spot) -> list[Breach]:
    """Each way to break the constraints of one place."""
    kind = spot.shape.type_name
    if getattr(spot.shape, "is_document_type", False):
        return []
    if kind == "structure":
        return _of_union(spot) if spot.shape.is_tagged_union else []
    found = {"string": _of_string, "list": _of_list, "map": _of_map}.get(kind, _of_number)
    return found(spot)


def bad_strings(shape: Shape) -> list[str]:
    """Strings that break a constraint of a shape: each one, and some in several ways."""
    good = longest(shape)
    most = facts(shape).get("max")
    tried = ["", "NOT_ONE", good.lower(), good + "\n", f"{good[:-1]}\x07", f"<{good[1:]}", "名 "]
    if most is not None:
        tried.insert(0, next(c for c in f"{good}a" if c.isalnum() or c == good[0]) * (most + 1))
        # Beyond what is matched at all, only the length is said; so it must be all that is wrong.
        tried[0] = tried[0] if most < 2000 else "A" * (most + 1)
    found: dict[tuple[str, ...], str] = {}
    for value in tried:
        texts = tuple(broken(shape, value))
        if texts and (texts not in found or value.endswith("\n")):
            found[(*texts, value[-1:] if value.endswith("\n") else "")] = value
            found.setdefault(texts, value)
    return list(dict.fromkeys(found.values()))


def _of_string(spot: Spot) -> list[Breach]:
    secret = bool(facts(spot.shape).get("sensitive"))
    return [
        Breach(
            spot.keys,
            value,
            [(spot.label, text) for text in broken(spot.shape, value)],
            shown=None if secret or len(value) > 1000 else value,
            secret=value if secret and len(value) > 20 else None,
        )
        for value in bad_strings(spot.shape)
    ]


def _of_number(spot: Spot) -> list[Breach]:
    about, found = facts(spot.shape), []
    for bound, direction, step in (("max", "less", 1), ("min", "greater", -1)):
        if spot.shape.type_name in ("integer", "long") and bound in about:
            value = int(about[bound]) + step
            text = f"Member must have value {direction} than or equal to {about[bound]}"
            found.append(Breach(spot.keys, value, [(spot.label, text)], shown=str(value)))
    return found


def _of_list(spot: Spot) -> list[Breach]:
    shape, found = spot.shape, []
    good = whole(shape.member)
    for size in (0, facts(shape).get("max", -2) + 1):
        if size >= 0 and (texts := broken_size(shape, size)):
            said = [(spot.label, text) for text in texts]
            found.append(Breach(spot.keys, [good] * size, said))
    found.append(Breach(spot.keys, [None], [(f"{spot.label}.1.member", NOT_NULL)]))
    if shape.member.type_name == "string":
        text = f"Member must satisfy constraint: {constraints(shape.member)}"
        found += [
            Breach(spot.keys, [value], [(spot.label, text)]) for value in bad_strings(shape.member)
        ]
    return found


def _of_map(spot: Spot) -> list[Breach]:
    shape = spot.shape
    value = whole(shape.value)
    found = [
        Breach(
            spot.keys,
            {bad: value},
            [(spot.label, f"Map keys must satisfy constraint: {constraints(shape.key)}")],
        )
        for bad in bad_strings(shape.key)
    ]
    for size in (0, facts(shape).get("max", -2) + 1):
        if size >= 0 and (texts := broken_size(shape, size)):
            many = {f"aws:identitystore:{'a' * (at + 1)}": value for at in range(size)}
            found.append(Breach(spot.keys, many, [(spot.label, text) for text in texts]))
    return found


def _of_union(spot: Spot) -> list[Breach]:
    said = [(spot.label, UNION)]
    found = [Breach(spot.keys, {}, said), Breach(spot.keys, {"FromTheFuture": {}}, said)]
    if len(spot.shape.members) > 1:
        two = list(spot.shape.members)[:2]
        both = {name: whole(spot.shape.members[name]) for name in two}
        found.append(Breach(spot.keys, both, said))
    return found


# --- what is required, and of which type ----------------------------------------------------------


def _lacking(base: dict[str, Any], places: list[Spot]) -> list[Bad]:
    """Without what is required: at the top, and then at each depth below, where null is none."""
    needed = [spot for spot in places if spot.required]
    found = []
    for depth in sorted({len(spot.keys) for spot in needed}):
        part = [
            Breach(spot.keys, None, [(spot.label, NOT_NULL)])
            for spot in needed
            if len(spot.keys) == depth
        ]
        params = _changed(base, part)
        if depth == 1:
            params = {name: value for name, value in params.items() if value is not None}
        found.append(Bad(f"without what is required at depth {depth}", params, part))
    return found


def wrong_types(shape: Shape) -> list[Bad]:
    """Each member once with a value of another JSON type."""
    base, found = whole(shape), []
    for number, spot in enumerate(spots(shape)):
        if getattr(spot.shape, "is_document_type", False):
            continue
        others = [5, True, [], {}, 1.5] if spot.shape.type_name == "string" else ["5", 0.5]
        if spot.shape.type_name in ("structure", "map"):
            others = ["x", [], 5]
        elif spot.shape.type_name == "list":
            others = ["x", {}, 5]
        value = others[number % len(others)]
        found.append(
            Bad(f"{spot.label} as {value!r}", _changed(base, [Breach(spot.keys, value, [])]))
        )
    return found


def _changed(base: dict[str, Any], part: list[Breach]) -> dict[str, Any]:
    params = copy.deepcopy(base)
    for breach in part:
        inner: Any = params
        for key in breach.keys[:-1]:
            inner = inner[key]
        inner[breach.keys[-1]] = breach.value
    return params
