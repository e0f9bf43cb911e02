"""The figures in a sentence: what each is of, and its value in one spelling. Pure.

"14 days" and "two weeks" are one value, "£4.50" and "4.50 pounds" too; "3 to 5 working days" is one range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["date", "year", "time", "money", "percent", "duration", "measure", "number"]

_NUMBER: Final = r"\d[\d,]*(?:\.\d+)?"
_RANGE: Final = rf"(?P<low>{_NUMBER})(?:\s*(?:-|–|to|or|and)\s*(?P<high>{_NUMBER}))?"
_MONTHS: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)
_UNITS: Final = {
    "minute": ("minute", 1), "min": ("minute", 1), "hour": ("minute", 60), "hr": ("minute", 60),
    "day": ("minute", 1440), "night": ("night", 1), "week": ("minute", 10080), "fortnight": ("minute", 20160),
    "month": ("month", 1), "year": ("month", 12), "yr": ("month", 12),
}  # fmt: skip
_MONEY: Final = {
    "£": "gbp", "pound": "gbp", "gbp": "gbp", "€": "eur", "euro": "eur", "eur": "eur", "$": "usd", "dollar": "usd",
    "usd": "usd", "p": "gbp/100", "pence": "gbp/100", "cent": "cent",
}  # fmt: skip
_SPELLED: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "fourteen": "14", "fifteen": "15", "twenty": "20",
    "thirty": "30", "forty": "40", "sixty": "60", "ninety": "90",
}  # fmt: skip
_WORD: Final = "|".join(_SPELLED)
_PATTERN: Final = re.compile(
    rf"""
    (?P<date>\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})\b(?:,?\s+\d{{4}}\b)?
        |\b(?:{_MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!\d|:)(?:,?\s+\d{{4}}\b)?
        |\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b)
    |(?P<time>\b\d{{1,2}}[:.]\d{{2}}\s*(?:am|pm|a\.m\.|p\.m\.)|\b\d{{1,2}}:\d{{2}}\b
        |\b\d{{1,2}}\s*(?:am|pm|a\.m\.|p\.m\.)(?!\w))
    |(?P<money>(?P<sign>[£€$])\s?{_RANGE.replace("low", "mlow").replace("high", "mhigh")}
        |\b(?P<amount>{_NUMBER})\s?(?P<coin>pounds?|euros?|dollars?|gbp|eur|usd|pence|cents?|p)\b)
    |(?P<percent>\b(?P<share>{_NUMBER})\s?(?:%|per\s?cent\b))
    |(?P<duration>(?<![\w.])(?:{_RANGE}|(?P<word>{_WORD}))[\s-]?(?P<kind>(?:working|business|calendar|full|whole)\s+)?
        (?P<unit>minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|fortnights?|months?|years?|yrs?)\b)
    |(?P<measure>(?<![\w.])(?P<size>{_NUMBER})\s?(?P<of>kg|g|km|m|cm|mm|miles?|litres?|l|ml|mb|gb|tb|inch(?:es)?)\b)
    |(?P<year>(?<![\w.,-])(?:19|20)\d{{2}}(?![\w-]|[.,]\d))
    |(?P<number>(?<![\w.-]){_NUMBER}(?![\w]))
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at text[start:end]. Two are the same where kind and value are."""

    kind: Kind
    value: str
    start: int
    end: int


def figures(text: str) -> tuple[Figure, ...]:
    """In order, none inside another."""
    return tuple(_found(text[:4000]))


def _found(text: str) -> Iterator[Figure]:
    for match in _PATTERN.finditer(text):
        kind, value = _read(match)
        yield Figure(kind, value, match.start(), match.end())


def _read(match: re.Match[str]) -> tuple[Kind, str]:
    given = match.groupdict()
    if given["date"]:
        return "date", " ".join(re.sub(r"(?<=\d)(?:st|nd|rd|th)|\bof\b|,", " ", given["date"].lower()).split())
    if given["time"]:
        return "time", _time(given["time"])
    if given["money"]:
        return "money", _money(given)
    if given["percent"]:
        return "percent", _plain(given["share"])
    if given["duration"]:
        return "duration", _duration(given)
    if given["measure"]:
        return "measure", f"{_plain(given['size'])} {given['of'].lower()}"
    return ("year", match.group()) if given["year"] else ("number", _plain(match.group()))


def _plain(number: str) -> str:
    return f"{float(number.replace(',', '')):.10g}"


def _money(given: dict[str, str | None]) -> str:
    if given["sign"]:
        high = given["mhigh"]
        return f"{_MONEY[given['sign']]} {_plain(given['mlow'] or '')}" + (f"-{_plain(high)}" if high else "")
    coin = (given["coin"] or "").lower()
    return f"{_MONEY.get(coin) or _MONEY.get(coin.rstrip('s'), coin)} {_plain(given['amount'] or '')}"


def _duration(given: dict[str, str | None]) -> str:
    unit, times = _UNITS[(given["unit"] or "").lower().rstrip("s")]
    kind = (given["kind"] or "").strip().lower()
    if kind in ("working", "business"):
        unit, times = "working day", 1
    low = _SPELLED[given["word"].lower()] if given["word"] else given["low"] or ""
    values = [float(each.replace(",", "")) * times for each in (low, given["high"]) if each]
    return f"{'-'.join(f'{each:.10g}' for each in values)} {unit}"


def _time(written: str) -> str:
    digits = re.findall(r"\d+", written)
    hours, minutes = int(digits[0]), int(digits[1]) if len(digits) > 1 else 0
    if "p" in written.lower() and hours < 12:
        hours += 12
    return f"{hours}:{minutes:02}"
