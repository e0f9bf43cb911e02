"""What customers said yes and no to, and where they are: `/v1/customers/{id}/consents` and `…/place`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from agent.errors import Refused
from agent.oversight import Actor, Oversight, Said
from channels.gating.regions import zone
from channels.web.ports import Identity
from memory.consent import ConsentPurpose, Entry

Require = Callable[[str], Callable[..., Any]]


class Consent(BaseModel):
    """An entry for the ledger. `evidence` says how it was given: what was asked, where and when, without the customer's
    own particulars; an "in" needs it."""

    model_config = ConfigDict(extra="forbid")

    channel: str = Field(min_length=1, max_length=16, pattern=r"^[a-z][a-z0-9_]*$")
    purpose: ConsentPurpose
    state: Literal["in", "out"]
    evidence: str = Field(default="", max_length=2000)


class Whereabouts(BaseModel):
    """A zone such as "Europe/Paris" and a region such as "FR" or "US-FL", "" for not known."""

    model_config = ConfigDict(extra="forbid")

    timezone: str = Field(default="", max_length=64)
    region: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")


def router(oversight: Oversight, require: Require) -> APIRouter:
    """The ledger is read by viewers, added to by agents and programs."""
    routes = APIRouter(prefix="/v1/customers", tags=["customers"])
    Reader = Annotated[Identity, Depends(require("viewer"))]
    Actor_ = Annotated[Identity, Depends(require("agent"))]

    @routes.get("/{customer}/consents")
    async def consents(customer: str, _: Reader) -> dict[str, Any]:
        entries = await oversight.ledger(customer)
        return {"standing": await oversight.standings(customer), "consents": [_shown(entry) for entry in entries]}

    @routes.post("/{customer}/consents", status_code=201)
    async def record(customer: str, said: Consent, who: Actor_) -> dict[str, Any]:
        actor = Actor(who.name, who.role)
        await oversight.record_consent(customer, Said(**said.model_dump()), actor, datetime.now(UTC))
        return {"standing": await oversight.standings(customer)}

    @routes.put("/{customer}/place")
    async def place(customer: str, where: Whereabouts, who: Actor_) -> dict[str, str]:
        try:
            if where.timezone:
                zone(where.timezone)
        except ValueError as error:
            raise Refused(str(error)) from None
        actor = Actor(who.name, who.role)
        await oversight.set_place(customer, where.timezone, where.region, actor, datetime.now(UTC))
        return where.model_dump()

    return routes


def _shown(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.isoformat()}
