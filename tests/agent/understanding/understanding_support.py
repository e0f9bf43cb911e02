"""Questions with hits made by hand: vectors are chosen so that each sentence's cosine is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from agent.ports import Question
from knowledge.passages import Hit, Passage
from knowledge.sentences import sentences
from memory.messages import Line

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DIM = 384


def towards(cosine: float, axis: int = 1) -> np.ndarray:
    """A unit vector at this cosine to the question's, which is the first axis."""
    vector = np.zeros(DIM, dtype=np.float32)
    vector[0] = cosine
    vector[axis] = np.sqrt(1.0 - cosine * cosine)
    return vector


def hit(
    id: str,
    text: str,
    cosines: Sequence[float] | float = 0.5,
    *,
    title: str = "",
    section: str = "",
    metadata: Mapping[str, str] | None = None,
    score: float = 0.03,
    dense: float | None = 0.5,
    sparse: float | None = 5.0,
) -> Hit:
    spans = tuple(sentences(text))
    each = [cosines] * len(spans) if isinstance(cosines, float) else list(cosines)
    assert len(each) == len(spans), f"{len(spans)} sentences: {[text[a:b] for a, b in spans]}"
    document = id.split("#")[0]
    passage = Passage(id, document, title, text, f"{document}.md", section, spans, metadata or {})
    vectors = np.array([towards(c, n + 1) for n, c in enumerate(each)], dtype=np.float32).reshape(len(spans), DIM)
    return Hit(passage, score, dense, sparse, vectors)


def ask(text: str, *hits: Hit, history: Sequence[Line] = (), query: str | None = None) -> Question:
    return Question(text, query or text, towards(1.0), tuple(history), tuple(hits))


def customer(text: str) -> Line:
    return Line("customer", text)


def bot(text: str) -> Line:
    return Line("bot", text)
