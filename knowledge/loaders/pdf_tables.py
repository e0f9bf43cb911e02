"""The tables of a page: those with ruled lines, and those set in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.loaders.pdf_lines import BULLETS, Line, line_of
from knowledge.loaders.pdf_page import Box, Page, Word
from knowledge.sentences import item_marker

_NEAR = 3.0
"""Points that two ruled lines may be apart where they meet."""
_GAP = 0.9
"""Of the letters' size: a wider space between words may be one between columns. A word space is a quarter; justified
text stretches it to some two thirds."""
_PROSE = 45
"""Letters a cell has on average where it is no cell but a line of a column of text."""
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[str, ...], ...]
    box: Box

    def goes_on(self, below: Table) -> bool:
        """Whether `below`, at the top of the next page, is more of this table: as wide, with as many columns."""
        wide = abs(self.box.x0 - below.box.x0) <= 2 * _NEAR and abs(self.box.x1 - below.box.x1) <= 2 * _NEAR
        return wide and len(self.rows[0]) == len(below.rows[0])


def blocks(page: Page, found: Sequence[Line]) -> list[Line | Table]:
    """The page's lines with its tables among them."""
    out: list[Line | Table] = list(found)
    for grid in _grids(page.rules):
        out = _with_grid(out, *grid)
    return list(_with_columns(out))


def _grids(rules: Sequence[Box]) -> Iterator[tuple[list[float], list[float]]]:
    """(edges of columns, edges of rows) of each drawn grid of at least two by two, or one column and more rows."""
    groups: list[list[Box]] = []
    for rule in sorted(rules, key=lambda each: (each.y0, each.x0))[:3_000]:
        touching = [group for group in groups if any(_touch(rule, other) for other in group)]
        joined = [rule, *(other for group in touching for other in group)]
        groups = [group for group in groups if not any(group is each for each in touching)]
        groups.append(joined)
    for group in groups:
        across = _edges([rule.x0 for rule in group if _upright(rule)] + [rule.x1 for rule in group if _upright(rule)])
        down = _edges([rule.y0 for rule in group if not _upright(rule)])
        if len(across) >= 3 and len(down) >= 3:
            yield across, down


def _upright(rule: Box) -> bool:
    return rule.y1 - rule.y0 > rule.x1 - rule.x0


def _touch(one: Box, other: Box) -> bool:
    return (
        one.x0 <= other.x1 + _NEAR
        and other.x0 <= one.x1 + _NEAR
        and one.y0 <= other.y1 + _NEAR
        and other.y0 <= one.y1 + _NEAR
    )


