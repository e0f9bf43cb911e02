"""The pages of a PDF as headings, paragraphs, list items and tables. A PDF says where each letter stands, and nothing
of what it is: sizes tell the headings, gaps the paragraphs, repetition what stands on every page. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.loaders.pdf_lines import BULLETS, Line, lines
from knowledge.loaders.pdf_page import Page
from knowledge.loaders.pdf_tables import Table, blocks
from knowledge.sentences import item_marker

_LARGER = 1.12
"""Times the size of most letters: a heading at least."""
_MARGIN = 0.12
_EDGE_LINES = 3
"""Of the page's height, and lines there: where headers and footers are looked for (Word's own stand within 0.09)."""
_LONGEST_HEADING = 160
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\W*(?:page|seite|p\.?|página|pagina)?\s*\d{1,5}(?:\s*(?:of|/|von|de|sur|-)\s*\d{1,5})?\W*$", re.IGNORECASE)  # fmt: skip  # noqa: E501
_PRINTED = re.compile(r"(?:file|https?)://\S+\d+/\d+$|\d{1,2}[/.]\d{1,2}[/.]\d{2,4},\d{1,2}:\d{2}")
"""What browsers print around a page, without its spaces (Chromium spaces it out on some)."""
_LEADERS = re.compile(r"(?:\.\s?){5,}\s*\w{1,6}$")
_STOPS = re.compile(r"[.!?:;…。！？][\"'”’)\]]*$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
_KEEPS_HYPHEN = frozenset(("self", "well", "non", "ex", "e", "co", "all", "pre-paid", "follow", "sign", "log", "opt"))


@dataclass(slots=True)
class _Measure:
    """What the whole document's letters say: the size of most, larger sizes in order, whether bold stands out."""

    body: float
    levels: list[float]
    bold_tells: bool
    words: Counter[str]

    def level(self, line: Line) -> int:
        """1 to 6 for a line in a heading's size, 0 for others."""
        if line.size < self.body * _LARGER or not 1 < len(line.text) <= _LONGEST_HEADING:
            return 0
        return min(next((n for n, size in enumerate(self.levels, 1) if line.size >= size - 0.25), 0), 6)


def text_blocks(pages: Sequence[Page]) -> list[str]:
    """Blocks of text in reading order: "# Heading", "| a | b |" rows, "- items", paragraphs."""
    laid = [lines(page.words) for page in pages]
    measure = _measured(laid)
    kept = _without_furniture(pages, laid, measure)
    writer = _Writer(measure)
    for page, found in zip(pages, kept, strict=True):
        writer.page(blocks(page, found))
    return writer.done()


def _measured(laid: Sequence[Sequence[Line]]) -> _Measure:
    sizes: Counter[float] = Counter()
    words: Counter[str] = Counter()
    bold = 0
    for line in (line for page in laid for line in page):
        letters = len(line.text)
        sizes[line.size] += letters
        bold += letters if line.bold else 0
        words.update(word.text.strip(".,;:!?()\"'").lower() for word in line.words)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    larger = sorted((size for size in sizes if size >= body * _LARGER), reverse=True)
    levels = [size for n, size in enumerate(larger) if n == 0 or larger[n - 1] - size > 0.5]
    return _Measure(body, levels, bold < 0.4 * max(1, sum(sizes.values())), words)


def _without_furniture(pages: Sequence[Page], laid: Sequence[list[Line]], measure: _Measure) -> list[list[Line]]:
    """Lines without running headers and footers (the same but for numbers on half of the pages or more, at the edge),
    page numbers, and rows of a table of contents."""
    edges = [_edge(page, found, measure) for page, found in zip(pages, laid, strict=True)]
    counts: Counter[str] = Counter()
    for found in edges:
        counts.update({_same(line) for line in found})
    often = max(3, len(pages) / 2)
    kept = []
    for found, edge in zip(laid, edges, strict=True):
        marginal = [line for line in edge if counts[_same(line)] >= often or _numbers_page(line)]
        kept.append(
            [line for line in found if not any(line is m for m in marginal) and not _LEADERS.search(line.text[-100:])]
        )
    return kept


def _edge(page: Page, found: Sequence[Line], measure: _Measure) -> list[Line]:
    """The outermost lines, unless they are as large as a heading: chapters begin at the top of pages."""
    top = [line for line in found if line.box.y0 < _MARGIN * page.height]
    bottom = [line for line in found if line.box.y1 > (1 - _MARGIN) * page.height]
    outer = sorted(top, key=lambda line: line.box.y0)[:_EDGE_LINES]
    outer += sorted(bottom, key=lambda line: -line.box.y1)[:_EDGE_LINES]
    return [line for line in outer if line.size < measure.body * _LARGER]


def _same(line: Line) -> str:
    return f"{round(line.box.y0 / 6)} {_DIGITS.sub('#', line.text)}"


def _numbers_page(line: Line) -> bool:
    return bool(_PAGE_NUMBER.match(line.text) or _PRINTED.match(line.text.replace(" ", "")))


