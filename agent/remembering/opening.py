"""The index of memories as these settings have it, and what keeps it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from agent.ports import Deps, Embedder
from agent.redaction import Detector
from agent.remembering.asking import ModelTaker
from agent.remembering.keeper import MemoryKeeper
from agent.remembering.pointing import FORM
from agent.settings import Configured
from memory.facts.index import IndexFault, Made
from memory.facts.opening import AnyIndex, open_index
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)


async def open_memory_index(stack: AsyncExitStack, settings: Configured, embedder: Embedder) -> AnyIndex | None:
    """The index, closed with `stack`; None where nothing is to be remembered, another process has the folder, or it
    cannot be opened: turns go on without it, and one line says so."""
    if not settings.memory.remember:
        return None
    qdrant = settings.qdrant
    try:
        index = await open_index(
            Made(embedder.name, embedder.dim, FORM),
            path=Path(qdrant.path),
            url=qdrant.url,
            api_key=qdrant.api_key.reveal() if qdrant.api_key else None,
        )
    except IndexFault as error:
        _log.warning("memory_off", code=error.code, error=str(error))
        return None
    stack.push_async_callback(index.close)
    return index


def open_keeper(
    settings: Configured, store: Store, vault: Vault, detector: Detector, deps: Deps, index: AnyIndex
) -> MemoryKeeper:
    """What takes what is said into memory, not started yet; with a model where the route "remember" is configured."""
    timezone = settings.organisation.timezone
    taker = ModelTaker(deps.rememberer, deps.remember_timeout_s, timezone) if deps.rememberer is not None else None
    return MemoryKeeper(store, vault, detector, deps.embedder, index, timezone, taker)
