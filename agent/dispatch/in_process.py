"""Doorbell and bus for one process. Other processes over the same database learn of news from the log, by polling."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.dispatch.signals import Signal, Watch


class InProcessDoorbell:
    """A queue in which each conversation stands at most once."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._ringing: set[str] = set()

    async def ring(self, conversation: str) -> None:
        if conversation not in self._ringing:
            self._ringing.add(conversation)
            self._queue.put_nowait(conversation)

    async def wait(self) -> str:
        conversation = await self._queue.get()
        self._ringing.discard(conversation)
        return conversation

    async def close(self) -> None:
        return None


class Watchers:
    """Who watches what in this process; both buses deliver through it."""

    def __init__(self) -> None:
        self._of: dict[str | None, set[Watch]] = defaultdict(set)

    def deliver(self, signal: Signal) -> None:
        """To those who watch its conversation, and a change also to those who watch all."""
        self.deliver_to(signal)
        if signal.type == "changed":
            self.deliver_to_all(signal)

    def deliver_to(self, signal: Signal) -> None:
        for watch in self._of.get(signal.conversation, ()):
            watch.put(signal)

    def deliver_to_all(self, signal: Signal) -> None:
        for watch in self._of.get(None, ()):
            watch.put(signal)

    def add(self, conversation: str | None) -> tuple[Watch, bool]:
        """A new watch, and whether it is the first of this conversation."""
        watch = Watch()
        first = not self._of[conversation]
        self._of[conversation].add(watch)
        return watch, first

    def remove(self, conversation: str | None, watch: Watch) -> bool:
        """True when it was the last of this conversation."""
        self._of[conversation].discard(watch)
        if self._of[conversation]:
            return False
        del self._of[conversation]
        return True


class InProcessBus:
    """Delivers to watchers of this process, at once."""

    def __init__(self) -> None:
        self._watchers = Watchers()

    async def publish(self, conversation: str, signal: Signal) -> None:
        self._watchers.deliver(signal)

    @asynccontextmanager
    async def watch(self, conversation: str | None) -> AsyncIterator[Watch]:
        watch, _ = self._watchers.add(conversation)
        try:
            yield watch
        finally:
            self._watchers.remove(conversation, watch)

    async def close(self) -> None:
        return None
