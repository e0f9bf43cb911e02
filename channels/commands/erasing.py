"""What `frontdesk erase` needs of other processes: the index of memories, or the `serve` that has its folder."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx

from agent.errors import FrontdeskError
from agent.looking import Places, index_folder, places_of
from agent.remembering.opening import open_memory_index
from channels.serving import serve_key
from channels.settings import Settings
from knowledge.embedding import open_embedder
from memory.erasure.certificate import Certificate, read_certificate

_HERE_S = 2.0
# An erasure looks through every store: some ten seconds a gigabyte.
_ERASED_S = 3600.0


class EraseRefused(FrontdeskError):
    code = "erase_refused"


async def erased_by_serve(settings: Settings, customer: str, why: str) -> Certificate | None:
    """The certificate of the `serve` of these settings that runs, None where none does or it is another one's.

    Raises EraseRefused with what it says, as for a legal hold.
    """
    if (key := serve_key(settings)) is None or settings.server.port == 0:
        return None
    root = f"http://{settings.server.host}:{settings.server.port}{settings.server.root_path}"
    path = f"/v1/customers/{customer}"
    async with httpx.AsyncClient(base_url=root, headers={"Authorization": f"Bearer {key}"}) as client:
        try:
            known = await client.get(path, timeout=_HERE_S)
        except httpx.HTTPError:
            return None
        if known.status_code != httpx.codes.OK:  # another installation's, or one that does not take this key
            return None
        try:
            answer = await client.delete(path, params={"why": why}, timeout=_ERASED_S)
            body: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise EraseRefused(
                f"the running serve did not say how it ended ({type(error).__name__}): look into its log, then run "
                "`frontdesk erase --replay`"
            ) from error
    if not answer.is_success:
        raise EraseRefused(str(body.get("detail") or f"the running serve answered {answer.status_code}"))
    return read_certificate(body)


async def open_places(stack: AsyncExitStack, settings: Settings) -> Places:
    """The places of these settings with the index of memories; where another process has it, that is said instead."""
    if settings.qdrant.url is None and not index_folder(settings).exists():
        return places_of(settings)
    embedder = await open_embedder(settings.models.embedding.model)
    stack.push_async_callback(embedder.close)
    return places_of(settings, await open_memory_index(stack, settings, embedder))
