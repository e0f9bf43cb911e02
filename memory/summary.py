"""The running summary of what fell out of the window, made without a model. Pure.

One line for each message, oldest first. Identifiers, amounts and dates of every message are kept word for word, and
so are the customer's own instructions; the rest of a message is shortened to its first sentence. When the summary
outgrows its budget, the oldest lines lose their sentence before any line loses what is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from memory.messages import Line
from memory.window import count_tokens

_WHO = {"customer": "Customer", "bot": "Assistant", "agent": "Person"}
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_PINNED = re.compile(
    r"""<[A-Z_]+_\d+>                                    # pseudonyms
      | [£$€]\s?\d[\d,.]*\d|[£$€]\s?\d                   # amounts
      | \b\d[\d,.]*\s?(?:GBP|USD|EUR|pounds|euros|dollars|%)\b
      | \b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b
      | \b\d{1,2}(?:st|nd|rd|th)?\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*(?:\s\d{4})?\b
      | \b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\s\d{1,2}(?:,?\s\d{4})?\b
      | \b(?=[\w-]*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b   # order and product numbers, anything with a digit
    """,
    re.VERBOSE,
)
_INSTRUCTION = re.compile(
    r"\b(please|don'?t|do not|never|always|only|prefer|call me|instead|must|need you to|make sure)\b", re.IGNORECASE
)
_HEAD = re.compile(r"^(Customer|Assistant|Person): ")
_LONGEST_SENTENCE = 200


def fold(previous: str, lines: Sequence[Line], budget_tokens: int, count: Callable[[str], int] = count_tokens) -> str:
    """The summary that covers `previous` and then `lines`. Folding nothing returns `previous` unchanged."""
    if not lines:
        return previous
    rows = [*previous.splitlines(), *(_row(line) for line in lines)]
    for index, row in enumerate(rows):
        if count("\n".join(rows)) <= budget_tokens:
            break
        rows[index] = _bare(row)
    return "\n".join(row for row in rows if row)


def _row(line: Line) -> str:
    text = " ".join(line.text.split())
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text) if match.group().strip()]
    kept = [s for i, s in enumerate(sentences) if i == 0 or (line.role == "customer" and _INSTRUCTION.search(s))]
    said = " ".join(s if len(s) <= _LONGEST_SENTENCE else s[: _LONGEST_SENTENCE - 1] + "…" for s in kept)
    missing = [pin for pin in dict.fromkeys(_PINNED.findall(text)) if pin not in said]
    return f"{_WHO[line.role]}: {said}" + (f" ({', '.join(missing)})" if missing else "")


def _bare(row: str) -> str:
    """The row with only what is pinned, or "" when nothing in it is."""
    head = _HEAD.match(row)
    body = row[head.end() :] if head else row
    kept = [s.strip() for s in _SENTENCE.findall(body) if _INSTRUCTION.search(s)] if row.startswith("Customer") else []
    pins = [pin for pin in dict.fromkeys(_PINNED.findall(body)) if not any(pin in s for s in kept)]
    parts = [*kept, *pins]
    return f"{head.group() if head else ''}{', '.join(parts)}" if parts else ""
