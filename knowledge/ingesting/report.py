"""What a run tells: how far it is while it goes, and what it did when it has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Phase = Literal["reading", "embedding", "settling"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    `done` counts documents kept, of `total` that need work; while they are being read `done` counts those read and
    `total` is 0. `chars` is the work itself, the characters of the passages embedded, of `chars_total`: documents are
    of very different size, so rate and remaining time go by it. `docs_per_s` is that of the whole run so far.
    """

    done: int
    total: int
    docs_per_s: float
    phase: Phase = "embedding"
    passages: int = 0
    passages_total: int = 0
    chars: int = 0
    chars_total: int = 0


@dataclass(slots=True)
class Report:
    """What a run did.

    `added` counts new and changed documents and `read` all that could be read; `skipped` names each file or row and
    why. `embedded` texts went to the model and `reused` had their vectors already. `duplicates` counts passages that
    say word for word what another document's passage said in this run, and `repeated` names the paragraphs that most
    documents share, with how many: all of them are kept. `unpruned` says what was not pruned although asked for, and
    why, and `journal_fault` why nothing could be written down for a run after a kill.
    """

    collection: str
    added: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    docs_per_s: float = 0.0
    read: int = 0
    embedded: int = 0
    reused: int = 0
    duplicates: int = 0
    repeated: list[tuple[str, int]] = field(default_factory=list)
    unpruned: list[str] = field(default_factory=list)
    journal_fault: str = ""
