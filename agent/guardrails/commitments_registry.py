"""What an organisation allows to be promised: one entry a commitment, read from tables. Pure.

[[commitment]]
name = "late_parcel_voucher"
kinds = ["voucher"]
says = ["late", "delayed"]          # one of these must be in the sentence; none: any sentence of these kinds
max_amount = 10
currency = "GBP"
max_days = 5
inboxes = ["web"]
valid_until = 2026-12-31
source = false                      # the entry itself is the evidence, no passage need say it
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from agent.guardrails.commitments_reading import KINDS, Commitment, main_clause

CURRENCIES: Final = ("GBP", "EUR", "USD")
_LONGEST_PATTERN: Final = 500


@dataclass(frozen=True, slots=True)
class Where:
    """For whom a reply is: the inbox, the region where it is known, and the day."""

    on: date
    inbox: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One allowed commitment; what is None or empty limits nothing."""

    name: str
    kinds: tuple[str, ...]
    says: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    max_amount: float | None = None
    currency: str = ""
    max_percent: float | None = None
    max_days: float | None = None
    inboxes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    source: bool = True

    def speaks_of(self, text: str, commitment: Commitment) -> bool:
        """Whether the sentence is about this entry's subject."""
        lower = text.lower()
        said = not self.says or any(re.search(rf"(?<!\w){re.escape(each.lower())}", lower) for each in self.says)
        return (
            said
            and (self.pattern is None or bool(self.pattern.search(text)))
            and bool(commitment.kinds & {*self.kinds})
        )

    def objection(self, commitment: Commitment, where: Where) -> str:
        """What of the commitment goes beyond this entry, in words; "" for nothing."""
        if self.valid_from and where.on < self.valid_from:
            return f"{self.name} is allowed from {self.valid_from.isoformat()} only"
        if self.valid_until and where.on > self.valid_until:
            return f"{self.name} was allowed until {self.valid_until.isoformat()}"
        if self.inboxes and where.inbox not in self.inboxes:
            return f"{self.name} is not allowed in this inbox"
        if self.regions and where.region not in self.regions:
            return f"{self.name} is not allowed in this region"
        return self._too_much(commitment)

    def _too_much(self, commitment: Commitment) -> str:
        for amount, currency in sorted(commitment.amounts):
            if self.currency and currency != self.currency:
                return f"{self.name} is in {self.currency}, not {currency}"
            if self.max_amount is not None and amount > self.max_amount:
                return f"{amount:g} {currency} is more than the {self.max_amount:g} that {self.name} allows"
        if self.max_percent is not None and max(commitment.percents, default=0.0) > self.max_percent:
            return f"{max(commitment.percents):g} % is more than the {self.max_percent:g} % that {self.name} allows"
        if self.max_days is not None and any(period.high > self.max_days for period in commitment.periods):
            return f"it takes longer than the {self.max_days:g} days that {self.name} allows"
        if self.max_amount is not None and not commitment.amounts and "full" in commitment.limitless:
            return f"{self.name} allows {self.max_amount:g} {self.currency}, not all of it"
        return ""


@dataclass(frozen=True, slots=True)
class Registry:
    entries: tuple[Entry, ...]

    @classmethod
    def parse(cls, tables: Sequence[Mapping[str, Any]]) -> Registry:
        """Raises ValueError naming the entry and the key that is wrong."""
        entries = [_entry(table, number) for number, table in enumerate(tables, 1)]
        names = [entry.name for entry in entries]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f'commitment "{twice}": name stands twice')
        return cls(tuple(entries))

    def allowing(self, text: str, where: Where) -> tuple[tuple[Entry, ...], str]:
        """The entries that allow what the sentence promises, every kind of it by one of them or another; and where it
        is not allowed, why."""
        commitment = main_clause(text)
        about = [entry for entry in self.entries if entry.speaks_of(text, commitment)]
        objections = {entry.name: entry.objection(commitment, where) for entry in about}
        allowing = tuple(entry for entry in about if not objections[entry.name])
        left = _needing(commitment) - {kind for entry in allowing for kind in entry.kinds}
        if not left:
            return allowing, ""
        why = next((told for entry in about if (told := objections[entry.name]) and {*entry.kinds} & left), "")
        return (), why or f"no commitment that may be made covers {' and '.join(sorted(left))}"


def _needing(commitment: Commitment) -> frozenset[str]:
    """The kinds that an entry must cover: a price beside a refund is what the refund is of."""
    named = commitment.kinds - {"price", "free"}
    return named or commitment.kinds


def _entry(table: Mapping[str, Any], number: int) -> Entry:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"commitment {number}: name must be a word of its own")
    try:
        unknown = sorted(set(table) - {field.name for field in fields(Entry)})
        if unknown:
            raise ValueError(f"{unknown[0]} is no key of a commitment")
        entry = Entry(
            name=name,
            kinds=_words(table, "kinds"),
            says=_words(table, "says"),
            pattern=_pattern(table),
            max_amount=_number(table, "max_amount"),
            currency=_currency(table),
            max_percent=_number(table, "max_percent"),
            max_days=_number(table, "max_days"),
            inboxes=_words(table, "inboxes"),
            regions=_words(table, "regions"),
            valid_from=_day(table, "valid_from"),
            valid_until=_day(table, "valid_until"),
            source=_flag(table, "source"),
        )
        _consistent(entry)
    except ValueError as error:
        raise ValueError(f'commitment "{name}": {error}') from None
    return entry


def _consistent(entry: Entry) -> None:
    if not entry.kinds:
        raise ValueError(f"kinds must name what it is: {', '.join(KINDS)}")
    if wrong := next((kind for kind in entry.kinds if kind not in KINDS), None):
        raise ValueError(f"kinds has {wrong!r}; there are {', '.join(KINDS)}")
    if entry.max_amount is not None and not entry.currency:
        raise ValueError(f"max_amount needs a currency: {', '.join(CURRENCIES)}")
    if entry.valid_from and entry.valid_until and entry.valid_from > entry.valid_until:
        raise ValueError("valid_until is before valid_from")


def _words(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, Sequence) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ValueError(f"{key} must be a list of words")
    return tuple(value)


def _number(table: Mapping[str, Any], key: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"{key} must be a number of 0 or more")
    return float(value)


def _currency(table: Mapping[str, Any]) -> str:
    value = table.get("currency", "")
    if value and value not in CURRENCIES:
        raise ValueError(f"currency must be one of {', '.join(CURRENCIES)}")
    return str(value)


def _flag(table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, True)
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false")
    return value


def _day(table: Mapping[str, Any], key: str) -> date | None:
    value = table.get(key)
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{key} must be a day, as in 2026-12-31") from None
    if isinstance(value, datetime):
        return value.date()
    if value is not None and not isinstance(value, date):
        raise ValueError(f"{key} must be a day, as in 2026-12-31")
    return value


def _pattern(table: Mapping[str, Any]) -> re.Pattern[str] | None:
    value = table.get("pattern")
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > _LONGEST_PATTERN:
        raise ValueError(f"pattern must be a regular expression of at most {_LONGEST_PATTERN} characters")
    try:
        return re.compile(value, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"pattern is no regular expression: {error}") from None
