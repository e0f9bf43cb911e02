"""CSV: questions with their answers, or any rows with a header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from knowledge.errors import BadDocument
from knowledge.loaders.plain import File, key, metadata, text_of
from knowledge.passages import Document

_QUESTION = ("question", "q", "frage", "title", "subject", "name")
_ANSWER = ("answer", "a", "antwort", "response", "reply", "text", "body", "content")
_ID = ("id", "_id", "key")
_KNOWN = ("language", "region", "tier", "audience", "updated", "valid_from", "valid_until", "category", "product")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document a row, in order; a row that cannot be one is yielded as the error. Raises BadDocument.

    With a question and an answer column the question is the title; other columns of known names are metadata. Without,
    the first column is the title and the text is a line `Column: value` for each. A row's id is its id column, else
    its title, so that it stays when rows are put in above it.
    """
    text = text_of(file)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [name.strip() for name in next(rows, [])]
        names = [key(name) for name in header]
        if len([name for name in names if name]) < 2:
            raise BadDocument("needs a header row with at least two columns")
        seen: Counter[str] = Counter()
        for number, row in enumerate(rows, start=2):
            if any(cell.strip() for cell in row):
                yield _document(file, header, names, row, seen) or BadDocument(f"row {number} has no text")
    except csv.Error as error:
        raise BadDocument(f"is no CSV: {error}") from error


def _delimiter(text: str) -> str:
    """What separates the columns of the header, by how often it stands there."""
    header = text.split("\n", 1)[0]
    return max(",;\t|", key=header.count)


def _document(file: File, header: list[str], names: list[str], row: list[str], seen: Counter[str]) -> Document | None:
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=False)}
    question = next((name for name in _QUESTION if name in cells), None)
    answer = next((name for name in _ANSWER if name in cells), None)
    if question and answer:
        title, text = cells[question], cells[answer]
    else:
        lines = [f"{name}: {cell.strip()}" for name, cell in zip(header, row, strict=False) if cell.strip()]
        title, text = row[0].strip(), "\n".join(lines)
    if not text:
        return None
    given = next((cells[name] for name in _ID if cells.get(name)), "")
    slug = given or _NOT_SLUG.sub("-", (title or text).lower()).strip("-")[:80]
    seen[slug] += 1
    id = f"{file.id}#{slug}" + (f"-{seen[slug]}" if seen[slug] > 1 else "")
    known = metadata({name: cells[name] for name in _KNOWN if name in cells})
    source = cells.get("url") or cells.get("source") or file.id
    return Document(id=id, title=title, text=text, source=source, metadata=known)
