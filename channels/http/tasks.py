"""Requests of customers for their rights: `/v1/tasks`."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.rights import Rights
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Verified(BaseModel):
    """How somebody made sure who asks: "called back on the number we had"."""

    model_config = ConfigDict(extra="forbid")

    how: str = Field(min_length=1, max_length=2000)


class Ended(BaseModel):
    """What became of it. A refusal has its reason in `note`."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["done", "refused"]
    note: str = Field(default="", max_length=2000)


class Extended(BaseModel):
    """Why it takes up to two months longer."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=2000)


def router(rights: Rights, require: Require) -> APIRouter:
    """Every change is in the audit under the key's name."""
    routes = APIRouter(prefix="/v1/tasks", tags=["tasks"])
    Reader = Annotated[Identity, Depends(require("viewer"))]
    Actor = Annotated[Identity, Depends(require("agent"))]

    @routes.get("")
    async def tasks(
        _: Reader,
        state: Literal["live", "ended"] = "live",
        customer: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> dict[str, Any]:
        found = await rights.tasks(live=state == "live", customer=customer, limit=limit)
        return {"tasks": [asdict(task) for task in found]}

    @routes.get("/{id}")
    async def task(id: str, _: Reader) -> dict[str, Any]:
        return asdict(await rights.task(id))

    @routes.post("/{id}/identity")
    async def verify(id: str, body: Verified, who: Actor) -> dict[str, Any]:
        return asdict(await rights.verify(id, body.how, who.name, who.role))

    @routes.post("/{id}/end")
    async def end(id: str, body: Ended, who: Actor) -> dict[str, Any]:
        return asdict(await rights.finish(id, body.outcome, body.note, who.name, who.role))

    @routes.post("/{id}/extension")
    async def extend(id: str, body: Extended, who: Actor) -> dict[str, Any]:
        return asdict(await rights.extend(id, body.why, who.name, who.role))

    return routes
