"""What a look through the knowledge found, as values a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from knowledge.passages import Passage

Kind = Literal["stale", "duplicate", "contradiction"]
KINDS: Final[tuple[Kind, ...]] = ("stale", "duplicate", "contradiction")
Why = Literal["expired", "expiring", "not_yet", "bad_date", "old", "missing"]


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a passage, with all a person needs to find it: `text` is passage.text[start:end]."""

    passage: str
    document: str
    title: str
    section: str
    source: str
    start: int
    end: int
    text: str

    @property
    def heading(self) -> str:
        """Title › section."""
        return " › ".join(part for part in (self.title or self.document, self.section) if part)


@dataclass(frozen=True, slots=True)
class Stale:
    """A document that is out of date, or may be: `why`, since or until when, and how many of its passages it holds.

    expired   its `valid_until` has passed: it is never cited
    expiring  it passes within the days asked for
    not_yet   its `valid_from` is to come: it is not cited before
    bad_date  a date of it cannot be read, so it holds for ever
    old       its `updated` is longer ago than the days asked for
    missing   the file it was read from is not there any more
    """

    why: Why
    document: str
    title: str
    source: str
    date: str
    passages: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Passages of different documents that say the same: word for word (`score` 1), or nearly (the least cosine).

    All that the same documents share is one: the passages of a copied article stand one pair after the other."""

    exact: bool
    score: float
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two sentences that say the same of the same thing but for one figure, or for a "not".

    `left_says` and `right_says` are what differs, as written; "" and "not" for a negation.
    """

    left: Place
    right: Place
    left_says: str
    right_says: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found in a collection on a day."""

    collection: str
    on: date
    documents: int
    passages: int
    stale: tuple[Stale, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind."""
        return {
            "stale": len(self.stale),
            "duplicate": len(self.duplicates),
            "contradiction": len(self.contradictions),
        }


def place(passage: Passage, start: int = 0, end: int | None = None) -> Place:
    """A span of a passage; the whole of it without bounds."""
    end = len(passage.text) if end is None else end
    return Place(
        passage.id,
        passage.document_id,
        passage.title,
        passage.section,
        passage.source,
        start,
        end,
        passage.text[start:end],
    )
