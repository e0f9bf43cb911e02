"""What the index keeps beside a point's vectors: ids, times and kinds, never a word. The same in every store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from memory.facts.index import Found, Point

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def payload(point: Point) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "customer": point.customer,
        "kind": point.kind,
        "conversation": point.conversation,
        "seq": point.seq,
        "at": _seconds(point.said_at),
        "role": point.role,
    }
    if point.memory:
        kept["memory"] = point.memory
    if point.valid_until is not None:
        kept["until"] = _seconds(point.valid_until)
    return kept


Answer = tuple[str, float, Mapping[str, Any]]
"""A point's id, its score and what is kept beside it."""


def joined(near: Iterable[Answer], by_term: Mapping[int, Iterable[Answer]]) -> list[Found]:
    """What was found with its cosine and its terms' weights, in order of id."""
    kept: dict[str, Mapping[str, Any]] = {}
    dense: dict[str, float] = {}
    words: dict[str, dict[int, float]] = {}
    for id, cosine, payload in near:
        kept[id], dense[id] = payload, cosine
    for term, answers in by_term.items():
        for id, weight, payload in answers:
            kept.setdefault(id, payload)
            words.setdefault(id, {})[term] = weight
    return [_found(id, kept[id], dense.get(id), words.get(id, {})) for id in sorted(kept)]


def _found(id: str, kept: Mapping[str, Any], dense: float | None, words: Mapping[int, float]) -> Found:
    until = kept.get("until")
    return Found(
        id,
        kept["customer"],
        kept["kind"],
        kept["conversation"],
        kept["seq"],
        _moment(kept["at"]),
        kept["role"],
        kept.get("memory", ""),
        None if until is None else _moment(until),
        dense,
        words,
    )


def _seconds(at: datetime) -> float:
    return (at - _EPOCH).total_seconds()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
