"""Switches, throttles, templates and autonomy: `/v1/controls` and `/v1/controls/{name}`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from agent.control_checks import is_stop
from agent.oversight import Actor, Oversight
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Setting(BaseModel):
    """What a control says from now on, and why: the next person must understand it."""

    model_config = ConfigDict(extra="forbid")

    value: dict[str, Any]
    why: str = Field(min_length=1, max_length=500)


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=500)


def router(oversight: Oversight, require: Require) -> APIRouter:
    """Everybody with a key reads; an agent may stop something at once; all else is an admin's."""
    routes = APIRouter(prefix="/v1/controls", tags=["controls"])
    Reader = Annotated[Identity, Depends(require("viewer"))]
    Agent = Annotated[Identity, Depends(require("agent"))]
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("")
    async def controls(_: Reader) -> dict[str, Any]:
        return {"controls": [_shown(row) for row in await oversight.controls()]}

    @routes.get("/{name:path}")
    async def control(name: str, _: Reader) -> dict[str, Any]:
        for row in await oversight.controls():
            if row["name"] == name:
                return _shown(row)
        raise HTTPException(404, f"nobody has set {name[:60]!r}: the setting of the file holds")

    @routes.put("/{name:path}")
    async def put(name: str, setting: Setting, who: Agent) -> dict[str, Any]:
        if who.role != "admin" and not is_stop(name, setting.value):
            raise HTTPException(403, "an agent may switch something off; setting anything else takes an admin")
        now = datetime.now(UTC)
        await oversight.set_control(name, setting.value, Actor(who.name, who.role), setting.why, now)
        return _shown({"name": name, "value": setting.value, "by": who.name, "why": setting.why.strip(), "at": now})

    @routes.delete("/{name:path}")
    async def drop(name: str, who: Admin, reason: Annotated[Reason, Body()]) -> dict[str, Any]:
        dropped = await oversight.drop_control(name, Actor(who.name, who.role), reason.why, datetime.now(UTC))
        return {"name": name, "dropped": dropped}

    return routes


def _shown(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    return {
        "name": row["name"],
        "value": dict(row["value"]),
        "by": row["by"],
        "why": row["why"],
        "at": row["at"].isoformat(),
    }
