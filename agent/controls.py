"""The switches people turn, as turns read them: a copy of at most a second, so that a turn costs no look-up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.autonomy import Controls
from memory import controls
from memory.store import Store

FRESH_S = 1.0
"""People who turn a switch expect it to hold at once; a second is what they do not notice."""


@dataclass(slots=True, eq=False)
class LiveControls:
    """Controls by name. Every process reads for itself, so a switch holds everywhere."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    _kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _read_at: float = float("-inf")

    async def read(self) -> Controls:
        """The values as of a second ago at most. Raises StoreUnavailable: without switches nothing may be said."""
        now = self.clock()
        if now - self._read_at >= FRESH_S:
            rows = await self.store.read(controls.read)
            self._kept = {row["name"]: dict(row["value"]) for row in rows}
            self._read_at = now
        return self._kept
