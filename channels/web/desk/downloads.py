"""Files from the desk: the audit as a table, and everything held about a customer. The desk's cookie opens them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from agent.oversight import Actor
from channels.web import export_page
from channels.web.desk.door import Door
from channels.web.desk.overseeing import Overseen
from channels.web.ports import Identity
from memory.audit_entries import Wanted, as_csv
from memory.errors import UnknownCustomer

MOST_ENTRIES = 100_000
SAFE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def routes(door: Door, overseen: Overseen, organisation: str, path: str) -> APIRouter:
    """Both are for admins."""
    router = APIRouter(include_in_schema=False)
    oversight = overseen.oversight

    def who(request: Request) -> Identity | None:
        return door.admitted(door.pass_of(request))

    @router.get(f"{path}/audit.csv")
    async def audit(
        request: Request,
        actor: str = "",
        act: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Response:
        me = who(request)
        if me is None or me.role != "admin":
            return _no(me, path, request)
        wanted = Wanted(actor, act, subject, since, until)
        table = as_csv(await oversight.audit(wanted, limit=MOST_ENTRIES))
        return _file(table.encode(), "text/csv; charset=utf-8", "audit.csv")

    @router.get(f"{path}/customers/{{customer}}/export")
    async def export(request: Request, customer: str, form: Literal["json", "html"] = "json") -> Response:
        me = who(request)
        if me is None or me.role != "admin":
            return _no(me, path, request)
        try:
            found = await oversight.export(customer, Actor(me.name, me.role), datetime.now(UTC))
        except UnknownCustomer as error:
            return Response(str(error), 404, media_type="text/plain")
        if form == "html":
            page = export_page.page(found, organisation)
            return _file(page.encode(), "text/html; charset=utf-8", f"{customer}.html")
        return _file(orjson.dumps(found, option=orjson.OPT_INDENT_2), "application/json", f"{customer}.json")

    return router


def _no(me: Identity | None, path: str, request: Request) -> Response:
    """To the login for nobody; for somebody else than an admin, what is missing."""
    if me is None:
        return Response(status_code=303, headers={"Location": f"{request.scope.get('root_path', '')}{path}/login"})
    return Response("An admin's key or login is needed for this.", 403, media_type="text/plain")


def _file(body: bytes, kind: str, name: str) -> Response:
    safe = "".join(c for c in name if c.isalnum() or c in "-_.") or "file"
    return Response(body, media_type=kind, headers={**SAFE, "Content-Disposition": f'attachment; filename="{safe}"'})
