"""What a customer is told of the wait for a person, from how long others waited lately. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

# Fewer handovers than this say nothing that may be promised.
_FEWEST = 5
# Three of four customers waited no longer than what is said.
_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Wait:
    """`open`: somebody answers now, usually within `seconds` where that is known. `closed`: from `opens_at` on."""

    state: Literal["open", "closed"]
    seconds: int | None = None
    opens_at: datetime | None = None

    def frame(self) -> dict[str, Any]:
        """As the chat's frames carry it."""
        opens_at = self.opens_at.isoformat() if self.opens_at else None
        values = {"state": self.state, "seconds": self.seconds, "opens_at": opens_at}
        return {name: value for name, value in values.items() if value is not None}


def usual(waits: Sequence[float]) -> int | None:
    """Seconds within which most customers had a person, in whole minutes upward; None when too few waited to say."""
    if len(waits) < _FEWEST:
        return None
    reached = sorted(waits)[math.ceil(len(waits) * _SHARE) - 1]
    return max(60, math.ceil(reached / 60) * 60)
