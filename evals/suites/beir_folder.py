"""A BEIR folder as it comes: questions with their history and their labels, all from people we do not know."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

import orjson

from knowledge.errors import BadDocument
from memory.messages import Line, Role

MAX_LINE = 10_000_000
MAX_UNPACKED = 4_000_000_000
"""Bytes that a .gz may unpack to; questions and labels of the largest public sets have less than one."""
_ROLES: Mapping[str, Role] = {"customer": "customer", "user": "customer", "agent": "bot", "bot": "bot"}


@dataclass(frozen=True, slots=True)
class Query:
    """A question in a conversation; `fields` are the row's other short strings, such as the part of the set."""

    id: str
    text: str
    history: tuple[Line, ...]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Folder:
    """`relevant` maps a question to its right documents with their gains, all above zero. `unanswerable` are the
    questions of `no_answer.jsonl`, None without that file."""

    corpus: Path
    queries: tuple[Query, ...]
    unanswerable: tuple[Query, ...] | None
    relevant: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Article:
    title: str
    text: str


def read(data: Path) -> Folder:
    """Raises BadDocument naming the file that is missing, or the file and line that is not what it should be."""
    unanswerable = _found(data, "no_answer.jsonl")
    return Folder(
        corpus=_file(data, "corpus.jsonl"),
        queries=tuple(_queries(_file(data, "queries.jsonl"))),
        unanswerable=None if unanswerable is None else tuple(_queries(unanswerable)),
        relevant=_labels(_file(data, "qrels.tsv")),
    )


def articles(corpus: Path, ids: frozenset[str]) -> dict[str, Article]:
    """Title and text of these documents; those that are not there, or cannot be read, are left out."""
    found: dict[str, Article] = {}
    for _, line in _lines(corpus):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict) and (id := str(row.get("_id", row.get("id", "")))) in ids:
            found.setdefault(id, Article(str(row.get("title") or ""), str(row.get("text") or "")))
    return found


def _found(data: Path, name: str) -> Path | None:
    return next((path for path in (data / name, data / f"{name}.gz") if path.is_file()), None)


def _file(data: Path, name: str) -> Path:
    if (path := _found(data, name)) is None:
        raise BadDocument(f"{data} is no BEIR folder: it has no {name}")
    return path


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers."""
    try:
        with _opened(path) as file:
            number = unpacked = 0
            while line := file.readline(MAX_LINE):
                number, unpacked = number + 1, unpacked + len(line)
                if unpacked > MAX_UNPACKED:
                    raise BadDocument(f"{path} unpacks to more than {MAX_UNPACKED // 1_000_000_000} GB")
                if len(line) == MAX_LINE:
                    raise BadDocument(f"{path} line {number} is longer than {MAX_LINE // 1_000_000} MB")
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise BadDocument(f"{path} cannot be read: {error}") from error


def _opened(path: Path) -> BufferedIOBase:
    return cast(BufferedIOBase, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _queries(path: Path) -> Iterator[Query]:
    seen: dict[str, int] = {}
    for number, line in _lines(path):
        where = f"{path} line {number}"
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise BadDocument(f"{where} is no JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
            raise BadDocument(f"{where} needs _id and text")
        if row["_id"] in seen:
            raise BadDocument(f"{where} has the _id {row['_id'][:80]!r} of line {seen[row['_id']]} again")
        seen[row["_id"]] = number
        yield Query(row["_id"], row["text"], _history(row.get("history"), where), _fields(row))


def _history(value: Any, where: str) -> tuple[Line, ...]:
    found = []
    for line in value if isinstance(value, list) else [] if value is None else [value]:
        role, text = (line.get("role"), line.get("text")) if isinstance(line, dict) else (None, None)
        if not isinstance(role, str) or role not in _ROLES or not isinstance(text, str):
            raise BadDocument(f"{where}: history must be a list of {{role: customer or agent, text}}")
        found.append(Line(_ROLES[role], text))
    return tuple(found)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in row.items() if key not in ("_id", "text") and isinstance(value, str)}


def _labels(path: Path) -> dict[str, dict[str, float]]:
    labels: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        if number == 1:
            continue
        try:
            query, document, gain = line.decode("utf-8").rstrip("\r\n").split("\t")[:3]
            value = float(gain)
        except ValueError as error:
            raise BadDocument(f"{path} line {number} needs a query, a document and a number") from error
        if not math.isfinite(value):
            raise BadDocument(f"{path} line {number} needs a finite number, not {gain[:20]}")
        if value > 0:
            labels.setdefault(query, {})[document] = value
    return labels
