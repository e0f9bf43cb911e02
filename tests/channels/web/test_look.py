"""One hand draws everything: the tokens are readable, and the widget carries the same ones."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from channels.web import look
from channels.web.widget import widget_js

STATIC = Path(look.__file__).parent / "static"


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of #RRGGBB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [look.LIGHT, look.DARK])
def test_text_is_readable_on_everything_it_stands_on(theme: Mapping[str, str]) -> None:
    for ground in ("page", "panel", "bubble"):
        assert contrast(theme["text"], theme[ground]) >= 4.5
    for ground in ("page", "panel"):
        for ink in ("muted", "warn", "bad", "good"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    assert contrast(theme["on-accent"], theme["accent"]) >= 4.5
    assert contrast(theme["outline"], theme["page"]) >= 3


def test_the_contrasts_in_the_docstring_are_the_measured_ones() -> None:
    stated = dict(
        re.findall(r"(text|muted|accent|warn|bad|good) (\d+\.\d / +\d+\.\d)", (look.__doc__ or "").replace("\n", " "))
    )
    for name, figures in stated.items():
        if name != "accent":
            measured = [f"{contrast(theme[name], theme['page']):.1f}" for theme in (look.LIGHT, look.DARK)]
            assert figures.replace(" ", "") == "/".join(measured), name


def test_the_widget_carries_the_same_tokens() -> None:
    script = (STATIC / "widget" / "style.css").read_text(encoding="utf-8")
    light, dark = script.split("prefers-color-scheme:dark", 1)
    for theme, css in ((look.LIGHT, light), (look.DARK, dark)):
        for name, value in theme.items():
            assert re.search(rf"--{name}:(var\(--[a-z-]+,)?{value}\)?;", css), (name, value)


def test_the_widget_is_small_and_needs_nothing() -> None:
    text = widget_js()
    assert len(gzip.compress(text.encode(), 9)) < 20_000
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "import("):
        assert forbidden not in text
