"""Retention rules as data: how long each class of data is kept, where and for whom, and what happens then. Pure.

Of the rules of one class that fit a row, the one for the smallest place holds: a part of a country before the country,
that before the EU, the EU before the EEA, and any of them before "*". Of two for the same place, the one that names the
tier. Not the shortest: a law may ask to keep as well as to remove, and what was removed does not come back. Two rules
that would be equal are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import orjson

from memory.retention.regions import ANYWHERE, WRITTEN, nearness

DataClass = Literal[
    "conversation",
    "staff",
    "message",
    "memory",
    "attachment",
    "record",
    "delivery",
    "hook",
    "subscription",
    "dead_letter",
    "claim",
    "task",
    "campaign",
    "consent",
]
What = Literal["erase", "redact"]
CLASSES: Final[tuple[DataClass, ...]] = get_args(DataClass)
ANY_TIER: Final = "*"
LONGEST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class Floor:
    """The fewest days that a class may be kept, and why."""

    days: int
    why: str


# Sources, checked 2026-11: Virginia's telephone privacy act has an opt-out by text hold ten years; WhatsApp repeats a
# webhook for up to seven days, mail servers and Standard Webhooks less; a link in a mail unsubscribes for 60 days after
# it was sent under CASL, for 30 under CAN-SPAM, and throttles count 31 days back.
FLOORS: Final[Mapping[DataClass, Floor]] = {
    "consent": Floor(3650, "an opt-out holds ten years in places, and a consent must be provable as long"),
    "claim": Floor(30, "a provider may send the same message again for days, and it must not be answered twice"),
    "delivery": Floor(60, "limits count what was sent back to 31 days, and a link to unsubscribe works for 60"),
    "campaign": Floor(60, "a link to unsubscribe works for 60 days"),
    "hook": Floor(7, "your own systems are told again for days while they are away"),
}
# Where leaving the row and removing what it says makes sense, and where removing the row does.
BLANKED: Final[frozenset[DataClass]] = frozenset(
    {"conversation", "message", "attachment", "record", "delivery", "task", "campaign"}
)
REMOVED: Final[frozenset[DataClass]] = frozenset(CLASSES) - {"message", "record", "attachment"}


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of class `of` are kept for `days`, then erased (removed) or redacted (the row stays for the figures, what
    it says goes). `source` and `checked_on` say where the number is from, for whoever asks."""

    of: DataClass
    days: int
    what: What
    region: str = ANYWHERE
    tier: str = ANY_TIER
    source: str = ""
    checked_on: date | None = None

    def __str__(self) -> str:
        return f"{self.of} in {self.region}, tier {self.tier}: {self.what} after {self.days} days"

    def cutoff(self, now: datetime) -> datetime:
        """What is older is over its time."""
        return now - timedelta(days=self.days)


def fault(rule: Rule) -> str:
    """What is wrong with a rule, "" where nothing is."""
    if not WRITTEN.match(rule.region):
        return f'{rule.region[:16]!r} is no region: write "*", "EU", "EEA", a country such as "FR", or "US-CA"'
    if rule.what not in (["erase"] if rule.of in REMOVED else []) + (["redact"] if rule.of in BLANKED else []):
        does = "redacted" if rule.of in BLANKED else "erased"
        return f"class {rule.of!r} can only be {does}"
    if not 1 <= rule.days <= LONGEST_DAYS:
        return f"{rule.days} days: write from 1 to {LONGEST_DAYS}"
    floor = FLOORS.get(rule.of)
    if floor and rule.days < floor.days:
        return f"class {rule.of!r} is kept for at least {floor.days} days: {floor.why}"
    return ""


@dataclass(frozen=True, slots=True)
class Rules:
    """All of an installation. Raises ValueError naming the rule that cannot be, or two that would be equal."""

    rules: tuple[Rule, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        seen: set[tuple[str, str, str, str]] = set()
        for number, rule in enumerate(self.rules, 1):
            if why := fault(rule):
                raise ValueError(f"rule {number}: {why}")
            key = (rule.of, rule.what, rule.region, rule.tier)
            if key in seen:
                raise ValueError(f"rule {number}: another one for {rule.of} in {rule.region}, tier {rule.tier}")
            seen.add(key)
        object.__setattr__(self, "digest", _digest(self.rules))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def of(self, kind: DataClass, what: What) -> tuple[Rule, ...]:
        """The rules of one class and one act."""
        return tuple(rule for rule in self.rules if (rule.of, rule.what) == (kind, what))

    def holds(self, kind: DataClass, what: What, region: str, tier: str) -> Rule | None:
        """The rule for what is in this region and tier; None where none speaks of it, so that it stays."""
        ranked = [
            (near, rule.tier != ANY_TIER, rule)
            for rule in self.of(kind, what)
            if rule.tier in (ANY_TIER, tier) and (near := nearness(rule.region, region)) is not None
        ]
        return max(ranked, key=lambda each: each[:2])[2] if ranked else None

    def split(
        self, kind: DataClass, what: What, regions: Iterable[str], tiers: Iterable[str]
    ) -> dict[Rule, dict[str, list[str]]]:
        """Which of these regions each rule holds in, by tier."""
        found: dict[Rule, dict[str, list[str]]] = {}
        listed: Sequence[str] = sorted(set(regions))
        for tier in sorted(set(tiers)):
            for region in listed:
                if (rule := self.holds(kind, what, region, tier)) is not None:
                    found.setdefault(rule, {}).setdefault(tier, []).append(region)
        return found


def _digest(rules: tuple[Rule, ...]) -> str:
    """The same for the same rules in any order; where they are from does not count."""
    rows = sorted([rule.of, rule.what, rule.region, rule.tier, rule.days] for rule in rules)
    return hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16]
