"""Moments as people of a locale write them. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time

_FALLBACK = "en_GB"


def moment(at: datetime, locale: str, zone: tzinfo) -> str:
    """Day and time of day with the zone's short name: "Monday, 30 November, 09:00 GMT"."""
    there, form = at.astimezone(zone), locale_of(locale)
    clock = f"{format_time(there, 'short', locale=form)} {there.tzname() or ''}".rstrip()
    return f"{_day(there, form)}, {plainly(clock)}"


def day(at: datetime, locale: str, zone: tzinfo) -> str:
    """The day with its year: "Monday, 30 November 2026"."""
    return plainly(format_date(at.astimezone(zone), "full", locale=locale_of(locale)))


def _day(there: datetime, form: Locale) -> str:
    weekday = format_date(there, "EEEE", locale=form)
    return plainly(f"{weekday}, {format_skeleton('MMMMd', there, locale=form)}")


def plainly(text: str) -> str:
    """The text without the narrow spaces of typography, which cost an SMS its alphabet."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def locale_of(locale: str) -> Locale:
    """The locale as babel knows it, British English where it knows none of that name."""
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_FALLBACK)
