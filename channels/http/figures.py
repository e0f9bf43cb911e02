"""`GET /v1/figures`: a period's figures and those of the period before it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from agent.oversight import Oversight
from channels.web.ports import Identity
from memory.trends import Numbers, Scope, quantile

Require = Callable[[str], Callable[..., Any]]
LONGEST = timedelta(days=400)
MOST_SLICES = 744


def router(oversight: Oversight, require: Require) -> APIRouter:
    """`require(role)` is the guard of the keys."""
    routes = APIRouter(prefix="/v1", tags=["figures"])
    Reader = Annotated[Identity, Depends(require("viewer"))]

    @routes.get("/figures")
    async def figures(
        _: Reader,
        since: datetime | None = None,
        until: datetime | None = None,
        slices: Annotated[int, Query(ge=1, le=MOST_SLICES)] = 7,
        inbox: Annotated[str, Query(max_length=64)] = "",
        channel: Annotated[str, Query(max_length=16)] = "",
    ) -> dict[str, Any]:
        """The last seven days where no period is named; times without a zone are UTC."""
        end = _aware(until or datetime.now(UTC))
        begin = _aware(since) if since else end - timedelta(days=7)
        if not timedelta(0) < end - begin <= LONGEST:
            raise HTTPException(422, "since must be before until, and at most 400 days before it")
        now, before = await oversight.figures(Scope(begin, end, slices, inbox, channel))
        return {"period": _plain(now), "before": _plain(before)}

    return routes


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _plain(numbers: Numbers) -> dict[str, Any]:
    """As JSON. Of the waits, which may be many, their number and two quantiles."""
    found = asdict(numbers)
    gate = found["gate"]
    gate["rules"] = [{"channel": c, "rule": r, "messages": n} for (c, r), n in numbers.gate.rules.items()]
    found["waits"] = {
        "unanswered": numbers.waits.unanswered,
        "channels": {name: _quantiles(values) for name, values in numbers.waits.seconds.items()},
    }
    found["resolution"]["all"] = numbers.resolution.all
    return found


def _quantiles(ordered: tuple[float, ...]) -> dict[str, float]:
    return {"answers": len(ordered), "p50_s": quantile(ordered, 0.5), "p95_s": quantile(ordered, 0.95)}
