"""The index of memories that the configuration names, ready to use."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

import structlog

from memory.facts.edge_index import EdgeIndex
from memory.facts.index import Made
from memory.facts.qdrant_index import QdrantIndex

_log = structlog.get_logger(__name__)

FOLDER: Final = ".memory"
"""Inside the folder of the knowledge, which takes no collection of that name."""

AnyIndex: TypeAlias = EdgeIndex | QdrantIndex


async def open_index(made: Made, *, path: Path, url: str | None = None, api_key: str | None = None) -> AnyIndex:
    """The server at `url` where one is named, else the folder `.memory` in `path`. One that was made with something
    else is emptied, and says in the log why it is made again.

    Raises IndexLocked when another process has the folder, IndexUnavailable when the index cannot be opened.
    """
    index: AnyIndex
    if url:
        index = await QdrantIndex.connect(url, made, api_key=api_key)
    else:
        index = await EdgeIndex.open(path / FOLDER, made)
    if index.was is not None:
        _log.warning("memory_index_emptied", was=_named(index.was), now=_named(made))
    return index


def _named(made: Made) -> str:
    return f"{made.embedder} ({made.dim}), {made.form or 'no form'}"
