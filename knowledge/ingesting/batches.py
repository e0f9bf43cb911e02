"""What goes to the embedder together, and the entries that come of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from knowledge.entries import Entry, embedding_text, sentence_embedding_texts
from knowledge.ingesting.known import Known, Vector
from knowledge.ingesting.plan import Todo
from knowledge.passages import Passage

BATCH_CHARS = 100_000
"""Some 5 s of two cores, and what a kill costs. Of the sample, sorted by length, 9 % is padding in batches of this
size and 4 % all at once."""
BATCH_PASSAGES = 256
"""And not more passages than this, so that the library is given work where little is left to embed."""


@dataclass(slots=True, eq=False)
class Making:
    """A document on its way, and how many of its passages are still to be embedded."""

    todo: Todo
    known: Known
    left: int


@dataclass(slots=True, eq=False)
class Batch:
    """Passages with their documents, and the texts of them that must be embedded, each once; `owners` says which
    document needs which of the texts, and `reused` how many had their vectors already."""

    passages: list[tuple[Making, Passage]] = field(default_factory=list)
    texts: dict[str, None] = field(default_factory=dict)
    owners: dict[Making, dict[str, None]] = field(default_factory=dict)
    chars: int = 0
    reused: int = 0

    def add(self, making: Making, passage: Passage) -> None:
        self.passages.append((making, passage))
        whole, sentences = embedding_text(passage), sentence_embedding_texts(passage)
        missing = [text for text in sentences if making.known.sentence(text) is None]
        if making.known.passage(whole) is None:
            missing.append(whole)
        self.reused += 1 + len(sentences) - len(missing)
        owned = self.owners.setdefault(making, {})
        for text in missing:
            self.chars += 0 if text in self.texts else len(text)
            self.texts[text] = owned[text] = None

    def full(self) -> bool:
        return self.chars >= BATCH_CHARS or len(self.passages) >= BATCH_PASSAGES

    def learn(self, vectors: Mapping[str, Vector]) -> None:
        """Gives each document what was embedded of it; those of which all was have nothing `left`."""
        for making, texts in self.owners.items():
            for text in texts:
                making.known.add(text, vectors[text])
        for making, _ in self.passages:
            making.left -= 1


def entries(making: Making) -> list[Entry]:
    """All of a document's, in order; there must be nothing `left`."""
    todo = making.todo
    return [
        Entry(passage, *_vectors(making.known, passage), todo.content_hash, len(todo.passages), todo.origin)
        for passage in todo.passages
    ]


def _vectors(known: Known, passage: Passage) -> tuple[Vector, Vector]:
    """The passage's vector, and a row for each of its sentences."""
    whole = known.passage(embedding_text(passage))
    rows = [known.sentence(text) for text in sentence_embedding_texts(passage)]
    found = [row for row in rows if row is not None]
    if whole is None or len(found) < len(rows):
        raise ValueError(f"passage {passage.id!r} was not embedded whole")
    return whole, np.stack(found) if found else whole[np.newaxis][:0]
