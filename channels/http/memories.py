"""What is known of a customer, to see, to put right, and to have forgotten: `/v1/customers/{id}/memories`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.oversight import Actor
from agent.remembering.curating import LONGEST, LONGEST_WHY, Curating, MemoryView, Written
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]
Why = Annotated[str, Field(max_length=LONGEST_WHY)]


class NewMemory(BaseModel):
    """Something the customer said elsewhere. `attribute` is what it is about, such as "home" or "contact_time"."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["fact", "preference", "instruction", "outcome"]
    attribute: str = Field(default="", max_length=32, pattern=r"^[a-z_]*$")
    value: str = Field(min_length=1, max_length=LONGEST)
    why: Why = ""


class Correction(BaseModel):
    """The value that holds instead."""

    model_config = ConfigDict(extra="forbid")

    value: str = Field(min_length=1, max_length=LONGEST)
    why: Why = ""


class Ending(BaseModel):
    """Why it holds no longer."""

    model_config = ConfigDict(extra="forbid")

    why: Why = ""


def router(curating: Curating, require: Require) -> APIRouter:
    """An agent sees and curates them; each look and act is in the audit."""
    routes = APIRouter(prefix="/v1/customers", tags=["customers"])
    Agent = Annotated[Identity, Depends(require("agent"))]

    @routes.get("/{customer}/memories")
    async def memories(customer: str, who: Agent, ended: bool = False) -> dict[str, Any]:
        """What holds, newest first; with `ended`, what held once too, and why it ended."""
        found = await curating.memories(customer, _actor(who), datetime.now(UTC))
        return {"customer": customer, "memories": [shown(view) for view in found if ended or view.in_force]}

    @routes.post("/{customer}/memories", status_code=201)
    async def add(customer: str, memory: NewMemory, who: Agent) -> dict[str, str]:
        written = Written(memory.kind, memory.attribute, memory.value)
        return {"id": await curating.add(customer, written, memory.why, _actor(who), datetime.now(UTC))}

    @routes.patch("/{customer}/memories/{memory}")
    async def correct(customer: str, memory: str, body: Correction, who: Agent) -> dict[str, str]:
        """The new memory's id; the old one stays to be shown, ended."""
        now = datetime.now(UTC)
        return {"id": await curating.correct(customer, memory, body.value, body.why, _actor(who), now)}

    @routes.post("/{customer}/memories/{memory}/end")
    async def end(customer: str, memory: str, body: Ending, who: Agent) -> dict[str, str]:
        """It holds no longer, and nothing takes its place."""
        await curating.end(customer, memory, body.why, _actor(who), datetime.now(UTC))
        return {"id": memory}

    @routes.delete("/{customer}/memories/{memory}")
    async def forget(
        customer: str, memory: str, who: Agent, why: Annotated[str, Query(max_length=LONGEST_WHY)] = ""
    ) -> dict[str, int]:
        """Removes it and its repetitions, also from the index; how many there were."""
        return {"forgotten": await curating.forget(customer, memory, why, _actor(who), datetime.now(UTC))}

    return routes


def shown(view: MemoryView) -> dict[str, Any]:
    """A memory as a program reads it."""
    fields = asdict(view)
    source = {"conversation": fields.pop("conversation"), "seq": fields.pop("seq"), "role": fields.pop("role")}
    times = {
        name: at.isoformat() if (at := fields[name]) else None for name in ("said_at", "valid_from", "valid_until")
    }
    return {**fields, **times, "source": source if source["conversation"] else None}


def _actor(who: Identity) -> Actor:
    return Actor(who.name, who.role)
