"""The page of controls: stop and start, throttles, fallback words, and how far the assistant goes alone.

Each act asks once, says what will happen, wants a reason, and holds on every process within a second.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from nicegui import ui

from agent.autonomy import control
from agent.errors import Refused
from agent.oversight import Oversight
from agent.templates import templates
from channels.web.desk import controls_words as words
from channels.web.desk.controls_words import EVERYTHING, INHERIT, Switch
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, Choice, Field
from channels.web.desk.pages import Draw, Frame
from channels.web.desk.scene import Scene

LOOK_S = 3.0  # how often the page looks what others turned
READ_ONLY = "You can see these. An admin turns them."
STOP_ONLY = "You can stop something at once. Starting it again, and all else, is for an admin."


def draw(oversight: Oversight, scene: Scene) -> Draw:
    """The page."""

    def page(frame: Frame, _request: Request) -> Callable[[], Awaitable[None]]:
        return ControlsPage(oversight, scene, frame).start

    return page


class ControlsPage:
    """The controls in one browser tab."""

    def __init__(self, oversight: Oversight, scene: Scene, frame: Frame) -> None:
        self._oversight = oversight
        self._scene = scene
        self._frame = frame
        self._values: dict[str, Mapping[str, Any]] = {}
        self._askings: list[Asking] = []
        Text("Controls", "h2", "title")
        if not frame.admin:
            Text(STOP_ONLY if frame.me.may_answer else READ_ONLY, "p", "muted")
        self._all = Box("section", "stop-all", aria_label="Everything")
        self._sections = Box(classes="sections")
        with self._sections:
            for _ in range(4):
                Box(classes="shape")

    async def start(self) -> None:
        """Reads for the first time, and again whenever nobody is in the middle of a form."""
        await self._frame.attempt(self._read)
        ui.timer(LOOK_S, self._look)

    async def _look(self) -> None:
        if not any(asking.open for asking in self._askings):
            await self._frame.attempt(self._read)

    async def _read(self) -> None:
        found: dict[str, Mapping[str, Any]] = {row["name"]: dict(row) for row in await self._oversight.controls()}
        if found != self._values or not self._askings:
            self._values = found
            self._draw()

    def _draw(self) -> None:
        self._askings.clear()
        self._all.clear()
        self._sections.clear()
        with self._all, self._row(EVERYTHING.name, EVERYTHING.label, "switch"):
            self._switch(EVERYTHING)
        with self._sections:
            for title, group in words.switches(self._scene):
                with self._section(title):
                    for each in group:
                        with self._row(each.name, each.label, "switch"):
                            self._switch(each)
            self._draw_autonomy()
            self._draw_limits()
            self._draw_templates()

    def _section(self, title: str, about: str = "") -> Box:
        section = Box("section", "card", aria_label=title)
        with section:
            Text(title, "h3")
            if about:
                Text(about, "p", "muted")
        return section

    @contextmanager
    def _row(self, name: str, label: str, classes: str = "") -> Iterator[None]:
        """A line of a section: its label, and what is drawn in the block."""
        with Box(classes=f"control-row {classes}", data_control=name):
            Text(label, "span", "control-name")
            with Box(classes="grow"):
                yield

    # --- stop and start ---

    def _switch(self, switch: Switch) -> None:
        row = self._values.get(switch.name)
        stopped = bool(row and row["value"].get("on"))
        Text(self._standing(row, "Stopped" if stopped else "Running"), "p", "bad state" if stopped else "state")
        if not (self._frame.admin or (self._frame.me.may_answer and not stopped)):
            return
        asking = self._asking()
        label = f"Start {_lower(switch)}" if stopped else f"Stop {_lower(switch)}"
        does = "What waits leaves now, and everything goes on as before." if stopped else switch.does

        async def turn(why: str) -> None:
            await self._set(switch.name, {"on": not stopped}, why)

        opener = asking.opener(does, label, turn, danger=not stopped)
        asking.offer(lambda: _button(label, opener, danger=not stopped))

    def _standing(self, row: Mapping[str, Any] | None, state: str) -> str:
        if row is None:
            return f"{state}."
        return f"{state} since {self._frame.at(row['at'])} by {row['by']}: {row['why']}"

    # --- autonomy ---

    def _draw_autonomy(self) -> None:
        about = "How far the assistant goes alone, by inbox and by what the customer wants."
        with self._section("Autonomy", about):
            with Box("dl", "levels"):
                for text in words.DOES.values():
                    name, _, does = text.partition(": ")
                    Text(name, "dt")
                    Text(does[:1].upper() + does[1:], "dd")
            for inbox in sorted(self._scene.inboxes):
                Text(inbox, "h4")
                self._level(inbox, "", "Everything else")
                for intent in self._scene.intents:
                    self._level(inbox, intent, words.INTENTS.get(intent, intent))

    def _level(self, inbox: str, intent: str, label: str) -> None:
        name, now = control(inbox, intent), words.level_of(self._values, self._scene, inbox, intent)
        options = words.choices(self._values, self._scene, inbox, intent)
        row = self._values.get(name)

        def rest() -> None:
            if not self._frame.admin:
                Text(options[now], "p")
                return
            choice = Choice(f"{label} in {inbox}", options, now, changed=lambda: ask(choice))
            choice.box.classes("bare")

        async def ask(choice: Choice) -> None:
            async def put(why: str) -> None:
                if choice.value == INHERIT:
                    await self._drop(name, why)
                else:
                    await self._set(name, {"level": choice.value}, why)

            does = words.consequence(inbox, intent, choice.value)
            await asking.opener(does, "Change it", put)()

        with self._row(name, label):
            asking = self._asking()
            asking.offer(rest)
            self._set_by(row)

    # --- throttles ---

    def _draw_limits(self) -> None:
        about = (
            "How many proactive messages may leave. Answers to a customer's own message never wait. "
            "Write “3/day” or “100/hour, 10/15 minutes”; nothing is no limit."
        )
        with self._section("Throttles", about):
            for name, label in words.limits(self._scene):
                self._limit(name, label)

    def _limit(self, name: str, label: str) -> None:
        row = self._values.get(name)
        now = ", ".join(words.limited(self._values, self._scene, name))

        async def put(why: str) -> None:
            try:
                found = words.written(field.value)
            except ValueError as error:
                raise Refused(str(error)) from None
            await self._set(name, {"limits": found}, why)

        field: Field

        def form() -> None:
            nonlocal field
            field = Field(f"Limit: {label}", now, maxlength="200", autocomplete="off")

        def rest() -> None:
            Text(now or "No limit", "span")
            if self._frame.admin:
                does = "What is over the new limit waits; what waited under the old one may leave at once."
                self._buttons(asking, name, label, row, asking.opener(does, "Set the limit", put, form=form))

        with self._row(name, label):
            asking = self._asking()
            asking.offer(rest)
            self._set_by(row)

    # --- fallback words ---

    def _draw_templates(self) -> None:
        about = "What is said when nothing is generated. {organisation} and {when} are filled in."
        with self._section("Fallback words", about):
            for name in sorted(self._scene.templates):
                self._template(name)

    def _template(self, name: str) -> None:
        key = f"template/{name}"
        row = self._values.get(key)
        now = str(row["value"].get("text", "")) if row else self._scene.templates[name]

        async def put(why: str) -> None:
            try:
                templates({name: field.value})
            except ValueError as error:
                raise Refused(str(error)) from None
            if not field.value.strip():
                raise Refused("write what is said instead; nothing cannot be said")
            await self._set(key, {"text": field.value.strip()}, why)

        field: Field

        def form() -> None:
            nonlocal field
            field = Field(f"The words of {name}", now, tag="textarea", rows="3", maxlength="1000")

        def rest() -> None:
            Text(now, "p", "quoted")
            if self._frame.admin:
                does = "Customers read these words from the next message on."
                self._buttons(asking, key, name, row, asking.opener(does, "Change the words", put, form=form))

        with self._row(key, name.replace("_", " ")):
            asking = self._asking()
            asking.offer(rest)
            self._set_by(row)

    # --- what all of them share ---

    def _asking(self) -> Asking:
        asking = Asking(self._frame.attempt)
        self._askings.append(asking)
        return asking

    def _set_by(self, row: Mapping[str, Any] | None) -> None:
        if row is not None:
            Text(self._standing(row, "Set"), "p", "muted")

    def _buttons(
        self,
        asking: Asking,
        name: str,
        label: str,
        row: Mapping[str, Any] | None,
        change: Callable[[], Awaitable[None]],
    ) -> None:
        with Box(classes="buttons start"):
            Button("Change", change, "link", aria_label=f"Change {label}")
            if row is not None:
                does = "The setting of the configuration holds again."
                back = asking.opener(does, "Use the setting", lambda why: self._drop(name, why))
                Button("Back to the setting", back, "link", aria_label=f"Back to the setting of {label}")

    async def _set(self, name: str, value: Mapping[str, Any], why: str) -> None:
        await self._oversight.set_control(name, value, self._frame.actor, why, datetime.now(UTC))
        await self._again(name)

    async def _drop(self, name: str, why: str) -> None:
        await self._oversight.drop_control(name, self._frame.actor, why, datetime.now(UTC))
        await self._again(name)

    async def _again(self, name: str) -> None:
        """Draws it as it is now; who works by keyboard is where they were."""
        await self._read()
        self._frame.announce("Saved. It holds everywhere within a second.")
        # Through the page itself: the button that was pressed is gone.
        self._frame.client.run_javascript(f"deskFocus({json.dumps(name)})")


def _button(label: str, act: Callable[[], Awaitable[None]], *, danger: bool) -> None:
    Button(label, act, "plain danger" if danger else "plain")


def _lower(switch: Switch) -> str:
    return "everything" if switch is EVERYTHING else switch.label
