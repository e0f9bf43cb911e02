"""Alive, able to take turns, and numbers."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agent.runtime import Runtime
from channels.care_metrics import CareMetrics
from channels.delivery_metrics import DeliveryMetrics


def router(runtime: Runtime, care: CareMetrics | None = None) -> APIRouter:
    """`/healthz`, `/readyz`, `/metrics`; none needs a key, none shows text or ids. `care` adds the counts
    of what a person should look at in the knowledge."""
    routes = APIRouter(tags=["health"])
    figures = DeliveryMetrics(runtime.store)

    @routes.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz")
    async def ready() -> JSONResponse:
        """200 when every store answers and turns are taken, else 503; each is named."""
        found = await runtime.ready()
        ok = not runtime.draining and all(state == "ok" for state in found.values())
        status = "ready" if ok else "draining" if runtime.draining else "not ready"
        return JSONResponse({"status": status, "stores": found}, 200 if ok else 503)

    @routes.get("/metrics")
    async def metrics() -> Response:
        await figures.refresh()
        if care is not None:
            care.refresh()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes
