"""The desk at `/desk`: where people see conversations, take them over and answer. See docs/desk.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from nicegui import Client, ui
from nicegui import app as pages

from channels.web.desk import door as doors
from channels.web.desk.door import Door, Guard
from channels.web.desk.screen import open_screen
from channels.web.look import tokens
from channels.web.ports import Desk, Identity

STATIC = Path(__file__).parents[1] / "static"


@dataclass(frozen=True, slots=True)
class Mounted:
    """What the pages of this process show."""

    desk: Desk
    door: Door
    organisation: str


_mounted: Mounted | None = None


def mounted() -> Mounted:
    """The desk that was mounted last. Raises RuntimeError before the first `mount`."""
    if _mounted is None:
        raise RuntimeError("the desk is not mounted")
    return _mounted


def mount(
    app: FastAPI,
    desk: Desk,
    check_key: Callable[[str], Identity | None],
    organisation: str,
    secret: str,
    path: str = "/desk",
) -> None:
    """Puts the desk into `app` below `path`, behind a login by key; `secret` seals the login's cookie.

    NiceGUI has one page server a process: the desk of the app that was mounted last is the one that shows.
    Its pages live in the process that drew them, so several `serve` processes need a proxy that keeps a browser
    with one of them.
    """
    global _mounted
    door = Door(check_key, secret)
    _mounted = Mounted(desk, door, organisation)
    app.include_router(doors.routes(door, organisation, path))
    # An app built again in one process, as tests do, must not stack a second set of the same middleware.
    pages.user_middleware.clear()
    pages.middleware_stack = None
    pages.add_middleware(Guard, door=lambda: mounted().door)
    ui.run_with(
        app,
        mount_path=path,
        title="Desk",
        favicon="data:,",
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )
    style = tokens() + (STATIC / "desk.css").read_text(encoding="utf-8")
    script = (STATIC / "desk.js").read_text(encoding="utf-8")

    @ui.page("/", title="Desk", language="en-US")
    async def desk_page(request: Request, client: Client) -> Response | None:
        now = mounted()
        key = now.door.key_of(request)
        me = now.door.identity(key)
        if me is None:  # the guard let somebody in whose key was withdrawn that moment
            return Response(status_code=303, headers={"Location": "login"})
        ui.add_head_html(f"<style>{style}</style><script>{script}</script>")
        fill = open_screen(now.desk, me, lambda: now.door.identity(key) is not None, now.organisation)
        await fill(client, request.query_params.get("c"))
        return None
