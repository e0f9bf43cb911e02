"""Which loader reads which ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from knowledge.errors import BadDocument
from knowledge.loaders import beir, docx, html, markdown, mht, plain, tables
from knowledge.loaders.plain import File
from knowledge.passages import Document


def _pdf(file: File) -> Iterator[Document | BadDocument]:
    """PDFium is loaded where a PDF is read: in a process of its own, and not by every command."""
    from knowledge.loaders import pdf

    return pdf.load(file)


FORMATS: dict[str, Callable[[File], Iterator[Document | BadDocument]]] = {
    ".md": markdown.load,
    ".markdown": markdown.load,
    ".html": html.load,
    ".htm": html.load,
    ".xhtml": html.load,
    ".mht": mht.load,
    ".mhtml": mht.load,
    ".txt": plain.load,
    ".pdf": _pdf,
    ".docx": docx.load,
    ".docm": docx.load,
    ".csv": tables.load,
    ".tsv": tables.load,
    ".jsonl": beir.load,
    ".jsonl.gz": beir.load,
}
PAGES = frozenset((".html", ".htm", ".xhtml", ".mht", ".mhtml"))
ROWS = frozenset((".csv", ".tsv", ".jsonl", ".jsonl.gz"))
ASIDE = frozenset((".pdf", ".docx", ".docm", ".mht", ".mhtml"))
"""Read in a process of their own, whatever their size: their contents can ask for any amount of time and memory."""
LARGE = 2_000_000
"""Bytes from which the others are too, except rows, which are read one by one."""

_NOT_KNOWLEDGE = frozenset(("robots.txt", "hts-log.txt"))
_BY_LENGTH = sorted(FORMATS, key=len, reverse=True)


def ending(path: Path) -> str | None:
    """The ending by which a file is read; None for one that is not."""
    name = path.name.lower()
    if name in _NOT_KNOWLEDGE:
        return None
    return next((each for each in _BY_LENGTH if name.endswith(each)), None)


def goes_aside(file: File) -> bool:
    """Whether a file is read in a process of its own."""
    found = ending(file.path)
    try:
        return found in ASIDE or (found not in ROWS and file.path.stat().st_size > LARGE)
    except OSError:
        return False
