"""A text in the form the detector compares, cut into the pieces it is judged by. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 40_000
"""Characters read of a text, its start and its end where it is longer. No channel delivers longer messages."""
PIECE: Final = 300
"""Longest piece; a sentence beyond it is cut into pieces that overlap by half."""
SHORTEST: Final = 8
BLOCK: Final = 2000
"""A text up to one and a half blocks is judged as a whole, a longer one by blocks that overlap by a quarter: an attack
of some lines must not drown in pages around it."""

_LOOKALIKE: Final = str.maketrans("аеорсухіјѕԁɡӏһоαεοικνρτυχ０１３４５７", "aeopcyxijsdglhoaeoiknptux013457")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_RUN: Final = re.compile(r"(\S)\1{3,}")
_SPACE: Final = re.compile(r"\s+")
_OTHER: Final = re.compile(r"[\W\d_](?<! )")
_DIGIT: Final = re.compile(r"\d")
_END: Final = re.compile(r"[.!?;:。！？][\"')\]”’]*\s+|[。！？]|\n|\s?[|•]\s?")


def clipped(text: str) -> str:
    """The text, or where it is very long its start and its end."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"


def folded(text: str) -> str:
    """Look-alike and invisible characters and long runs taken out, case and lines as they are: what patterns read."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", clipped(text)))
    return _RUN.sub(r"\1\1\1", plain.translate(_LOOKALIKE)).replace("’", "'")


def levelled(text: str) -> str:
    """A folded text in one case with one kind of digit and space: what n-grams are taken of. A line's end, or a gap
    of three blanks, which in e-mails stands for one, is kept as a line's end."""
    return _SPACE.sub(_gap, _DIGIT.sub("0", text.lower())).strip()


def _gap(space: re.Match[str]) -> str:
    return "\n" if "\n" in space[0] or len(space[0]) > 2 else " "


def pieces(text: str) -> list[tuple[int, int]]:
    """The sentences and lines of a levelled text as spans, in order; those too short to say anything left out."""
    spans, start = [], 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        spans += _cut(start, end)
        start = end
    return [(a, b) for a, b in spans if b - a >= SHORTEST and _says(text[a:b])]


def _says(piece: str) -> bool:
    """Whether it is made of words, three at least where blanks part them, not of figures, addresses and marks."""
    if len(_OTHER.sub("", piece)) <= len(piece) * 0.7:
        return False
    return not piece.isascii() or piece.strip().count(" ") > 1


def _cut(start: int, end: int) -> list[tuple[int, int]]:
    if end - start <= PIECE:
        return [(start, end)]
    return [(at, min(end, at + PIECE)) for at in range(start, end - PIECE // 2, PIECE // 2)]


def blocks(length: int) -> list[tuple[int, int]]:
    """A text of that length as the spans it is judged by: one, or several that overlap."""
    if length <= BLOCK * 3 // 2:
        return [(0, length)]
    step = BLOCK * 3 // 4
    return [(at, min(length, at + BLOCK)) for at in range(0, length - BLOCK // 4, step)]
