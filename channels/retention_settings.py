"""`[retention]` of `frontdesk.toml`: how long each class of data is kept, by region and tier."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from agent.settings import Section
from memory.retention.rules import CLASSES, REMOVED, DataClass, Rule, Rules, What

_WRITTEN: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _time_of_day(value: str) -> str:
    if value and not _WRITTEN.fullmatch(value):
        raise ValueError('write a time of day such as "03:30", or "" for none')
    return value


class RetentionRule(Section):
    """Rows of a `class` are kept for `days`, then erased or redacted: the former where nothing is said and both can be.
    `region` is "*", "EU", "EEA", a country ("FR") or a part of one ("US-CA"); the rule for the smallest place holds.
    `source` and `checked_on` say where the number is from: it is yours to answer for."""

    of: DataClass = Field(alias="class", description=f"one of {', '.join(CLASSES)}")
    days: int
    what: What | None = None
    region: str = "*"
    tier: str = Field(default="*", max_length=16)
    source: str = Field(default="", max_length=500)
    checked_on: date | None = None

    def rule(self) -> Rule:
        what = self.what or ("erase" if self.of in REMOVED else "redact")
        return Rule(self.of, self.days, what, self.region, self.tier, self.source, self.checked_on)


class RetentionSettings(Section):
    """Nothing is purged without rules. `at` is the time of day of the run by itself, in the organisation's time zone;
    "" for by hand alone. Such a run removes at most `most` rows of each rule, and nothing at all where the last one was
    longer ago than `jump_days`: the clock may be wrong."""

    at: Annotated[str, AfterValidator(_time_of_day)] = "03:30"
    most: int = Field(default=10_000, ge=1)
    jump_days: int = Field(default=14, ge=2, le=366)
    rule: list[RetentionRule] = Field(default_factory=list, max_length=500)

    @model_validator(mode="after")
    def _can_be(self) -> RetentionSettings:
        self.rules()
        return self

    def rules(self) -> Rules:
        """Raises ValueError naming the rule that cannot be."""
        return Rules(tuple(each.rule() for each in self.rule))

    @property
    def time(self) -> time | None:
        return time.fromisoformat(self.at) if self.at else None
