"""Where the sentences of a text begin and end. Pure.

A table row and a list item are one sentence each; headings, table headers and rulers are none. A line that ends
without a full stop ends its sentence, unless the next line goes on in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

MAX_CHARS = 1000
"""A longer run without an end is cut at a space: it is no sentence, whatever it is."""

_HEADING = re.compile(r"\s{0,3}#{1,6}(\s|$)")
_RULER = re.compile(r"\s*\|?[\s:|+=-]*[-=]{3}[\s:|+=-]*$")
_ITEM = re.compile(r"\s*(?:[-*•‣–+]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_END = re.compile(r"[.!?…؟۔।॥]+[\"'”’)\]]*(?=\s+[^\s])|[。！？]+[」』”）]*")
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+$")
_ABBREVIATIONS = (
    "mr mrs ms dr prof st mt vs etc e.g i.e cf approx incl excl no nos nr tel fig vol pp p ca est inc ltd co corp "
    "dept ext max min jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri sat sun "
    "art sec para ref ave blvd rd u.s u.k"
)
_NEVER_LAST = frozenset(_ABBREVIATIONS.split())
_ALSO_LAST = frozenset(("a.m", "p.m", "etc", "inc", "ltd", "co", "corp", "u.s", "u.k", "no"))
_AFTER_TIMES = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december gmt bst cet cest utc est edt pst pdt"
)
_GOES_ON = frozenset(_AFTER_TIMES.split())


def sentences(text: str) -> list[Span]:
    """(start, end) offsets, in order, not overlapping, none empty and none with outer white space."""
    spans: list[Span] = []
    for start, end, prose in _units(text):
        spans.extend(_of_prose(text, start, end) if prose else _trimmed(text, start, end))
    return [piece for span in spans for piece in _cut(text, *span)]


def is_heading(line: str) -> bool:
    return bool(_HEADING.match(line))


def is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def is_ruler(line: str) -> bool:
    """A table's line of dashes, or one drawn between paragraphs."""
    return bool(_RULER.match(line))


def item_marker(line: str) -> str:
    """The bullet or number a list item opens with, and the space after it; "" for other lines."""
    match = _ITEM.match(line)
    return match.group() if match else ""


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """What sentences do not reach across: (start, end, whether it is prose that may hold several)."""
    lines = _lines(text)
    pending: list[Span] = []
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        apart = not line.strip() or is_heading(line) or is_ruler(line) or is_row(line) or item_marker(line)
        if pending and (apart or not line.lstrip()[:1].islower()):
            yield pending[0][0], pending[-1][1], True
            pending = []
        if not apart:
            pending.append((start, end))
        elif is_row(line) and not is_ruler(line):
            following = lines[number + 1] if number + 1 < len(lines) else (0, 0)
            if not is_ruler(text[slice(*following)]):
                yield start, end, False
        elif (marker := item_marker(line)) and not is_ruler(line):
            yield start + len(marker), end, False
    if pending:
        yield pending[0][0], pending[-1][1], True


def _lines(text: str) -> list[Span]:
    found, start = [], 0
    for line in text.splitlines(keepends=True):
        found.append((start, start + len(line)))
        start += len(line)
    return found


def _of_prose(text: str, start: int, end: int) -> Iterator[Span]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _ends(text, begin, match, end):
            yield from _trimmed(text, begin, match.end())
            begin = match.end()
    yield from _trimmed(text, begin, end)


def _ends(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether this full stop ends a sentence: not after an abbreviation, an initial or a number that goes on."""
    rest = text[match.end() : end].lstrip()
    if match.group()[0] != "." or len(match.group().rstrip("\"'”’)]")) > 1:
        return not rest[:1].islower()
    found = _LAST_WORD.search(text[max(begin, match.start() - 40) : match.start()])
    word = found.group().strip("*_").lower() if found else ""
    following = re.match(r"\w+", rest)
    next_word = following.group().lower() if following else ""
    alone = text[begin : match.start()].strip(" \n*_(").lower() == word
    if alone and len(word) <= 3 and any(c.isdigit() for c in word):
        return False  # "1. ", "A2. ": what numbers a sentence is not one
    if word in _ALSO_LAST:
        return rest[:1].isupper() and next_word not in _GOES_ON
    if word in _NEVER_LAST or (len(word) == 1 and word.isalpha() and word != "i"):
        return False
    return not rest[:1].islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if any(c.isalnum() for c in text[start:end]):
        yield start, end


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > MAX_CHARS:
        space = text.rfind(" ", start + MAX_CHARS // 2, start + MAX_CHARS)
        middle = space if space > 0 else start + MAX_CHARS
        yield from _trimmed(text, start, middle)
        start = middle
    yield from _trimmed(text, start, end)
