"""The part of a customer's page that shows what is known of them, where it was said, and lets people put it right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import quote

from agent.oversight import Oversight
from agent.remembering.curating import LONGEST, Curating, MemoryView, Written
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, Choice, Field
from channels.web.desk.pages import Frame
from memory.facts.memory import MemoryKind
from memory.facts.superseding import WHY

_HEADS: Final[Mapping[MemoryKind, str]] = {
    "instruction": "Standing instructions",
    "preference": "Preferences",
    "fact": "Facts",
    "outcome": "How matters ended",
}
_KINDS: Final[Mapping[str, MemoryKind]] = {
    "A fact": "fact",
    "A preference": "preference",
    "A standing instruction": "instruction",
}
_ABOUT: Final[Mapping[str, str]] = {
    "": "Something else",
    "home": "Where they live",
    "name": "What to call them",
    "contact_channel": "How to reach them",
    "contact_time": "When to reach them",
    "delivery": "Where to deliver",
    "language": "Their language",
    "plan": "Their plan",
    "product": "What they have",
}
_NONE: Final = "Nothing is known yet. It is taken from what the customer says, a moment after it was said."
_FORGETS: Final = (
    "It is removed for good, here and from the index, and is not taken from the same message again. The message itself "
    "stays in its conversation."
)


class Memories:
    """The section, drawn where it is made; `draw` reads it and fills it, also after each act."""

    def __init__(self, oversight: Oversight, frame: Frame, customer: str) -> None:
        self._curating = Curating(oversight.store, oversight.vault, oversight.detector)
        self._frame = frame
        self._id = customer
        self._seen = False
        self._box = Box("section", "card memories", aria_label="What is known")

    async def draw(self) -> None:
        """Raises UnknownCustomer."""
        who = None if self._seen else self._frame.actor
        found = await self._curating.memories(self._id, who, datetime.now(UTC))
        self._seen = True
        self._box.clear()
        with self._box:
            Text("What is known", "h3", tabindex="-1")
            holding = [view for view in found if view.in_force]
            self._kinds(holding)
            self._ended([view for view in found if not view.in_force])
            asking = Asking(self._frame.attempt)
            asking.offer(partial(self._adding, asking))

    def _kinds(self, holding: Sequence[MemoryView]) -> None:
        if not holding:
            Text(_NONE, "p", "muted")
        for kind, head in _HEADS.items():
            of_kind = [view for view in holding if view.kind == kind]
            if of_kind:
                Text(head, "h4")
                with Box("ul", "memory-list"):
                    for view in of_kind:
                        self._one(view)

    def _one(self, view: MemoryView) -> None:
        with Box("li", "memory"):
            Text(view.text, "p", "memory-text")
            with Box("p", "muted inline"):
                Text(self._times(view), "span")
                self._source(view)
            asking = Asking(self._frame.attempt)
            asking.offer(partial(self._buttons, asking, view))

    def _times(self, view: MemoryView) -> str:
        since = f"Since {self._frame.at(view.valid_from)}"
        if view.valid_until is not None:
            since += f", until {self._frame.at(view.valid_until)}"
        return since if view.confidence >= 0.7 else f"{since}. Not sure: the customer guessed"

    def _source(self, view: MemoryView) -> None:
        if not view.conversation:
            Text("Written at the desk", "span")
            return
        href = f"{self._frame.up}?c={quote(view.conversation, safe='')}"
        label = f"Where it was said: {view.text}"
        Text("Where it was said", "a", "link", href=href, aria_label=label)

    def _buttons(self, asking: Asking, view: MemoryView) -> None:
        with Box(classes="buttons start"):
            if view.kind != "outcome":
                Button("Correct", self._correcting(asking, view), "link", aria_label=f"Correct: {view.text}")
                ends = asking.opener(
                    "It holds no longer, and nothing takes its place.", "End it", partial(self._end, view)
                )
                Button("No longer so", ends, "link", aria_label=f"No longer so: {view.text}")
            forgets = asking.opener(_FORGETS, "Forget it", partial(self._forget, view), danger=True)
            Button("Forget", forgets, "link", aria_label=f"Forget: {view.text}")

    def _correcting(self, asking: Asking, view: MemoryView) -> Callable[[], Awaitable[None]]:
        chosen: dict[str, Field] = {}

        def form() -> None:
            chosen["value"] = Field("What is right", view.value, maxlength=str(LONGEST), autocomplete="off")

        async def put(why: str) -> None:
            await self._curating.correct(
                self._id, view.id, chosen["value"].value, why, self._frame.actor, datetime.now(UTC)
            )
            await self._done("Corrected.")

        return asking.opener("What holds instead takes its place from now on.", "Correct it", put, form=form)

    async def _end(self, view: MemoryView, why: str) -> None:
        await self._curating.end(self._id, view.id, why, self._frame.actor, datetime.now(UTC))
        await self._done("It holds no longer.")

    async def _forget(self, view: MemoryView, why: str) -> None:
        await self._curating.forget(self._id, view.id, why, self._frame.actor, datetime.now(UTC))
        await self._done("Forgotten.")

    def _adding(self, asking: Asking) -> None:
        chosen: dict[str, Field] = {}

        def form() -> None:
            chosen["kind"] = Choice("Kind", {label: label for label in _KINDS}, "A fact")
            chosen["about"] = Choice("About", dict(_ABOUT), "")
            chosen["value"] = Field("What holds", "", maxlength=str(LONGEST), autocomplete="off")

        async def put(why: str) -> None:
            written = Written(_KINDS[chosen["kind"].value], chosen["about"].value, chosen["value"].value)
            await self._curating.add(self._id, written, why, self._frame.actor, datetime.now(UTC))
            await self._done("Written down.")

        does = "What the customer said elsewhere, so that it is known the next time."
        with Box(classes="buttons start"):
            opener = asking.opener(does, "Write it down", put, form=form, reason="How and when it was said")
            Button("Add what is known", opener, "plain")

    def _ended(self, ended: Sequence[MemoryView]) -> None:
        if not ended:
            return
        with Box("details"):
            Text(f"What holds no longer ({len(ended)})", "summary")
            with Box("ul", "memory-list"):
                for view in ended:
                    with Box("li", "memory ended"):
                        Text(view.text, "p", "memory-text")
                        with Box("p", "muted inline"):
                            Text(self._ended_words(view), "span")
                            self._source(view)

    def _ended_words(self, view: MemoryView) -> str:
        words = WHY.get(view.ended_why, "its time is over")
        if view.valid_from is not None and view.valid_from > datetime.now(UTC):
            return f"From {self._frame.at(view.valid_from)}"
        return f"Until {self._frame.at(view.valid_until)}: {words}"

    async def _done(self, words: str) -> None:
        await self.draw()
        self._frame.announce(words)
