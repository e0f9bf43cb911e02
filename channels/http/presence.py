"""Who is at the desk, and passing a conversation on: `/v1/presence`, `/v1/colleagues`, `…/transfer`."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from agent.desk import Desk
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Here(BaseModel):
    """What somebody says of themselves. It holds for 90 seconds: say it again while it is true."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["here", "away"] = "here"


class Transfer(BaseModel):
    """To whom: one person, or a team's queue."""

    model_config = ConfigDict(extra="forbid")

    person: str | None = Field(default=None, min_length=1, max_length=64)
    team: str | None = Field(default=None, min_length=1, max_length=64)


def router(desk: Desk, require: Require) -> APIRouter:
    """A key's name is the person."""
    routes = APIRouter(prefix="/v1", tags=["people"])
    Reader = Annotated[Identity, Depends(require("viewer"))]
    Actor = Annotated[Identity, Depends(require("agent"))]

    @routes.get("/presence")
    async def present(_: Reader) -> dict[str, Any]:
        return {"presence": [asdict(each) for each in await desk.people.present()]}

    @routes.put("/presence", status_code=204)
    async def here(body: Here, who: Actor) -> None:
        await desk.seen(who.name, body.state)

    @routes.get("/colleagues")
    async def colleagues(_: Reader) -> dict[str, Any]:
        return asdict(await desk.colleagues())

    @routes.post("/conversations/{conversation}/transfer")
    async def transfer(conversation: str, body: Transfer, who: Actor) -> dict[str, Any]:
        return asdict(await desk.transfer(conversation, who.name, who.role, body.person, body.team))

    return routes
