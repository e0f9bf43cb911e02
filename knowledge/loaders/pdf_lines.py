"""The lines of a page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.loaders.pdf_page import Box, Word

BULLETS = frozenset("•▪■◦○●‣–·∙➢➤✓✔❖\uf0b7\uf0a7\uf0d8-*")


@dataclass(frozen=True, slots=True)
class Line:
    """Words next to each other. `bold` when all are, `size` is most letters'."""

    words: tuple[Word, ...]
    box: Box
    size: float
    bold: bool

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def line_of(words: Sequence[Word]) -> Line:
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[word.size] += len(word.text)
    box = Box(
        min(word.box.x0 for word in words),
        min(word.box.y0 for word in words),
        max(word.box.x1 for word in words),
        max(word.box.y1 for word in words),
    )
    return Line(tuple(words), box, sizes.most_common(1)[0][0], all(word.bold for word in words))


def lines(words: Sequence[Word]) -> list[Line]:
    """In the order they were written; pieces of one printed line that were written apart are put together."""
    found: list[Line] = []
    held: list[Word] = []
    for word in words:
        held.append(word)
        if word.ends:
            found.append(line_of(held))
            held = []
    if held:
        found.append(line_of(held))
    return list(_mended(found))


def _mended(found: list[Line]) -> Iterator[Line]:
    held: Line | None = None
    for line in found:
        if held is not None and _continues(held, line):
            held = line_of([*held.words, *line.words])
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _continues(line: Line, other: Line) -> bool:
    """Whether `other` stands right of `line` at its height."""
    overlap = min(line.box.y1, other.box.y1) - max(line.box.y0, other.box.y0)
    lower = min(line.box.y1 - line.box.y0, other.box.y1 - other.box.y0)
    return overlap > 0.6 * lower and other.box.x0 >= line.box.x1 - 1