class _Writer:
    """Puts lines together; what goes on over a column or a page is one paragraph."""

    def __init__(self, measure: _Measure) -> None:
        self._measure = measure
        self._out: list[str] = []
        self._held: list[Line] = []
        self._kind = ""
        self._open: Table | None = None

    def page(self, found: Sequence[Line | Table]) -> None:
        printed = [each for each in found if isinstance(each, Line)]
        for number, each in enumerate(found):
            if isinstance(each, Table):
                self._flush()
                self._table(each, first=number == 0)
                continue
            self._open = None
            kind = self._kind_of(each)
            if self._held and not self._joins(each, kind, printed):
                self._flush()
            self._kind = self._kind if self._held else kind
            self._held.append(each)

    def _table(self, table: Table, *, first: bool) -> None:
        """A table that goes on over the page is one; where its header is printed again, it is said once."""
        above = self._open
        if first and above is not None and above.goes_on(table):
            rows = table.rows[1:] if table.rows[0] == above.rows[0] else table.rows
            self._open = Table((*above.rows, *rows), table.box)
            self._out[-1] = _rows(self._open)
        else:
            self._open = table
            self._out.append(_rows(table))

    def done(self) -> list[str]:
        self._flush()
        return list(_lists_together(self._out))

    def _kind_of(self, line: Line) -> str:
        if level := self._measure.level(line):
            return "#" * level
        if line.bold and self._measure.bold_tells and self._alone(line):
            return "#" * min(len(self._measure.levels) + 1, 6)
        return "item" if _marked(line.text) else "text"

    def _alone(self, line: Line) -> bool:
        """Whether a bold line may be a heading: short, no sentence, and nothing of a paragraph before it."""
        text = line.text
        return (
            len(text) <= 100
            and not _STOPS.search(text.rstrip(":"))
            and text[-1] not in ",;-"
            and text[:1].isalnum()
            and not text[:1].islower()
            and line.size >= self._measure.body - 0.5
        )

    def _joins(self, line: Line, kind: str, printed: Sequence[Line]) -> bool:
        last = self._held[-1]
        step = line.box.y0 - last.box.y0
        if kind.startswith("#") or self._kind.startswith("#"):
            return kind == self._kind and 0 < step < 1.7 * line.size and line.size == last.size
        if kind == "item":
            return False
        if step <= -1:
            return not _STOPS.search(last.text) and line.text[:1].islower()  # the next column or page
        if step > 1.75 * max(line.size, 1) or abs(line.size - last.size) > 1:
            return False
        right = _right_edge(last, printed)
        short = last.box.x1 < right - 0.2 * (right - last.box.x0)
        if self._kind == "item":
            return line.box.x0 > self._held[0].box.x0 + 2 or line.text[:1].islower()
        indented = line.box.x0 > last.box.x0 + line.size * 0.8 and bool(_STOPS.search(last.text))
        return not indented and not (short and (line.text[:1].isupper() or bool(_STOPS.search(last.text))))

    def _flush(self) -> None:
        if self._held:
            text = self._sewn([line.text for line in self._held])
            if self._kind == "item":
                text = _marked(text)
            elif self._kind.startswith("#"):
                text = f"{self._kind} {text}"
            self._out.append(text)
        self._held = []

    def _sewn(self, parts: Sequence[str]) -> str:
        text = parts[0]
        for part in parts[1:]:
            head, _, tail = text.rpartition(" ")
            if tail.endswith(("-", "\u00ad")) and len(tail) > 1 and part[:1].islower():
                text = f"{head} {self._unhyphened(tail[:-1], part)}".lstrip()
            elif _CJK.match(text[-1:]) and _CJK.match(part[:1]):
                text += part
            else:
                text += f" {part}"
        return text

    def _unhyphened(self, first: str, rest: str) -> str:
        """A word cut at the end of a line, whole: its hyphen stays where the document writes it elsewhere, or where
        both halves are words of it and the whole is not."""
        second = rest.split(" ", 1)[0].strip(".,;:!?()\"'").lower()
        bare, words = first.strip("(\"'").lower(), self._measure.words
        whole, hyphened = words[bare + second], words[f"{bare}-{second}"]
        keeps = hyphened > whole or (not whole and (bare in _KEEPS_HYPHEN or (words[bare] > 0 and words[second] > 1)))
        return f"{first}-{rest}" if keeps else first + rest


def _right_edge(line: Line, printed: Sequence[Line]) -> float:
    """How far to the right its column goes: the farthest end of a line above, below or beside that shares its room."""
    return max((each.box.x1 for each in printed if each.box.x0 < line.box.x1 and each.box.x1 > line.box.x0), default=0)


def _marked(text: str) -> str:
    """The item with the marker that the splitter of sentences knows; "" for no item."""
    first, _, rest = text.partition(" ")
    if first in BULLETS and rest:
        return f"- {rest}"
    if text[:1] in BULLETS - set("-*–") and len(text) > 1:
        return f"- {text[1:].strip()}"
    if first.isdigit() and len(first) <= 2 and rest[:1].isupper():
        return f"{first}. {rest}"
    return text if item_marker(text) else ""


def _rows(table: Table) -> str:
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in table.rows]
    return "\n".join([lines[0], "|---|", *lines[1:]])


def _lists_together(out: Sequence[str]) -> Iterator[str]:
    items: list[str] = []
    for block in out:
        if item_marker(block) and "\n" not in block:
            items.append(block)
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield block
    if items:
        yield "\n".join(items)
