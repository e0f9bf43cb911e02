"""Where a person writes: to the customer, or a note that only the team sees."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from channels.web.desk import words
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.reply_window import reply_window
from memory.views import ConversationView

Write = Callable[[str, str], Awaitable[bool]]
"""Takes the text and its idempotency key; False when it was not taken and the text stays."""

# A customer's chat shows for five seconds that a person writes: told this often, it does not go out in between.
_TELL_S = 3.0


class Composer:
    """Keeps what was begun per conversation, also when one looks at another in between."""

    def __init__(
        self, person: str, may_answer: bool, send: Write, note: Write, typing: Callable[[str], Awaitable[None]]
    ) -> None:
        self._person = person
        self._may_answer = may_answer
        self._write = {"send": send, "note": note}
        self._typing = typing
        self._told = 0.0
        self._view: ConversationView | None = None
        self._drafts: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self.box = Box(classes="composer")
        with self.box:
            self._words = Text("", "p", "muted", id="composer-words")
            self._input = ui.textarea(on_change=self._typed)
            self._input.props('borderless autogrow aria-label="Your answer or note" aria-describedby="composer-words"')
            self._input.classes("writing")
            self._input.props('aria-keyshortcuts="Alt+R"')
            # Ctrl+Enter sends; Enter alone makes a line, as an answer may have several.
            self._input.on("keydown.ctrl.enter", self._hurry, [])
            self._input.on("keydown.meta.enter", self._hurry, [])
            with Box(classes="buttons"):
                self._length = Text("", classes="muted grow")
                self._note = Button("Save as note", lambda: self._submit("note"), "plain")
                self._send = Button("Send", lambda: self._submit("send"), "primary")

    @property
    def mine(self) -> bool:
        return self._view is not None and self._view.owner == "person" and self._view.person == self._person

    def show(self, view: ConversationView) -> None:
        """Draws who gets what, for the conversation as it stands."""
        changed = self._view is None or self._view.id != view.id
        self._view = view
        if changed:
            self._input.set_value(self._drafts.get(view.id, ""))
        answering = self.mine and view.status != "closed"
        self._input.set_visibility(self._may_answer)
        self._note.set_visibility(self._may_answer)
        self._send.set_visibility(answering and self._may_answer)
        self._send.set_text(f"Send to {words.who(view)}")
        self._words.set_text(self._explain(view, answering))
        self._count()

    async def recall(self) -> None:
        """Brings back what was begun before a reload or a restart of the server; the browser's tab kept it."""
        view = self._view
        if view is None or self._input.value:
            return
        with contextlib.suppress(TimeoutError):
            kept = await ui.run_javascript(f"window.deskKept({json.dumps(view.id)})", timeout=3)
            if kept and self._view is not None and self._view.id == view.id and not self._input.value:
                self._input.set_value(str(kept))

    def fill(self, text: str) -> None:
        """Puts a text where the answer is written, below what is there already."""
        before = (self._input.value or "").rstrip()
        self._input.set_value(f"{before}\n{text}" if before else text)
        self._input.run_method("focus")

    def _explain(self, view: ConversationView, answering: bool) -> str:
        if not self._may_answer:
            return "Your key lets you look. Answering needs an agent's key."
        if answering:
            window = reply_window(view, datetime.now(UTC))
            return f"{words.receivers(view, self._person)} {window}Ctrl+Enter sends."
        if view.status == "closed":
            return "It is closed. A note stays within the team."
        if view.owner == "person":
            return f"{view.person} answers this customer. You can leave a note for the team."
        return "Take it over to answer. A note stays within the team."

    async def _typed(self, event: ValueChangeEventArguments[str | None]) -> None:
        if self._view is None:
            return
        grows = len(event.value or "") > len(self._drafts.get(self._view.id, ""))
        self._drafts[self._view.id] = event.value or ""
        self._count()
        if grows and self.mine and time.monotonic() >= self._told:
            self._told = time.monotonic() + _TELL_S
            await self._typing(self._view.id)

    def _count(self) -> None:
        text = (self._input.value or "").strip()
        units = words.length(text, self._view.channel) if text and self._view else ""
        self._length.set_text(units)

    async def _hurry(self) -> None:
        if self.mine:
            await self._submit("send")

    async def _submit(self, what: str) -> None:
        text = (self._input.value or "").strip()
        if not text or self._view is None:
            self._input.run_method("focus")
            return
        conversation = self._view.id
        # One key for one text: pressed again after a failure it is the same message, never a second one.
        key = self._keys.setdefault(f"{conversation} {what} {text}", uuid.uuid4().hex)
        if await self._write[what](text, key):
            self._keys.clear()
            self._drafts.pop(conversation, None)
            ui.run_javascript(f"window.deskForget({json.dumps(conversation)})")
            if self._view.id == conversation:
                self._input.set_value("")
