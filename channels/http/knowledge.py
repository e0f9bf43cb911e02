"""HTTP over the library: search for people and systems, ingest for other commands beside a running serve.

LibraryErrors pass through; the app makes problem details of them, with `code`.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Protocol

import numpy as np
from fastapi import APIRouter, Depends, Path, Query
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from knowledge.entries import (
    MAX_LIMIT,
    MAX_PASSAGES,
    Entry,
    Kept,
    checked_vector,
    embedding_text,
    pack,
    sentence_embedding_texts,
    unpack,
)
from knowledge.errors import BadRequest, EmbedderMismatch
from knowledge.passages import Hit, Passage

Vector = NDArray[np.float32]
Short = Annotated[str, Field(max_length=2000)]
Words = Annotated[str, Field(max_length=200_000)]
Id = Annotated[str, Field(min_length=1, max_length=1000)]
Metadata = Annotated[dict[Annotated[str, Field(max_length=64)], Short], Field(max_length=64)]
Packed = Annotated[str, Field(max_length=20_000_000)]
Collection = Annotated[str, Path(max_length=64)]


class Embedder(Protocol):
    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> Vector: ...


class Library(Protocol):
    """What the routes need; every adapter in `knowledge` has it."""

    async def search(
        self,
        text: str,
        vector: Vector,
        *,
        limit: int = 8,
        collection: str | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> list[Hit]: ...
    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None: ...
    async def delete(self, collection: str, document_ids: Sequence[str]) -> None: ...
    async def documents(self, collection: str) -> dict[str, Kept]: ...
    async def passage(self, collection: str, id: str) -> Passage | None: ...
    async def collections(self) -> list[str]: ...
    async def count(self, collection: str) -> int: ...
    async def settle(self, collection: str) -> None: ...


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchBody(Body):
    """`vector` is the query's embedding (base64 of float32, little endian) by the model `embedder`; left out, the
    server embeds `query`. `sentence_vectors` asks for those of each passage, and for its sentences and metadata."""

    query: Annotated[str, Field(min_length=1, max_length=10_000)]
    collection: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 8
    filters: Metadata = Field(default_factory=dict)
    vector: Annotated[str, Field(max_length=100_000)] | None = None
    embedder: Short | None = None
    sentence_vectors: bool = False


class PassageBody(Body):
    """A passage to keep. Without vectors the server embeds it; `sentences` are start and end offsets, flat."""

    id: Id
    document: Id
    title: Short = ""
    text: Words
    source: Short = ""
    section: Short = ""
    sentences: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=20_000)] = Field(default_factory=list)
    metadata: Metadata = Field(default_factory=dict)
    content_hash: Annotated[str, Field(max_length=128)] = ""
    parts: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 1
    origin: Short = ""
    vector: Annotated[str, Field(max_length=100_000)] | None = None
    sentence_vectors: Packed | None = None


class PassagesBody(Body):
    """`passages` are all those of their documents; `embedder` names the model of their vectors, where they have any."""

    embedder: Short | None = None
    passages: Annotated[list[PassageBody], Field(max_length=MAX_PASSAGES)]


class DocumentsBody(Body):
    ids: Annotated[list[Id], Field(max_length=1000)]


def router(
    library: Library,
    embedder: Embedder,
    require: Callable[[str], Callable[..., Awaitable[object] | object]],
) -> APIRouter:
    """The routes under /v1. `require(role)` is the dependency that lets only keys of that role through: "viewer" to
    search and read, "admin" to change what is known."""
    reading, writing = [Depends(require("viewer"))], [Depends(require("admin"))]
    routes = APIRouter(prefix="/v1", tags=["knowledge"])

    @routes.post("/search", dependencies=reading)
    async def search(body: SearchBody) -> dict[str, Any]:
        """Passages, best first."""
        vector = await _query_vector(body, embedder)
        found = await library.search(
            body.query, vector, limit=body.limit, collection=body.collection, filters=body.filters
        )
        return {"passages": [_found(hit, body.sentence_vectors) for hit in found]}

    @routes.get("/collections", dependencies=reading)
    async def collections() -> dict[str, Any]:
        """Every collection and how many passages it holds."""
        names = await library.collections()
        return {"collections": [{"name": name, "passages": await library.count(name)} for name in names]}

    @routes.get("/collections/{name}", dependencies=reading)
    async def collection(name: Collection) -> dict[str, Any]:
        """How many passages, and which model this server embeds with."""
        return {
            "name": name,
            "passages": await library.count(name),
            "embedder": embedder.name,
            "dim": embedder.dim,
        }

    @routes.get("/collections/{name}/documents", dependencies=reading)
    async def documents(name: Collection) -> dict[str, Any]:
        """What is held of each document, by id."""
        held = await library.documents(name)
        return {
            "documents": {
                id: {"content_hash": kept.content_hash, "origin": kept.origin, "passages": kept.passages}
                for id, kept in held.items()
            }
        }

    @routes.get("/collections/{name}/passages", dependencies=reading)
    async def passage(name: Collection, id: Annotated[str, Query(max_length=1000)]) -> dict[str, Any]:
        """One passage by its id; null when it is not there."""
        found = await library.passage(name, id)
        return {"passage": _passage(found) if found else None}

    @routes.put("/collections/{name}/passages", dependencies=writing)
    async def upsert(name: Collection, body: PassagesBody) -> dict[str, int]:
        """Keeps passages, and nothing else of their documents."""
        await library.upsert(name, await _entries(body, embedder))
        return {"kept": len(body.passages)}

    @routes.delete("/collections/{name}/documents", dependencies=writing)
    async def delete(name: Collection, body: DocumentsBody) -> dict[str, int]:
        """Removes documents; those that are not there are no error."""
        await library.delete(name, body.ids)
        return {"asked": len(body.ids)}

    @routes.post("/collections/{name}/settle", dependencies=writing, status_code=204)
    async def settle(name: Collection) -> None:
        """After many changes: gives back space and writes everything."""
        await library.settle(name)

    return routes


async def _query_vector(body: SearchBody, embedder: Embedder) -> Vector:
    if body.vector is None:
        vectors = await embedder.embed([body.query])
        return np.asarray(vectors[0], dtype=np.float32)
    _same_model(body.embedder, embedder)
    return checked_vector(_floats(body.vector), embedder.dim)


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


async def _entries(body: PassagesBody, embedder: Embedder) -> list[Entry]:
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


def _passage(passage: Passage) -> dict[str, Any]:
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


def _found(hit: Hit, whole: bool) -> dict[str, Any]:
    passage = _passage(hit.passage)
    if not whole:
        del passage["sentences"], passage["metadata"]
    scores = {"score": hit.score, "dense": hit.dense, "sparse": hit.sparse}
    return passage | scores | ({"sentence_vectors": pack(hit.sentence_vectors)} if whole else {})
