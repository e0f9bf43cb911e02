"""A summary of what fell out of the window, made without a model. Pure.

One line for each message, oldest first. Identifiers, amounts and dates of every message are kept word for word, and
so are the customer's own instructions (`memory.slots` says what these are). What the customer and people said stays
whole while it fits, of the bot's words the first sentence: those can be found again. When the summary outgrows its
budget, the bot's lines shrink to what is pinned, then the others to their statements, then those too, each time the
oldest first; no line loses what is pinned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from memory.messages import Line
from memory.slots import pins, split, tells
from memory.window import count_tokens

_WHO = {"customer": "Customer", "bot": "Assistant", "agent": "Person"}
_HEAD = re.compile(r"^(Customer|Assistant|Person): ")
_LONGEST_SENTENCE = 200
_OWN = re.compile(r"\b(?:I|I['’]\w+|my|we|we['’]\w+|our|me|us)\b", re.IGNORECASE)


def fold(previous: str, lines: Sequence[Line], budget_tokens: int, count: Callable[[str], int] = count_tokens) -> str:
    """The summary that covers `previous` and then `lines`. Folding nothing returns `previous` unchanged."""
    if not lines:
        return previous
    before = previous.splitlines()
    rows = [*before, *(_short(line) if line.role == "bot" else _whole(line) for line in lines)]
    own = [at for at, line in enumerate(lines, len(before)) if line.role != "bot"]
    bots = [at for at, line in enumerate(lines, len(before)) if line.role == "bot"]
    shrinking = [
        *((at, _bare) for at in (*range(len(before)), *bots)),
        *((at, lambda _, at=at: _short(lines[at - len(before)])) for at in own),
        *((at, _bare) for at in own),
    ]
    for at, shrunk in shrinking:
        if count("\n".join(rows)) <= budget_tokens:
            break
        rows[at] = shrunk(rows[at])
    return "\n".join(row for row in rows if row)


def _whole(line: Line) -> str:
    return _row(line, split(" ".join(line.text.split())))


def _short(line: Line) -> str:
    """What a line says: a customer's instructions and first statement about themselves; else its first sentence."""
    said = split(" ".join(line.text.split()))
    if line.role != "customer":
        return _row(line, said[:1])
    stated = next((s for s in said if not s.endswith("?") and _OWN.search(s)), "")
    return _row(line, [s for s in said if s == stated or tells(s)] or said[:1])


def _row(line: Line, kept: Sequence[str]) -> str:
    said = " ".join(s if len(s) <= _LONGEST_SENTENCE else s[: _LONGEST_SENTENCE - 1] + "…" for s in kept)
    missing = [pin for pin in pins(" ".join(line.text.split())) if pin not in said]
    return f"{_WHO[line.role]}: {said}" + (f" ({', '.join(missing)})" if missing else "")


def _bare(row: str) -> str:
    """The row with only what is pinned, or "" when nothing in it is."""
    head = _HEAD.match(row)
    body = row[head.end() :] if head else row
    kept = [s for s in split(body) if tells(s)] if row.startswith("Customer") else []
    held = [pin for pin in pins(body) if not any(pin in s for s in kept)]
    parts = [*kept, *held]
    return f"{head.group() if head else ''}{', '.join(parts)}" if parts else ""
