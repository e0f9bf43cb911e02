"""What was given up: `/v1/dead-letters`, and sending it again."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from channels.web.ports import Identity
from memory import dead_letters
from memory.store import Store

Require = Callable[[str], Callable[..., Any]]


def router(store: Store, require: Require) -> APIRouter:
    """Agents look, admins send again."""
    routes = APIRouter(prefix="/v1/dead-letters", tags=["delivery"])
    Reader = Annotated[Identity, Depends(require("agent"))]
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("")
    async def listed(
        _: Reader, every: bool = False, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> dict[str, Any]:
        found = await store.read(lambda c: dead_letters.listed(c, every=every, limit=limit))
        return {"dead_letters": [asdict(each) for each in found]}

    @routes.post("/{id}/replay")
    async def replay(id: str, who: Admin) -> dict[str, Any]:
        now = datetime.now(UTC)
        return asdict(await store.write(lambda c: dead_letters.replay(c, id, who.name, who.role, now)))

    return routes
