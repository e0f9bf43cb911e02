"""Who is to answer, and by when: teams by skill, language, priority and room, and the clocks of the SLA. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from agent.hours import OpeningHours
from agent.understanding.words import stems
from memory.deadlines import months_after, weekday
from memory.routing import Placing

Priority = Literal["low", "normal", "high"]
Clock = Literal["first", "next"]
PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high")


@dataclass(frozen=True, slots=True)
class Team:
    """People who answer together. An empty list of inboxes, languages or priorities means all of them.

    A skill is what triage or the handoff calls the matter ("complaint", "no_answer"), or words of it ("returns").
    """

    name: str
    members: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    inboxes: tuple[str, ...] = ()
    capacity: int = 5


@dataclass(frozen=True, slots=True)
class Need:
    """What a conversation needs of a team: `kinds` as triage and handoff call it, `text` the words it is about."""

    inbox: str
    priority: str
    language: str = ""
    kinds: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sla:
    """Within which opening time a customer has a first and a next reply of a person, by priority."""

    first: Mapping[str, timedelta] = field(
        default_factory=lambda: {
            "high": timedelta(minutes=15),
            "normal": timedelta(hours=1),
            "low": timedelta(hours=4),
        }
    )
    next: Mapping[str, timedelta] = field(
        default_factory=lambda: {
            "high": timedelta(minutes=15),
            "normal": timedelta(minutes=30),
            "low": timedelta(hours=2),
        }
    )

    def within(self, clock: Clock, priority: str) -> timedelta:
        targets = self.first if clock == "first" else self.next
        return targets.get(priority) or targets["normal"]


@dataclass(frozen=True, slots=True, eq=False)
class Staffing:
    """Who answers when: opening hours by inbox (always, where an inbox is not there), teams, and the SLA.

    `assign` "offer" names the person a waiting customer is meant for; "give" lets them own it at once. After `idle`
    without a sign of its owner a conversation whose customer waits goes back to the queue; None leaves it.
    """

    hours: Mapping[str, OpeningHours] = field(default_factory=dict)
    teams: tuple[Team, ...] = ()
    sla: Sla = field(default_factory=Sla)
    assign: Literal["offer", "give"] = "offer"
    idle: timedelta | None = timedelta(minutes=30)
    locale: str = "en-GB"
    timezone: str = "Europe/London"

    def opens_at(self, inbox: str, now: datetime) -> datetime | None:
        """When this inbox's people are back; None while they are there."""
        hours = self.hours.get(inbox)
        return None if hours is None else hours.opens_at(now)

    def due_at(self, inbox: str, clock: Clock, priority: str, now: datetime) -> datetime:
        """By when a person's reply is due, counted in the inbox's opening hours."""
        span, hours = self.sla.within(clock, priority), self.hours.get(inbox)
        return now + span if hours is None else hours.after(now, span)

    def request_due(self, inbox: str, came: datetime) -> datetime:
        """By when a request for one's rights is to be answered: a month, to a day on which people work."""
        return self._months(inbox, came, 1)

    def request_extended(self, inbox: str, came: datetime) -> datetime:
        """The same with the two further months that the law allows for a complex one."""
        return self._months(inbox, came, 3)

    def _months(self, inbox: str, came: datetime, months: int) -> datetime:
        hours = self.hours.get(inbox)
        free = weekday if hours is None else lambda day: weekday(day) and not hours.holiday(day)
        return months_after(came, months, ZoneInfo(self.timezone), free)

    def team(self, name: str | None) -> Team | None:
        return next((team for team in self.teams if team.name == name), None)

    def places(self, need: Need, now: datetime) -> Placing:
        """Where a customer who waits stands in the queue: the teams that fit, best first, and when a reply is due."""
        fits = ranked(self.teams, need)
        return Placing(
            teams=tuple((team.name, team.members, team.capacity) for team in fits),
            language=need.language,
            due_at=self.due_at(need.inbox, "first", need.priority, now),
            give=self.assign == "give" and self.opens_at(need.inbox, now) is None,
        )

    def members(self) -> frozenset[str]:
        """Everybody who is in a team."""
        return frozenset(person for team in self.teams for person in team.members)


def ranked(teams: Sequence[Team], need: Need) -> list[Team]:
    """Teams that may have it, the best first: a skill it asks for counts most, then its language, then a team that is
    there for just this priority or inbox. Teams of another inbox or priority never get it; of another language only
    where nobody speaks it. Equal teams keep their order."""
    about = stems(need.text)
    able = [team for team in teams if _open_to(team.inboxes, need.inbox) and _open_to(team.priorities, need.priority)]
    speaking = [team for team in able if _open_to(team.languages, need.language) or not need.language]
    return sorted(speaking or able, key=lambda team: _score(team, need, about), reverse=True)


def _open_to(those: Collection[str], one: str) -> bool:
    return not those or one in those


def _score(team: Team, need: Need, about: frozenset[str]) -> tuple[int, int, int, int]:
    skilled = any(_is_about(skill, need, about) for skill in team.skills)
    # A team with skills of its own is no place for what asks for none of them.
    return (
        1 if skilled else -1 if team.skills else 0,
        int(need.language in team.languages),
        int(need.priority in team.priorities),
        int(need.inbox in team.inboxes),
    )


def _is_about(skill: str, need: Need, about: frozenset[str]) -> bool:
    words = stems(skill.replace("_", " "))
    return skill in need.kinds or (bool(words) and words <= about)
