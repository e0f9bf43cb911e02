"""Whether a run may act now: rules are shown before they act, and a clock that is wrong removes nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

SLACK = timedelta(minutes=10)
"""How far the clocks of two machines of one installation may be apart."""


@dataclass(frozen=True, slots=True)
class Last:
    """The newest of what was planned or done: when, and under which rules."""

    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`act` purges, `plan` only says what would be, `refuse` does nothing; `why` is for people."""

    does: Literal["act", "plan", "refuse"]
    why: str = ""


def decide(last: Last | None, digest: str, now: datetime, jump_days: int) -> Decision:
    """What a run by itself does. Rules that were never shown are planned first; the run after that acts."""
    if why := wrong_clock(last, now, jump_days):
        return Decision("refuse", why)
    if last is None:
        return Decision("plan", "these rules were never run here: this is what they would do")
    if last.digest != digest:
        return Decision("plan", "the rules were changed: this is what they would do now")
    return Decision("act")


def wrong_clock(last: Last | None, now: datetime, jump_days: int) -> str:
    """Why the clock is not to be trusted, "" where it may be. It is measured against the last run alone: whatever else
    a wrong clock wrote is wrong with it."""
    if last is None:
        return ""
    if now < last.at - SLACK:
        back = f"the clock says {_day(now)}, and the last run was on {_day(last.at)}"
        return f"{back}: it went back, so nothing is removed"
    ahead = (now - last.at).days
    if ahead > jump_days:
        return (
            f"the last run was {ahead} days ago, more than {jump_days}: the clock may be wrong, so nothing is removed. "
            "Where it is right, run `frontdesk retention --yes --clock-is-right` once"
        )
    return ""


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")
