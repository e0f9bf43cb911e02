"""What a turn knew when it answered, and what was left out of that, as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from channels.web.desk.elements import Box, Text

NAMES: Final = {
    "message": "The message",
    "customer": "Who writes",
    "consent": "Consents",
    "instruction": "Asked of us",
    "focus": "What it is about",
    "external": "Looked up",
    "passage": "Passages",
    "window": "Said last",
    "slot": "Said to the letter",
    "preference": "How they like it",
    "fact": "Remembered",
    "outcome": "How it ended",
    "said": "Said another time",
    "summary": "Summary",
    "earlier": "Another conversation",
}
_LONGEST = 300


def draw_context(context: Mapping[str, Any]) -> None:
    """The bill of a turn's context; nothing for a record without one."""
    if not context:
        return
    Text("What it knew", "h3")
    Text(f"{_number(context.get('tokens'))} of at most {_number(context.get('budget_tokens'))} tokens", "p", "verdicts")
    with Box("ul", "verdicts"):
        for line in known(_rows(context.get("blocks"))):
            Text(line, "li", dir="auto")
    if left := list(left_out(_rows(context.get("left_out")))):
        Text("Left out of it", "h3")
        with Box("ul", "verdicts"):
            for line in left:
                Text(line, "li", dir="auto")


def known(blocks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """A line for each block with its text, and one for all of a kind whose text stands elsewhere in the record."""
    for kind, group in groupby(blocks, key=lambda block: str(block.get("kind"))):
        rows = list(group)
        worded = [row for row in rows if row.get("text")]
        for row in worded:
            text = " ".join(str(row["text"]).split())
            text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
            yield f"{_name(kind)}: {text} ({row.get('source')}: {row.get('why')}; {_tokens(row.get('tokens'))})"
        if bare := [row for row in rows if not row.get("text")]:
            many = f"{len(bare)}, " if len(bare) > 1 else ""
            yield f"{_name(kind)}: {many}{_span(bare)}, {_tokens(sum(int(row.get('tokens') or 0) for row in bare))}"


def left_out(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """A line for each kind and reason."""
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        why = str(row.get("why") or "")
        key = (_name(str(row.get("kind"))), "no room in the budget" if why.startswith("no room") else why)
        of, tokens = counts.get(key, (0, 0))
        counts[key] = of + _many(str(row.get("source"))), tokens + int(row.get("tokens") or 0)
    for (name, why), (of, tokens) in counts.items():
        many = f"{of:,}, " if of > 1 else ""
        yield f"{name}: {many}{_tokens(tokens)}. {why[:1].upper()}{why[1:]}."


def _many(source: str) -> int:
    """For how many a row stands: "60 of them" and "12 more" are sums."""
    count, _, words = source.partition(" ")
    return int(count) if words in ("of them", "more") and count.isdecimal() else 1


def _span(rows: Sequence[Mapping[str, Any]]) -> str:
    first, last = str(rows[0].get("source")), str(rows[-1].get("source"))
    return first if first == last else f"{first} to {last.removeprefix('event ')}"


def _name(kind: str) -> str:
    return NAMES.get(kind, kind.capitalize())


def _tokens(count: object) -> str:
    return "1 token" if count == 1 else f"{_number(count)} tokens"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "0"


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []
