"""The library the configuration names, ready to use."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from knowledge.edge_library import EdgeLibrary
from knowledge.errors import LibraryLocked, LibraryUnavailable
from knowledge.qdrant_library import QdrantLibrary
from knowledge.remote_library import RemoteLibrary

AnyLibrary: TypeAlias = EdgeLibrary | QdrantLibrary | RemoteLibrary


async def open_library(
    *,
    embedder: str,
    dim: int,
    path: Path = Path("data/qdrant"),
    url: str | None = None,
    api_key: str | None = None,
    collection: str = "help",
    serve_url: str | None = None,
    serve_key: str | None = None,
) -> AnyLibrary:
    """The server at `url` where one is named, else the folder; else, while a running serve has the folder open, that
    serve at `serve_url`.

    Raises LibraryLocked when the folder is taken and no serve answers, EmbedderMismatch for a collection of another
    model, and other LibraryErrors.
    """
    if url:
        library = QdrantLibrary.connect(url, embedder=embedder, dim=dim, collection=collection, api_key=api_key)
        return await _ready(library)
    try:
        return await _ready(await EdgeLibrary.open(path, embedder=embedder, dim=dim, collection=collection))
    except LibraryLocked as locked:
        if not serve_url:
            raise
        remote = RemoteLibrary.connect(serve_url, serve_key, embedder=embedder, dim=dim, collection=collection)
        try:
            return await _ready(remote)
        except LibraryUnavailable as error:
            raise locked from error


async def _ready(library: AnyLibrary) -> AnyLibrary:
    try:
        await library.ready()
    except BaseException:
        await library.close()
        raise
    return library
