"""Vectors that need no embedding, as the same text was embedded before: what the library holds of the document in its
earlier form, and what a killed run wrote down."""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from knowledge.entries import embedding_text, point_id, sentence_embedding_texts
from knowledge.ingesting.journal import Journal, digest
from knowledge.ingesting.plan import Todo
from knowledge.ingesting.ports import WritableLibrary
from knowledge.passages import Hit

Vector = NDArray[np.float32]
_FETCHED_AT_ONCE = 200


class Known:
    """A document's vectors by text. Passages take exact ones only: the library holds those of sentences as half
    floats, which is enough for a sentence and would blur a passage a little more at every change."""

    def __init__(self) -> None:
        self._exact: dict[bytes, Vector] = {}
        self._half: dict[bytes, Vector] = {}

    def passage(self, text: str) -> Vector | None:
        return self._exact.get(digest(text))

    def sentence(self, text: str) -> Vector | None:
        found = self._exact.get(digest(text))
        return self._half.get(digest(text)) if found is None else found

    def add(self, text: str, vector: Vector) -> None:
        self._exact[digest(text)] = vector

    def journaled(self, found: dict[bytes, Vector]) -> None:
        self._exact.update(found)

    def held(self, hit: Hit) -> None:
        if hit.vector is not None:
            self.add(embedding_text(hit.passage), hit.vector)
        for text, vector in zip(sentence_embedding_texts(hit.passage), hit.sentence_vectors, strict=False):
            self._half[digest(text)] = vector


async def known(todo: Todo, library: WritableLibrary, collection: str, journal: Journal) -> Known:
    """What is known of a document before anything of it is embedded. Raises LibraryError."""
    found = Known()
    ids = [todo.id, *(f"{todo.id}#{n}" for n in range(todo.held))] if todo.held else []
    for start in range(0, len(ids), _FETCHED_AT_ONCE):
        points = [point_id(id) for id in ids[start : start + _FETCHED_AT_ONCE]]
        for hit in (await library.fetch(points, collection=collection)).values():
            if hit.passage.document_id == todo.id:
                found.held(hit)
    found.journaled(await asyncio.to_thread(journal.read, todo.id))
    return found
