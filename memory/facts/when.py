"""From when and until when something holds, by the words it was said with, against the moment they were said. Pure.

"until Friday" ends with that Friday, "until May" when May begins, "until the end of May" when it is over; "since May"
is the May before, "from May" the next one. Days begin and end where the organisation is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS: Final = {
    **{
        name: n
        for n, name in enumerate(("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
    },
    "a": 1,
    "an": 1,
    "ten": 10,
    "couple of": 2,
    "a couple of": 2,
    "few": 3,
    "a few": 3,
}
_MONTH: Final = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"  # noqa: E501
_DAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_COUNT: Final = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|(?:a )?couple of|(?:a )?few)"
_UNIT: Final = r"(?:day|week|month|year)s?"
DATE: Final = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?!\d)"
    rf"|(?:the )?(?:beginning|start|end) of (?:the |this |next )?(?:week|month|year|{_MONTH})(?: \d{{4}})?"
    rf"|{_MONTH} \d{{4}}|{_MONTH}\b"
    rf"|(?:next |this |last )?{_DAY}(?: next week)?|(?:next|this|last) (?:week|month|year)|tomorrow|today|yesterday"
    rf"|(?:19|20)\d{{2}}\b)"
)
"""A day, a month or a year as people write it, in lower case."""
_UNTIL: Final = re.compile(rf"\b(?:until|till|til|up to|through|valid to)\s+(?:about |around )?(?P<date>{DATE})")
_FROM: Final = re.compile(
    rf"\b(?:from|starting|beginning|as of|as from|effective|with effect from)\s+(?:on )?(?P<date>{DATE})"
)
_SINCE: Final = re.compile(rf"\bsince\s+(?P<date>{DATE})")
_FOR_NEXT: Final = re.compile(rf"\bfor (?:the next |another |at least )?(?P<n>{_COUNT})? ?(?P<unit>{_UNIT})\b")
_AGO: Final = re.compile(rf"\b(?P<n>{_COUNT}) (?P<unit>{_UNIT}) ago\b")
_IN_TIME: Final = re.compile(rf"\bin (?P<n>{_COUNT}) (?P<unit>{_UNIT})\b")
_BARE: Final = re.compile(rf"(?:\b(?:on|in|at|back in)\s+)?(?P<date>{DATE})")


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when; None where the words say nothing of it."""

    start: datetime | None = None
    end: datetime | None = None


def span(words: str, said_at: datetime, timezone: str = "UTC", *, bare: int = 0) -> Span:
    """What `words` say of it. With `bare`, a date without "from" or "until" is the start: 1 for what is to come, -1 for
    what has been. Words that name no day, or an impossible one, say nothing."""
    zone = ZoneInfo(timezone)
    said = said_at.astimezone(zone)
    plain = " ".join(words.lower().replace("’", "'").split())
    start = end = None
    if match := _UNTIL.search(plain):
        end = _at(_upto(match["date"], said.date()), zone)
        plain = plain.replace(match.group(), " ")
    if match := _FROM.search(plain):
        start = _at(_begins(match["date"], said.date(), 1), zone)
    elif match := _SINCE.search(plain):
        start = _at(_begins(match["date"], said.date(), -1), zone)
    elif bare < 0 and (match := _AGO.search(plain)):
        start = said - _length(match["n"], match["unit"])
    elif bare > 0 and (match := _IN_TIME.search(plain)):
        start = said + _length(match["n"], match["unit"])
    elif bare and (match := _BARE.search(plain)):
        start = _at(_begins(match["date"], said.date(), bare), zone)
    if end is None and bare >= 0 and (match := _FOR_NEXT.search(plain)) and "next" in match.group():
        end = (start or said) + _length(match["n"] or "one", match["unit"])
    if end is not None and end <= (start or said):
        return Span(start)  # an end before the beginning was meant in another way than it was read
    return Span(start, end)


def _at(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _length(count: str, unit: str) -> timedelta:
    n = int(count) if count.isdigit() else _NUMBERS.get(count, 1)
    return timedelta(days=n * {"d": 1, "w": 7, "m": 30, "y": 365}[unit[0]])


def _upto(words: str, today: date) -> date | None:
    """The first day on which "until `words`" no longer holds."""
    begins = _begins(words, today, 1)
    if begins is None or words.startswith(("the end", "end", "beginning", "the beginning", "start", "the start")):
        return begins
    whole = re.fullmatch(rf"{_MONTH}(?: \d{{4}})?|next (?:week|month|year)|\d{{4}}", words)
    return begins if whole else begins + timedelta(days=1)


def _begins(words: str, today: date, toward: int) -> date | None:
    """The first day of what `words` name, the nearest one after `today` (`toward` 1) or before it (-1)."""
    try:
        return _day(words, today, toward)
    except ValueError:
        return None


def _day(words: str, today: date, toward: int) -> date | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", words):
        return date.fromisoformat(words)
    if words in ("today", "tomorrow", "yesterday"):
        return today + timedelta(days={"today": 0, "tomorrow": 1, "yesterday": -1}[words])
    if match := re.match(r"(?:the )?(beginning|start|end) of (?:the |this )?(.+)", words):
        return _edge(match[1], match[2], today, toward)
    if match := re.search(rf"\b({_DAY})", words):
        return _weekday(words, _DAYS.index(match[1]), today, toward)
    if match := re.fullmatch(r"(next|this|last) (week|month|year)", words):
        return _period(match[2], {"next": 1, "this": 0, "last": -1}[match[1]], today)
    if re.fullmatch(r"\d{4}", words):
        return date(int(words), 1, 1)
    return _dated(words, today, toward)


def _edge(which: str, what: str, today: date, toward: int) -> date | None:
    if what.split()[-1] in ("week", "month", "year"):
        step = 1 if what.startswith("next ") else 0
        return _period(what.split()[-1], step + (which == "end"), today)
    begins = _dated(what, today, toward)
    if begins is None or which != "end":
        return begins
    return _after_month(begins)


def _period(unit: str, step: int, today: date) -> date:
    if unit == "week":
        return today + timedelta(days=7 * step - today.weekday())
    if unit == "year":
        return date(today.year + step, 1, 1)
    months = today.year * 12 + today.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def _weekday(words: str, day: int, today: date, toward: int) -> date:
    if "next week" in words:
        return _period("week", 1, today) + timedelta(days=day)
    if words.startswith("last ") or toward < 0:
        return today - timedelta(days=(today.weekday() - day) % 7 or 7)
    return today + timedelta(days=(day - today.weekday()) % 7)


def _dated(words: str, today: date, toward: int) -> date | None:
    """A month, or a day of one, with or without its year."""
    named = re.search(_MONTH, words)
    if named is None:
        return None
    month = next(n for n, name in enumerate(_MONTHS, 1) if named.group().startswith(name))
    year = re.search(r"\b(?:19|20)\d{2}\b", words)
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", words)
    found = date(int(year.group()) if year else today.year, month, int(day[1]) if day else 1)
    if year is None:
        over = _after_month(found) if day is None else found + timedelta(days=1)
        if toward > 0 and over <= today:
            found = found.replace(year=found.year + 1)
        elif toward < 0 and found > today:
            found = found.replace(year=found.year - 1)
    return found


def _after_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
