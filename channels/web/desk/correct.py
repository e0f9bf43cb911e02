"""What a person says of an answer at the desk: wrong, better so, approved as it stands, or not from this source.

Each asks once, says what will happen, and confirms where it was pressed; see docs/corrections.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from agent.correcting import Should, Wish
from agent.lookups.evidence import SCHEME
from channels.web.desk.elements import Act, Box, Button, Text

Correct = Callable[[str, Wish], Awaitable[bool]]
"""Takes a turn and what is wished; False when it was not written down, which is then said elsewhere."""

SHOULD: Mapping[Should, str] = {
    "other": "said that it does not know",
    "handoff": "fetched a person",
    "answer": "answered, but otherwise",
}


class Asking:
    """Buttons that open one small form at a time in their place."""

    def __init__(self, correct: Correct, turn: str) -> None:
        self._correct = correct
        self._turn = turn
        self._box = Box(classes="asking")
        self._choices: Mapping[str, Callable[[], None]] = {}

    def offer(self, choices: Mapping[str, Callable[[], None]]) -> None:
        """A button a choice; pressing one draws its form where the buttons were."""
        self._choices = choices
        self._box.clear()
        with self._box, Box(classes="buttons"):
            for label, draw in choices.items():
                Button(label, self._opener(draw), "link")

    def _opener(self, draw: Callable[[], None]) -> Act:
        async def opener() -> None:
            self._box.clear()
            with self._box:
                draw()

        return opener

    def confirm(self, does: str, label: str, wish: Callable[[], Wish]) -> None:
        """The end of a form: what will happen, the act and the way back."""

        async def act() -> None:
            if await self._correct(self._turn, wish()):
                self._box.clear()
                with self._box:
                    Text("Saved. It holds everywhere within a minute.", "p", "muted", role="status")

        async def back() -> None:
            self.offer(self._choices)

        Text(does, "p", "muted")
        with Box(classes="buttons"):
            Button("Cancel", back, "plain")
            Button(label, act, "plain")


def passage_tools(correct: Correct, turn: str, passage: Mapping[str, Any]) -> None:
    """Below a passage: correct what it says, or use it and its document no more."""
    asking = Asking(correct, turn)
    name, document = str(passage.get("passage") or ""), str(passage.get("document") or "")
    if document.startswith(SCHEME):
        return  # what was looked up for this customer is not knowledge
    title = str(passage.get("title") or document)

    def better() -> None:
        field = _field("What it should say", str(passage.get("text") or ""))
        why = _field("Why", "")
        asking.confirm(
            "Answers use your words until the source itself changes.",
            "Save the correction",
            lambda: Wish("passage", field.value or "", passage=name, why=why.value or ""),
        )

    def blocked(what: str, wish: Callable[[str], Wish]) -> Callable[[], None]:
        def draw() -> None:
            why = _field("Why", "")
            asking.confirm(f"No answer uses {what} until an admin or agent withdraws this.", "Block it",
                           lambda: wish(why.value or ""))  # fmt: skip

        return draw

    asking.offer(
        {
            "Correct it": better,
            "Block this passage": blocked("this passage", lambda why: Wish("block", passage=name, why=why)),
            "Block the source": blocked(f"“{title}”", lambda why: Wish("block", document=document, why=why)),
        }
    )


def answer_tools(correct: Correct, turn: str, reply: str) -> None:
    """Below a turn's record: say that the answer was wrong, or approve one for whoever asks this next."""
    asking = Asking(correct, turn)

    def wrong() -> None:
        should = ui.select(dict(SHOULD), value="other").props('outlined dense aria-label="It should have"')
        why = _field("Why", "")
        asking.confirm(
            "It is kept as a case that every change is measured against.",
            "Mark it wrong",
            lambda: Wish("wrong", should=should.value or "other", why=why.value or ""),
        )

    def pinned() -> None:
        field = _field("The answer", reply)
        asking.confirm(
            "Whoever asks this question gets these words, with no model in between.",
            "Pin the answer",
            lambda: Wish("pin", field.value or ""),
        )

    asking.offer({"This answer is wrong": wrong, "Pin an approved answer": pinned})


def _field(label: str, value: str) -> ui.textarea:
    field = ui.textarea(value=value).classes("writing")
    field.props(f'borderless autogrow aria-label="{label}" placeholder="{label}"')
    return field
