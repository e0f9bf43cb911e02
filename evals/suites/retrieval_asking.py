"""How the retrieval suite searches: as a turn does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agent.ports import Vector
from evals.suites.retrieval_library import COLLECTION
from knowledge.embedding import LocalEmbedder
from knowledge.passages import Hit
from knowledge.seeking.ports import Shelves
from knowledge.seeking.ranker import Ranker, read, shipped
from knowledge.seeking.seeker import Seeker
from memory.messages import Line


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one search found, best first; `searched` says what was searched and why, as JSON."""

    query: str
    vector: Vector
    hits: tuple[Hit, ...]
    searched: Mapping[str, Any] = field(default_factory=dict)


class Asker(Protocol):
    """Searches for a customer's message after its history."""

    config: Mapping[str, Any]
    """What the run's record says of the search."""

    async def ask(self, text: str, history: Sequence[Line], limit: int) -> Found: ...


class SeekingAsker:
    """The search of a turn, in the whole collection."""

    def __init__(self, seeker: Seeker, ranker: Ranker) -> None:
        self.config: Mapping[str, Any] = {"ranking": dict(ranker.made)}
        self._seeker = seeker

    async def ask(self, text: str, history: Sequence[Line], limit: int) -> Found:
        found = await self._seeker.seek(text, history, limit=limit)
        return Found(found.query, found.vector, found.hits, found.searched.record())


async def open_asker(library: Shelves, embedder: LocalEmbedder, card: str = "") -> Asker:
    """The search that a turn of this release does, by the shipped ranking or the card of `agent.ranking`."""
    ranker = read(Path(card)) if card else shipped()
    return SeekingAsker(Seeker(library, embedder, collection=COLLECTION, ranker=ranker), ranker)
