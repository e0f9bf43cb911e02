"""Keeps the window of every conversation small, also where the bot is silent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from agent.guardrails.pii import PiiUnavailable
from agent.redaction import Detector, redact_events_of
from agent.state import Turn
from memory import backlog
from memory.backlog import Page
from memory.errors import UnknownConversation
from memory.segments import Segment, fold_segments, lines_of, next_number
from memory.store import Store
from memory.turns import Taken, again
from memory.vault import Vault
from memory.window import slide

_log = structlog.get_logger(__name__)

LOOK_S: Final = 30.0
"""How often the keeper looks for backlogs. A turn that meets one folds it first, so this only spares it the wait."""
AT_ONCE: Final = 20


def silently(turn: Turn, window_tokens: int, fold_tokens: int) -> tuple[Segment, ...]:
    """The pieces of the summary that a turn makes in which the bot says nothing: as one in which it speaks. Pure."""
    gone, _ = slide(turn.history, window_tokens, fold_tokens)
    return fold_segments(
        gone,
        next_number(turn.segments),
        turn.summary_to + 1,
        budget_tokens=fold_tokens,
        conversation=turn.conversation,
    )


@dataclass(slots=True, eq=False)
class CatchingUp:
    """Folds backlogs in pages: each page is redacted, then added to the summary in one transaction that is refused
    when somebody was first. A crash between two pages leaves the rest in the window."""

    store: Store
    vault: Vault
    detector: Detector
    fold_tokens: int

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                for conversation in await self.store.read(lambda c: backlog.behind(c, AT_ONCE)):
                    await self.fold(conversation)
            except Exception as error:  # noqa: BLE001  (the keeper comes back; until then a backlog waits)
                _log.error("backlog_not_folded", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(LOOK_S)

    async def before(self, taken: Taken) -> Taken:
        """The turn with its backlog folded; as it was, where the privacy filter cannot look: it then fails closed."""
        if not taken.behind:
            return taken
        try:
            await self.fold(taken.head["id"])
        except PiiUnavailable:
            return taken
        return await self.store.read(lambda c: again(c, self.vault, taken))

    async def fold(self, conversation: str) -> int:
        """Folds a conversation's backlog; how many pieces it became. Raises PiiUnavailable, StoreUnavailable."""
        made = 0
        try:
            while (page := await self.store.read(lambda c: backlog.page(c, self.vault, conversation))) is not None:
                kept = await self._fold(conversation, page)
                if not kept:
                    break  # another was first, and goes on
                made += kept
        except UnknownConversation:  # erased meanwhile
            return made
        if made:
            _log.info("backlog_folded", conversation=conversation, pieces=made)
        return made

    async def _fold(self, conversation: str, page: Page) -> int:
        events = await redact_events_of(conversation, page.customer, page.events, self.detector, self.store, self.vault)
        pieces = fold_segments(
            lines_of(events),
            page.number,
            page.from_seq,
            budget_tokens=self.fold_tokens,
            to_seq=page.to_seq,
            conversation=conversation,
        )
        now = datetime.now(UTC)
        return await self.store.write(lambda c: backlog.fold(c, self.vault, conversation, pieces, now))
