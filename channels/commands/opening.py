"""The knowledge as a command sees it: the store itself, or a running `serve` that owns the folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from agent.assembly import open_library_for
from agent.ports import Embedder
from channels.app import beyond
from channels.serving import serve_key
from channels.settings import Settings
from knowledge.embedding import open_embedder
from knowledge.opening import AnyLibrary


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[AnyLibrary, Embedder]]:
    """(library, embedder), closed at the end. Raises LibraryLocked with the remedy when neither can be had."""
    async with AsyncExitStack() as stack:
        embedder = await open_embedder(settings.models.embedding.model)
        stack.push_async_callback(embedder.close)
        library = await open_library_for(stack, settings, beyond(settings, serve_key(settings)), embedder)
        yield library, embedder
