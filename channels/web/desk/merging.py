"""Which customers are one person, on a customer's page: who belongs to them, what is suggested, and taking it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from agent.merging import Merge, Merges, merging
from agent.oversight import Oversight
from channels.web.desk.elements import Box, Button, Text
from channels.web.desk.fields import Asking, Field
from channels.web.desk.pages import Frame

_EVIDENCE: Final[Mapping[str, str]] = {
    "signed": "your own system signed for both",
    "signed_phone": "your own system names this telephone",
    "signed_email": "your own system names this address",
    "typed_phone": "one wrote the other's telephone into a conversation",
    "typed_email": "one wrote the other's address into a conversation",
    "device": "the same browser, at different times",
    "name": "the same name was said",
    "desk": "joined by hand",
}
HOLDS: Final = "A legal hold stands on one of them: while they are joined it keeps both from being erased."
_ALONE: Final = "Nobody else is known to be the same person."
_JOINS: Final = (
    "From then on the assistant and people see the conversations of both as one person's, and an opt-out of one holds "
    "for both. It can be taken back."
)
_PARTS: Final = "They are two people again, as if they had never been joined. Nothing of either is lost."
_REFUSES: Final = "It is not suggested again."


def proof(name: str) -> str:
    """By whose word an identity is a customer's; "" for nobody's."""
    return {"provider": "Confirmed by the channel", "signed": "Signed by your own system"}.get(name, "")


def evidence(kinds: tuple[str, ...]) -> str:
    """What speaks for it, in one sentence."""
    said = [_EVIDENCE.get(kind, kind.replace("_", " ")) for kind in kinds]
    listed = " and ".join(filter(None, [", ".join(said[:-1]), said[-1]])) if said else "no reason is known"
    return f"{listed[:1].upper()}{listed[1:]}."


def who(merge: Merge) -> str:
    """The other customer, masked."""
    return ", ".join(merge.known_as) or f"Visitor {merge.other[-4:]}"


class OnePerson:
    """The section. `changed` draws the page anew."""

    def __init__(
        self, oversight: Oversight, frame: Frame, customer: str, changed: Callable[[], Awaitable[None]]
    ) -> None:
        self._merging = merging(oversight)
        self._frame = frame
        self._id = customer
        self._changed = changed
        self._box = Box("section", "card", aria_label="Same person")

    async def draw(self) -> None:
        """Reads it. Raises UnknownCustomer."""
        found = await self._merging.merges(self._id)
        self._box.clear()
        with self._box:
            Text("Same person", "h3", tabindex="-1")
            if not (found.merged or found.suggested):
                Text(_ALONE, "p", "muted")
            for merge in found.suggested:
                self._suggested(merge)
            for merge in found.merged:
                self._merged(merge, found)
            self._ended(found)
            if self._frame.admin:
                asking = Asking(self._frame.attempt)
                asking.offer(lambda: self._join_button(asking))

    def _suggested(self, merge: Merge) -> None:
        with Box(classes="control-row"):
            self._about(merge, f"Perhaps the same: {merge.score:.0%}")
            asking = Asking(self._frame.attempt)
            asking.offer(lambda: self._decide_buttons(asking, merge))

    def _decide_buttons(self, asking: Asking, merge: Merge) -> None:
        def act(accept: bool, news: str) -> Callable[[str], Awaitable[None]]:
            async def decided(why: str) -> None:
                await self._merging.decide(self._id, merge.id, accept, self._frame.actor, why, datetime.now(UTC))
                await self._done(news)

            return decided

        name = who(merge)
        with Box(classes="buttons start"):
            opener = asking.opener(_JOINS, "Join them", act(True, "They are one person now."), reason="Why (optional)")
            Button("Same person", opener, "plain", aria_label=f"Same person as {name}")
            opener = asking.opener(_REFUSES, "Keep apart", act(False, "They stay two."), reason="Why (optional)")
            Button("Somebody else", opener, "plain", aria_label=f"Somebody else than {name}")

    def _merged(self, merge: Merge, found: Merges) -> None:
        with Box(classes="control-row"):
            self._about(merge, "Joined")
            asking = Asking(self._frame.attempt)

            async def undone(why: str) -> None:
                await self._merging.undo(self._id, merge.id, self._frame.actor, why, datetime.now(UTC))
                await self._done("The merge was taken back.")

            def button() -> None:
                with Box(classes="buttons start"):
                    opener = asking.opener(_PARTS, "Take it back", undone)
                    Button("Take it back", opener, "plain", aria_label=f"Take back the merge with {who(merge)}")

            asking.offer(button)

    def _about(self, merge: Merge, state: str) -> None:
        Text(state, "span", "control-name")
        with Box(classes="grow"):
            Text(who(merge), "a", "link", href=f"./{quote(merge.other, safe='')}")
            Text(evidence(merge.evidence), "p")
            by = "" if merge.by == "frontdesk" else f" by {merge.by}"
            why = f": {merge.why}" if merge.why else ""
            Text(f"{self._frame.at(merge.at)}{by}{why}", "p", "muted")
            if merge.state == "undone":
                Text(f"{self._frame.at(merge.ended_at)} taken back by {merge.ended_by}", "p", "muted")
            if merge.holds and merge.state in ("merged", "suggested"):
                Text(HOLDS, "p", "bad")

    def _ended(self, found: Merges) -> None:
        if found.ended:
            with Box("details"):
                Text(f"Kept apart or taken back ({len(found.ended)})", "summary")
                for merge in found.ended:
                    self._about(merge, "Kept apart" if merge.state == "refused" else "Taken back")

    def _join_button(self, asking: Asking) -> None:
        chosen: dict[str, Field] = {}

        def form() -> None:
            chosen["other"] = Field("The other customer's id", autocomplete="off", spellcheck="false", maxlength="40")

        async def joined(why: str) -> None:
            other = chosen["other"].value.strip()
            await self._merging.join(self._id, other, self._frame.actor, why, datetime.now(UTC))
            await self._done("They are one person now.")

        with Box(classes="buttons start"):
            Button("Join with another customer", asking.opener(_JOINS, "Join them", joined, form=form), "plain")

    async def _done(self, news: str) -> None:
        await self._changed()
        self._frame.announce(news)
