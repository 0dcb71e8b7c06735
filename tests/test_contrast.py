"""Whatever text meets whatever ground on a page, they differ enough: WCAG AA, in light, in dark, on paper, and AAA where more is asked for."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest

STYLES = Path(__file__).resolve().parents[1] / "docs" / "stylesheets"
TEXTS = ("ink", "ink-soft", "accent", "link", "alarm", "good", "violet")
GROUNDS = ("paper", "tint")
TEXTLESS = re.compile(r"::(backdrop|before|after|-webkit-slider|-moz-range)")  # shadows, icons, tracks
LINES = ("edge", "accent")  # what shows a button's extent, and where the focus is
WASHES = {"mark of a notice": (8, ("accent", "alarm", "ink-soft", "link")), "target": (9, ("accent",)), "marked words": (22, ("accent",))}
SCHEMES = ("light", "dark", "print", "more light", "more dark")

Color = tuple[float, float, float]

RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
PROPERTY = re.compile(r"--([\w-]+):\s*((?:[^;()]|\([^()]*\))+);")
SETTING = re.compile(r"(?<![-\w])(color|background|background-color):\s*([^;}]+)")
HARMLESS = re.compile(
    r"none|inherit|currentColor|transparent|CanvasText|0"
    r"|color-mix\(in srgb, var\(--(mark|accent)\) ([1-9]|1\d|2[0-2])%, (var\(--paper\)|transparent)\)"  # no more than what is measured
    r"|color-mix\(in srgb, var\(--tint\) \d+%, transparent\)"
    r"|var\(--(md-accent-fg-color--transparent|line|mark)\)"
)


def sheet(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@cache
def colors(scheme: str) -> dict[str, Color]:
    """The custom properties of book.css as a scheme has them."""
    css = sheet(STYLES / "book.css")
    blocks = [css.partition("@media")[0], *re.findall(r":root \{[^{}]*--ink:[^{}]*\}", css)]
    if scheme == "print":
        blocks.append(re.search(r"@media print \{ :root[^{]*(\{[^{}]*\})", css)[1])  # type: ignore[index]
    if scheme.startswith("more"):
        blocks.append(re.search(r"@media \(prefers-contrast: more\) \{ :root (\{[^{}]*\})", css)[1])  # type: ignore[index]
    elif scheme != "print":
        blocks = [re.search(r"color-scheme: light dark;([^{}]*)", css)[0]]  # type: ignore[index]
    found = {}
    for block in blocks:
        for name, value in PROPERTY.findall(block):
            pair = re.findall(r"#[0-9a-f]{3,6}\b", value)
            if value.startswith(("#", "light-dark")):
                found[name] = channels(pair[1 if scheme.endswith("dark") and len(pair) > 1 else 0])
    return found


def channels(text: str) -> Color:
    """Red, green and blue from 0 to 1.

    >>> channels("#f00")
    (1.0, 0.0, 0.0)
    """
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def luminance(color: Color) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    """WCAG's ratio.

    >>> contrast((1, 1, 1), (0, 0, 0))
    21.0
    """
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return round((high + 0.05) / (low + 0.05), 2)


def mixed(over: Color, percent: float, under: Color) -> Color:
    red, green, blue = (percent / 100 * a + (1 - percent / 100) * b for a, b in zip(over, under, strict=True))
    return red, green, blue


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_is_read_on_every_ground(scheme: str) -> None:
    found = colors(scheme)
    least = 7 if scheme.startswith("more") else 4.5
    measured = {(text, ground): contrast(found[text], found[ground]) for text, ground in product(TEXTS, GROUNDS)}
    for text in ("ink", "ink-soft"):
        for name, (percent, marks) in WASHES.items():
            if text == "ink" or name != "marked words":
                measured |= {(text, f"{name}, {mark}"): contrast(found[text], mixed(found[mark], percent, found["paper"])) for mark in marks}
    measured |= {("paper", ground): contrast(found["paper"], found[ground]) for ground in ("ink", "accent")}  # buttons
    assert {pair: ratio for pair, ratio in measured.items() if ratio < (least if pair[0].startswith("ink") else 4.5)} == {}
    assert all(contrast(found[line], found[ground]) >= 3 for line, ground in product(LINES, GROUNDS))


def test_no_other_colors_meet() -> None:
    """What is measured above is all there is: text has a measured color, and grounds are measured grounds."""
    strange = []
    for path in sorted(STYLES.glob("*.css")):
        for selector, body in RULE.findall(sheet(path)):
            for name, value in SETTING.findall(body) if not TEXTLESS.search(selector) else ():
                wanted = (*TEXTS, "paper") if name == "color" else (*GROUNDS, "ink", "accent")
                value = value.removesuffix("!important").strip()
                if not HARMLESS.fullmatch(value) and value not in {f"var(--{known})" for known in wanted}:
                    strange.append(f"{path.name}: {selector.strip()[:60]} {{ {name}: {value} }}")
    assert strange == []


def test_nothing_is_dimmed() -> None:
    """Opacity changes a contrast that was measured: only what is hidden altogether has it."""
    sheets = [STYLES / f"{name}.css" for name in ("book", "frame", "home", "print")]
    dim = [f"{path.name}: {value}" for path in sheets for value in re.findall(r"(?<![-\w])opacity:\s*([^;}]+)", sheet(path))]
    assert [value for value in dim if value.split(": ")[1].strip() not in ("0", "1")] == []
