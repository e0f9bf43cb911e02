"""The regions' rules, read from `regions.toml` and an organisation's own file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator

from agent.errors import Misconfigured
from agent.settings import Section
from channels.gating.hours import Hours, Windows

ANYWHERE = "*"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)$")


class Rule(Section):
    """One `[[rule]]`. No `channels` means every channel."""

    region: str = Field(pattern=r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")
    name: str = ""
    channels: frozenset[str] = frozenset()
    hours: dict[str, list[str]]
    holidays: bool = False
    zones: list[str] = Field(default_factory=list)
    source: str = Field(min_length=1)
    checked_on: date
    grade: Literal["primary", "secondary", "cautious"]

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        _week(value)
        return value

    @field_validator("zones")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        for name in value:
            zone(name)
        return value

    def speaks_of(self, channel: str) -> bool:
        return not self.channels or channel in self.channels

    def clock(self, region: str) -> Hours:
        """The week and holidays, the latter those of `region`, which may be a part of this rule's."""
        return Hours(_week(self.hours), region if self.holidays else "")


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """All rules by region."""

    rules: Mapping[str, tuple[Rule, ...]]

    def hours(self, region: str, channel: str) -> tuple[Hours, ...]:
        """What holds in a region ("FR", "US-FL"): its own rules and its country's; the rule for anywhere, where neither
        speaks of the channel."""
        country = region.partition("-")[0]
        named = dict.fromkeys((country, region))
        found = [rule for name in named for rule in self.rules.get(name, ()) if rule.speaks_of(channel)]
        return tuple(rule.clock(region) for rule in found or self.rules[ANYWHERE])

    def zones(self, region: str) -> tuple[str, ...]:
        """The zones that a region's rules name, () where they name none."""
        return tuple(dict.fromkeys(name for rule in self.rules.get(region, ()) for name in rule.zones))

    def part(self, country: str, words: str) -> str:
        """The region of a country that `words` describe ("Florida", "Miami, FL"), or the country."""
        for region, rules in self.rules.items():
            if region.startswith(f"{country}-") and (words == rules[0].name or words.endswith(f", {region[3:]}")):
                return region
        return country


@cache
def built_in() -> Regions:
    """The rules that come with Frontdesk."""
    return Regions(_rules(resources.files("channels.gating").joinpath("regions.toml").read_text(encoding="utf-8")))


def read(path: Path | None) -> Regions:
    """The built-in rules, those of the file's regions replaced by its own. Raises Misconfigured."""
    if path is None:
        return built_in()
    try:
        own = _rules(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"gate.regions: {path} cannot be read: {error.strerror}") from None
    except (ValidationError, ValueError) as error:
        raise Misconfigured(f"gate.regions: {path}: {_words(error)}") from None
    return Regions({**built_in().rules, **own})


def _rules(text: str) -> dict[str, tuple[Rule, ...]]:
    table: dict[str, Any] = tomllib.loads(text)
    if set(table) - {"rule"}:
        raise ValueError(f"there is no {', '.join(sorted(set(table) - {'rule'}))}; write [[rule]]")
    found: dict[str, tuple[Rule, ...]] = {}
    for each in table.get("rule", []):
        rule = Rule(**each)
        found[rule.region] = (*found.get(rule.region, ()), rule)
    return found


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
    return str(error)


def zone(name: str) -> ZoneInfo:
    """Raises ValueError for a name that is no time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Paris") from None


def _week(hours: Mapping[str, list[str]]) -> tuple[Windows, ...]:
    week: list[Windows] = [()] * 7
    for days, windows in hours.items():
        for day in _range(days):
            week[day] = tuple(sorted(_window(each) for each in windows))
    return tuple(week)


def _range(days: str) -> range:
    first, _, last = days.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(f"{days!r} names no days; write mon, or mon-fri")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)


def _window(text: str) -> tuple[int, int]:
    found = _WINDOW.match(text)
    hours = [int(each) for each in found.groups()] if found else [0, 0, 0, 0]
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not start < end <= 24 * 60:
        raise ValueError(f"{text!r} is no part of a day; write 08:00-20:00")
    return start, end
