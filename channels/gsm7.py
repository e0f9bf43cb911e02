"""How long an SMS is: GSM 7-bit (3GPP TS 23.038 section 6.2.1) or UCS-2, and in how many parts it travels. Pure.

GSM-7 carries 160 septets alone and 153 a part; UCS-2 70 code units alone and 67 a part (a six-octet header). A
character of the extension table takes two septets (ESC and itself), an emoji two units; neither is ever parted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")

# What looks the same to a reader: one curly quote turns one part of 160 into three of 67.
FOLDED = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'"}
    | {"′": "'", "`": "'", "´": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-"}
    | {"…": "...", "•": "-", "·": "-", "‣": "-", "◦": "-", "→": "->", "←": "<-", "×": "x", "\t": " "}
    | {"\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2007": " ", "\u2009": " ", "\u200a": " ", "\u202f": " "}
    | {"\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": "", "\u2028": "\n", "\u2029": "\n"}
)


@dataclass(frozen=True, slots=True)
class Length:
    """`units` are septets or UTF-16 code units; `segments` is what the carrier bills, 0 for an empty text."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    segments: int


def fold(text: str) -> str:
    """The text with typographic quotes, dashes, spaces and the like as GSM-7 has them; letters stay as they are."""
    return text.translate(FOLDED)


def is_gsm7(text: str) -> bool:
    return all(character in BASIC or character in EXTENDED for character in text)


def length(text: str) -> Length:
    """The encoding, units and segments of one message."""
    if is_gsm7(text):
        return _counted("gsm7", [2 if character in EXTENDED else 1 for character in text], 160, 153)
    return _counted("ucs2", [2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _counted(encoding: Literal["gsm7", "ucs2"], costs: list[int], alone: int, part: int) -> Length:
    units = sum(costs)
    if units <= alone:
        return Length(encoding, units, 1 if units else 0)
    segments, room = 1, part
    for cost in costs:
        if cost > room:
            segments, room = segments + 1, part
        room -= cost
    return Length(encoding, units, segments)
