"""What the desk's pages beside the conversations share: the way between them, their frame, and how a fault is said."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from nicegui import Client, background_tasks, ui

from agent.oversight import Actor
from channels.web.desk import words
from channels.web.desk.elements import Box, Text
from channels.web.ports import Identity, Role

log = logging.getLogger(__name__)

STATIC = Path(__file__).parents[1] / "static"
EVERYBODY: tuple[Role, ...] = ("viewer", "agent", "admin")


@dataclass(frozen=True, slots=True)
class Place:
    """A page one can go to: its address below the desk, its name, and who may."""

    path: str
    label: str
    roles: tuple[Role, ...] = EVERYBODY


CONVERSATIONS = Place("", "Conversations")
_offered: list[Place] = [CONVERSATIONS]


def offer(*places: Place) -> None:
    """Adds pages of this process to the navigation; none takes all but the conversations out of it."""
    known = _offered if places else [CONVERSATIONS]
    _offered[:] = [*(each for each in known if each not in places), *places]


def offered(path: str) -> bool:
    """Whether this process has the page."""
    return any(place.path == path for place in _offered)


def navigation(role: Role, current: str, up: str = "./") -> None:
    """Links to the desk's pages, drawn where it is called; `up` leads from this page to the desk."""
    places = [place for place in _offered if role in place.roles]
    if len(places) < 2:
        return
    with Box("nav", "places", aria_label="Pages"):
        for place in places:
            link = Text(place.label, "a", "place", href=f"{up}{place.path}")
            if place.path == current:
                link.props["aria-current"] = "page"


class Frame:
    """One page in one browser tab: a header, what went wrong if anything, and `main` to draw into."""

    def __init__(
        self, me: Identity, allowed: Callable[[], bool], organisation: str, place: Place, up: str = "./"
    ) -> None:
        self.me = me
        self.up = up
        self.zone: tzinfo = UTC
        self.client = ui.context.client
        self._allowed = allowed
        with Box(classes="desk page"):
            with Box("header", "top"):
                Text(organisation, "h1")
                navigation(me.role, place.path, up)
                Text(f"{me.name}, {me.role}", classes="muted me")
                with Box("form", method="post", action=f"{up}logout"):
                    Text("Log out", "button", "link quiet", type="submit")
            self._bar = Text("", "p", "bar", role="alert")
            self._bar.set_visibility(False)
            self._news = Text("", "p", "vh", role="status")
            self.main = Box("main", "sheet")

    @property
    def actor(self) -> Actor:
        """Who acts here, for the audit."""
        return Actor(self.me.name, self.me.role)

    @property
    def admin(self) -> bool:
        return self.me.role == "admin"

    async def attempt(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Whether it worked; what went wrong is said in the bar. The one place where a failure becomes words."""
        if not self._allowed():
            ui.navigate.to(f"{self.up}login")
            return False
        try:
            await act()
        except Exception as error:  # the edge of a session
            if not isinstance(getattr(error, "code", None), str):
                log.exception("an act at the desk failed")
            self.tell(words.fault(error))
            return False
        self.tell("")
        return True

    def tell(self, fault: str) -> None:
        """Says what went wrong, or takes it back."""
        self._bar.set_text(fault)
        self._bar.set_visibility(bool(fault))

    def announce(self, news: str) -> None:
        """Says something to those who listen to the page instead of looking at it."""
        self._news.set_text(news)

    def at(self, moment: datetime | None) -> str:
        """A moment in the reader's zone, "" for none."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    async def find_zone(self) -> None:
        """Learns the reader's time zone from the browser; UTC where it cannot."""
        with contextlib.suppress(TimeoutError, ZoneInfoNotFoundError, ValueError):
            zone = await ui.run_javascript("Intl.DateTimeFormat().resolvedOptions().timeZone", timeout=2)
            self.zone = ZoneInfo(str(zone))


Draw = Callable[[Frame, Request], Callable[[], Awaitable[None]]]
"""Draws a page's shape into the frame's `main` and gives what fills it once the browser is connected."""


async def show(frame: Frame, request: Request, client: Client, draw: Draw) -> None:
    """The page's shape at once, then what is in it."""
    with frame.main:
        fill = draw(frame, request)
    await client.connected()
    await frame.find_zone()
    with client:
        await fill()


def head(style: str) -> None:
    """The styles and the script of the pages, into this page's head."""
    more = (STATIC / "pages.css").read_text(encoding="utf-8")
    script = (STATIC / "pages.js").read_text(encoding="utf-8")
    ui.add_head_html(f"<style>{style}{more}</style><script>{script}</script>")


def later(work: Callable[[], Awaitable[object]], frame: Frame, name: str) -> None:
    """Runs it beside the page, within it: a slow answer must not hold up a click."""

    async def run() -> None:
        with frame.client:
            await frame.attempt(work)

    background_tasks.create(run(), name=name)
