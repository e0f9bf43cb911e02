"""The index of memories outgrown one machine: a collection of a Qdrant server or cluster (qdrant-client).

A server keeps its files to itself: what was removed is gone from every answer at once, and from its disk when its
optimiser next writes the segment anew, which the collection is set to do early. `:memory:` runs qdrant-client's own
in-process store, for tests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import httpx
import orjson
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from memory.facts import payloads
from memory.facts.index import MOST, Found, IndexUnavailable, Made, Point, Scanned, Vector

COLLECTION = "frontdesk_memory"
_AT_ONCE = 200
_PAGE = 500


class QdrantIndex:
    """The same answers as EdgeIndex, within rounding."""

    def __init__(self, client: AsyncQdrantClient, made: Made, *, local: bool = False) -> None:
        self._client = client
        self._made = made
        self._local = local
        self._fresh = False
        self.was: Made | None = None

    @classmethod
    async def connect(cls, url: str, made: Made, *, api_key: str | None = None, timeout_s: int = 5) -> QdrantIndex:
        """`url` is a server's, or ":memory:". Raises IndexUnavailable."""
        if url == ":memory:":
            client = AsyncQdrantClient(":memory:")
        else:
            client = AsyncQdrantClient(url=url, api_key=api_key, timeout=timeout_s, check_compatibility=False)
        return await cls.over(client, made, local=url == ":memory:")

    @classmethod
    async def over(cls, client: AsyncQdrantClient, made: Made, *, local: bool = False) -> QdrantIndex:
        """The index in the server that `client` speaks to; the client is closed with it. Raises IndexUnavailable."""
        index = cls(client, made, local=local)
        try:
            async with _translated():
                await index._open()
        except BaseException:
            await client.close()
            raise
        return index

    @property
    def fresh(self) -> bool:
        return self._fresh

    async def _open(self) -> None:
        stored: dict[str, Any] = {}
        if await self._client.collection_exists(COLLECTION):
            stored = dict((await self._client.get_collection(COLLECTION)).config.metadata or {})
            if stored.get("made") == asdict(self._made):
                self._fresh = not stored.get("whole")
                return
            self.was = _made(stored.get("made"))
            await self._client.delete_collection(COLLECTION)
        self._fresh = True
        await self._create()

    async def _create(self) -> None:
        try:
            await self._client.create_collection(
                COLLECTION,
                vectors_config={"dense": models.VectorParams(size=self._made.dim, distance=models.Distance.DOT)},
                sparse_vectors_config={"sparse": models.SparseVectorParams()},
                # No graph: a search compares the vectors of one person, exactly.
                hnsw_config=models.HnswConfigDiff(m=0),
                optimizers_config=models.OptimizersConfigDiff(deleted_threshold=0.01, vacuum_min_vector_number=100),
                metadata={"made": asdict(self._made), "whole": False},
            )
        except UnexpectedResponse as error:
            if error.status_code != httpx.codes.CONFLICT:
                raise  # another process was first: it made the same
        if not self._local:
            schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            await self._client.create_payload_index(COLLECTION, "customer", schema)

    async def whole(self) -> None:
        async with _translated():
            await self._client.update_collection(COLLECTION, metadata={"made": asdict(self._made), "whole": True})
        self._fresh = False

    async def put(self, points: Sequence[Point]) -> None:
        made = [_point(each) for each in points]
        async with _translated():
            for start in range(0, len(made), _AT_ONCE):
                await self._client.upsert(COLLECTION, made[start : start + _AT_ONCE], wait=True)

    async def search(
        self, customers: Sequence[str], vector: Vector | None, terms: Sequence[int] = (), *, limit: int = MOST
    ) -> list[Found]:
        terms = sorted(set(terms))
        queries: list[tuple[str, Any]] = [("dense", vector.tolist())] if vector is not None else []
        queries += [("sparse", models.SparseVector(indices=[term], values=[1.0])) for term in terms]
        if not customers or not queries:
            return []
        exact = None if self._local else models.SearchParams(exact=True)
        requests = [
            models.QueryRequest(
                query=query, using=using, limit=limit, filter=_of(customers), params=exact, with_payload=True
            )
            for using, query in queries
        ]
        async with _translated():
            answers = await self._client.query_batch_points(COLLECTION, requests)
        scored = [[(str(each.id), each.score, each.payload or {}) for each in answer.points] for answer in answers]
        near = scored.pop(0) if vector is not None else []
        return payloads.joined(near, dict(zip(terms, scored, strict=True)))

    async def remove(self, ids: Sequence[str]) -> None:
        if ids:
            async with _translated():
                await self._client.delete(COLLECTION, models.PointIdsList(points=[*ids]), wait=True)

    async def forget(self, customers: Sequence[str]) -> int:
        if not customers:
            return 0
        number = await self.count(customers)
        async with _translated():
            await self._client.delete(COLLECTION, models.FilterSelector(filter=_of(customers)), wait=True)
        return number

    async def count(self, customers: Sequence[str] | None = None) -> int:
        within = None if customers is None else _of(customers)
        async with _translated():
            return (await self._client.count(COLLECTION, count_filter=within, exact=True)).count

    async def scan(self, needles: Sequence[bytes]) -> Scanned:
        """What the server answers with: every point's id and payload. Its vectors hold no words."""
        hits: dict[int, int] = {}
        parts = size = 0
        offset: Any = None
        while True:
            async with _translated():
                records, offset = await self._client.scroll(
                    COLLECTION, limit=_PAGE, offset=offset, with_payload=True, with_vectors=False
                )
            for each in records:
                text = orjson.dumps({"id": str(each.id), **(each.payload or {})})
                parts, size = parts + 1, size + len(text)
                for place, needle in enumerate(needles):
                    if needle in text:
                        hits[place] = hits.get(place, 0) + 1
            if offset is None:
                return Scanned(f"collection {COLLECTION}", parts, size, hits)

    async def ready(self) -> None:
        async with _translated():
            if not await self._client.collection_exists(COLLECTION):
                raise IndexUnavailable(f"the collection {COLLECTION} is gone: start again to have it made")

    async def close(self) -> None:
        await self._client.close()


def _made(stored: Any) -> Made:
    try:
        return Made(**stored)
    except TypeError:
        return Made("unknown", 0)


def _of(customers: Sequence[str]) -> models.Filter:
    return models.Filter(must=[models.FieldCondition(key="customer", match=models.MatchAny(any=[*customers]))])


def _point(point: Point) -> models.PointStruct:
    terms = sorted(point.words)
    words = models.SparseVector(indices=terms, values=[point.words[term] for term in terms])
    vectors = {"dense": point.vector.tolist(), "sparse": words}
    return models.PointStruct(id=point.id, vector=vectors, payload=payloads.payload(point))


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError, OSError) as error:
        raise IndexUnavailable(f"Qdrant did not do it: {str(error)[:200] or type(error).__name__}") from error
