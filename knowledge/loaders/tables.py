"""CSV: questions with their answers, or any rows with a header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from knowledge.errors import BadDocument
from knowledge.loaders import faq
from knowledge.loaders.plain import File, key, text_of
from knowledge.passages import Document


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document a row, in order; a row that cannot be one is yielded as the error. Raises BadDocument.

    With a question and an answer column the question is the title; other columns of known names are metadata. Without,
    the first column is the title and the text is a line `Column: value` for each.
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
    pair = faq.pair(cells)
    if pair is None:
        lines = [f"{name}: {cell.strip()}" for name, cell in zip(header, row, strict=False) if cell.strip()]
        pair = row[0].strip(), "\n".join(lines)
    return faq.document(file.id, cells, *pair, seen) if pair[1] else None
