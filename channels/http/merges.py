"""Which customers are one person: `/v1/customers/{id}/merges`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.merging import Merges, Merging
from agent.oversight import Actor
from channels.web.ports import Identity

Require = Callable[[str], Callable[..., Any]]


class Decision(BaseModel):
    """Either a suggestion's `link` with a `decision`, or the `other` customer who is the same person, which an admin
    says and must give a reason for."""

    model_config = ConfigDict(extra="forbid")

    link: str | None = Field(default=None, min_length=1, max_length=40)
    decision: Literal["accept", "refuse"] = "accept"
    other: str | None = Field(default=None, min_length=1, max_length=40)
    why: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _one(self) -> "Decision":
        if (self.link is None) == (self.other is None):
            raise ValueError("give a link to decide, or another customer to merge with")
        return self


def router(merging: Merging, require: Require) -> APIRouter:
    """An agent sees, accepts, refuses and takes back; an admin merges without a suggestion."""
    routes = APIRouter(prefix="/v1/customers/{customer}/merges", tags=["customers"])
    Agent = Annotated[Identity, Depends(require("agent"))]

    @routes.get("")
    async def merges(customer: str, _: Agent) -> dict[str, Any]:
        """The person's customers, what holds between them, and what is suggested with its evidence and score."""
        return _shown(await merging.merges(customer))

    @routes.post("")
    async def decide(customer: str, body: Decision, who: Agent) -> dict[str, Any]:
        now, actor = datetime.now(UTC), Actor(who.name, who.role)
        if body.link is not None:
            accept = body.decision == "accept"
            return _shown(await merging.decide(customer, body.link, accept, actor, body.why, now))
        if who.role != "admin":
            raise HTTPException(403, f"The key {who.name!r} has the role {who.role}; admin is needed")
        return _shown(await merging.join(customer, str(body.other), actor, body.why, now))

    @routes.delete("/{link}")
    async def undo(
        customer: str, link: str, who: Agent, why: Annotated[str, Query(max_length=500)] = ""
    ) -> dict[str, Any]:
        """Takes a merge back; `why` is needed."""
        return _shown(await merging.undo(customer, link, Actor(who.name, who.role), why, datetime.now(UTC)))

    return routes


def _shown(found: Merges) -> dict[str, Any]:
    people = [
        {"id": one.id, "known_as": [{"kind": k, "masked": m, "proof": p} for k, m, p in one.known_as]}
        for one in found.members
    ]
    return {**asdict(found), "members": people}
