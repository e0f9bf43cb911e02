"""Documents through the embedder into the library: three things at once, each with little waiting before it.

While two batches are with the embedder, so that none of its threads idles at the end of one, an earlier batch is being
kept and a later one made up. A batch is so many characters of text over as many documents as that takes: texts of all
lengths go together, and a long document spans several batches. A document is kept in one step when its last passage
is embedded; until then its vectors are in the journal.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import numpy as np

from knowledge.ingesting.batches import Batch, Making, entries
from knowledge.ingesting.journal import Journal
from knowledge.ingesting.known import Vector, known
from knowledge.ingesting.plan import Todo
from knowledge.ingesting.ports import Embedder, WritableLibrary
from knowledge.ingesting.report import Progress, Report

IN_FLIGHT = 2


class Pipeline:
    """One run's way into `report.collection`. `tell` hears of every batch that was embedded or kept."""

    def __init__(
        self,
        library: WritableLibrary,
        embedder: Embedder,
        journal: Journal,
        report: Report,
        tell: Callable[[Progress], None],
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._journal = journal
        self._report = report
        self._tell = tell
        self._embedding: deque[tuple[Batch, asyncio.Task[Vector]]] = deque()
        self._keeping: asyncio.Task[None] | None = None

    async def run(self, todo: Sequence[Todo]) -> None:
        """Raises LibraryError, or what the embedder raises; what was kept until then stays."""
        lengths = [len(passage.text) for each in todo for passage in each.passages]
        self._so_far = Progress(0, len(todo), 0.0, passages_total=len(lengths), chars_total=sum(lengths))
        self._started = time.perf_counter()
        try:
            async for batch in self._batches(todo):
                self._embedding.append((batch, asyncio.create_task(self._embedded(list(batch.texts)))))
                if len(self._embedding) >= IN_FLIGHT:
                    await self._finish()
            while self._embedding:
                await self._finish()
            await self._kept()
        finally:
            await self._stop()

    async def _batches(self, todo: Sequence[Todo]) -> AsyncIterator[Batch]:
        batch = Batch()
        for each in todo:
            found = await known(each, self._library, self._report.collection, self._journal)
            making = Making(each, found, len(each.passages))
            for passage in each.passages:
                batch.add(making, passage)
                if batch.full():
                    yield batch
                    batch = Batch()
        if batch.passages:
            yield batch

    async def _embedded(self, texts: list[str]) -> Vector:
        if not texts:
            return np.empty((0, self._embedder.dim), dtype=np.float32)
        return await self._embedder.embed(texts)

    async def _finish(self) -> None:
        """Waits for the oldest batch, writes down what belongs to documents that are not whole yet, and has the
        others kept once those before them are."""
        batch, embedding = self._embedding[0]
        vectors = dict(zip(batch.texts, await embedding, strict=True))
        self._embedding.popleft()
        batch.learn(vectors)
        await asyncio.to_thread(self._write_down, batch, vectors)
        self._report.embedded += len(batch.texts)
        self._report.reused += batch.reused
        self._say(len(batch.passages), sum(len(passage.text) for _, passage in batch.passages))
        await self._kept()
        if whole := [making for making in batch.owners if not making.left]:
            self._keeping = asyncio.create_task(self._keep(whole))

    def _write_down(self, batch: Batch, vectors: dict[str, Vector]) -> None:
        for making, texts in batch.owners.items():
            if making.left and texts:
                self._journal.append(making.todo.id, list(texts), np.stack([vectors[text] for text in texts]))

    async def _kept(self) -> None:
        """Waits for what is being kept, which goes on when the wait is cancelled."""
        if self._keeping is not None:
            await asyncio.shield(self._keeping)
            self._keeping = None

    async def _keep(self, whole: list[Making]) -> None:
        made = await asyncio.to_thread(lambda: [entry for making in whole for entry in entries(making)])
        await self._library.upsert(self._report.collection, made)
        for making in whole:
            self._journal.forget(making.todo.id)
        self._report.added += len(whole)
        self._report.passages += len(made)
        self._say()

    async def _stop(self) -> None:
        """After a failure or a cancellation: what is being kept is kept, what is being embedded is let go."""
        tasks = [task for _, task in self._embedding]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *filter(None, [self._keeping]), return_exceptions=True)

    def _say(self, passages: int = 0, chars: int = 0) -> None:
        self._so_far = replace(
            self._so_far,
            done=self._report.added,
            docs_per_s=self._report.added / (time.perf_counter() - self._started),
            passages=self._so_far.passages + passages,
            chars=self._so_far.chars + chars,
        )
        self._tell(self._so_far)
