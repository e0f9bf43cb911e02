"""A draft that waits for a person: read it with its sources, then approve, edit or reject it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.thread import draw_sources
from memory.views import ApprovalView

Decision = Literal["approve", "edit", "reject"]
Decide = Callable[[str, Decision, str | None], Awaitable[bool]]
"""Takes the turn, the decision and an edited text; False when it was not carried out."""


class Draft:
    """The card above the composer. It redraws only when it is another draft, so that an edit is not lost."""

    def __init__(self, may_answer: bool, decide: Decide) -> None:
        self._may_answer = may_answer
        self._decide = decide
        self._draft: ApprovalView | None = None
        self._edits: dict[str, str] = {}
        self.box = Box("section", "draft", aria_label="A draft that waits for you")
        self.box.set_visibility(False)

    def show(self, conversation: str, draft: ApprovalView | None) -> str:
        """Draws the conversation's draft, or hides the card. Returns the edit of one that became obsolete, else ""."""
        before = self._draft
        if (draft and draft.turn) == (before and before.turn):
            return ""
        lost = ""
        if before is not None and before.conversation == conversation:
            lost = self._edits.pop(before.turn, "")
        self._draft = draft
        self.box.clear()
        self.box.set_visibility(draft is not None)
        if draft is not None:
            with self.box:
                self._draw(draft)
        return lost

    def _draw(self, draft: ApprovalView) -> None:
        Text("The assistant wrote this. It goes out when a person says yes.", "p", "muted")
        field = ui.textarea(value=self._edits.get(draft.turn, draft.draft), on_change=self._typed).classes("writing")
        field.props('borderless autogrow aria-label="The draft"')
        if not self._may_answer:
            field.props("readonly")
        with Box(classes="below"):
            draw_sources(draft.sources)
        if not self._may_answer:
            return
        with Box(classes="buttons"):
            Text("Rejecting hands it to a person.", classes="muted grow")
            Button("Reject", self._reject, "plain")
            self._yes = Button("", self._approve, "primary")
        self._name()

    def _typed(self, event: ValueChangeEventArguments[str | None]) -> None:
        if self._draft is None or not self._may_answer:
            return
        text = (event.value or "").strip()
        if text == self._draft.draft.strip():
            self._edits.pop(self._draft.turn, None)
        else:
            self._edits[self._draft.turn] = text
        self._name()

    def _name(self) -> None:
        edited = self._draft is not None and self._draft.turn in self._edits
        self._yes.set_text("Send the edited text" if edited else "Approve and send")

    async def _approve(self) -> None:
        if self._draft is None:
            return
        text = self._edits.get(self._draft.turn)
        if text is None:
            await self._settle("approve", None)
        elif text:
            await self._settle("edit", text)

    async def _reject(self) -> None:
        await self._settle("reject", None)

    async def _settle(self, decision: Decision, text: str | None) -> None:
        """What was decided needs no edit any more; a decision that failed gives it back."""
        if self._draft is None:
            return
        turn = self._draft.turn
        edit = self._edits.pop(turn, None)
        if not await self._decide(turn, decision, text) and edit is not None:
            self._edits[turn] = edit
