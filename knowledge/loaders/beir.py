"""JSON lines, plain or gzipped: a BEIR corpus of `_id`, `title` and `text`, or questions with their answers."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

import orjson

from knowledge.errors import BadDocument
from knowledge.loaders import faq
from knowledge.loaders.plain import File, key, metadata, word
from knowledge.passages import Document

MAX_LINE = 10_000_000
MAX_UNPACKED = 20_000_000_000
"""Bytes that a .gz may unpack to: the largest public corpora have ten."""


def load(file: File) -> Iterator[Document | BadDocument]:
    """One document a line, in order; a line that is none is yielded as the error. Raises BadDocument when the file
    itself cannot be read to its end."""
    seen: Counter[str] = Counter()
    try:
        with _opened(file) as lines:
            number = unpacked = 0
            while line := lines.readline(MAX_LINE):
                number, unpacked = number + 1, unpacked + len(line)
                if unpacked > MAX_UNPACKED:
                    raise BadDocument(f"unpacks to more than {MAX_UNPACKED // 1_000_000_000} GB")
                if len(line) == MAX_LINE and not line.endswith(b"\n"):
                    yield BadDocument(f"line {number} is longer than {MAX_LINE // 1_000_000} MB")
                    while line and not line.endswith(b"\n"):
                        line = lines.readline(MAX_LINE)
                elif line.strip():
                    yield _document(file, line, seen) or BadDocument(_fault(number))
    except (OSError, EOFError, zlib.error) as error:
        raise BadDocument(f"cannot be read: {error}") from error


def _fault(number: int) -> str:
    return f"line {number} has no _id and text, and no question and answer"


def _opened(file: File) -> BufferedIOBase:
    if file.path.suffix == ".gz":
        return gzip.open(file.path, "rb")
    return file.path.open("rb")


def _document(file: File, line: bytes, seen: Counter[str]) -> Document | None:
    try:
        row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict):
        return None
    id, text = row.get("_id", row.get("id")), row.get("text")
    if not isinstance(id, (str, int)) or not isinstance(text, str) or not str(id):
        return _answer(file, row, seen)
    extra = row.get("metadata")
    values = dict(extra) if isinstance(extra, dict) else {}
    source = str(values.pop("url", "") or row.get("url") or file.id)
    title = row.get("title")
    return Document(str(id), title if isinstance(title, str) else "", text, source, metadata(values))


def _answer(file: File, row: Mapping[str, object], seen: Counter[str]) -> Document | None:
    """A question and its answer; where a question is asked in several ways, the first is the title and the others
    stand with the answer, so that each finds it."""
    extra = row.get("metadata")
    named = {**(extra if isinstance(extra, dict) else {}), **row}
    cells = {key(str(name)): _said(value) for name, value in named.items() if value is not None}
    pair = faq.pair(cells)
    if pair is None or not pair[0] or not pair[1]:
        return None
    title, *others = pair[0].split("\n")
    return faq.document(file.id, cells, title, "\n".join([*others, pair[1]]), seen)


def _said(value: object) -> str:
    """A cell's words. Schema.org's answers are objects with a text; lists of words are a line each only for
    questions, so they come joined by line ends here and are folded where they are metadata."""
    if isinstance(value, dict):
        return _said(value.get("text") or "")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(each.strip() for each in value if each.strip())
    return word(value)
