"""What goes over the bus, and the bounded box in which a watcher finds it. Signals carry pseudonyms only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

# A watcher this far behind is told that it missed something instead of being fed for ever.
_BOX = 256


@dataclass(frozen=True, slots=True)
class Signal:
    """`changed`: the log has news. `delta` and `restart`: a reply is being written, or what was shown is void.
    `typing`: the one of this `role` writes; a person's name is in `text`."""

    type: Literal["changed", "delta", "restart", "typing"]
    conversation: str
    turn: str = ""
    epoch: int = 0
    text: str = ""
    role: str = ""


class Watch:
    """Signals in order. When the box overflows, the oldest make room and `missed` becomes true until read."""

    def __init__(self) -> None:
        self._box: asyncio.Queue[Signal] = asyncio.Queue(_BOX)
        self.missed = False

    def put(self, signal: Signal) -> None:
        if self._box.full():
            self._box.get_nowait()
            self.missed = True
        self._box.put_nowait(signal)

    async def next(self, timeout_s: float) -> Signal | None:
        """The next signal, or None when none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._box.get()
        except TimeoutError:
            return None
