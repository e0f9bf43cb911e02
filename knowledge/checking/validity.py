"""When a passage holds, by its metadata. Pure; the day is an argument."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from knowledge.checking.findings import Stale, Why
from knowledge.passages import Passage

Standing = Literal["in_force", "expired", "not_yet"]


def day(value: str) -> date | None:
    """The day of an ISO date or time; None where it is none. A date without a time holds to its end."""
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def standing(passage: Passage, on: date) -> Standing:
    """Whether it holds on that day. A bound that is missing, or cannot be read, is open."""
    until, since = day(passage.metadata.get("valid_until", "")), day(passage.metadata.get("valid_from", ""))
    if until is not None and until < on:
        return "expired"
    return "not_yet" if since is not None and since > on else "in_force"


@dataclass(frozen=True, slots=True)
class Ages:
    """From when on something counts as stale: what ends within `soon_days`, what was `updated` `old_days` ago."""

    soon_days: int = 30
    old_days: int = 365


def stale(
    passages: Iterable[Passage],
    on: date,
    ages: Ages,
    origins: Mapping[str, str] | None = None,
    is_there: Callable[[str], bool] = os.path.exists,
) -> tuple[Stale, ...]:
    """What is stale, a document and reason once, the most pressing first.

    `origins` are the files that documents were read from, by document; those of which `is_there` says no are missing,
    unless this machine has none of them at all: then they were read on another.
    """
    counted: dict[tuple[Why, str], list[Passage]] = {}
    gone = _gone(origins or {}, is_there)
    for passage in passages:
        missing: list[Why] = ["missing"] if passage.document_id in gone else []
        for why in [*_reasons(passage, on, ages), *missing]:
            counted.setdefault((why, passage.document_id), []).append(passage)
    found = [_stale(why, of) for (why, _), of in counted.items()]
    return tuple(sorted(found, key=lambda each: (_ORDER.index(each.why), each.date, each.document)))


def _gone(origins: Mapping[str, str], is_there: Callable[[str], bool]) -> frozenset[str]:
    """Documents whose file is not there."""
    files = {origin for origin in origins.values() if origin.startswith("/") and "\x00" not in origin}
    there = {file for file in files if is_there(file)}
    if not there:
        return frozenset()
    return frozenset(document for document, origin in origins.items() if origin in files - there)


_ORDER: tuple[Why, ...] = ("expired", "bad_date", "missing", "expiring", "old", "not_yet")
_FIELD: dict[Why, str] = {
    "expired": "valid_until",
    "expiring": "valid_until",
    "not_yet": "valid_from",
    "old": "updated",
}


def _reasons(passage: Passage, on: date, ages: Ages) -> list[Why]:
    found: list[Why] = []
    now = standing(passage, on)
    if now != "in_force":
        found.append(now)
    until, updated = day(passage.metadata.get("valid_until", "")), day(passage.metadata.get("updated", ""))
    if until is not None and on <= until <= on + timedelta(days=ages.soon_days):
        found.append("expiring")
    if now != "expired" and updated is not None and updated < on - timedelta(days=ages.old_days):
        found.append("old")
    written = (passage.metadata.get(name, "").strip() for name in ("valid_from", "valid_until"))
    if any(value and day(value) is None for value in written):
        found.append("bad_date")
    return found


def _stale(why: Why, of: list[Passage]) -> Stale:
    first = of[0]
    if why == "bad_date":
        dates = [first.metadata.get(name, "").strip() for name in ("valid_from", "valid_until")]
        written = next((value for value in dates if value and day(value) is None), "")[:40]
    else:
        written = first.metadata.get(_FIELD.get(why, ""), "").strip()[:10]
    return Stale(why, first.document_id, first.title, first.source, written, len(of))
