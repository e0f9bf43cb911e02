"""Drafts made of templates."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from agent import dates
from agent.ports import Deps
from agent.state import Draft, Sentence, Turn


def introduction(deps: Deps) -> str:
    """Says that it is automated: the first words of the bot to a customer, and after a person gave back."""
    return deps.templates["disclosure"].format(organisation=deps.organisation)


def filled(name: str, turn: Turn, deps: Deps) -> str:
    """A template's words as this turn says them."""
    return deps.templates[name].format(organisation=deps.organisation, when=when(turn, deps))


def from_template(turn: Turn, deps: Deps, *names: str) -> Draft:
    """The templates, one after the other, as a draft, introduced where this is the bot's first message."""
    opening = (Sentence(introduction(deps)),) if turn.introduce else ()
    texts = (filled(name, turn, deps) for name in names)
    return Draft((*opening, *map(Sentence, texts)), made_by=f"template:{names[0]}")


def when(turn: Turn, deps: Deps) -> str:
    """What {when} says: the day a request for one's rights is due, else when people are back, "" while they are."""
    staffing = deps.staffing
    if turn.request:
        return dates.day(
            staffing.request_due(turn.inbox, turn.started_at), staffing.locale, ZoneInfo(staffing.timezone)
        )
    opens_at, hours = staffing.opens_at(turn.inbox, turn.started_at), staffing.hours.get(turn.inbox)
    return dates.moment(opens_at, staffing.locale, hours.zone) if opens_at and hours else ""
