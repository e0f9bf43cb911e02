"""From a system's JSON to short sentences that may be quoted: only the fields that the settings name. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import UnknownCurrencyError, format_currency, format_decimal

from agent.dates import locale_of, plainly
from agent.lookups.spec import LookUp, Statement

RECORDS: Final = 5
"""Of a list of records, how many are read: what a person would scroll through in a chat."""
_LONGEST: Final = 240
_LISTED: Final = 12
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_ENDS: Final = (".", "!", "?", "…", "。")
_SAYS: Final = "{label} of {title} {subject}: {value}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the organisation is: how its people write dates and amounts, and by which clock."""

    locale: str = "en-GB"
    zone: tzinfo | None = None

    @property
    def form(self) -> Locale:
        return locale_of(self.locale)


def records(look_up: LookUp, body: Any) -> list[Any]:
    """The records of an answer, at most five: one, or those of a list; none where there is nothing."""
    found = list(_at(body, look_up.root.removeprefix("$."))) if look_up.root else [body]
    flat = [one for each in found for one in (each if isinstance(each, list) else [each])]
    return [each for each in flat if isinstance(each, dict) and each][:RECORDS]


def owners(look_up: LookUp, record: Any, body: Any) -> list[str]:
    """What the record says whose it is; empty where it does not."""
    assert look_up.owner is not None  # noqa: S101  (asked only then)
    return [_clean(str(each)) for each in _pick(look_up.owner.field, record, body) if isinstance(each, str | int)]


def statements(look_up: LookUp, record: Any, body: Any, subject: str, place: Place) -> list[str]:
    """A sentence for each field that the record has, in the settings' order. `subject` is how the record is called; the
    settings may say where the record says it itself."""
    if look_up.subject:
        own = next((_text(each) for each in _pick(look_up.subject, record, body)), "")
        subject = own or subject
    made = (_sentence(look_up, each, record, body, subject, place) for each in look_up.statements)
    return [each for each in made if each]


def _sentence(look_up: LookUp, statement: Statement, record: Any, body: Any, subject: str, place: Place) -> str:
    said = (_said(statement, each, body, record, place) for each in _pick(statement.path, record, body))
    values = [each for each in said if each]
    if not values:
        return ""
    value = ", ".join(dict.fromkeys(values[:_LISTED])) + (" …" if len(values) > _LISTED else "")
    words = {"value": value, "subject": subject, "title": _small(look_up.title), "label": statement.label}
    text = " ".join((statement.says or _SAYS).format(**words).split())
    text = text[:1].upper() + text[1:]
    return text if text.endswith(_ENDS) else f"{text.rstrip(',;:')}."


def _small(title: str) -> str:
    """A title amid a sentence: "Order" is "order", "RMA" stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _said(statement: Statement, value: Any, body: Any, record: Any, place: Place) -> str:
    """One value in words; "" for what is none, such as an object."""
    if value is None or isinstance(value, dict | list):
        return ""
    raw = _text(value)
    if (words := statement.words.get(raw.casefold())) is not None:
        return words
    match statement.kind:
        case "date":
            return _date(raw, place) or raw
        case "moment":
            return _moment(raw, place) or _date(raw, place) or raw
        case "amount":
            return _amount(statement, raw, body, record, place) or raw
        case "number":
            return _number(raw, place) or raw
        case "text":
            return raw
    return _by_its_form(value, raw, place)


def _by_its_form(value: Any, raw: str, place: Place) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(raw, place) or raw
    if _MOMENT.match(raw):
        return _moment(raw, place) or raw
    return _date(raw, place) or raw if _DATE.fullmatch(raw) else raw


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _clean(str(value)) if isinstance(value, str | int | float) else ""


def _clean(text: str) -> str:
    """One line without control or format characters, of bounded length."""
    shown = "".join(" " if ch.isspace() else ch for ch in text[: 4 * _LONGEST])
    shown = " ".join("".join(ch for ch in shown if unicodedata.category(ch)[0] != "C").split())
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _date(raw: str, place: Place) -> str:
    try:
        return plainly(format_date(date.fromisoformat(raw[:10]), "long", locale=place.form))
    except ValueError:
        return ""


def _moment(raw: str, place: Place) -> str:
    """Date and time of day by the organisation's clock; a time without a zone is taken to be by that clock."""
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return ""
    at = at.astimezone(place.zone) if at.tzinfo is not None else at
    return plainly(f"{format_date(at, 'long', locale=place.form)}, {format_time(at, 'short', locale=place.form)}")


def _decimal(raw: str) -> Decimal | None:
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 15 else None


def _amount(statement: Statement, raw: str, body: Any, record: Any, place: Place) -> str:
    if (number := _decimal(raw)) is None:
        return ""
    path = statement.currency_at
    named = next((_text(each) for each in _pick(path, record, body)), "") if path else ""
    currency = (named or statement.currency).upper()
    number = number / 100 if statement.minor_units else number
    try:
        return plainly(format_currency(number, currency, locale=place.form) if currency else _decimals(number, place))
    except (UnknownCurrencyError, ValueError):
        return ""


def _number(raw: str, place: Place) -> str:
    number = _decimal(raw)
    return "" if number is None else plainly(_decimals(number, place))


def _decimals(number: Decimal, place: Place) -> str:
    return format_decimal(number, locale=place.form, decimal_quantization=False)


def _pick(path: str, record: Any, body: Any) -> Sequence[Any]:
    """The values at a path of the record, or of the whole answer where it begins with `$.`."""
    return list(_at(body, path[2:]) if path.startswith("$.") else _at(record, path))


def _at(value: Any, path: str) -> Iterator[Any]:
    """The values at a path, none where a step is missing. `items[]` goes into each of a list, `items.0` into one."""
    step, _, rest = path.partition(".")
    for each in _step(value, step):
        if rest:
            yield from _at(each, rest)
        else:
            yield each


def _step(value: Any, step: str) -> Sequence[Any]:
    name = step.removesuffix("[]")
    if isinstance(value, Mapping):
        found = value.get(name)
    elif isinstance(value, list) and name.isdigit():
        found = value[int(name)] if int(name) < len(value) else None
    else:
        found = None
    if found is None:
        return ()
    return (found if isinstance(found, list) else (found,)) if step.endswith("[]") else (found,)
