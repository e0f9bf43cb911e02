"""How everything people look at is coloured and set: one list of tokens for the widget, the desk and the reports.

Contrast against the page (light / dark): text 15.7 / 15.2, muted 6.3 / 8.0, accent 7.7 / 8.7, warn 6.8 / 9.7,
bad 6.5 / 7.9, good 6.3 / 9.8; text on the accent 7.7 / 9.2; outlines of controls 3.1 / 4.0 (WCAG 2.2: 1.4.3, 1.4.11).
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "page": "#FFFFFF",
    "panel": "#F6F7F9",
    "text": "#1B2430",
    "muted": "#566173",
    "outline": "#8A94A3",
    "accent": "#0F5C63",
    "on-accent": "#FFFFFF",
    "bubble": "#E6F1F1",
    "warn": "#8A4B00",
    "bad": "#B3261E",
    "good": "#1B6E3C",
}

DARK: Mapping[str, str] = {
    "page": "#12171D",
    "panel": "#1A2129",
    "text": "#E8ECF1",
    "muted": "#A3AEBC",
    "outline": "#6B7787",
    "accent": "#5CC4C9",
    "on-accent": "#0B1216",
    "bubble": "#1E3236",
    "warn": "#F0B35A",
    "bad": "#FF8A80",
    "good": "#6FD39A",
}


def tokens() -> str:
    """CSS that sets every token as a custom property on `:root`, light and dark by `prefers-color-scheme`."""
    dark = _properties(DARK)
    return f":root{{color-scheme:light dark;{_properties(LIGHT)}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _properties(values: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in values.items())
