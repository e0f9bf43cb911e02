"""The desk's door: a key opens it, a sealed cookie keeps it open for a working day, each act looks at the key again.

The cookie holds the key encrypted with the server's secret, so a key that was withdrawn opens nothing any more,
on any process, without a table of sessions.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from cryptography.fernet import Fernet, InvalidToken
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.web.look import tokens
from channels.web.ports import Identity

COOKIE = "frontdesk_desk"
OPEN_S = 12 * 3600
WRONG_KEY_S = 0.5  # slows guessing; keys are long and random, so it need not do more
LONGEST_FORM = 4096
STATIC = Path(__file__).parents[1] / "static"
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
GUARDED = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class Door:
    """Who is in: `check_key` says whose key it is, `secret` seals the cookie."""

    def __init__(self, check_key: Callable[[str], Identity | None], secret: str) -> None:
        self._check = check_key
        self._seal = Fernet(
            base64.urlsafe_b64encode(hashlib.sha256(b"frontdesk desk cookie" + secret.encode()).digest())
        )

    def identity(self, key: str) -> Identity | None:
        """Whose key it is, None when it opens nothing here."""
        found = self._check(key) if key else None
        return found if found is not None and found.may_look else None

    def seal(self, key: str) -> str:
        return self._seal.encrypt(key.encode()).decode()

    def key_of(self, connection: HTTPConnection) -> str:
        """The key a browser came in with, "" when there is none or its time is over."""
        try:
            return self._seal.decrypt(connection.cookies.get(COOKIE, "").encode(), ttl=OPEN_S).decode()
        except InvalidToken:
            return ""


class Guard:
    """Lets nobody past the door to the desk's pages; its scripts and styles are public."""

    def __init__(self, app: ASGIApp, door: Callable[[], Door]) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "")
        if scope["type"] in ("http", "websocket") and not scope["path"].startswith(root):
            # A proxy took the prefix off; what is mounted finds its routes only in the whole path.
            scope = {**scope, "path": scope.get("app_root_path", "") + scope["path"]}
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        inside = scope["path"][len(root) :]
        if not inside.startswith("/_nicegui") and inside != "/favicon.ico":
            door = self._door()
            if door.identity(door.key_of(HTTPConnection(scope))) is None:
                await Response(status_code=303, headers={"Location": f"{root}/login"})(scope, receive, send)
                return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *GUARDED]}
            await send(message)

        await self._app(scope, receive, guarded)


def routes(door: Door, organisation: str, path: str) -> APIRouter:
    """The login page, and what its form and the way out are sent to."""
    page = Template((STATIC / "login.html").read_text(encoding="utf-8").replace("{", "${"))
    style = tokens() + (STATIC / "login.css").read_text(encoding="utf-8")
    router = APIRouter(include_in_schema=False)

    def login(words: str = "", status: int = 200) -> Response:
        body = page.substitute(organisation=escape(organisation), words=escape(words), hidden="" if words else "hidden")
        headers = {"Content-Security-Policy": f"{POLICY}; form-action 'self'", "Cache-Control": "no-store"}
        return Response(body, status, media_type="text/html; charset=utf-8", headers=headers)

    @router.get(path)
    async def enter() -> Response:
        return Response(status_code=307, headers={"Location": f"{path.rsplit('/', 1)[1]}/"})

    @router.get(f"{path}/login")
    async def show() -> Response:
        return login()

    @router.get(f"{path}/login.css")
    async def css() -> Response:
        return Response(style, media_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=300"})

    @router.post(f"{path}/login")
    async def open_door(request: Request) -> Response:
        key = await _key_in(request)
        identity = door.identity(key)
        if identity is None:
            await asyncio.sleep(WRONG_KEY_S)
            return login("This key does not open the desk. Check it, or ask whoever runs the server for one.", 401)
        answer = Response(status_code=303, headers={"Location": "./"})
        answer.set_cookie(
            COOKIE,
            door.seal(key),
            max_age=OPEN_S,
            path=request.scope.get("root_path", "") + path,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    @router.post(f"{path}/logout")
    async def shut_door(request: Request) -> Response:
        answer = Response(status_code=303, headers={"Location": "login"})
        answer.delete_cookie(COOKIE, path=request.scope.get("root_path", "") + path)
        return answer

    return router


async def _key_in(request: Request) -> str:
    """The form's key, "" when there is none. Reads no more than a login form can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return ""
    return parse_qs(body.decode("ascii", "replace")).get("key", [""])[0].strip()
