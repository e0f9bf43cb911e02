"""The desk at `/desk`: where people see conversations, take them over and answer. See docs/desk.md."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from nicegui import Client, ui
from nicegui import app as served

from channels.oidc.provider import Provider
from channels.web.desk import door as doors
from channels.web.desk import downloads, sign_in, tasks
from channels.web.desk import pages as beside
from channels.web.desk.door import Door, Guard, Noted, nothing_noted
from channels.web.desk.overseeing import Overseen, add_pages
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
    overseen: Overseen | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """The organisation's own login service, and how the outside reaches this server."""

    provider: Provider
    public_url: str | None = None


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
    *,
    overseen: Overseen | None = None,
    login: Login | None = None,
) -> None:
    """Puts the desk into `app` below `path`, behind a login by key, and by `login` where it is given; `secret` seals
    the login's cookie. `overseen` adds the pages for figures, customers, controls and the audit.

    NiceGUI has one page server a process: the desk of the app that was mounted last is the one that shows.
    Its pages live in the process that drew them, so several `serve` processes need a proxy that keeps a browser
    with one of them.
    """
    global _mounted
    note = overseen.note_login if overseen else nothing_noted
    door = Door(check_key, secret, login.provider.settings.issuer if login else "")
    _mounted = Mounted(desk, door, organisation, overseen)
    _doors(app, door, organisation, path, secret, login, note)
    beside.offer()
    if overseen is not None:  # before the pages, which take every address below the desk
        app.include_router(downloads.routes(door, overseen, organisation, path))
    # An app built again in one process, as tests do, must not stack a second set of the same middleware.
    served.user_middleware.clear()
    served.middleware_stack = None
    served.add_middleware(Guard, door=lambda: mounted().door)
    # NiceGUI looks at every object, now and when it starts, torch's deprecated ones too: no news to who runs us.
    warnings.filterwarnings("ignore", "`torch.distributed.reduce_op` is deprecated", FutureWarning)
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
        given = now.door.pass_of(request)
        me = now.door.admitted(given)
        if me is None:  # the guard let somebody in whose key was withdrawn that moment
            return Response(status_code=303, headers={"Location": "login"})
        ui.add_head_html(f"<style>{style}</style><script>{script}</script>")
        fill = open_screen(now.desk, me, lambda: now.door.admitted(given) is not None, now.organisation)
        await fill(client, request.query_params.get("c"))
        return None

    tasks.add_page(style, mounted)
    if overseen is not None:
        add_pages(style, mounted, knows=overseen.care is not None, retains=overseen.retention is not None)


def _doors(
    app: FastAPI, door: Door, organisation: str, path: str, secret: str, login: Login | None, note: Noted
) -> None:
    """The login page and what is behind it. The login service's own way out goes first: it takes both."""
    service = ""
    if login is not None:
        service, public_url = login.provider.settings.label, login.public_url
        app.include_router(
            sign_in.routes(door, login.provider, organisation, path, secret, public_url=public_url, note=note)
        )
    app.include_router(doors.routes(door, organisation, path, service=service, note=note, logout=login is None))
