"""Finding a customer: by their exact telephone, address or id; else those who were here last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from fastapi import Request

from agent.oversight import Oversight
from channels.web.desk import words
from channels.web.desk.elements import Box, Text
from channels.web.desk.fields import Field, table
from channels.web.desk.pages import Draw, Frame
from memory.customer_views import CustomerLine

EMPTY = "Nobody is here yet. When somebody writes on any channel, they appear in this list."
NOBODY = "Nobody is known by exactly that. Write the whole telephone with its country, the whole address, or the id."


def draw(oversight: Oversight) -> Draw:
    """The page."""

    def page(frame: Frame, _request: Request) -> Callable[[], Awaitable[None]]:
        return CustomersPage(oversight, frame).read

    return page


class CustomersPage:
    """The list in one browser tab."""

    def __init__(self, oversight: Oversight, frame: Frame) -> None:
        self._oversight = oversight
        self._frame = frame
        Text("Customers", "h2", "title")
        Text("Telephones and addresses are found by a keyed hash, so only a whole one finds somebody.", "p", "muted")
        with Box("form", "filters", onsubmit="return false"):
            self._words = Field(
                "Telephone, email address or id", changed=self.read, type="search", maxlength="320", autocomplete="off"
            )
        self._list = Box(classes="entries-box")
        with self._list:
            for _ in range(3):
                Box(classes="shape")

    async def read(self) -> None:
        """Shows who is found."""
        found: list[CustomerLine] = []

        async def read() -> None:
            found.extend(await self._oversight.customers(self._words.value))
            self._show(found)

        await self._frame.attempt(read)
        self._frame.announce(f"{len(found)} {'customer' if len(found) == 1 else 'customers'}")

    def _show(self, found: list[CustomerLine]) -> None:
        self._list.clear()
        with self._list:
            table(
                "Customers",
                ["Known as", "Last here", "Id"],
                [self._row(line) for line in found],
                empty=NOBODY if self._words.value.strip() else EMPTY,
            )

    def _row(self, line: CustomerLine) -> list[object]:
        ago = f"{words.duration(datetime.now(UTC) - line.last_at)} ago" if line.last_at else "Never"
        name = ", ".join(line.known_as) or "A visitor"
        return [partial(Text, name, "a", "link", href=f"customers/{quote(line.id, safe='')}"), ago, line.id]
