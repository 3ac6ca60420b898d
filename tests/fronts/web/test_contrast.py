"""Colours of the style sheet have the contrast that WCAG 2.2 asks for, in both themes."""

from __future__ import annotations

import re

import pytest

from genkan.fronts.web.assets import STATIC

CSS = (STATIC / "genkan.css").read_text("utf-8")
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11

SURFACES = ("paper", "surface", "sunken", "raised", "chip")
PAIRS = [
    *(("ink", surface, TEXT) for surface in SURFACES),
    *(("ink-soft", surface, TEXT) for surface in SURFACES),
    *(("link", surface, TEXT) for surface in (*SURFACES, "action-soft")),
    *((f"{tone}", f"{tone}-soft", TEXT) for tone in ("danger", "caution", "good")),
    *(("ink", f"{tone}-soft", TEXT) for tone in ("danger", "caution", "good", "note")),
    ("link", "note-soft", TEXT),
    ("link", "caution-soft", TEXT),
    ("on-action", "action", TEXT),
    ("on-action", "action-hover", TEXT),
    *(("field-line", surface, GRAPHIC) for surface in ("paper", "surface", "sunken", "raised")),
    *(("focus", surface, GRAPHIC) for surface in SURFACES),
    *(("danger", surface, GRAPHIC) for surface in ("paper", "surface")),
    ("good", "surface", GRAPHIC),
    ("good", "sunken", TEXT),
    ("shu", "paper", GRAPHIC),
]
ACCOUNT_COLORS = ("pink", "purple", "darkBlue", "lightBlue", "teal", "green", "yellow", "orange")


def tokens(block: str) -> dict[str, tuple[str, str]]:
    """name → (light, dark) of the plain colours in a declaration block."""
    found = {}
    for name, value in re.findall(r"--([\w-]+):\s*([^;]+);", block):
        both = re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", value)
        if both:
            found[name] = (both[1], both[2])
        elif re.fullmatch(r"#\w{6}", value):
            found[name] = (value, value)
    return found


ROOT = tokens(CSS[CSS.index(":root {") : CSS.index(':root[data-theme="light"]')])


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_pair_of_colours_is_readable(front: str, back: str, least: float, theme: int) -> None:
    assert contrast(ROOT[front][theme], ROOT[back][theme]) >= least


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("color", ["", *ACCOUNT_COLORS, "red"])
def test_account_colours_are_readable(color: str, theme: int) -> None:
    named = dict(ROOT)
    if color:
        (block,) = re.findall(rf'\[data-color="{color}"\] {{([^}}]+)}}', CSS)
        named |= tokens(block)
    assert contrast(named["on-band"][theme], named["band"][theme]) >= TEXT
    assert contrast(named["env"][theme], ROOT["surface"][theme]) >= GRAPHIC
