"""Between the library's values and what its routes take and give."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from channels.http.library_bodies import PassageBody, PassagesBody, RankingsBody, ScopeBody
from knowledge.entries import Entry, checked_vector, embedding_text, pack, sentence_embedding_texts, unpack
from knowledge.errors import BadRequest, EmbedderMismatch
from knowledge.passages import Hit, Passage
from knowledge.seeking.ports import Probe, Scope, Vector


class Embedder(Protocol):
    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> Vector: ...


def query_vector(packed: str, model: str | None, embedder: Embedder) -> Vector:
    """Raises BadRequest, and EmbedderMismatch for another model's."""
    _same_model(model, embedder)
    return checked_vector(_floats(packed), embedder.dim)


def _same_model(name: str | None, embedder: Embedder) -> None:
    if name != embedder.name:
        raise EmbedderMismatch(
            f"the vectors are those of {name}, this server embeds with {embedder.name}: "
            "set models.embedding.model to the same on both"
        )


def _floats(packed: str) -> Vector:
    try:
        return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f4").astype(np.float32)
    except ValueError as error:
        raise BadRequest(f"vector is not base64 of float32: {error}") from None


async def entries(body: PassagesBody, embedder: Embedder) -> list[Entry]:
    given = [each for each in body.passages if each.vector is not None]
    if given:
        _same_model(body.embedder, embedder)
    passages = [_checked(each) for each in body.passages]
    texts = [
        text
        for each, passage in zip(body.passages, passages, strict=True)
        if each.vector is None
        for text in (embedding_text(passage), *sentence_embedding_texts(passage))
    ]
    made = await embedder.embed(texts)
    entries: list[Entry] = []
    row = 0
    for each, passage in zip(body.passages, passages, strict=True):
        if each.vector is None:
            end = row + 1 + len(passage.sentences)
            vector, sentence_vectors = made[row], made[row + 1 : end]
            row = end
        else:
            vector = checked_vector(_floats(each.vector), embedder.dim)
            sentence_vectors = unpack(each.sentence_vectors or "", embedder.dim)
        if len(sentence_vectors) != len(passage.sentences):
            raise BadRequest(f"passage {passage.id[:80]!r} needs one sentence vector for each of its sentences")
        entries.append(Entry(passage, vector, sentence_vectors, each.content_hash, each.parts, each.origin))
    return entries


def _checked(body: PassageBody) -> Passage:
    offsets = body.sentences
    bounds = [0, *offsets, len(body.text)]
    if len(offsets) % 2 or any(before > after for before, after in pairwise(bounds)):
        raise BadRequest(f"passage {body.id[:80]!r}: sentences must be ascending pairs of offsets into its text")
    return Passage(
        id=body.id,
        document_id=body.document,
        title=body.title,
        text=body.text,
        source=body.source,
        section=body.section,
        sentences=tuple(zip(offsets[::2], offsets[1::2], strict=True)),
        metadata=body.metadata,
    )


def passage_json(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "document": passage.document_id,
        "title": passage.title,
        "section": passage.section,
        "source": passage.source,
        "text": passage.text,
        "sentences": [offset for span in passage.sentences for offset in span],
        "metadata": dict(passage.metadata),
    }


def found(hit: Hit, whole: bool) -> dict[str, Any]:
    passage = passage_json(hit.passage)
    if not whole:
        del passage["sentences"], passage["metadata"]
    scores = {"score": hit.score, "dense": hit.dense, "sparse": hit.sparse}
    return passage | scores | ({"sentence_vectors": pack(hit.sentence_vectors)} if whole else {})


def fetched(hit: Hit) -> dict[str, Any]:
    """A passage with its vectors."""
    vectors = {"sentence_vectors": pack(hit.sentence_vectors), "vector": _packed(hit.vector)}
    return passage_json(hit.passage) | vectors


def _packed(vector: Vector | None) -> str:
    values = np.empty(0, dtype="<f4") if vector is None else np.asarray(vector, dtype="<f4")
    return base64.b64encode(values.tobytes()).decode("ascii")


def probes(body: RankingsBody, embedder: Embedder) -> list[Probe]:
    """Raises EmbedderMismatch and BadRequest."""
    if any(each.vector is not None for each in body.probes):
        _same_model(body.embedder, embedder)
    return [Probe(text=each.text) if each.vector is None else Probe(_floats(each.vector)) for each in body.probes]


def scope(body: ScopeBody) -> Scope:
    return Scope(
        equal={key: tuple(values) for key, values in body.equal.items()},
        suits={key: tuple(values) for key, values in body.suits.items()},
        without={key: tuple(values) for key, values in body.without.items()},
        on=body.on,
        points=None if body.points is None else frozenset(body.points),
        documents=None if body.documents is None else frozenset(body.documents),
    )
