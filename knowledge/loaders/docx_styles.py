"""What the styles and the lists of a Word document mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HEADING = re.compile(r"(?:heading|berschrift|titre|encabezado|titolo|kop)\s*([1-9])$", re.IGNORECASE)
_FIGURES = {"bullet": "-", "none": ""}


def name_of(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def attribute(element: Element | None, name: str) -> str:
    if element is None:
        return ""
    return element.get(W + name) or element.get(_STRICT + name) or ""


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant by local names, one level a name."""
    for name in path:
        element = next((each for each in element if name_of(each) == name), None) if element is not None else None
    return element


class Styles:
    """What the document's named styles mean: which are headings (by outline level or by name), and its language."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, int] = {}
        self._numbering: dict[str, Element] = {}
        self.language = ""
        if root is None:
            return
        self.language = attribute(child(root, "docDefaults", "rPrDefault", "rPr", "lang"), "val")
        bases: dict[str, str] = {}
        for style in root:
            id = attribute(style, "styleId")
            if not id:
                continue
            bases[id] = attribute(child(style, "basedOn"), "val")
            if level := _level(style, id):
                self._levels[id] = level
            if (numbering := child(style, "pPr", "numPr")) is not None:
                self._numbering[id] = numbering
        self._inherit(bases)

    def _inherit(self, bases: Mapping[str, str]) -> None:
        for id in bases:
            above, steps = id, 0
            while above and steps < 20:
                if above in self._levels:
                    self._levels.setdefault(id, self._levels[above])
                if above in self._numbering:
                    self._numbering.setdefault(id, self._numbering[above])
                above, steps = bases.get(above, ""), steps + 1

    def level(self, paragraph: Element) -> int:
        """1 to 6 for a heading, 0 for other paragraphs; a document's title is 1."""
        outline = attribute(child(paragraph, "pPr", "outlineLvl"), "val")
        if outline.isdecimal() and int(outline) < 9:
            return min(int(outline) + 1, 6)
        return self._levels.get(attribute(child(paragraph, "pPr", "pStyle"), "val"), 0)

    def numbering(self, paragraph: Element) -> Element | None:
        own = child(paragraph, "pPr", "numPr")
        return own if own is not None else self._numbering.get(attribute(child(paragraph, "pPr", "pStyle"), "val"))


def _level(style: Element, id: str) -> int:
    outline = attribute(child(style, "pPr", "outlineLvl"), "val")
    if outline.isdecimal() and int(outline) < 9:
        return min(int(outline) + 1, 6)
    name = attribute(child(style, "name"), "val")
    if name.lower() == "title" or id == "Title":
        return 1
    match = _HEADING.search(name) or _HEADING.search(id)
    return min(int(match.group(1)), 6) if match else 0


class Numbers:
    """The figures of lists, counted as Word counts them."""

    def __init__(self, root: Element | None) -> None:
        self._kinds: dict[tuple[str, str], str] = {}
        self._counts: dict[tuple[str, int], int] = {}
        abstract: dict[str, Element] = {}
        for each in root if root is not None else ():
            if name_of(each) == "abstractNum":
                abstract[attribute(each, "abstractNumId")] = each
            elif name_of(each) == "num":
                kind = abstract.get(attribute(child(each, "abstractNumId"), "val"))
                for level in kind if kind is not None else ():
                    at = (attribute(each, "numId"), attribute(level, "ilvl"))
                    self._kinds[at] = attribute(child(level, "numFmt"), "val") or "decimal"

    def marker(self, numbering: Element | None) -> str:
        """What its line opens with: "- ", "  - " or "2. "; "" for a paragraph of no list."""
        id = attribute(child(numbering, "numId"), "val")
        level = attribute(child(numbering, "ilvl"), "val") or "0"
        if not id or id == "0" or not level.isdecimal() or int(level) > 8:
            return ""
        kind = self._kinds.get((id, level), "bullet")
        at = int(level)
        for deeper in range(at + 1, 9):
            self._counts.pop((id, deeper), None)
        self._counts[id, at] = self._counts.get((id, at), 0) + 1
        figure = _FIGURES.get(kind, f"{self._counts[id, at]}.")
        return "  " * at + f"{figure} " if figure else ""
