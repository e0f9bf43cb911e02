"""What reading in costs: the sample help centre into an embedded library, beside embedding the same texts alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.bench.measuring import Cost, cost
from knowledge.embedding import open_embedder
from knowledge.ingest import Embedder, ingest
from knowledge.opening import open_library


class Remembering:
    """An embedder that keeps the calls it was given, so that the same can be asked of it again."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.dim = embedder.dim
        self.calls: list[Sequence[str]] = []
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(texts)
        return await self._embedder.embed(texts)


async def measure(articles: Path, folder: Path, rounds: int = 3) -> list[Cost]:
    """CPU a document. `folder` is scratch space."""
    embedder = await open_embedder("bundled")
    remembering = Remembering(embedder)

    async def whole() -> int:
        remembering.calls.clear()
        at = folder / "library"
        library = await open_library(path=at, embedder=embedder.name, dim=embedder.dim)
        try:
            report = await ingest([articles], library=library, embedder=remembering)
        finally:
            await library.close()
            shutil.rmtree(at)
        return report.added

    async def embed_alone() -> int:
        for texts in remembering.calls:
            await embedder.embed(texts)
        return documents

    try:
        documents = await whole()
        alone = await cost("embedding the same texts", "document", embed_alone, rounds=rounds)
        return [alone, await cost("frontdesk ingest", "document", whole, rounds=rounds, beside=alone)]
    finally:
        await embedder.close()
