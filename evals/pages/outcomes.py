"""Rows of suites that guess a label, read as a page shows them, whatever kind of score they carry. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

POSITIVE: Mapping[str, str] = {"injection": "attack", "grounding": "ungrounded", "handoff": "yes", "triage": "oos"}
"""What a suite is there to find, of two labels, or beside all others."""
_RAW: Mapping[str, str] = {"triage": "outside"}
"""The field in which a suite's rows carry the score of it apart from their confidence."""
_OWN = frozenset({"suite", "id", "text", "wanted", "found", "score", "right", "outcome", "history", "evidence"})
_PART_VALUES, _PART_CHARS = 12, 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row as a page shows it. `sure` is the confidence in `found`, 0 to 1, None where the row has none; `raw` the
    score of what the suite is there to find, where the rows' scores are of that kind."""

    id: str
    text: str
    wanted: str
    found: str
    right: bool
    why: str
    sure: float | None = None
    raw: float | None = None
    history: Sequence[Mapping[str, Any]] | str = ()
    evidence: Sequence[str] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def pair(self) -> str:
        return f"{self.wanted} → {self.found}"


def read(suite: str, rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """The rows in their order; what is missing or of another form is shown as it can be, never refused."""
    positive, parts = POSITIVE.get(suite, ""), _parts(rows)
    made = [_outcome(row, parts) for row in rows]
    if apart := _RAW.get(suite):
        return [replace(each, raw=_share(row.get(apart))) for each, row in zip(made, rows, strict=True)]
    return _scored(made, positive) if positive else made


def _outcome(row: Mapping[str, Any], parts: Sequence[str]) -> Outcome:
    wanted, found = (_label(row.get(name)) for name in ("wanted", "found"))
    history, evidence = row.get("history") or (), row.get("evidence") or ()
    lines = history if isinstance(history, str) else [each for each in history if isinstance(each, Mapping)]
    return Outcome(
        id=str(row.get("id", "")),
        text=str(row.get("text", "")),
        wanted=wanted,
        found=found,
        right=bool(row["right"]) if isinstance(row.get("right"), int | float) else wanted == found,
        why=str(row.get("outcome", "")),
        sure=_share(row.get("score")),
        history=lines,
        evidence=[evidence] if isinstance(evidence, str) else [str(each) for each in evidence],
        parts={name: str(row[name]) for name in parts if isinstance(row.get(name), str)},
    )


def _label(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else str(value)


def _share(value: Any) -> float | None:
    """A confidence; None for what is not a number from 0 to 1."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return min(1.0, max(0.0, number)) if math.isfinite(number) else None


def _parts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Further fields with two to twelve short values, such as the set that a row is from."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in _OWN and isinstance(value, str):
                seen.setdefault(name, set()).add(value)
    return [
        name
        for name, values in seen.items()
        if 2 <= len(values) <= _PART_VALUES and all(len(value) <= _PART_CHARS for value in values)
    ]


def _scored(rows: Sequence[Outcome], positive: str) -> list[Outcome]:
    """The rows with `raw` and `sure`, whatever kind of score they came with.

    Scores of `positive` itself, or of its opposite, tell by one threshold what was found, and some are below a half;
    anything else is taken as the confidence in what was found, which is the score of `positive` where that was it.
    `raw` stays None where no threshold on it tells what was found.
    """
    said, other = sides([(row.sure, row.found == positive) for row in rows])
    if min([*said, *other], default=1.0) < 0.5 and separate(said, other):
        rising = not said or not other or min(said) > max(other)
        scores = [row.sure if rising or row.sure is None else 1 - row.sure for row in rows]
    else:
        scores = [row.sure if row.found == positive or row.sure is None else 1 - row.sure for row in rows]
    if not separate(*sides([(score, row.found == positive) for score, row in zip(scores, rows, strict=True)])):
        return list(rows)
    return [_with_raw(row, score, row.found == positive) for row, score in zip(rows, scores, strict=True)]


def _with_raw(row: Outcome, raw: float | None, positive: bool) -> Outcome:
    return row if raw is None else replace(row, raw=raw, sure=raw if positive else 1 - raw)


def sides(scores: Sequence[tuple[float | None, bool]]) -> tuple[list[float], list[float]]:
    """The scores of what was found to be it, and those of the rest."""
    known = [(score, yes) for score, yes in scores if score is not None]
    return [score for score, yes in known if yes], [score for score, yes in known if not yes]


def separate(said: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one threshold tells the two; so it does where one of them is empty."""
    return not said or not other or min(said) > max(other) or max(said) < min(other)
