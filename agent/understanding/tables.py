"""A table row read with its header: what the row says in words, and where it stands in the passage. Pure.

A row alone ("| 8 | 42 | 27.2 |") answers nothing. `Row.shown` pairs each cell with its column's header; nothing is in
it that is not a cell of the header or of the row, which is what "verbatim" means for a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.sentences import is_heading, is_row, is_ruler

_PIPE = re.compile(r"(?<!\\)\|")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_LEAD = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s+|(?:[-*•‣–+]|\(?\d{1,3}[.)])\s+)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """One body row: `key` is its first cell, `header` the column names ("" where there are none)."""

    header: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.cells[0] if self.cells else ""

    def shown(self, columns: frozenset[int] | None = None) -> str:
        """The row in words: "UK 8: EU 42; foot length 27.2 cm". `columns` keeps some of those after the key."""
        kept = [n for n in range(1, len(self.cells)) if self.cells[n] and (columns is None or n in columns)]
        head = self._named(0) if self._bare_key() else self.key
        if not kept:
            return head
        if len(kept) == 1 and not self._name(kept[0]):
            return f"{head}: {self.cells[kept[0]]}"
        return f"{head}: {'; '.join(self._named(n) for n in kept)}"

    def _name(self, n: int) -> str:
        return self.header[n] if n < len(self.header) else ""

    def _named(self, n: int) -> str:
        name = self._name(n)
        return f"{name}: {self.cells[n]}" if name and n else f"{name} {self.cells[n]}".strip()

    def _bare_key(self) -> bool:
        """A key without a letter ("8", "27.5") means nothing without its column's name."""
        return not any(char.isalpha() for char in self.key)


def clean(text: str) -> str:
    """Text as a person reads it: markdown marks, links' targets and repeated white space gone."""
    plain = _LEAD.sub("", _LINK.sub(r"\1", text))
    return _SPACE.sub(" ", _MARKS.sub("", plain)).strip()


def cells(line: str) -> tuple[str, ...]:
    """The cells of a markdown table line, cleaned."""
    parts = _PIPE.split(line.strip())
    if parts and not parts[0].strip():
        parts = parts[1:]
    if parts and not parts[-1].strip():
        parts = parts[:-1]
    return tuple(clean(part.replace("\\|", "|")) for part in parts)


def row_at(text: str, start: int, end: int) -> Row | None:
    """The row that stands at text[start:end] with the header of its table; None where that is no table row, or one
    without a cell."""
    if not is_row(text[start:end]) or not cells(text[start:end]):
        return None
    header: tuple[str, ...] = ()
    above = text[:start].rstrip("\n ").split("\n") if start else []
    for n in range(len(above) - 1, -1, -1):
        if not is_row(above[n]) and not is_ruler(above[n]):
            break
        if is_ruler(above[n]) and n and is_row(above[n - 1]):
            header = cells(above[n - 1])
            break
    return Row(header, cells(text[start:end]))


def lead_in(text: str, start: int) -> str:
    """The nearest heading above `start` inside the text, cleaned; "" where there is none."""
    for line in reversed(text[:start].splitlines()):
        if is_heading(line):
            return clean(line)
    return ""


def says(row: Row, text: str) -> bool:
    """Whether `text` is the row as `shown` shows it, with all or some of its columns and nothing else."""
    wanted = clean(text).rstrip(". ")
    if row.shown() in (wanted, text.strip()):  # a cell may hold what elsewhere would be a mark
        return True
    if wanted == row.shown(frozenset()):
        return True
    columns = [n for n in range(1, len(row.cells)) if row.cells[n]]
    named = {row._named(n) for n in columns}
    left = wanted.removeprefix(f"{row.shown(frozenset())}: ")
    if left == wanted:
        return False
    return left in named or left in row.cells[1:] or _all_pieces(left, named)


def _all_pieces(text: str, pieces: set[str]) -> bool:
    """Whether text is some of the pieces joined by "; ", each whole: a piece may itself hold a semicolon."""
    if text in pieces:
        return True
    return any(text.startswith(f"{piece}; ") and _all_pieces(text[len(piece) + 2 :], pieces) for piece in pieces)
