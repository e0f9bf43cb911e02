"""PDF files as the plain text a Document holds. Pages are read with PDFium; no script or form in them is run."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from knowledge.errors import BadDocument
from knowledge.loaders.pdf_page import Page, read_page
from knowledge.loaders.pdf_text import text_blocks
from knowledge.loaders.plain import File, metadata, title_from
from knowledge.passages import Document

MAX_BYTES = 500_000_000
MAX_PAGES = 5_000
MAX_LETTERS = 20_000_000
_DATE = re.compile(r"(?:D:)?(\d{4})(\d{2})?(\d{2})?")
_NO_TITLE = re.compile(r"untitled|unnamed|\(?anonymous|unspecified|(?:microsoft )?(?:word|powerpoint|excel) - |document\d*$|.*\.(?:docx?|indd|pdf|odt|pptx?|xlsx?|tex|qxd|rtf|html?)$", re.IGNORECASE)  # fmt: skip  # noqa: E501


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document. The title is the file's own property where it is one, else the first heading, else the file's
    name. Pages that are pictures without text are named, and the others are read. Raises BadDocument."""
    if file.path.stat().st_size > MAX_BYTES:
        raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
    try:
        opened = pdfium.PdfDocument(file.path)
    except pdfium.PdfiumError as error:
        protected = "password" in str(error).lower()
        raise BadDocument("is protected by a password" if protected else f"is no PDF: {error}") from error
    try:
        yield from _document(file, opened)
    finally:
        opened.close()


def _document(file: File, opened: pdfium.PdfDocument) -> Iterator[Document | BadDocument]:
    if len(opened) > MAX_PAGES:
        raise BadDocument(f"has more than {MAX_PAGES} pages")
    pages, broken = _pages(opened)
    pictures = [number for number, page in pages.items() if not page.words and page.pictures]
    if not any(page.words for page in pages.values()):
        raise BadDocument(
            "has no text: its pages are pictures; run text recognition (OCR) on it first" if pictures else "is empty"
        )
    blocks = text_blocks(list(pages.values()))
    title = _title(opened)
    if blocks and blocks[0].startswith("#") and title.lower() in ("", blocks[0].lstrip("# ").lower()):
        title = blocks.pop(0).lstrip("# ")
    text = "\n\n".join(blocks)
    yield Document(file.id, title or title_from(file.id), text, file.id, metadata(_values(opened)))
    for what, numbers in (("cannot be read", broken), ("are pictures without text", pictures)):
        if numbers:
            yield BadDocument(f"pages {_ranges(numbers)} {what}; the others are kept")


def _pages(opened: pdfium.PdfDocument) -> tuple[dict[int, Page], list[int]]:
    """(pages by number from 1, the numbers of those that are broken)."""
    pages: dict[int, Page] = {}
    broken: list[int] = []
    letters = 0
    for number in range(1, len(opened) + 1):
        try:
            page = opened[number - 1]
            pages[number] = read_page(page)
            page.close()
        except (pdfium.PdfiumError, ValueError, OSError):
            broken.append(number)
            continue
        letters += sum(len(word.text) for word in pages[number].words)
        if letters > MAX_LETTERS:
            raise BadDocument(f"has more than {MAX_LETTERS // 1_000_000} million letters")
    return pages, broken


def _title(opened: pdfium.PdfDocument) -> str:
    title = " ".join(str(opened.get_metadata_value("Title") or "").split()).strip("\0 ")
    return "" if _NO_TITLE.match(title) or not any(c.isalpha() for c in title) else title[:300]


def _values(opened: pdfium.PdfDocument) -> dict[str, object]:
    values: dict[str, object] = {"language": _language(opened), "tags": opened.get_metadata_value("Keywords").strip()}
    written = opened.get_metadata_value("ModDate") or opened.get_metadata_value("CreationDate")
    if match := _DATE.match(written):
        values["updated"] = "-".join(part or "01" for part in match.groups())
    return values


def _language(opened: pdfium.PdfDocument) -> str:
    buffer = (ctypes.c_ushort * 64)()
    length = raw.FPDFCatalog_GetLanguage(opened, buffer, 128)
    return bytes(buffer)[: max(0, length - 2)].decode("utf-16-le", "replace") if 2 < length <= 128 else ""


def _ranges(numbers: list[int]) -> str:
    """ "2-4, 9" of 2, 3, 4, 9."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts[:20])
