"""Word documents (.docx) as the plain text a Document holds. Nothing in them is run, and no link is followed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge.errors import BadDocument
from knowledge.loaders.docx_styles import Numbers, Styles
from knowledge.loaders.docx_text import Words
from knowledge.loaders.plain import File, metadata, title_from
from knowledge.passages import Document

MAX_BYTES = 200_000_000
MAX_PART = 60_000_000
"""Unpacked bytes of one part: 60 MB of WordprocessingML are some two thousand pages."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = {"title": "title", "modified": "updated", "language": "language", "keywords": "tags"}


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document. The title is the file's own property, else its title or first heading, else the file's name.
    Insertions that wait for a decision are read as if accepted; deletions, comments and hidden words are not read.
    Raises BadDocument."""
    try:
        with file.path.open("rb") as opened:
            if opened.read(8) == _OLE:
                raise BadDocument("is protected by a password, or written by a Word older than 2007")
        if file.path.stat().st_size > MAX_BYTES:
            raise BadDocument(f"larger than {MAX_BYTES // 1_000_000} MB")
        with zipfile.ZipFile(file.path) as archive:
            yield _document(file, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadDocument(f"is no Word document: {error}") from error
    except OSError as error:
        raise BadDocument(f"cannot be read: {error.strerror or error}") from error


def _document(file: File, archive: zipfile.ZipFile) -> Document:
    body = _part(archive, "word/document.xml")
    if body is None:
        raise BadDocument("is no Word document: it has no word/document.xml")
    styles = Styles(_part(archive, "word/styles.xml"))
    numbers = Numbers(_part(archive, "word/numbering.xml"))
    notes = {kind: _part(archive, f"word/{kind}s.xml") for kind in ("footnote", "endnote")}
    blocks = [block for block in Words(styles, numbers, notes).blocks(body) if block.strip()]
    values = _properties(_part(archive, "docProps/core.xml"))
    values.setdefault("language", styles.language)
    title = str(values.pop("title", "")).strip()
    if blocks and blocks[0].startswith("# ") and title in ("", blocks[0][2:]):
        title = blocks.pop(0)[2:]
    return Document(file.id, title or title_from(file.id), "\n\n".join(blocks), file.id, metadata(values))


def _part(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A part of the package as XML; None where there is none. What a zip says of its sizes is not believed."""
    if name not in archive.NameToInfo:
        return None
    with archive.open(name) as opened:
        data = opened.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        raise BadDocument(f"unpacks to more than {MAX_PART // 1_000_000} MB")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise BadDocument(f"is no Word document: {name} is broken XML ({type(error).__name__})") from error
    return root


def _properties(core: Element | None) -> dict[str, object]:
    found: dict[str, object] = {}
    for element in core if core is not None else ():
        name = _PROPERTIES.get(element.tag.rpartition("}")[2])
        if name and (element.text or "").strip():
            found[name] = (element.text or "").strip()
    return found
