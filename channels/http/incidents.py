"""`/v1/incidents…`: facts in, messages out, and what was said so far."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from channels.proactive.incident_facts import IncidentReport, IncidentUpdate
from channels.proactive.incidents import Incidents, Published, preview
from channels.proactive.making import By
from channels.web.ports import Identity
from memory.incidents import Version

Require = Callable[[str], Callable[..., Any]]


def router(incidents: Incidents, require: Require) -> APIRouter:
    """Programs report (monitoring has a service key); people of the desk read."""
    routes = APIRouter(prefix="/v1", tags=["incidents"])
    Caller = Annotated[Identity, Depends(require("service"))]
    Reader = Annotated[Identity, Depends(require("viewer"))]

    @routes.post("/incidents", status_code=201)
    async def report(body: IncidentReport, who: Caller, response: Response) -> dict[str, Any]:
        published = await incidents.report(body, _by(who, body.id), _now())
        response.status_code = 201 if published.new else 200
        return _published(published)

    @routes.post("/incidents/preview")
    async def look(body: IncidentReport, _: Caller) -> dict[str, Any]:
        found = preview(incidents.writer, body)
        return {audience: {**asdict(message), "text": message.text} for audience, message in found.items()}

    @routes.post("/incidents/{id}/updates", status_code=201)
    async def update(id: str, body: IncidentUpdate, who: Caller, response: Response) -> dict[str, Any]:
        published = await incidents.update(id, body, _by(who, id), _now())
        response.status_code = 201 if published.new else 200
        return _published(published)

    @routes.get("/incidents")
    async def current(_: Reader, open_only: Annotated[bool, Query(alias="open")] = False) -> dict[str, Any]:
        return {"incidents": [_version(each) for each in await incidents.current(open_only=open_only)]}

    @routes.get("/incidents/{id}")
    async def versions(id: str, _: Reader) -> dict[str, Any]:
        return {"versions": [_version(each) for each in await incidents.versions(id)]}

    return routes


def _by(who: Identity, id: str) -> By:
    return By(who.name, who.role, f"incident {id}")


def _published(published: Published) -> dict[str, Any]:
    return {**_version(published.version), "new": published.new, "campaigns": list(published.campaigns)}


def _version(version: Version) -> dict[str, Any]:
    """Without what is kept for the next version alone."""
    messages = {name: each for name, each in version.messages.items() if name not in ("reach", "customers_whole")}
    return {**asdict(version), "messages": messages}


def _now() -> datetime:
    return datetime.now(UTC)
