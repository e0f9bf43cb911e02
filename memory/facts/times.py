"""Which time a question speaks of: "in May", "last week", "on the 3rd of June 2025", "two months ago". Pure.

Unlike what is said of the future or without an end (`memory.facts.when`), a question about what is remembered looks
back: "in May" is the last May that began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_NUMBERS: Final = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "few": 3,
    "couple": 2,
}
_YEAR: Final = r"(?P<year>(?:19|20)\d\d)"
_TH: Final = r"(?:st|nd|rd|th)?"
_ISO: Final = re.compile(rf"\b{_YEAR}-(?P<m>\d\d)-(?P<d>\d\d)\b")
_DAY: Final = re.compile(rf"\b(?P<d>\d{{1,2}}){_TH} (?:of )?(?P<month>{_MONTH})\b(?:,? {_YEAR}\b)?")
_DAY_AFTER: Final = re.compile(rf"\b(?P<month>{_MONTH}) (?P<d>\d{{1,2}}){_TH}(?!\d)(?:,? {_YEAR}\b)?")
_OF_MONTH: Final = re.compile(
    rf"\b(?:in|of|during|since|until|before|after|by|early|late|mid|last|this|around|from)[ -](?P<month>{_MONTH})\b"
    rf"(?:,? {_YEAR}\b)?|\b(?P<bare>{_MONTH}),? (?P<bare_year>(?:19|20)\d\d)\b"
)
_OF_YEAR: Final = re.compile(rf"\b(?:in|of|during|since|before|after|by) {_YEAR}\b")
_AGO: Final = re.compile(rf"\b(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)})(?: of)? (?P<unit>day|week|month|year)s? ago\b")
_LAST: Final = re.compile(r"\b(?P<which>last|this|past) (?P<unit>week|month|year)\b|\b(?P<day>yesterday|today)\b")
_LENGTHS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
_LATER: Final = 0.5
"""What counts of a span's nearness for what was said in as much time again after it: people tell of it afterwards."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until before `end`."""

    start: datetime
    end: datetime

    def nearness(self, at: datetime) -> float:
        """1 within, a half for as long again after it (a week at least), else 0."""
        if self.start <= at < self.end:
            return 1.0
        return _LATER if self.end <= at < self.end + max(self.end - self.start, timedelta(days=7)) else 0.0


def spans(text: str, now: datetime) -> tuple[Span, ...]:
    """The times the text names, each the last one before `now` that it can be; days are those of UTC."""
    lower = text.lower()
    days = tuple(_days(lower, now))
    if days:
        return days
    months = tuple(_months(lower, now))
    return months or (*_years(lower), *_relative(lower, now))


def _days(text: str, now: datetime) -> Iterator[Span]:
    for match in _ISO.finditer(text):
        yield from _day(int(match["year"]), int(match["m"]), int(match["d"]))
    for pattern in (_DAY, _DAY_AFTER):
        for match in pattern.finditer(text):
            month = _number(match["month"])
            yield from _day(_year(match["year"], month, now), month, int(match["d"]))


def _day(year: int, month: int, day: int) -> Iterator[Span]:
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:  # the 31st of June
        return
    yield Span(start, start + timedelta(days=1))


def _months(text: str, now: datetime) -> Iterator[Span]:
    for match in _OF_MONTH.finditer(text):
        month = _number(match["month"] or match["bare"])
        year = _year(match["year"] or match["bare_year"], month, now)
        start = datetime(year, month, 1, tzinfo=UTC)
        yield Span(start, (start + timedelta(days=31)).replace(day=1))


def _years(text: str) -> Iterator[Span]:
    for match in _OF_YEAR.finditer(text):
        year = int(match["year"])
        yield Span(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))


def _relative(text: str, now: datetime) -> Iterator[Span]:
    """Generously: "last week" is anything from the fourteen days before today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for match in _AGO.finditer(text):
        number = _NUMBERS.get(match["n"]) or int(match["n"])
        length = timedelta(days=_LENGTHS[match["unit"]])
        middle = today - number * length
        yield Span(middle - length / 2, middle + max(length / 2, timedelta(days=1)))
    for match in _LAST.finditer(text):
        if match["day"]:
            start = today - timedelta(days=match["day"] == "yesterday")
            yield Span(start, start + timedelta(days=1))
        else:
            length = timedelta(days=_LENGTHS[match["unit"]])
            yield Span(today - 2 * length, today) if match["which"] == "last" else Span(today - length, now)


def _number(month: str) -> int:
    return _MONTHS.index(month[:3]) + 1


def _year(named: str | None, month: int, now: datetime) -> int:
    """The year that is named, else the last one in which that month began."""
    if named:
        return int(named)
    return now.year if month <= now.month else now.year - 1
