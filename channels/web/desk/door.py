"""The desk's door: a key or the organisation's own login opens it, a sealed cookie keeps it open for a working day.

The cookie holds the key encrypted with the server's secret, and each act looks at the key again, so a key that was
withdrawn opens nothing any more, on any process, without a table of sessions. Who came by their organisation's login
(see `sign_in`) has a cookie with their name, role and its end instead, sealed under another secret, so that neither
can be made to look like the other.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
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

Noted = Callable[[str, str, str, str], Awaitable[None]]
"""Writes a login into the audit: who (a name, or "" for nobody known), their role, the act, and why."""

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


@dataclass(frozen=True, slots=True)
class Pass:
    """What a browser came in with: a key, or a person until a time (seconds since 1970) by a login service."""

    key: str = ""
    person: Identity | None = None
    until: float = 0.0
    issuer: str = ""


class Door:
    """Who is in: `check_key` says whose key it is, `secret` seals the cookie, `issuer` is the login service if any."""

    def __init__(
        self,
        check_key: Callable[[str], Identity | None],
        secret: str,
        issuer: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._check = check_key
        self._seal = fernet("frontdesk desk cookie", secret)
        self._seal_person = fernet("frontdesk desk person", secret)
        self._issuer = issuer
        self._clock = clock

    def identity(self, key: str) -> Identity | None:
        """Whose key it is, None when it opens nothing here."""
        found = self._check(key) if key else None
        return found if found is not None and found.may_look else None

    def admitted(self, given: Pass) -> Identity | None:
        """Whose pass it is, None when it is not, or no longer, good for anything here."""
        if given.person is None:
            return self.identity(given.key)
        good = bool(self._issuer) and given.issuer == self._issuer and self._clock() < given.until
        return given.person if good else None

    def seal(self, key: str) -> str:
        return self._seal.encrypt(key.encode()).decode()

    def seal_person(self, person: Identity, open_s: float) -> str:
        """The cookie of somebody the login service vouched for."""
        kept = {"person": asdict(person), "until": self._clock() + open_s, "issuer": self._issuer}
        return self._seal_person.encrypt(json.dumps(kept).encode()).decode()

    def pass_of(self, connection: HTTPConnection) -> Pass:
        """What a browser came in with; an empty one when that is nothing, or its time is over."""
        if key := self.key_of(connection):
            return Pass(key)
        try:
            kept = json.loads(self._seal_person.decrypt(connection.cookies.get(COOKIE, "").encode()))
        except InvalidToken:
            return Pass()
        return Pass(person=Identity(**kept["person"]), until=kept["until"], issuer=kept["issuer"])

    def key_of(self, connection: HTTPConnection) -> str:
        """The key a browser came in with, "" when there is none or its time is over."""
        try:
            return self._seal.decrypt(connection.cookies.get(COOKIE, "").encode(), ttl=OPEN_S).decode()
        except InvalidToken:
            return ""


def fernet(purpose: str, secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(purpose.encode() + secret.encode()).digest()))


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
            if door.admitted(door.pass_of(HTTPConnection(scope))) is None:
                await Response(status_code=303, headers={"Location": f"{root}/login"})(scope, receive, send)
                return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *GUARDED]}
            await send(message)

        await self._app(scope, receive, guarded)


@dataclass(frozen=True, slots=True)
class LoginPage:
    """The page before the door. `service` names the organisation's own login where there is one."""

    organisation: str
    service: str = ""

    def show(self, words: str = "", status: int = 200) -> Response:
        """The page, with what went wrong above its form."""
        page = Template((STATIC / "login.html").read_text(encoding="utf-8").replace("{", "${"))
        body = page.substitute(
            organisation=escape(self.organisation),
            words=escape(words),
            hidden="" if words else "hidden",
            service=escape(self.service),
            alone="" if self.service else "hidden",
        )
        headers = {"Content-Security-Policy": f"{POLICY}; form-action 'self'", "Cache-Control": "no-store"}
        return Response(body, status, media_type="text/html; charset=utf-8", headers=headers)


async def nothing_noted(_who: str, _role: str, _act: str, _why: str) -> None:
    """Where logins are written nowhere, as in a desk without a store."""


def routes(
    door: Door, organisation: str, path: str, *, service: str = "", note: Noted = nothing_noted, logout: bool = True
) -> APIRouter:
    """The login page, and what its form and the way out are sent to."""
    page = LoginPage(organisation, service)
    style = tokens() + (STATIC / "login.css").read_text(encoding="utf-8")
    router = APIRouter(include_in_schema=False)

    @router.get(path)
    async def enter() -> Response:
        return Response(status_code=307, headers={"Location": f"{path.rsplit('/', 1)[1]}/"})

    @router.get(f"{path}/login")
    async def show() -> Response:
        return page.show()

    @router.get(f"{path}/login.css")
    async def css() -> Response:
        return Response(style, media_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=300"})

    @router.post(f"{path}/login")
    async def open_door(request: Request) -> Response:
        key = await _key_in(request)
        identity = door.identity(key)
        if identity is None:
            await note("", "", "login.refused", "a key that opens nothing here")
            await asyncio.sleep(WRONG_KEY_S)
            return page.show("This key does not open the desk. Check it, or ask whoever runs the server for one.", 401)
        await note(identity.name, identity.role, "login", "by key")
        return let_in(request, path, door.seal(key), OPEN_S)

    if logout:

        @router.post(f"{path}/logout")
        async def shut_door(request: Request) -> Response:
            return let_out(request, path, "login")

    return router


def let_in(request: Request, path: str, sealed: str, open_s: int) -> Response:
    """Onwards to the desk, with the cookie that opens it."""
    answer = Response(status_code=303, headers={"Location": "./", "Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        sealed,
        max_age=open_s,
        path=request.scope.get("root_path", "") + path,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


def let_out(request: Request, path: str, to: str) -> Response:
    """Onwards to `to`, without the cookie."""
    answer = Response(status_code=303, headers={"Location": to})
    answer.delete_cookie(COOKIE, path=request.scope.get("root_path", "") + path)
    return answer


async def _key_in(request: Request) -> str:
    """The form's key, "" when there is none. Reads no more than a login form can be."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return ""
    return parse_qs(body.decode("ascii", "replace")).get("key", [""])[0].strip()
