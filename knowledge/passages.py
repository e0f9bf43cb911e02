"""What the organisation knows, in the two sizes it comes in: a Document as read, a Passage as searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Document:
    """One article, page, row or corpus entry as a loader read it.

    `id` is stable from run to run: the path relative to the ingested root, or the corpus `_id`.
    `text` is plain text in which headings keep their leading `#` and tables their `|` rows.
    `metadata` values are strings (dates ISO 8601); known keys are language, region, tier, audience,
    updated, valid_from and valid_until.
    """

    id: str
    title: str
    text: str
    source: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """One searchable piece of a document.

    `id` is `document_id` when the document is a single passage, else `document_id#n` with n from 0.
    `sentences` are (start, end) character offsets into `text`, in order, not overlapping.
    `section` is the heading path inside the document ("Returns > Gifts"), or "".
    """

    id: str
    document_id: str
    title: str
    text: str
    source: str
    section: str = ""
    sentences: tuple[tuple[int, int], ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def sentence_texts(self) -> tuple[str, ...]:
        return tuple(self.text[start:end] for start, end in self.sentences)


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """A passage a search found, best first in its list.

    `score` is the fused score and orders hits of one search only. `dense` is the cosine of the
    query with the passage and `sparse` its BM25 score, None where that side did not rank it.
    `sentence_vectors` is (n_sentences, dim) float32 with unit rows, as stored at ingest; `vector` is the passage's own,
    (dim,) with unit length, None where nobody asked for it.
    """

    passage: Passage
    score: float
    dense: float | None
    sparse: float | None
    sentence_vectors: NDArray[np.float32]
    vector: NDArray[np.float32] | None = None
