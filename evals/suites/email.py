"""Suite `email`: does the text of a turn hold what the customer wrote, and nothing quoted?

Rows are `{"raw","reply"}`; `raw` is plain text, HTML or a whole mail, told apart by `format` (text, html, eml) or,
without it, by its looks. The same functions that read a customer's mail read it here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from channels.normalise.html_text import text_of
from channels.normalise.mime import parse_mail
from channels.normalise.payloads import clean
from channels.normalise.quoting import strip_quoted, strip_signature
from evals.rows import read_rows

_RAW_CHARS = 8000
_MAIL = re.compile(r"\A(?:[A-Za-z][A-Za-z0-9-]*:.*\n(?:[ \t].*\n)*){2,}\r?\n")
_HTML = re.compile(r"<(?:html|head|body|div|p|br|span|table|blockquote)\b[^>]*>", re.IGNORECASE)


def run(data: Path, outcomes: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The report of INTERFACES' form over a JSONL file (also `.gz`) or every one in a folder. `outcomes` receives what
    was read from each mail."""
    started = time.perf_counter()
    rows = list(_rows(data))
    metrics = measure(rows)
    if outcomes is not None:
        outcomes += [_outcome(row, f"{number}") for number, row in enumerate(rows, 1)]
    return {
        "suite": "email",
        "data": str(data),
        "n": len(rows),
        "metrics": metrics,
        "config": {},
        "seconds": round(time.perf_counter() - started, 3),
    }


def measure(rows: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """Shares of rows, None without rows.

    `exact`: equal but for white space at both ends. `whitespace`: equal once every run of white space is one space.
    `normalised`: that, with a signature ("-- ", "Sent from my …") left out on both sides, because the labelled sets
    disagree whether it belongs to the reply: talon keeps it, discourse does not.
    """
    pairs = [(read(str(row["raw"]), row.get("format")), str(row["reply"])) for row in rows]
    return {
        "exact": _share(found.strip() == clean(reply) for found, reply in pairs),
        "normalised": _share(_unsigned(found) == _unsigned(reply) for found, reply in pairs),
        "whitespace": _share(_folded(found) == _folded(reply) for found, reply in pairs),
    }


def _outcome(row: Mapping[str, Any], id: str) -> dict[str, Any]:
    raw, wanted = str(row["raw"]), str(row["reply"])
    found = read(raw, row.get("format"))
    return {
        "suite": "email",
        "id": id,
        "text": raw[:_RAW_CHARS],
        "wanted": wanted,
        "outcome": found,
        "exact": float(found.strip() == clean(wanted)),
        "normalised": float(_unsigned(found) == _unsigned(wanted)),
    }


def read(raw: str, kind: str | None = None) -> str:
    """The reply in `raw`, as a turn would get it."""
    kind = kind or _looks(raw)
    if kind == "eml":
        return strip_quoted(parse_mail(raw.encode("utf-8", "surrogateescape")).text)
    return strip_quoted(text_of(raw) if kind == "html" else clean(raw))


def _looks(raw: str) -> str:
    if _MAIL.match(raw.lstrip("\n")) and re.search(r"^(?:message-id|mime-version|received):", raw, re.I | re.M):
        return "eml"
    return "html" if len(_HTML.findall(raw)) > 1 else "text"


def _unsigned(text: str) -> str:
    return _folded(strip_signature(clean(text)))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _share(hits: Iterable[bool]) -> float | None:
    found = list(hits)
    return sum(found) / len(found) if found else None


def _rows(data: Path) -> Iterator[Mapping[str, Any]]:
    """Rows that are labelled; a folder may hold others too. Raises ValueError naming the line that is no object."""
    for file in sorted(data.glob("*.jsonl*")) if data.is_dir() else [data]:
        yield from (row for row in read_rows(file) if "raw" in row and "reply" in row)
