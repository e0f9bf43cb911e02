"""What became of messages and outgoing webhooks: `/v1/deliveries`."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection

from channels.outgoing.poster import switch
from channels.web.ports import Identity
from memory import controls
from memory.delivery_views import deliveries, endpoints
from memory.store import Store

Require = Callable[[str], Callable[..., Any]]
Status = Literal["pending", "sending", "sent", "parked", "dead", "refused"]
Short = Annotated[str, Query(max_length=64)]


def router(store: Store, webhooks: Sequence[str], require: Require) -> APIRouter:
    """`webhooks` are the names of the configured endpoints."""
    routes = APIRouter(prefix="/v1/deliveries", tags=["delivery"])
    Reader = Annotated[Identity, Depends(require("viewer"))]

    @routes.get("")
    async def listed(
        _: Reader,
        conversation: Short = "",
        inbox: Short = "",
        status: Status | None = None,
        report: Short = "",
        campaign: Short = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Newest first: where a message is on its way out, what the gate said of it and what its provider did."""
        given = {
            "conversation_id": conversation,
            "inbox": inbox,
            "status": status or "",
            "report": report,
            "campaign_id": campaign,
        }
        wanted = {name: value for name, value in given.items() if value}
        found = await store.read(lambda c: deliveries(c, wanted, limit))
        return {"deliveries": [asdict(each) for each in found]}

    @routes.get("/webhooks")
    async def told(_: Reader) -> dict[str, Any]:
        """How each outgoing webhook fares; `stopped` says by whom and why, where it is."""

        def work(connection: Connection) -> list[dict[str, Any]]:
            return [
                {**asdict(each), "stopped": _stopped(connection, each.name)} for each in endpoints(connection, webhooks)
            ]

        return {"webhooks": await store.read(work)}

    return routes


def _stopped(connection: Connection, name: str) -> dict[str, Any] | None:
    row = controls.read_one(connection, switch(name))
    if row is None or not row["value"].get("on"):
        return None
    return {"by": row["by"], "why": row["why"], "at": row["at"]}
