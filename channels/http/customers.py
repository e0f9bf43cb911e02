"""Customers for people and programs with a key: who they are, their export, a legal hold, and their erasure."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from agent.oversight import Actor, Oversight
from channels.web import export_page
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Hold(BaseModel):
    """A legal hold, put or lifted."""

    model_config = ConfigDict(extra="forbid")

    on: bool
    why: str = Field(min_length=1, max_length=500)


def router(oversight: Oversight, organisation: str, require: Require) -> APIRouter:
    """An agent looks; an admin exports, holds and erases."""
    routes = APIRouter(prefix="/v1/customers", tags=["customers"])
    Reader = Annotated[Identity, Depends(require("agent"))]
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("")
    async def customers(_: Reader, q: Annotated[str, Query(max_length=320)] = "") -> dict[str, Any]:
        """Who has exactly this telephone, address or id; without one, who was here last."""
        return {"customers": [asdict(line) for line in await oversight.customers(q)]}

    @routes.get("/{customer}")
    async def customer(customer: str, _: Reader) -> dict[str, Any]:
        return asdict(await oversight.customer(customer))

    @routes.get("/{customer}/export")
    async def export(customer: str, who: Admin, form: Literal["json", "html"] = "json") -> Response:
        found = await oversight.export(customer, _actor(who), datetime.now(UTC))
        if form == "html":
            return Response(export_page.page(found, organisation), media_type="text/html; charset=utf-8")
        return Response(orjson.dumps(found), media_type="application/json")

    @routes.put("/{customer}/hold")
    async def hold(customer: str, body: Hold, who: Admin) -> dict[str, Any]:
        await oversight.hold(customer, body.on, _actor(who), body.why, datetime.now(UTC))
        return {"customer": customer, "on": body.on}

    @routes.delete("/{customer}")
    async def erase(customer: str, who: Admin, why: Annotated[str, Query(max_length=500)] = "") -> dict[str, Any]:
        """The certificate of what was removed, and of where it was looked for. It cannot be taken back."""
        return (await oversight.erase(customer, _actor(who), why, datetime.now(UTC))).facts()

    return routes


def _actor(who: Identity) -> Actor:
    return Actor(who.name, who.role)
