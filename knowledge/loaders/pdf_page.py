"""A page of a PDF as PDFium sees it: words in the order they were written, with place and size, and ruled lines."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2 as pdfium
import pypdfium2.raw as raw

MAX_CHARS = 200_000
MAX_DRAWN = 20_000
"""On one page: more characters or drawn objects than any reader could take in (a printed map has ten thousand)."""
_THIN = 3.0
_HYPHEN = "\x02"
"""What PDFium makes of a hyphen at the end of a line."""
_BREAKS = frozenset(("\r", "\n", _HYPHEN))


@dataclass(frozen=True, slots=True)
class Box:
    """Points of 1/72 inch, y growing downwards from the page's top."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Word:
    """`ends` says that its line ends with it, `bold` what its font says, `size` in points."""

    text: str
    box: Box
    size: float
    bold: bool
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    width: float
    height: float
    words: tuple[Word, ...]
    rules: tuple[Box, ...]
    pictures: bool
    """Whether anything but words is on it: with none, it is blank."""


def read_page(page: pdfium.PdfPage) -> Page:
    """Words that stand upright; what is written at an angle (watermarks, labels of axes) is left out, unless most of
    the page is."""
    width, height = page.get_size()
    text = page.get_textpage()
    try:
        words = tuple(_words(text, page))
    finally:
        text.close()
    rules, drawn = _rules(page, height)
    return Page(width, height, words, rules, drawn)


def _words(text: pdfium.PdfTextPage, page: pdfium.PdfPage) -> Iterator[Word]:
    count = min(text.count_chars(), MAX_CHARS)
    turned = _turned(text, count)
    start, letters = 0, ""
    last: Word | None = None
    for index in range(count + 1):
        letter = chr(raw.FPDFText_GetUnicode(text, index) & 0x1FFFFF) if index < count else "\n"
        if not letter.isspace() and letter not in _BREAKS:
            start = start if letters else index
            letters += letter
            continue
        if letter == _HYPHEN and letters:
            letters += "-"
        if letters and (word := _word(text, page, letters, start, index - 1, turned)) is not None:
            if last is not None:
                yield last
            last = word
        letters = ""
        if letter in _BREAKS and last is not None:
            last = replace(last, ends=True)
    if last is not None:
        yield last


def _turned(text: pdfium.PdfTextPage, count: int) -> int:
    """By how many quarters most of the page's writing is turned."""
    looked = [_quarter(text, index) for index in range(0, count, max(1, count // 50))]
    upright = [quarter for quarter in looked if quarter is not None]
    return max(set(upright), key=upright.count) if upright else 0


def _quarter(text: pdfium.PdfTextPage, index: int) -> int | None:
    """Quarters of a turn; None for writing at an angle."""
    angle = float(raw.FPDFText_GetCharAngle(text, index))
    quarters = round(angle / 1.5707963)
    return quarters % 4 if angle >= 0 and abs(angle - quarters * 1.5707963) < 0.05 else None


def _word(
    text: pdfium.PdfTextPage, page: pdfium.PdfPage, letters: str, first: int, last: int, turned: int
) -> Word | None:
    if _quarter(text, first) != turned:
        return None
    left, right = _char_box(text, page, first), _char_box(text, page, last)
    box = Box(min(left.x0, right.x0), min(left.y0, right.y0), max(left.x1, right.x1), max(left.y1, right.y1))
    if turned:
        box = _upright(box, turned, page)
    return Word(letters, box, _size(text, first), _bold(text, first))


def _size(text: pdfium.PdfTextPage, index: int) -> float:
    """As printed, to half a point: what the font is set at, times what the page scales it by."""
    matrix = raw.FS_MATRIX()
    size = float(raw.FPDFText_GetFontSize(text, index))
    if raw.FPDFText_GetMatrix(text, index, matrix):
        size *= math.hypot(matrix.c, matrix.d)
    return round(size * 2) / 2


def _char_box(text: pdfium.PdfTextPage, page: pdfium.PdfPage, index: int) -> Box:
    left, bottom, right, top = text.get_charbox(index, loose=True)
    height = page.get_height()
    return Box(left, height - top, right, height - bottom)


def _upright(box: Box, turned: int, page: pdfium.PdfPage) -> Box:
    """The box as it stands on a page that is turned so that its writing is upright."""
    width, height = page.get_size()
    if turned == 1:
        return Box(box.y0, width - box.x1, box.y1, width - box.x0)
    if turned == 3:
        return Box(height - box.y1, box.x0, height - box.y0, box.x1)
    return Box(width - box.x1, height - box.y1, width - box.x0, height - box.y0)


def _bold(text: pdfium.PdfTextPage, index: int) -> bool:
    flags = ctypes.c_int()
    buffer = ctypes.create_string_buffer(128)
    length = raw.FPDFText_GetFontInfo(text, index, buffer, 128, flags)
    name = buffer.value.lower() if 0 < length <= 128 else b""
    return b"bold" in name or b"black" in name or b"heavy" in name or bool(flags.value & (1 << 18))


def _rules(page: pdfium.PdfPage, height: float) -> tuple[tuple[Box, ...], bool]:
    """(thin lines and the edges of drawn boxes, whether there is any drawing or picture)."""
    found: list[Box] = []
    drawn = False
    for number, each in enumerate(page.get_objects(filter=None, max_depth=3)):
        if number >= MAX_DRAWN:
            return (), True
        drawn = drawn or each.type != raw.FPDF_PAGEOBJ_TEXT
        if each.type == raw.FPDF_PAGEOBJ_PATH:
            found.extend(_edges(each, height))
    return tuple(found), drawn


def _edges(path: pdfium.PdfObject, height: float) -> Iterator[Box]:
    left, bottom, right, top = path.get_bounds()
    box = Box(left, height - top, right, height - bottom)
    if box.x1 - box.x0 <= _THIN or box.y1 - box.y0 <= _THIN:
        yield box
        return
    matrix = path.get_matrix()
    points: list[tuple[float, float]] = []
    for number in range(min(raw.FPDFPath_CountSegments(path), 2_000)):
        segment = raw.FPDFPath_GetPathSegment(path, number)
        x, y = ctypes.c_float(), ctypes.c_float()
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_BEZIERTO:
            return
        point = matrix.on_point(x.value, y.value)
        if points and raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO:
            (x0, y0), (x1, y1) = points[-1], point
            if abs(x0 - x1) <= _THIN or abs(y0 - y1) <= _THIN:
                yield Box(min(x0, x1), height - max(y0, y1), max(x0, x1), height - min(y0, y1))
        points.append(point)
