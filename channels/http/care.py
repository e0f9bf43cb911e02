"""The care of the knowledge: `/v1/knowledge/gaps` and `/v1/knowledge/check`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from agent.knowing.care import Care
from channels.care_json import findings_json, gaps_json
from channels.web.ports import Identity
from knowledge.checking.looking import Look
from knowledge.checking.validity import Ages

Require = Callable[[str], Callable[..., Any]]
LONGEST = timedelta(days=400)
MOST_DAYS = 36_500


def router(care: Care, require: Require) -> APIRouter:
    """`require(role)` is the guard of the keys."""
    routes = APIRouter(prefix="/v1/knowledge", tags=["knowledge"])
    Reader = Annotated[Identity, Depends(require("viewer"))]

    @routes.get("/gaps")
    async def gaps(
        _: Reader,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 20,
        inbox: Annotated[str, Query(max_length=64)] = "",
    ) -> dict[str, Any]:
        """The last 30 days where no period is named; times without a zone are UTC."""
        end = _aware(until or datetime.now(UTC))
        begin = _aware(since) if since else end - timedelta(days=30)
        if not timedelta(0) < end - begin <= LONGEST:
            raise HTTPException(422, "since must be before until, and at most 400 days before it")
        return gaps_json(await care.gaps(begin, end, limit=limit, inbox=inbox))

    @routes.get("/check")
    async def check(
        _: Reader,
        collection: Annotated[str | None, Query(max_length=64)] = None,
        on: date | None = None,
        older_than_days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = Ages().old_days,
        soon_days: Annotated[int, Query(ge=0, le=MOST_DAYS)] = Ages().soon_days,
    ) -> dict[str, Any]:
        """As of today where no day is named."""
        look = Look(Ages(soon_days, older_than_days))
        return findings_json(await care.check(on or datetime.now(UTC).date(), collection, look))

    return routes


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
