"""Limits as people write them: "3/day", "10/15 minutes". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_WRITTEN = re.compile(r"^(\d{1,7})\s*/\s*(?:(\d{1,4})\s*)?(second|minute|hour|day|week)s?$")
_LONGEST_S = 31 * 86_400  # the outbox is counted back this far at most


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` messages in any `seconds`."""

    most: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.most} in {timedelta(seconds=self.seconds)}"


def parse(text: str) -> Limit:
    """Raises ValueError with how to write one."""
    found = _WRITTEN.match(text.strip().lower())
    if not found:
        raise ValueError(f"{text[:40]!r} is no limit; write a number and a span, such as 3/day or 10/15 minutes")
    seconds = int(found[2] or 1) * _SECONDS[found[3]]
    if not 0 < seconds <= _LONGEST_S:
        raise ValueError(f"{text[:40]!r} spans more than 31 days, or nothing")
    return Limit(int(found[1]), seconds)


def parsed(texts: Sequence[str]) -> tuple[Limit, ...]:
    """Raises ValueError."""
    return tuple(parse(each) for each in texts)
