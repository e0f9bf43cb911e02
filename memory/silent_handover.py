"""A conversation given to people without a word to the customer: where any word would be answered by a machine, or
nobody is on the line to hear it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from memory.log import Head
from memory.routing import Placing, place


def hand_over_silently(
    head: Head, code: str, reason: str, now: datetime, *, priority: Literal["low", "normal", "high"] = "normal"
) -> bool:
    """True when it was the bot's until now; its turn, if one runs, is overtaken by this."""
    if head.owner != "bot":
        return False
    head.append("handed_over", now, meta={"code": code, "reason": reason, "priority": priority})
    head.change_owner("queue")
    head.set(waiting_since=now, reason=reason, priority=priority)
    place(head, Placing(), now)
    return True
