"""A BEIR corpus: JSON lines of `_id`, `title` and `text`, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedIOBase

import orjson

from knowledge.errors import BadDocument
from knowledge.loaders.plain import File, metadata
from knowledge.passages import Document

MAX_LINE = 10_000_000


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document a line, in order; a line that is none is yielded as the error. Raises BadDocument when the file
    itself cannot be read to its end."""
    try:
        with _opened(file) as lines:
            number = 0
            while line := lines.readline(MAX_LINE):
                number += 1
                if line.strip():
                    yield _document(file, line) or BadDocument(f"line {number} has no _id and text")
    except (OSError, EOFError, zlib.error) as error:
        raise BadDocument(f"cannot be read: {error}") from error


def _opened(file: File) -> BufferedIOBase:
    if file.path.suffix == ".gz":
        return gzip.open(file.path, "rb")
    return file.path.open("rb")


def _document(file: File, line: bytes) -> Document | None:
    try:
        row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict):
        return None
    id, text = row.get("_id", row.get("id")), row.get("text")
    if not isinstance(id, (str, int)) or not isinstance(text, str) or not str(id):
        return None
    extra = row.get("metadata")
    values = dict(extra) if isinstance(extra, dict) else {}
    source = str(values.pop("url", "") or row.get("url") or file.id)
    title = row.get("title")
    return Document(str(id), title if isinstance(title, str) else "", text, source, metadata(values))
