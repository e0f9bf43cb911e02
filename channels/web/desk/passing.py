"""Passing a conversation on to a colleague or a team: one button, and a choice of who is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agent.people import Colleagues
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Choice

Pass = Callable[[str | None, str | None], Awaitable[bool]]
"""Takes the person or the team; False when it was not passed on."""
_STATES = {"here": "here", "away": "away", "gone": "not at the desk"}
NOBODY = (
    "There is nobody else to pass it to: teams are set up in the configuration, and colleagues show here once they "
    "open the desk."
)


class Passing:
    """The form below a conversation's head; hidden until it is asked for."""

    def __init__(self, person: str, colleagues: Callable[[], Awaitable[Colleagues | None]], pass_on: Pass) -> None:
        self._person = person
        self._colleagues = colleagues
        self._pass_on = pass_on
        self._choice: Choice | None = None
        self.box = Box("section", "passing", aria_label="Pass it on")
        self.box.set_visibility(False)

    async def toggle(self) -> None:
        """Opens the form with who is there now, or shuts it."""
        if self.box.visible:
            self.shut()
            return
        found = await self._colleagues()
        if found is None:
            return
        self.box.clear()
        with self.box:
            self._draw(found)
        self.box.set_visibility(True)

    def shut(self) -> None:
        self.box.set_visibility(False)
        self.box.clear()
        self._choice = None

    def _draw(self, found: Colleagues) -> None:
        options = {f"team:{name}": f"{name} (team)" for name in found.teams}
        options |= {
            f"person:{each.name}": f"{each.name}, {_STATES.get(each.state, each.state)}, {each.open} open"
            for each in found.people
            if each.name != self._person
        }
        if not options:
            Text(NOBODY, "p", "muted")
        with Box(classes="buttons"):
            if options:
                self._choice = Choice("Pass it to", options, next(iter(options)))
            Button("Cancel", self._cancel, "plain")
            if options:
                Button("Pass it on", self._pass, "plain")

    async def _cancel(self) -> None:
        self.shut()

    async def _pass(self) -> None:
        if self._choice is None:
            return
        kind, _, name = self._choice.value.partition(":")
        if await self._pass_on(name if kind == "person" else None, name if kind == "team" else None):
            self.shut()
