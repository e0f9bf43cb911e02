"""What people corrected, over what the library finds: live in every process within seconds, whatever the source says.

A blocked passage or document is not found. A corrected passage says what the person wrote, as long as the source still
says what it said when it was corrected: a newer source wins. An approved answer is found like a passage titled with its
question; where the customer asks that very question (`is_pinned`), it is the whole answer.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from agent.ports import Embedder, Library, Question, Vector
from agent.understanding import places
from knowledge.entries import embedding_text, sentence_embedding_texts
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import EVERYWHERE, Scope
from knowledge.seeking.seeker import Sought
from knowledge.sentences import sentences
from memory import corrections
from memory.corrections import Correction
from memory.messages import Line
from memory.store import Store

FRESH_S: Final = 5.0
"""How old the copy of what holds may be. People are promised a minute."""
SAME_QUESTION: Final = 0.9
"""Cosine from which two questions are one. Of 331 labelled questions of the sample no two with different answers come
nearer than 0.84 (a club's points that run out, and how many there are)."""
_EXTRA: Final = 32
"""How many more hits are asked for, at most, to make up for blocked ones."""
_NUMBER: Final = re.compile(r"\d+")
_PINNED: Final = "pinned"


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """What holds in one collection. `added` are (vector, sentence vectors, passage), `replaced` what a corrected
    passage said when it was corrected, by id."""

    blocked: frozenset[str] = frozenset()
    replaced: Mapping[str, str] = field(default_factory=dict)
    added: tuple[tuple[Vector, Vector, Passage], ...] = ()


@dataclass(slots=True, eq=False)
class CorrectedLibrary:
    """A library with what people corrected laid over it."""

    library: Library
    store: Store
    embedder: Embedder
    collection: str
    clock: Callable[[], float] = time.monotonic
    _overlays: Mapping[str, Overlay] = field(default_factory=dict)
    _stamp: object = None
    _looked_at: float = float("-inf")
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def seek(
        self,
        text: str,
        history: Sequence[Line] = (),
        *,
        limit: int = 8,
        collection: str | None = None,
        scope: Scope = EVERYWHERE,
        rewritten: str = "",
        known: Mapping[str, Vector] | None = None,
    ) -> Sought:
        """As the library's own search, corrected. Raises LibraryError, StoreUnavailable."""
        await self._refresh()
        overlay = self._overlays.get(collection or self.collection, Overlay())
        asked = limit + min(_EXTRA, 4 * len(overlay.blocked))
        found = await self.library.seek(
            text, history, limit=asked, collection=collection, scope=scope, rewritten=rewritten, known=known
        )
        if not overlay.blocked and not overlay.added:
            return found
        return replace(found, hits=tuple(lay_over(found.hits, overlay, found.vector, limit)))

    async def ready(self) -> None:
        await self.library.ready()

    async def close(self) -> None:
        await self.library.close()

    async def _refresh(self) -> None:
        if self.clock() - self._looked_at < FRESH_S:
            return
        async with self._looking:
            if self.clock() - self._looked_at < FRESH_S:
                return
            stamp = await self.store.read(corrections.stamp)
            if stamp != self._stamp:
                live = await self.store.read(lambda c: corrections.listed(c, live=True, limit=10_000))
                self._overlays = {name: await _overlay(of, self.embedder) for name, of in _by_collection(live).items()}
                self._stamp = stamp
            self._looked_at = self.clock()


def _by_collection(live: Iterable[Correction]) -> dict[str, list[Correction]]:
    found: dict[str, list[Correction]] = {}
    for each in live:
        found.setdefault(each.collection, []).append(each)
    return found


async def _overlay(live: Sequence[Correction], embedder: Embedder) -> Overlay:
    pairs = [(each, passage) for each in live if (passage := _passage(each)) is not None]
    added = []
    for each, passage in pairs:
        own = each.question if each.kind == "pin" else embedding_text(passage)
        vectors = await embedder.embed([own, *sentence_embedding_texts(passage)])
        added.append((vectors[0], vectors[1:], passage))
    return Overlay(
        blocked=frozenset(each.passage or f"{each.document}#" for each in live if each.kind == "block"),
        replaced={each.passage: each.question for each in live if each.kind == "passage"},
        added=tuple(added),
    )


def _passage(correction: Correction) -> Passage | None:
    text = correction.text
    if correction.kind == "pin":
        name = f"pin:{correction.id}"
        return Passage(
            name, name, correction.question, text, "", sentences=tuple(sentences(text)), metadata={_PINNED: "yes"}
        )
    if correction.kind != "passage":
        return None
    # Title, section and source stand in the hit that it takes the place of.
    return Passage(correction.passage, correction.document, "", text, "", sentences=tuple(sentences(text)))


def lay_over(found: Sequence[Hit], overlay: Overlay, vector: Vector, limit: int) -> list[Hit]:
    """The hits without the blocked, with the corrected and the approved in their places, best first. Pure."""
    kept = [hit for hit in found if not _is_blocked(hit.passage, overlay.blocked)]
    said = {hit.passage.id: hit.passage.text for hit in kept}
    stale = {id for id, text in said.items() if overlay.replaced.get(id, text) != text}
    corrected = set(overlay.replaced) - stale
    originals = {hit.passage.id: hit for hit in found}
    top = max(kept, key=lambda hit: hit.dense or 0.0, default=None)
    hits = [hit for hit in kept if hit.passage.id not in corrected]
    for own, sentence_vectors, passage in overlay.added:
        if passage.id in stale or _is_blocked(passage, overlay.blocked):
            continue
        hits.append(_hit(passage, float(own @ vector), sentence_vectors, originals.get(passage.id), top))
    return sorted(hits, key=lambda hit: -hit.score)[:limit]


def _hit(passage: Passage, dense: float, sentence_vectors: Vector, original: Hit | None, top: Hit | None) -> Hit:
    """Its score is what its cosine would have earned beside the nearest hit, and no less than its original's."""
    share = dense / top.dense if top is not None and top.dense else 1.0
    score = max(0.0, share) * (top.score if top is not None else 1.0)
    if original is None:
        return Hit(passage, score, dense, None, np.asarray(sentence_vectors))
    before = original.passage
    named = replace(passage, title=before.title, section=before.section, source=before.source, metadata=before.metadata)
    return Hit(named, max(score, original.score), dense, original.sparse, np.asarray(sentence_vectors))


def _is_blocked(passage: Passage, blocked: frozenset[str]) -> bool:
    return passage.id in blocked or f"{passage.document_id}#" in blocked


def is_approved(hit: Hit) -> bool:
    """Whether it is an answer that a person approved, not a passage of the library."""
    return bool(hit.passage.metadata.get(_PINNED))


def is_pinned(question: Question) -> Hit | None:
    """The approved answer to this very question, or None: the same words nearly, the same places and numbers."""
    pins = [hit for hit in question.hits if is_approved(hit) and (hit.dense or 0.0) >= SAME_QUESTION]
    alike = [hit for hit in pins if _facts(hit.passage.title) == _facts(question.text)]
    return max(alike, key=lambda hit: hit.dense or 0.0, default=None)


def _facts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(_NUMBER.findall(text)), places.countries(text)