def _edges(values: list[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 2 * _NEAR:
            found.append(value)
    return found


def _with_grid(found: list[Line | Table], across: list[float], down: list[float]) -> list[Line | Table]:
    cells: dict[tuple[int, int], list[str]] = {}
    out: list[Line | Table] = []
    place: int | None = None
    for each in found:
        if isinstance(each, Table):
            out.append(each)
            continue
        outside = []
        for word in each.words:
            x, y = (word.box.x0 + word.box.x1) / 2, (word.box.y0 + word.box.y1) / 2
            row, column = _between(down, y), _between(across, x)
            if row is None or column is None:
                outside.append(word)
                continue
            place = len(out) if place is None else place
            cells.setdefault((row, column), []).append(word.text)
        if outside:
            out.append(line_of(outside))
    rows = [
        tuple(" ".join(cells.get((row, column), ())) for column in range(len(across) - 1))
        for row in range(len(down) - 1)
    ]
    full = tuple(row for row in rows if any(row))
    if place is None or len(full) < 2 or not any(sum(map(bool, row)) > 1 for row in full):
        return found
    out.insert(place, Table(full, Box(across[0], down[0], across[-1], down[-1])))
    return out


def _between(edges: list[float], value: float) -> int | None:
    return next((n for n in range(len(edges) - 1) if edges[n] <= value <= edges[n + 1]), None)


def _with_columns(found: list[Line | Table]) -> Iterator[Line | Table]:
    """Tables without ruled lines: some lines below each other that all leave the same stripes free."""
    at = 0
    while at < len(found):
        run, gutters = _run(found, at)
        rows = [_split(line, gutters) for line in run]
        several = [row for row in rows if sum(map(bool, row)) > 1]
        if len(several) < _LEAST_ROWS or _is_list(rows) or _stretched(run) or not _aligned(several, len(gutters)):
            yield found[at]
            at += 1
            continue
        at += len(run)
        letters = [sum(len(word.text) for word in cell) for row in several for cell in row]
        if len(gutters) <= 2 and sum(letters) / len(letters) > _PROSE / (len(gutters) + 1) and len(run) > 5:
            yield from (line_of(row[n]) for n in range(len(gutters) + 1) for row in rows if row[n])
        else:
            yield Table(_joined(rows), _around(run))


def _run(found: list[Line | Table], at: int) -> tuple[list[Line], list[tuple[float, float]]]:
    """The longest run of lines from `at` that share a free stripe, and those stripes."""
    run: list[Line] = []
    gutters: list[tuple[float, float]] = []
    for each in found[at : at + 500]:
        if isinstance(each, Table) or (run and not _goes_on(run[-1], each, run[0].size)):
            break
        own = [*_gaps(each), (float("-inf"), each.box.x0), (each.box.x1, float("inf"))]
        narrowed = _gaps(each) if not run else [cut for one in gutters for other in own if (cut := _cut(one, other))]
        if not narrowed or (run and len(narrowed) < len(gutters) and len(run) >= _LEAST_ROWS):
            break
        run.append(each)
        gutters = narrowed
    return run, gutters


def _goes_on(above: Line, below: Line, size: float) -> bool:
    step = below.box.y0 - above.box.y0
    return 0 < step < 3.2 * size and abs(below.size - size) <= 1.0


def _gaps(line: Line) -> list[tuple[float, float]]:
    ends = sorted(line.words, key=lambda word: word.box.x0)
    spaces = [right.box.x0 - left.box.x1 for left, right in pairwise(ends)]
    if len(spaces) > 2 and max(spaces) < 1.6 * max(0.1, min(spaces)):
        return []  # a line stretched to the width of its column
    wide = _GAP * line.size
    return [(left.box.x1, right.box.x0) for left, right in pairwise(ends) if right.box.x0 - left.box.x1 >= wide]


def _cut(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float] | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if high - low >= 4 else None


def _split(line: Line, gutters: list[tuple[float, float]]) -> list[list[Word]]:
    cells: list[list[Word]] = [[] for _ in range(len(gutters) + 1)]
    for word in line.words:
        cells[sum(word.box.x0 >= low + (high - low) / 2 for low, high in gutters)].append(word)
    return cells


def _stretched(run: Sequence[Line]) -> bool:
    """Whether all lines begin at one edge and end at another, without a figure in them: justified text."""
    edges = _narrow([line.box.x0 for line in run]) and _narrow([line.box.x1 for line in run])
    return edges and not any(c.isdigit() for line in run for word in line.words for c in word.text)


def _aligned(rows: list[list[list[Word]]], gutters: int) -> bool:
    """Whether the cells of each column stand under each other. Spaces in justified text may happen to lie under each
    other, but the words between them begin and end anywhere, except at the edges of the text."""
    for column in range(1, gutters + 1):
        cells = [row[column] for row in rows if row[column]]
        starts, ends = [cell[0].box.x0 for cell in cells], [cell[-1].box.x1 for cell in cells]
        middles = [(start + end) / 2 for start, end in zip(starts, ends, strict=True)]
        figures = sum(any(c.isdigit() for word in cell for c in word.text) for cell in cells)
        tells = column < gutters or 2 * figures >= len(cells)
        if not (_narrow(starts) or _narrow(middles) or (tells and _narrow(ends))):
            return False
    return True


def _narrow(places: list[float]) -> bool:
    return len(places) > 1 and max(places) - min(places) <= _NEAR


def _is_list(rows: list[list[list[Word]]]) -> bool:
    """Whether the first column only holds bullets or figures, and the second what they stand before."""
    firsts = [" ".join(word.text for word in row[0]) for row in rows if row[0]]
    marks = [first in BULLETS or item_marker(f"{first} ") or first.rstrip(".)").isdigit() for first in firsts]
    return len(rows[0]) == 2 and all(marks)


def _joined(rows: list[list[list[Word]]]) -> tuple[tuple[str, ...], ...]:
    """Cells as text; a line that leaves the first column free goes on with the row above."""
    out: list[tuple[str, ...]] = []
    for row in rows:
        cells = tuple(" ".join(word.text for word in cell) for cell in row)
        if out and not cells[0] and len(out) > 1:
            out[-1] = tuple(f"{above} {below}".strip() for above, below in zip(out[-1], cells, strict=True))
        else:
            out.append(cells)
    return tuple(out)


def _around(run: Sequence[Line]) -> Box:
    first, last = run[0].box, run[-1].box
    return Box(min(line.box.x0 for line in run), first.y0, max(line.box.x1 for line in run), last.y1)
