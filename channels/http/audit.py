"""Who did what, and whether the record of it is whole: `GET /v1/audit`."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from agent.oversight import Oversight
from channels.web.ports import Identity
from memory.audit_entries import Wanted

Require = Callable[[str], Callable[..., Any]]


def router(oversight: Oversight, require: Require) -> APIRouter:
    """Admins read it; nobody changes it."""
    routes = APIRouter(prefix="/v1/audit", tags=["audit"])
    Admin = Annotated[Identity, Depends(require("admin"))]

    @routes.get("")
    async def audit(
        _: Admin,
        actor: str = "",
        act: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before: Annotated[int | None, Query(ge=1)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Newest first; `before` is the smallest seq of the page before. Times are ISO 8601 with a zone."""
        wanted = Wanted(actor, act, subject, _aware(since), _aware(until))
        found = await oversight.audit(wanted, before=before, limit=limit)
        return {"entries": [{**asdict(each), "at": each.at.isoformat()} for each in found]}

    @routes.get("/verified")
    async def verified(_: Admin) -> dict[str, Any]:
        """Whether every entry still fits the chain; `broken_at` is the first that does not."""
        broken = await oversight.verify()
        return {"whole": broken is None, "broken_at": broken}

    return routes


def _aware(at: datetime | None) -> datetime | None:
    """A time without a zone is the server's own."""
    return at if at is None or at.tzinfo else at.astimezone()
