"""What reading in costs: a help centre into an embedded library, beside embedding the same texts alone.

Alone is the same embedder, given all the texts in one call, each once: nothing that only embeds is faster. The bar is
85 % of its throughput, which `speed` shows; the rest is reading, cutting, term weights and keeping.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.bench.measuring import Cost, turn_about
from knowledge.embedding import open_embedder
from knowledge.ingest import Embedder, ingest
from knowledge.opening import open_library

SPEED_BAR = 0.85


class Remembering:
    """An embedder that keeps the texts it was given, so that the same can be asked of it again."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.dim = embedder.dim
        self.texts: dict[str, None] = {}
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts.update(dict.fromkeys(texts))
        return await self._embedder.embed(texts)


async def measure(articles: Path, folder: Path, rounds: int = 3) -> list[Cost]:
    """CPU and time a text. `folder` is scratch space."""
    embedder = await open_embedder("bundled")
    remembering = Remembering(embedder)

    async def whole() -> int:
        at = folder / "library"
        library = await open_library(path=at, embedder=embedder.name, dim=embedder.dim)
        try:
            await ingest([articles], library=library, embedder=remembering, journal=folder / "journal")
        finally:
            await library.close()
            shutil.rmtree(at)
        return len(remembering.texts)

    async def alone() -> int:
        await embedder.embed(list(remembering.texts))
        return len(remembering.texts)

    try:
        await whole()  # for the texts, and to warm up
        works = ("embedding the same texts", alone), ("frontdesk ingest", whole)
        return await turn_about(*works, "text", rounds=rounds, speed_bar=SPEED_BAR)
    finally:
        await embedder.close()
