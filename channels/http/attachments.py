"""`GET /v1/attachments/{id}`: a customer's file, for people of the organisation. Also below the desk, by its cookie.

Whatever it is, a browser saves it and runs nothing of it; `?inline` shows a picture, where its bytes are one's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from agent.runtime import Runtime
from channels.web.desk.door import Door
from channels.web.ports import Identity
from memory import attachments
from memory.attachments import Kept
from memory.errors import UnknownAttachment

_POLICY = "default-src 'none'; img-src 'self'; style-src 'none'; sandbox; frame-ancestors 'none'"


def router(runtime: Runtime, require: Callable[[str], Callable[..., Any]]) -> APIRouter:
    """By API key, role agent."""
    routes = APIRouter(tags=["attachments"])

    @routes.get("/v1/attachments/{attachment}", dependencies=[Depends(require("agent"))])
    async def download(attachment: str, inline: Annotated[str | None, Query(max_length=5)] = None) -> Response:
        """The file as it came. Raises 404 also for one that was not kept; the detail says why."""
        return await _file(runtime, attachment, inline is not None)

    return routes


def desk_router(runtime: Runtime, door: Callable[[], Door], path: str = "/desk") -> APIRouter:
    """By the desk's cookie, for whoever may answer."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(path + "/attachments/{attachment}")
    async def download(request: Request, attachment: str, inline: str | None = None) -> Response:
        me: Identity | None = door().admitted(door().pass_of(request))
        if me is None:
            raise HTTPException(401, "Log in to the desk first")
        if not me.may_answer:
            raise HTTPException(403, "Files of customers are for people who answer")
        return await _file(runtime, attachment, inline is not None)

    return routes


async def _file(runtime: Runtime, attachment: str, inline: bool) -> Response:
    _, kept = await runtime.store.read(lambda c: attachments.read_any(c, runtime.vault, attachment))
    if kept.body is None:
        raise UnknownAttachment(f"this file was not kept ({kept.verdict})")
    shown = inline and kept.is_picture
    return Response(kept.body, media_type=kept.type, headers=_headers(kept, "inline" if shown else "attachment"))


def _headers(kept: Kept, how: str) -> dict[str, str]:
    """RFC 6266: a name every client can read, and the real one."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", kept.name) or "file"
    return {
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(kept.name, safe='')}",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
