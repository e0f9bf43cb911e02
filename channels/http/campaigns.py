"""`/v1/campaigns…` for people who run campaigns, and `/v1/inboxes/{inbox}/notifications` for programs."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from channels.proactive.campaigns import Campaigns, Shown
from channels.proactive.making import By
from channels.proactive.notify import Notice, Notifier
from channels.proactive.spec import CampaignSpec
from channels.web.ports import Identity
from memory.campaigns import Campaign

Require = Callable[[str], Callable[..., Any]]
Why = Annotated[str, Field(min_length=1, max_length=500)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCampaign(CampaignSpec):
    """A campaign's spec and why it is made."""

    why: Why


class Act(Body):
    """Why. For the sandbox, `seed` makes the dice fall differently and `at` judges as if it were that moment. `at_step`
    refuses a step that somebody else took."""

    why: Why
    seed: int = Field(default=0, ge=0)
    at: AwareDatetime | None = None
    at_step: int | None = Field(default=None, ge=1)


class NewNotification(Body):
    """`to` is an address on the inbox's channel, `customer` an id; one of the two."""

    template: str = Field(min_length=1, max_length=32)
    to: str = Field(default="", max_length=320)
    customer: str = Field(default="", max_length=40)
    values: dict[str, str] = Field(default_factory=dict, max_length=50)
    language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")


def router(campaigns: Campaigns, require: Require) -> APIRouter:
    """For admins alone: a campaign writes to many people at once."""
    routes = APIRouter(prefix="/v1", tags=["campaigns"])
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("/campaigns")
    async def listed(_: Admin, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
        return {"campaigns": [_campaign(each) for each in await campaigns.listed(limit)]}

    @routes.post("/campaigns/check")
    async def check(spec: CampaignSpec, _: Admin) -> dict[str, Any]:
        return {"lines": campaigns.check(spec)}

    @routes.post("/campaigns", status_code=201)
    async def create(body: NewCampaign, who: Admin) -> dict[str, Any]:
        spec = CampaignSpec.model_validate(body.model_dump(exclude={"why"}))
        made = await campaigns.create(spec, By(who.name, who.role, body.why), _now())
        return _shown(await campaigns.show(made.id))

    @routes.get("/campaigns/{id}")
    async def show(id: str, _: Admin) -> dict[str, Any]:
        return _shown(await campaigns.show(id))

    @routes.post("/campaigns/{id}/{act}")
    async def act(
        id: str,
        act: Literal["seed", "sandbox", "start", "step", "pause", "resume", "cancel"],
        body: Act,
        who: Admin,
    ) -> dict[str, Any]:
        by = By(who.name, who.role, body.why)
        acts: dict[str, Callable[[], Awaitable[Any]]] = {
            "seed": lambda: campaigns.seed(id, by, _now()),
            "sandbox": lambda: campaigns.sandbox(id, by, _now(), body.seed, body.at),
            "start": lambda: campaigns.start(id, by, _now()),
            "step": lambda: campaigns.step(id, by, _now(), body.at_step),
            "pause": lambda: campaigns.pause(id, by, _now()),
            "resume": lambda: campaigns.resume(id, by, _now()),
            "cancel": lambda: campaigns.cancel(id, by, _now()),
        }
        await acts[act]()
        return _shown(await campaigns.show(id))

    return routes


def notifications(notifier: Notifier, require: Require) -> APIRouter:
    """One message to one customer, from a template."""
    routes = APIRouter(prefix="/v1", tags=["notifications"])
    Caller = Annotated[Identity, Depends(require("service"))]

    @routes.post("/inboxes/{inbox}/notifications", status_code=202)
    async def notify(
        inbox: str,
        body: NewNotification,
        _: Caller,
        idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
    ) -> dict[str, Any]:
        notice = Notice(inbox=inbox, key=idempotency_key, **body.model_dump())
        return asdict(await notifier.notify(notice, _now()))

    return routes


def as_json(shown: Shown) -> dict[str, Any]:
    """A campaign with its figures, as HTTP and the terminal give it."""
    shares = [{**asdict(share), "words": share.words()} for share in shown.health]
    return {**_campaign(shown.campaign), "progress": asdict(shown.progress), "health": shares}


_shown = as_json


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return asdict(campaign)


def _now() -> datetime:
    return datetime.now(UTC)
