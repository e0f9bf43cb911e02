"""Whether the person at this desk takes customers, and the signs of life that keep saying so."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable

from nicegui import ui

from channels.web.desk.elements import Button, set_attributes
from memory.presence import State

Seen = Callable[[State | None], Awaitable[object]]
SIGN_S = 30.0
"""A third of what a desk may be silent before its person counts as gone."""
HERE = "You are here"
AWAY = "You are away"


class Presence:
    """A button that says how things stand; pressing it changes them. Drawn for those who may answer."""

    def __init__(self, seen: Seen, attempt: Callable[[Callable[[], Awaitable[object]]], Awaitable[bool]]) -> None:
        self._seen = seen
        self._attempt = attempt
        self._here = True
        self._button = Button(HERE, self._turn, "link quiet presence", aria_pressed="true")
        self._say()

    async def start(self) -> None:
        """The first sign, and one every half minute from now on."""
        await self._sign()
        ui.timer(SIGN_S, self._sign)

    async def _sign(self) -> None:
        with contextlib.suppress(Exception):  # the edge of a session: a sign missed is made up for by the next
            await self._seen(None)

    async def _turn(self) -> None:
        state: State = "away" if self._here else "here"
        if await self._attempt(lambda: self._seen(state)):
            self._here = state == "here"
            self._say()

    def _say(self) -> None:
        self._button.set_text(HERE if self._here else AWAY)
        title = "Waiting customers are offered to you" if self._here else "No customers are offered to you"
        set_attributes(self._button, {"aria_pressed": "true" if self._here else "false", "title": title})


class Signs:
    """Tells every half minute at most that a conversation's owner writes in it, so that they are not taken for idle."""

    def __init__(self, writes: Callable[[str], Awaitable[object]]) -> None:
        self._writes = writes
        self._told: dict[str, float] = {}

    async def sign(self, conversation: str) -> None:
        if time.monotonic() < self._told.get(conversation, 0.0):
            return
        self._told = {conversation: time.monotonic() + SIGN_S}
        await self._writes(conversation)
