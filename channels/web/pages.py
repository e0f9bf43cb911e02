"""What a customer's browser is given: the chat as a page at `/` and `/chat/{inbox}`, `widget.js` for other sites."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from channels.web.look import tokens

STATIC = Path(__file__).parent / "static"

# No inline script and nothing from elsewhere; the widget's style sheet is constructed, which no style-src forbids.
# The page may be framed by its own site only: other sites embed the widget, not the page.
CHAT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
QUIET_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is served as it is, with an ETag of its content."""

    body: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: str, media_type: str) -> Asset:
        raw = body.encode()
        return cls(raw, media_type, f'"{hashlib.sha256(raw).hexdigest()[:20]}"')

    def respond(self, request: Request) -> Response:
        """The file, or 304 when the browser has it. Five minutes fresh, so that a new release is seen soon."""
        headers = {
            **QUIET_HEADERS,
            "ETag": self.etag,
            "Cache-Control": "public, max-age=300",
            # Sites that isolate themselves may still load the widget.
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.body, media_type=self.media_type, headers=headers)


def router(organisation: str, inboxes: Sequence[str] = ("web",)) -> APIRouter:
    """Routes for the chat page of the first inbox at `/`, of each at `/chat/{inbox}`, and their files.

    Addresses are built on the request's `root_path`, so the page is right below any prefix a proxy takes off.
    """
    page = Template((STATIC / "chat.html").read_text(encoding="utf-8").replace("{", "${"))
    widget = Asset.of((STATIC / "widget.js").read_text(encoding="utf-8"), "text/javascript; charset=utf-8")
    css = Asset.of(tokens() + (STATIC / "chat.css").read_text(encoding="utf-8"), "text/css; charset=utf-8")
    routes = APIRouter(include_in_schema=False)

    def chat(request: Request, inbox: str) -> Response:
        root = quote(request.scope.get("root_path", "").rstrip("/"), safe="/%")
        body = page.substitute(
            title=escape(f"{organisation} chat"),
            organisation=escape(organisation),
            inbox=escape(inbox),
            root=escape(root),
        )
        headers = {**QUIET_HEADERS, "Content-Security-Policy": CHAT_POLICY, "Cache-Control": "no-cache"}
        return Response(body, media_type="text/html; charset=utf-8", headers=headers)

    @routes.get("/")
    async def first_chat(request: Request) -> Response:
        return chat(request, inboxes[0])

    @routes.get("/chat/{inbox}")
    async def chat_of(request: Request, inbox: str) -> Response:
        if inbox not in inboxes:
            raise HTTPException(404, f"there is no chat named {inbox!r}")
        return chat(request, inbox)

    @routes.get("/widget.js")
    async def widget_js(request: Request) -> Response:
        return widget.respond(request)

    @routes.get("/chat.css")
    async def chat_css(request: Request) -> Response:
        return css.respond(request)

    return routes
