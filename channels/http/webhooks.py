"""Providers' webhooks: verified, normalised, written down, and only then acknowledged. No model is waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from agent.runtime import Runtime
from channels.adapters.ports import arrived
from channels.errors import TooLarge, UnknownInbox
from channels.normalise.payloads import Arrived
from channels.outlets import Outlet, Outlets
from memory.messages import Inbound


def router(runtime: Runtime, outlets: Outlets, public_url: str | None) -> APIRouter:
    """`POST /v1/webhooks/{inbox}` and `…/status`. Signatures are checked against `public_url`; without it, against
    the URL as it arrived."""
    routes = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

    def outlet_of(inbox: str) -> Outlet:
        if inbox not in outlets:
            raise UnknownInbox(inbox)
        return outlets[inbox]

    @routes.post("/{inbox}")
    async def inbound(inbox: str, request: Request) -> Response:
        outlet, now = outlet_of(inbox), datetime.now(UTC)
        came = await _arrived(request, outlet, public_url, f"/v1/webhooks/{inbox}")

        def read() -> list[Inbound]:
            outlet.adapter.verify(came, outlet.settings, now)
            messages: list[Inbound] = outlet.adapter.normalise(came, inbox, outlet.settings, now)
            return messages

        # A hostile email takes a second to read: others must not wait for it.
        for message in await asyncio.to_thread(read):
            await runtime.receive(message)
        answer = outlet.adapter.answer
        return Response(answer.body, answer.status, media_type=answer.content_type)

    @routes.post("/{inbox}/status")
    async def status(inbox: str, request: Request) -> Response:
        outlet, now = outlet_of(inbox), datetime.now(UTC)
        if outlet.adapter.report is None:
            raise UnknownInbox(inbox)
        came = await _arrived(request, outlet, public_url, f"/v1/webhooks/{inbox}/status")
        outlet.adapter.verify(came, outlet.settings, now)
        if (report := outlet.adapter.report(came)) is not None:
            await runtime.report(inbox, report.provider_ref, report.state, report.detail, report.opted_out)
        return Response(status_code=204)

    return routes


async def _arrived(request: Request, outlet: Outlet, public_url: str | None, path: str) -> Arrived:
    most = outlet.adapter.max_body
    declared = request.headers.get("content-length", "0")
    body = b"" if int(declared) > most else await request.body()  # BodyLimit let only digits through
    if int(declared) > most or len(body) > most:
        raise TooLarge(f"a body here may have {most:,} bytes at most")
    base = public_url or f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope['root_path']}"
    return arrived(base, path, request.scope["query_string"].decode("latin-1"), dict(request.headers), body)
