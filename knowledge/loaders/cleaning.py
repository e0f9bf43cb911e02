"""Metadata values as filters compare them: days as 2026-01-31, languages as lower-case BCP 47 tags. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from babel import Locale

from knowledge.passages import Document

DAYS = ("updated", "published", "valid_from", "valid_until")
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Whose names of months and languages are understood."""

_LONGEST = 80
_TIME = r"(?:[T ,]+\d{1,2}:\d{2}.*)?"
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME + "$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4,6}Z?)?$")
_WORDS = re.compile(r"(?:\w+\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]+(?:de\s+)?([^\W\d]+)\.?,?[\s-]+(?:de\s+)?(\d{4})" + _TIME + "$")  # fmt: skip  # noqa: E501
_MONTH_FIRST = re.compile(r"(?:[^\W\d]+,\s+)?([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})" + _TIME + "$")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})" + _TIME + "$")
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})" + _TIME + "$")
_TAG = re.compile(r"(?:[a-z]{2,3}|x)(?:-[a-z0-9]{1,8})*$")


def cleaned(document: Document) -> tuple[Document, list[str]]:
    """The document with cleaned values, and a line for each value that had to be left out."""
    values: dict[str, str] = {}
    faults: list[str] = []
    for name, value in document.metadata.items():
        if name in DAYS:
            found = day(value)
            fault = f"{name} {value[:40]!r} is no day anybody could be sure of (write 2026-01-31): kept without it"
        elif name == "language":
            found, fault = (
                languages(value),
                f"language {value[:40]!r} is no language tag (write en or en-gb): kept without it",
            )
        else:
            found, fault = value, ""
        if found:
            values[name] = found
        elif value:
            faults.append(fault)
    return (document if _same(document.metadata, values) else replace(document, metadata=values)), faults


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return dict(one) == dict(other)


def day(written: str) -> str:
    """The calendar day as ISO 8601, as it was written and whatever its time zone; "" for what is none.

    01/02/2026 is none: half the world reads it as February. 31/01/2026 and 1.2.2026 leave no doubt.
    """
    text = " ".join(written[:_LONGEST].split())
    for pattern, order in ((_ISO, (1, 3, 4)), (_COMPACT, (1, 2, 3)), (_DOTTED, (3, 2, 1))):
        if match := pattern.match(text):
            return _day(*(match.group(n) for n in order))
    if match := _WORDS.match(text):
        return _day(match.group(3), _months().get(_folded(match.group(2)), ""), match.group(1))
    if match := _MONTH_FIRST.match(text):
        return _day(match.group(3), _months().get(_folded(match.group(1)), ""), match.group(2))
    if match := _SLASHED.match(text):
        first, second, year = match.group(1), match.group(3), match.group(4)
        if int(first) > 12:
            return _day(year, second, first)
        if int(second) > 12 or first == second:
            return _day(year, first, second)
    return ""


def _day(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


@cache
def _months() -> dict[str, str]:
    found: dict[str, str] = {"sept": "9"}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in Locale(language).months["format"][width].items():
                found.setdefault(_folded(name), str(number))
    return found


def languages(written: str) -> str:
    """One tag, or several with a comma between; "" when any of them is none."""
    tags = [_language(part) for part in written[: 4 * _LONGEST].split(",")]
    return ", ".join(tags) if all(tags) else ""


def _language(written: str) -> str:
    tag = written.strip().split(".", 1)[0].replace("_", "-").lower()
    return tag if _TAG.match(tag) else _language_names().get(_folded(written.strip()), "")


@cache
def _language_names() -> dict[str, str]:
    """English, and each language in itself: "German" and "Deutsch" are de."""
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        found[_folded(Locale(language).get_language_name(language) or "")] = language
    for tag, name in Locale("en").languages.items():
        if re.fullmatch("[a-z]{2}", tag):
            found.setdefault(_folded(name), tag)
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().rstrip(".")
