"""The index of memories in one process: embedded Qdrant (qdrant-edge-py), in a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import qdrant_edge as qdrant

from memory.facts import payloads
from memory.facts.edge_files import EdgeFiles
from memory.facts.index import MOST, Found, IndexFault, IndexUnavailable, Made, Point, Scanned, Vector

Result = TypeVar("Result")
_AT_ONCE = 200
"""Points of one write-ahead entry, which may hold 32 MB."""


class EdgeIndex:
    """Every call runs on one thread of its own, in order. What was put is in the write-ahead log when `put` returns and
    survives `kill -9`."""

    def __init__(self, files: EdgeFiles) -> None:
        self._files = files
        self._closed = False
        self._changing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory-index")

    @classmethod
    async def open(cls, folder: Path, made: Made) -> EdgeIndex:
        """Raises IndexLocked when another process has the folder, IndexUnavailable when it cannot be opened."""
        return cls(await asyncio.to_thread(EdgeFiles, folder, made))

    @property
    def was(self) -> Made | None:
        """What it was made with before this opening emptied it; None where it was not."""
        return self._files.was

    @property
    def fresh(self) -> bool:
        return self._files.fresh

    async def _call(self, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise IndexUnavailable("the memories' index is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except IndexFault:
            raise
        except Exception as error:
            # The binding raises bare Exception for everything.
            raise IndexUnavailable(f"the memories' index failed: {error}") from error

    async def whole(self) -> None:
        await self._call(lambda: self._files.say(whole=True))

    async def put(self, points: Sequence[Point]) -> None:
        made = [_point(each) for each in points]

        def work() -> None:
            for start in range(0, len(made), _AT_ONCE):
                self._files.shard.update(qdrant.UpdateOperation.upsert_points(made[start : start + _AT_ONCE]))

        if made:
            async with self._changing:
                await self._call(work)

    async def search(
        self, customers: Sequence[str], vector: Vector | None, terms: Sequence[int] = (), *, limit: int = MOST
    ) -> list[Found]:
        terms = sorted(set(terms))
        queries = [qdrant.Query.Nearest(vector.tolist(), using="dense")] if vector is not None else []
        queries += [qdrant.Query.Nearest(qdrant.SparseVector([term], [1.0]), using="sparse") for term in terms]
        if not customers or not queries:
            return []
        within = _of(customers)
        requests = [
            qdrant.QueryRequest(limit=limit, query=query, filter=within, with_payload=True) for query in queries
        ]
        answers = await self._call(lambda: self._files.shard.query_batch(qdrant.QueryBatchRequest(requests)))
        scored = [[(str(each.id), each.score, each.payload or {}) for each in answer] for answer in answers]
        near = scored.pop(0) if vector is not None else []
        return payloads.joined(near, dict(zip(terms, scored, strict=True)))

    async def remove(self, ids: Sequence[str]) -> None:
        def work() -> None:
            self._files.remain()
            self._files.shard.update(qdrant.UpdateOperation.delete_points([*ids]))

        if ids:
            async with self._changing:
                await self._call(work)

    async def forget(self, customers: Sequence[str]) -> int:
        """Searches go on meanwhile, between the pages; they find no more of these customers from the first."""
        if not customers:
            return 0
        async with self._changing:
            number = await self._call(lambda: self._take_out(customers))
            if self._files.remains:
                await self._rewrite()
        return number

    def _take_out(self, customers: Sequence[str]) -> int:
        number = int(self._files.shard.count(qdrant.CountRequest(filter=_of(customers))))
        if number:
            self._files.remain()
            self._files.shard.update(qdrant.UpdateOperation.delete_points_by_filter(_of(customers)))
        return number

    async def _rewrite(self) -> None:
        """All that is left, into new files."""
        following = await self._call(self._files.next)
        offset: Any = None

        def page() -> Any:
            records, after = self._files.shard.scroll(
                qdrant.ScrollRequest(offset=offset, limit=_AT_ONCE, with_payload=True, with_vector=True)
            )
            points = [qdrant.Point(each.id, each.vector or {}, each.payload) for each in records]
            if points:
                following.update(qdrant.UpdateOperation.upsert_points(points))
            return after

        while (offset := await self._call(page)) is not None:
            pass
        await self._call(lambda: self._files.rewritten(following))

    async def count(self, customers: Sequence[str] | None = None) -> int:
        within = None if customers is None else _of(customers)
        return await self._call(lambda: int(self._files.shard.count(qdrant.CountRequest(filter=within))))

    async def scan(self, needles: Sequence[bytes]) -> Scanned:
        async with self._changing:
            return await self._call(lambda: self._files.scan(needles))

    async def ready(self) -> None:
        await self._call(lambda: self._files.shard.info())

    async def close(self) -> None:
        """Closing twice is no error."""
        if not self._closed:
            async with self._changing:
                try:
                    await self._call(self._files.close)
                finally:
                    self._closed = True
                    self._thread.shutdown()


def _of(customers: Sequence[str]) -> qdrant.Filter:
    return qdrant.Filter(must=[qdrant.FieldCondition("customer", match=qdrant.MatchAny([*customers]))])


def _point(point: Point) -> qdrant.Point:
    terms = sorted(point.words)
    words = qdrant.SparseVector(terms, [point.words[term] for term in terms])
    return qdrant.Point(point.id, {"dense": point.vector.tolist(), "sparse": words}, payloads.payload(point))
