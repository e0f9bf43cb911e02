"""What ingest needs from outside. Every embedder and every library has these methods, by shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.entries import Entry, Kept
from knowledge.passages import Hit


class Embedder(Protocol):
    name: str
    dim: int

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class WritableLibrary(Protocol):
    """A library that can be written to."""

    async def upsert(self, collection: str, entries: Sequence[Entry]) -> None: ...
    async def delete(self, collection: str, document_ids: Sequence[str]) -> None: ...
    async def documents(self, collection: str) -> dict[str, Kept]: ...
    async def fetch(self, points: Sequence[str], *, collection: str | None = None) -> dict[str, Hit]: ...
    async def settle(self, collection: str) -> None: ...
