"""Whether a campaign may go on, by what became of it so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.proactive.settings import Stop
from channels.proactive.spec import StopSpec
from memory.campaign_figures import Progress

COUNTED = ("sent", "failed", "bounced", "complained", "opted_out")


@dataclass(frozen=True, slots=True)
class Share:
    """A figure beside its limit, both in per cent of what was sent."""

    name: str
    count: int
    of: int
    percent: float
    limit: float
    exceeded: bool

    def words(self) -> str:
        return f"{self.name} {self.percent:.2f} % ({self.count} of {self.of}), limit {self.limit:g} %"


def limits(default: Stop, own: StopSpec) -> dict[str, float]:
    """The campaign's limits as its spec keeps them."""
    chosen = {**default.model_dump(), **own.model_dump(exclude_none=True)}
    return {name: float(value) for name, value in chosen.items()}


def shares(progress: Progress, limit: Mapping[str, Any], baseline: Mapping[str, int]) -> list[Share]:
    """Bounces, complaints and opt-outs since the baseline, which is what a person had seen when they resumed it.

    A message that its provider refused for good counts as bounced.
    """
    since = {name: getattr(progress, name) - baseline.get(name, 0) for name in COUNTED}
    sent = since["sent"] + since["failed"]
    counts = {
        "bounces": since["bounced"] + since["failed"],
        "complaints": since["complained"],
        "opt_outs": since["opted_out"],
    }
    found = []
    for name, count in counts.items():
        percent = 100 * count / sent if sent else 0.0
        over = count >= limit["at_least"] and percent > limit[name]
        found.append(Share(name, count, sent, percent, limit[name], over))
    return found


def reason_to_stop(found: list[Share]) -> str:
    """Why it must stop, "" when it is healthy."""
    over = [share.words() for share in found if share.exceeded]
    return "stopped by itself: " + "; ".join(over) if over else ""


def baseline(progress: Progress) -> dict[str, int]:
    """What is known now."""
    return {name: getattr(progress, name) for name in COUNTED}
