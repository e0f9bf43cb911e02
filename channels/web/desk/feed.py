"""What changed since a screen last looked: the runtime's feed of changes, and the clock behind it."""

from __future__ import annotations

import asyncio
import logging
import time

from channels.web.ports import Desk

log = logging.getLogger(__name__)

AGAIN_S = 15.0  # how old a screen's list may become anyway: waiting times move
DOUBT_S = 5.0  # how old it may be when the feed says that it may have missed something
LOST_S = 2.0  # between two tries to listen again


class Feed:
    """Run `follow` as a task; ask `due` often and `take` before each reading."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._changed: set[str] = set()
        self._stale = True
        self._read_at = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to read again."""
        return self._stale or self._age > AGAIN_S

    def mark(self) -> None:
        """Something was done here: read at the next look."""
        self._stale = True

    def take(self) -> set[str]:
        """The conversations that changed since the last `take`; empty when it was the clock that asked."""
        changed, self._changed = self._changed, set()
        self._stale, self._read_at = False, time.monotonic()
        return changed

    async def follow(self) -> None:
        """Listens for ever, and again after a fault."""
        while True:
            try:
                async for conversation in self._desk.changes():
                    self._note(conversation)
            except Exception:  # the edge of a session: the list is read by the clock until the feed is back
                log.exception("the desk lost the feed of changes")
            await asyncio.sleep(LOST_S)
            self._stale = True

    def _note(self, conversation: str) -> None:
        if conversation:
            self._changed.add(conversation)
        self._stale = self._stale or bool(conversation) or self._age > DOUBT_S

    @property
    def _age(self) -> float:
        return time.monotonic() - self._read_at
