"""The pages with which people oversee the whole: figures, customers, controls and the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from fastapi import Request
from fastapi.responses import Response
from nicegui import Client, ui

from agent.knowing.care import Care
from agent.oversight import Actor, Oversight
from agent.retention import Retention
from channels.web.desk import audit, controls, customer, customers, dashboards, knowledge, retention
from channels.web.desk.door import Door
from channels.web.desk.pages import Draw, Frame, Place, head, offer, show
from channels.web.desk.scene import Scene

REFUSED_AGAIN_S = 60.0
"""Wrong keys are written into the audit once in this time, with their number: nobody may fill it from outside."""


@dataclass(slots=True, eq=False)
class Overseen:
    """What the pages act on. Without `care` there is no page about the knowledge, without `retention` none about
    that."""

    oversight: Oversight
    scene: Scene = field(default_factory=Scene)
    care: Care | None = None
    retention: Retention | None = None
    _refused: int = 0
    _counting: asyncio.Task[None] | None = None

    async def note_login(self, who: str, role: str, act: str, why: str) -> None:
        """Writes a login, or a refused one, into the audit. Refusals of nobody known are counted together."""
        if act == "login.refused" and not who:
            self._refused += 1
            if self._counting is None or self._counting.done():
                await self._note_refused()
                self._counting = asyncio.create_task(self._count(), name="refused logins")
            return
        await self.oversight.note_login(Actor(who, role), act, why, datetime.now(UTC))

    async def _count(self) -> None:
        await asyncio.sleep(REFUSED_AGAIN_S)
        if self._refused:
            await self._note_refused()

    async def _note_refused(self) -> None:
        times, self._refused = self._refused, 0
        why = "a key or a login that opens nothing here" + (f", {times} times" if times > 1 else "")
        await self.oversight.note_login(Actor("nobody known", ""), "login.refused", why, datetime.now(UTC))


class Mounted(Protocol):
    """What is mounted in this process."""

    @property
    def door(self) -> Door: ...
    @property
    def organisation(self) -> str: ...
    @property
    def overseen(self) -> Overseen | None: ...


FIGURES = Place("figures", "Figures")
KNOWLEDGE = Place("knowledge", "Knowledge")
CUSTOMERS = Place("customers", "Customers", ("agent", "admin"))
CONTROLS = Place("controls", "Controls")
AUDIT = Place("audit", "Audit", ("admin",))
RETENTION = Place("retention", "Retention", ("admin",))


def add_pages(style: str, mounted: Callable[[], Mounted], *, knows: bool = False, retains: bool = False) -> None:
    """Registers the pages; what they show is asked of `mounted` each time, as the desk's own page does.
    `knows` adds the one about the knowledge, `retains` the one about retention."""
    without = {place for place, there in ((KNOWLEDGE, knows), (RETENTION, retains)) if not there}
    places = (FIGURES, KNOWLEDGE, CUSTOMERS, CONTROLS, AUDIT, RETENTION)
    offer(*(place for place in places if place not in without))
    pages: tuple[tuple[str, Place, str, Callable[[Overseen], Draw]], ...] = (
        ("/figures", FIGURES, "./", lambda seen: dashboards.draw(seen.oversight, seen.scene)),
        ("/knowledge", KNOWLEDGE, "./", lambda seen: knowledge.draw(cared(seen))),
        ("/customers", CUSTOMERS, "./", lambda seen: customers.draw(seen.oversight)),
        ("/customers/{customer}", CUSTOMERS, "../", lambda seen: customer.draw(seen.oversight, seen.scene)),
        ("/controls", CONTROLS, "./", lambda seen: controls.draw(seen.oversight, seen.scene)),
        ("/audit", AUDIT, "./", lambda seen: audit.draw(seen.oversight)),
        ("/retention", RETENTION, "./", lambda seen: retention.draw(retained(seen))),
    )
    for path, place, up, draw in pages:
        if place in without:
            continue
        _page(path, place, up, draw, style, mounted)


def cared(seen: Overseen) -> Care:
    """Its care of the knowledge. Raises RuntimeError where it has none: then there is no page for it either."""
    if seen.care is None:
        raise RuntimeError("this desk has no knowledge to care for")
    return seen.care


def retained(seen: Overseen) -> Retention:
    """Its retention. Raises RuntimeError where it has none: then there is no page for it either."""
    if seen.retention is None:
        raise RuntimeError("this desk has no retention to show")
    return seen.retention


def _page(
    path: str, place: Place, up: str, draw: Callable[[Overseen], Draw], style: str, mounted: Callable[[], Mounted]
) -> None:
    @ui.page(path, title=f"{place.label} · Desk", language="en-US")
    async def page(request: Request, client: Client) -> Response | None:
        now = mounted()
        given = now.door.pass_of(request)
        me = now.door.admitted(given)
        if me is None:  # the guard let somebody in whose key was withdrawn that moment
            return Response(status_code=303, headers={"Location": f"{up}login"})
        if me.role not in place.roles or now.overseen is None:
            return Response(status_code=303, headers={"Location": up})
        head(style)
        frame = Frame(me, lambda: now.door.admitted(given) is not None, now.organisation, place, up)
        await show(frame, request, client, draw(now.overseen))
        return None
