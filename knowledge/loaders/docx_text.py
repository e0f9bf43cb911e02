"""The paragraphs, lists and tables of WordprocessingML as lines of text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from knowledge.loaders.docx_styles import Numbers, Styles, attribute, child, name_of

_XML_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
_DEEPEST = 60
"""Tables in tables in tables: beyond this nobody drew it by hand."""
_SKIPPED = frozenset(("del", "moveFrom", "rPr", "pPr", "instrText", "delText", "Fallback", "sectPr", "tblPr", "trPr", "tcPr"))  # fmt: skip  # noqa: E501


class Words:
    """Walks a document's body. `notes` are the footnotes' and endnotes' parts."""

    def __init__(self, styles: Styles, numbers: Numbers, notes: Mapping[str, Element | None]) -> None:
        self._styles, self._numbers = styles, numbers
        self._notes = {
            (kind, attribute(note, "id")): note
            for kind, part in notes.items()
            for note in (part if part is not None else ())
            if attribute(note, "type") in ("", "normal")
        }

    def blocks(self, root: Element) -> Iterator[str]:
        """Headings with their #, tables as rows, lists together, paragraphs; a note after the block it is set to."""
        items: list[str] = []
        for element in _paragraphs_and_tables(root):
            pending: list[Element] = []
            if name_of(element) == "tbl":
                block, item = self._table(element, pending), False
            else:
                block, item = self._paragraph(element, pending)
            if items and not item:
                yield "\n".join(items)
                items = []
            if item:
                items.append(block)
            elif block:
                yield block
            for extra in pending:
                text = " ".join(self._said(extra)).strip()
                if text and items:
                    items[-1] += f" ({text})"
                elif text:
                    yield text
        if items:
            yield "\n".join(items)

    def _paragraph(self, element: Element, pending: list[Element]) -> tuple[str, bool]:
        """(its line, whether it is an item of a list)."""
        text = self._line(element, pending)
        if not text:
            return "", False
        if level := self._styles.level(element):
            return "#" * level + " " + text.replace("\n", " "), False
        marker = self._numbers.marker(self._styles.numbering(element))
        return marker + (text.replace("\n", " ") if marker else text), bool(marker)

    def _line(self, paragraph: Element, pending: list[Element]) -> str:
        parts = list(self._runs(paragraph, pending))
        lines = "".join(parts).split("\n")
        return "\n".join(line for each in lines if (line := _XML_SPACE.sub(" ", each).strip()))

    def _runs(self, root: Element, pending: list[Element]) -> Iterator[str]:
        """The words of a paragraph in reading order, without what is deleted or hidden. Walks without recursion."""
        stack = [root]
        while stack:
            element = stack.pop()
            name = name_of(element)
            if name in _SKIPPED or (name == "r" and _hidden(element)):
                continue
            if name == "txbxContent":
                pending.append(element)
            elif name == "t":
                yield element.text or ""
            elif name == "tab":
                yield " "
            elif name in ("br", "cr"):
                yield "\n"
            elif name in ("noBreakHyphen", "softHyphen"):
                yield "-" if name == "noBreakHyphen" else ""
            elif name in ("footnoteReference", "endnoteReference"):
                note = self._notes.get((name.removesuffix("Reference"), attribute(element, "id")))
                if note is not None:
                    pending.append(note)
            else:
                stack.extend(reversed(list(element)))

    def _said(self, root: Element, depth: int = 0) -> Iterator[str]:
        """The lines of a text box, a note or a cell, tables in it as their cells' words."""
        for element in _paragraphs_and_tables(root):
            pending: list[Element] = []
            if name_of(element) == "tbl":
                for row in _rows(element):
                    cells = [" ".join(self._said(cell, depth + 1)) for cell in row] if depth < _DEEPEST else []
                    yield ", ".join(cell for cell in cells if cell)
            else:
                line = self._line(element, pending).replace("\n", " ")
                yield self._numbers.marker(self._styles.numbering(element)).lstrip() + line if line else ""
            if depth < _DEEPEST:
                for extra in pending:
                    yield from self._said(extra, depth + 1)

    def _table(self, table: Element, pending: list[Element]) -> str:
        """`|` rows, the first one a header; a table of one cell is a frame round its words."""
        rows = [[" ".join(filter(None, self._said(cell))).replace("|", "/") for cell in row] for row in _rows(table)]
        rows = [row for row in rows if any(row)]
        if len(rows) == 1 and len(rows[0]) == 1:
            return rows[0][0]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([*lines[:1], "|---|", *lines[1:]] if len(lines) > 1 else lines)


def _hidden(run: Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and attribute(vanish, "val") not in ("0", "false", "off")


def _paragraphs_and_tables(root: Element) -> Iterator[Element]:
    """In order, out of whatever holds them (content controls, tracked insertions, custom XML)."""
    stack = list(reversed(list(root)))
    while stack:
        element = stack.pop()
        if name_of(element) in ("p", "tbl"):
            yield element
        elif name_of(element) not in _SKIPPED:
            stack.extend(reversed(list(element)))


def _rows(table: Element) -> Iterator[list[Element]]:
    """The cells of each row; a cell that goes on from the row above is repeated by Word as an empty one."""
    stack = list(reversed(list(table)))
    while stack:
        element = stack.pop()
        if name_of(element) == "tr":
            if child(element, "trPr", "del") is None:
                yield list(_cells(element))
        elif name_of(element) not in ("tc", *_SKIPPED):
            stack.extend(reversed(list(element)))


def _cells(row: Element) -> Iterator[Element]:
    stack = list(reversed(list(row)))
    while stack:
        element = stack.pop()
        if name_of(element) == "tc":
            yield element
        elif name_of(element) not in _SKIPPED:
            stack.extend(reversed(list(element)))
