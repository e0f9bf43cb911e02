"""Corrections of answers: `/v1/turns/{turn}/corrections` and `/v1/corrections`."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from agent.correcting import LONGEST, Correcting, Should, Wish
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Asked(BaseModel):
    """A person's wish, as JSON; see `agent.correcting.Wish`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["wrong", "passage", "pin", "block"]
    text: str = Field(default="", max_length=LONGEST)
    passage: str = Field(default="", max_length=2000)
    document: str = Field(default="", max_length=2000)
    should: Should = "other"
    why: str = Field(default="", max_length=1000)


def router(correcting: Correcting, require: Require) -> APIRouter:
    """`require(role)` is the guard of the keys."""
    routes = APIRouter(prefix="/v1", tags=["corrections"])
    Reader = Annotated[Identity, Depends(require("viewer"))]
    Actor = Annotated[Identity, Depends(require("agent"))]

    @routes.post("/turns/{turn}/corrections", status_code=201)
    async def correct(turn: str, asked: Asked, who: Actor) -> dict[str, Any]:
        return asdict(await correcting.correct(turn, Wish(**asked.model_dump()), who.name, who.role))

    @routes.get("/corrections")
    async def corrections(_: Reader, live: bool = False) -> dict[str, Any]:
        return {"corrections": [asdict(each) for each in await correcting.listed(live=live)]}

    @routes.get("/corrections/cases")
    async def cases(_: Reader) -> Response:
        lines = b"".join(orjson.dumps(row) + b"\n" for row in await correcting.cases())
        return Response(lines, media_type="application/x-ndjson")

    @routes.delete("/corrections/{id}")
    async def withdraw(id: str, who: Actor) -> dict[str, Any]:
        return asdict(await correcting.withdraw(id, who.name, who.role))

    return routes
