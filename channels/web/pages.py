"""What a customer's browser is given: the chat as a page at `/` and `/chat/{inbox}`, `widget.js` for other sites, and
`push.js`, which tells of an answer when the page is closed."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from channels.web.look import tokens
from channels.web.widget import speaks, widget_js

STATIC = Path(__file__).parent / "static"

# No inline script and nothing from elsewhere; the widget's style sheet is constructed, which no style-src forbids.
# The page may be framed by its own site only: other sites embed the widget, not the page.
CHAT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
QUIET_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is served as it is, with an ETag of its content."""

    body: bytes
    packed: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: str, media_type: str) -> Asset:
        raw = body.encode()
        return cls(raw, gzip.compress(raw, 9, mtime=0), media_type, f'"{hashlib.sha256(raw).hexdigest()[:20]}"')

    def respond(self, request: Request) -> Response:
        """The file, or 304 when the browser has it. Five minutes fresh, so that a new release is seen soon."""
        headers = {
            **QUIET_HEADERS,
            "ETag": self.etag,
            "Cache-Control": "public, max-age=300",
            # Sites that isolate themselves may still load the widget.
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
        }
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, media_type=self.media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(self.body, media_type=self.media_type, headers=headers)


_SCRIPT = "text/javascript; charset=utf-8"


def _locale(asked: str, usual: str) -> str:
    """A language the widget speaks. Pure."""
    wanted = [each for each in (asked, usual) if re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z0-9]{2,8})*", each)]
    return next(filter(speaks, wanted), "en")


def router(organisation: str, inboxes: Sequence[str] = ("web",), locale: str = "en") -> APIRouter:
    """Routes for the chat page of the first inbox at `/`, of each at `/chat/{inbox}`, and their files.

    The page speaks `locale`, or what `?locale=` asks for, where the widget can; else English. Addresses are built on
    the request's `root_path`, so the page is right below any prefix a proxy takes off.
    """
    page = Template((STATIC / "chat.html").read_text(encoding="utf-8").replace("{", "${"))
    widget = Asset.of(widget_js(), _SCRIPT)
    push = Asset.of((STATIC / "push.js").read_text(encoding="utf-8"), _SCRIPT)
    css = Asset.of(tokens() + (STATIC / "chat.css").read_text(encoding="utf-8"), "text/css; charset=utf-8")
    routes = APIRouter(include_in_schema=False)

    def chat(request: Request, inbox: str) -> Response:
        root = quote(request.scope.get("root_path", "").rstrip("/"), safe="/%")
        body = page.substitute(
            title=escape(f"{organisation} chat"),
            organisation=escape(organisation),
            inbox=escape(inbox),
            root=escape(root),
            locale=_locale(request.query_params.get("locale", ""), locale),
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
    async def the_widget(request: Request) -> Response:
        return widget.respond(request)

    @routes.get("/push.js")
    async def push_js(request: Request) -> Response:
        return push.respond(request)

    @routes.get("/chat.css")
    async def chat_css(request: Request) -> Response:
        return css.respond(request)

    return routes
