"""What was just looked up, for a moment and in memory alone: with pseudonyms, never across conversations."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from agent.lookups.looked_up import LookedUp

_MOST: Final = 2048
"""Answers kept, about 1 KB each."""


class Kept:
    """Gives back what was put while it is fresh. One event loop: no method awaits."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, LookedUp]] = OrderedDict()

    def get(self, key: Hashable) -> LookedUp | None:
        """What was put under the key, None where nothing was or it is no longer fresh."""
        until, found = self._kept.get(key, (0.0, None))
        return found if self._clock() < until else None

    def put(self, key: Hashable, found: LookedUp, for_s: float) -> None:
        """Keeps it for so many seconds; what is no longer fresh goes."""
        now = self._clock()
        for old in [each for each, (until, _) in self._kept.items() if until <= now]:
            del self._kept[old]
        if for_s <= 0:
            return
        self._kept[key] = (now + for_s, found)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
