"""Settings of the people who answer: `[inboxes.NAME.hours]`, `[teams.NAME]`, `[sla]` and `[desk]`.

`staffing` makes of them what the layer below works with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from agent.errors import Misconfigured
from agent.hours import OpeningHours, Span
from agent.routing import PRIORITIES, Sla, Staffing, Team
from agent.settings import Organisation, Section

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")


def _span(text: str) -> Span:
    """ "09:00-17:30" as two times. Raises ValueError."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError('write opening times as "09:00-17:30"')
    numbers = [int(part) for part in found.groups()]
    if 24 in (numbers[0], numbers[2]) and (numbers[0] == 24 or numbers[3]):
        raise ValueError("24:00 may only be an end")
    start, end = time(numbers[0], numbers[1]), time(numbers[2] % 24, numbers[3])
    if start == end and start != time(0):
        raise ValueError("an opening must have a length; a whole day is 00:00-24:00")
    return start, end


def _spans(texts: list[str]) -> list[str]:
    for text in texts:
        _span(text)
    return texts


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("write a time zone such as Europe/London") from None
    return name


Spans = Annotated[list[str], AfterValidator(_spans)]
Zone = Annotated[str, AfterValidator(_zone)]
_WORKDAY = ["09:00-17:00"]


class Hours(Section):
    """When people answer in an inbox. `holidays` are days without anybody; `country` and `subdivision` (ISO 3166, such
    as "GB" and "ENG") add that country's public holidays, and `open_on` takes days out of both again."""

    timezone: Zone | None = None
    monday: Spans = Field(default=_WORKDAY)
    tuesday: Spans = Field(default=_WORKDAY)
    wednesday: Spans = Field(default=_WORKDAY)
    thursday: Spans = Field(default=_WORKDAY)
    friday: Spans = Field(default=_WORKDAY)
    saturday: Spans = Field(default_factory=list)
    sunday: Spans = Field(default_factory=list)
    holidays: list[date] = Field(default_factory=list)
    open_on: list[date] = Field(default_factory=list)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    subdivision: str | None = Field(default=None, pattern=r"^[A-Z0-9-]{1,6}$")

    @model_validator(mode="after")
    def _opens(self) -> Hours:
        if not any(getattr(self, day) for day in DAYS):
            raise ValueError("there is no opening time on any day; leave [hours] out where people answer at all times")
        if self.subdivision and not self.country:
            raise ValueError("subdivision needs its country")
        self._calendar()
        return self

    def _calendar(self) -> Any:
        """The country's holidays, empty without one. Raises ValueError for a country that is not known."""
        import holidays  # 50 ms, and most installations name no country

        if self.country is None:
            return {}
        try:
            return holidays.country_holidays(self.country, subdiv=self.subdivision)
        except (NotImplementedError, KeyError) as error:
            raise ValueError(f"no public holidays are known for {self.country} {self.subdivision or ''}") from error

    def opening(self, timezone: str) -> OpeningHours:
        """As the pure core has it; `timezone` holds where none is written here."""
        closed, opened, calendar = frozenset(self.holidays), frozenset(self.open_on), self._calendar()

        def free(day: date) -> bool:
            return day not in opened and (day in closed or day in calendar)

        weekly = tuple(sorted(_span(text) for text in getattr(self, day)) for day in DAYS)
        return OpeningHours(ZoneInfo(self.timezone or timezone), weekly, free)


class TeamSettings(Section):
    """People who answer together, by the names of their keys or logins. See `agent.routing.Team`."""

    members: list[str] = Field(default_factory=list)
    skills: list[str] = Field(default_factory=list)
    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2}$")]] = Field(default_factory=list)
    priorities: list[Literal["low", "normal", "high"]] = Field(default_factory=list)
    inboxes: list[str] = Field(default_factory=list)
    capacity: int = Field(default=5, gt=0, le=1000)


class SlaSettings(Section):
    """Minutes of opening time within which a customer has a person's first and next reply, by priority."""

    first_reply_minutes: dict[Literal["low", "normal", "high"], Annotated[int, Field(gt=0)]] = Field(
        default={"high": 15, "normal": 60, "low": 240}
    )
    next_reply_minutes: dict[Literal["low", "normal", "high"], Annotated[int, Field(gt=0)]] = Field(
        default={"high": 15, "normal": 30, "low": 120}
    )


class DeskSettings(Section):
    """`idle_minutes` after which a conversation whose owner gives no sign goes back to the queue, 0 for never.

    `assign` "offer" says for whom a customer waits, and anybody may take them; "give" gives them to that person.
    """

    idle_minutes: int = Field(default=30, ge=0)
    assign: Literal["offer", "give"] = "offer"


def staffing(
    organisation: Organisation,
    hours: Mapping[str, Hours | None],
    teams: Mapping[str, TeamSettings],
    sla: SlaSettings,
    desk: DeskSettings,
) -> Staffing:
    """All of it for the layer below; `hours` has every inbox. Raises Misconfigured where a team names another."""
    for name, team in teams.items():
        if unknown := sorted(set(team.inboxes) - set(hours)):
            raise Misconfigured(f"teams.{name}.inboxes: there is no inbox {', '.join(unknown)}")
    return Staffing(
        hours={name: each.opening(organisation.timezone) for name, each in hours.items() if each is not None},
        teams=tuple(_team(name, team) for name, team in teams.items()),
        sla=Sla(_targets(sla.first_reply_minutes, Sla().first), _targets(sla.next_reply_minutes, Sla().next)),
        assign=desk.assign,
        idle=timedelta(minutes=desk.idle_minutes) if desk.idle_minutes else None,
        locale=organisation.locale,
        timezone=organisation.timezone,
    )


def _team(name: str, team: TeamSettings) -> Team:
    return Team(
        name=name,
        members=tuple(team.members),
        skills=tuple(team.skills),
        languages=tuple(team.languages),
        priorities=tuple(team.priorities),
        inboxes=tuple(team.inboxes),
        capacity=team.capacity,
    )


def _targets(minutes: Mapping[Any, int], otherwise: Mapping[str, timedelta]) -> dict[str, timedelta]:
    given = {name: timedelta(minutes=count) for name, count in minutes.items()}
    return {name: given.get(name, otherwise[name]) for name in PRIORITIES}
