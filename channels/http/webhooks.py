"""Providers' webhooks: verified, normalised, written down, and only then acknowledged. No model is waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from agent.runtime import Runtime
from channels.adapters.ports import Answer, arrived
from channels.arrivals import take_in
from channels.errors import TooLarge, UnknownInbox
from channels.normalise.payloads import Arrived
from channels.outlets import Outlet, Outlets
from memory.messages import Report

# Reports of one request that are written side by side; a provider's batch may have thousands.
_AT_ONCE = 64


def router(runtime: Runtime, outlets: Outlets, public_url: str | None) -> APIRouter:
    """`POST /v1/webhooks/{inbox}` and `…/status`, `GET` for handshakes. Signatures are checked against `public_url`;
    without it, against the URL as it arrived."""
    routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

    def outlet_of(inbox: str) -> Outlet:
        if inbox not in outlets:
            raise UnknownInbox(inbox)
        return outlets[inbox]

    @routes.post("/{inbox}")
    async def inbound(inbox: str, request: Request) -> Response:
        outlet, now = outlet_of(inbox), datetime.now(UTC)
        came = await arrival(request, outlet, public_url, f"/v1/webhooks/{inbox}")
        return _response(await take_in(runtime, outlet, came, now))

    @routes.get("/{inbox}")
    async def handshake(inbox: str, request: Request) -> Response:
        """A provider's question whether the address is ours; whoever else asks learns nothing."""
        outlet = outlet_of(inbox)
        came = await arrival(request, outlet, public_url, f"/v1/webhooks/{inbox}")
        greeted = outlet.adapter.handshake(came, outlet.settings) if outlet.adapter.handshake else None
        if greeted is None:
            raise UnknownInbox(inbox)
        return _response(greeted)

    @routes.post("/{inbox}/status")
    async def status(inbox: str, request: Request) -> Response:
        outlet, now = outlet_of(inbox), datetime.now(UTC)
        if outlet.adapter.report is None:
            raise UnknownInbox(inbox)
        came = await arrival(request, outlet, public_url, f"/v1/webhooks/{inbox}/status")
        found = await asyncio.to_thread(_reports, outlet, came, now)
        for begin in range(0, len(found), _AT_ONCE):  # side by side, so that the store commits them together
            await asyncio.gather(*(runtime.report(inbox, report) for report in found[begin : begin + _AT_ONCE]))
        return Response(status_code=204)

    return routes


def _reports(outlet: Outlet, came: Arrived, now: datetime) -> list[Report]:
    outlet.adapter.verify(came, outlet.settings, now)
    return outlet.adapter.report(came) if outlet.adapter.report else []


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)


def base_of(request: Request, public_url: str | None) -> str:
    """How the outside reaches this server, as far as is known."""
    return public_url or f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope['root_path']}"


async def arrival(request: Request, outlet: Outlet, public_url: str | None, path: str) -> Arrived:
    """The request as its provider sent it. Raises TooLarge."""
    most = outlet.adapter.max_body
    declared = request.headers.get("content-length", "0")
    body = b"" if int(declared) > most else await request.body()  # BodyLimit let only digits through
    if int(declared) > most or len(body) > most:
        raise TooLarge(f"a body here may have {most:,} bytes at most")
    base = base_of(request, public_url)
    client = request.client.host if request.client else ""
    return arrived(base, path, request.scope["query_string"].decode("latin-1"), dict(request.headers), body, client)
