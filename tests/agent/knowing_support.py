"""A shelf of passages in memory, for what is about their care and not about stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from agent.ports import Vector
from knowledge.encoders import HashingEncoder
from knowledge.entries import Kept, embedding_text, point_id
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import Heading
from knowledge.sentences import sentences


class WordEmbedder:
    """Texts that share words are near. Keeps what it was asked."""

    name = "words"
    dim = 512

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vector:
        self.asked.extend(texts)
        return np.asarray(HashingEncoder(self.dim).encode(texts), dtype=np.float32)


NO_VECTORS = np.zeros((0, WordEmbedder.dim), np.float32)


def passage(document: str, text: str, title: str = "", section: str = "", n: int = 0, **metadata: str) -> Passage:
    """One passage of a document, titled like it where no title is given."""
    spans = tuple(sentences(text))
    name = f"{document}#{n}" if n else document
    return Passage(name, document, title or document, text, f"{document}.md", section, spans, metadata)


class Shelves:
    """What a library is asked about its care. `changed` is what the next revision says; `fetched` counts reads."""

    def __init__(self, *held: Passage, origins: Mapping[str, str] | None = None) -> None:
        self.held = list(held)
        self.origins = dict(origins or {})
        self.changed = 0
        self.fetched = 0
        self.fault: Exception | None = None

    async def headings(self, collection: str | None = None) -> list[Heading]:
        if self.fault is not None:
            raise self.fault
        return [Heading(point_id(p.id), p.document_id, p.title, p.section) for p in self.held]

    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]:
        self.fetched += len(points)
        wanted = [p for p in self.held if point_id(p.id) in set(points)]
        vectors = await WordEmbedder().embed([embedding_text(p) for p in wanted])
        return {
            point_id(p.id): Hit(p, 1.0, None, None, NO_VECTORS, vector)
            for p, vector in zip(wanted, vectors, strict=True)
        }

    async def documents(self, collection: str) -> dict[str, Kept]:
        return {p.document_id: Kept("h", self.origins.get(p.document_id, ""), 1) for p in self.held}

    async def revision(self, collection: str | None = None) -> str:
        return str(self.changed)

    async def search(self, text: str, vector: Vector, *, limit: int = 8, collection: str | None = None) -> list[Hit]:
        vectors = await WordEmbedder().embed([p.text for p in self.held])
        hits = [Hit(p, 1.0, float(v @ vector), None, NO_VECTORS) for p, v in zip(self.held, vectors, strict=True)]
        return sorted(hits, key=lambda hit: -(hit.dense or 0.0))[:limit]
