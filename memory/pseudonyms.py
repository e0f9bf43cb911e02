"""Pseudonyms: `<PERSON_1>` for what was found, the value again for the customer, also while streaming. Pure.

A pseudonym is `<ENTITY_n>`: an entity in capitals, digits and `_`, at most 40 characters, and n from 1 with at most
nine digits. Its values live in the vault; a book holds those of one customer, so a text restored with it can show
nobody else's.

What a customer types in that form is not a pseudonym. On the way in `pseudonymise` turns its angle brackets into
single quotation marks, `<PERSON_1>` into `‹PERSON_1›`, so that neither the model nor `restore` takes it for one; the
sealed original keeps what was typed. `restore` leaves a pseudonym that is not in the book as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import phonenumbers

_ENTITY = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_PSEUDONYM = re.compile(r"<([A-Z][A-Z0-9_]{0,39}_[1-9][0-9]{0,8})>")
_BEGINNING = re.compile(r"<(?:[A-Z][A-Z0-9_]{0,49})?\Z")
LONGEST = 52
"""Characters of the longest pseudonym: a stream holds back fewer than that."""

# Entities in which only letters and digits count, and those in which every character does.
_COMPACT = frozenset({"CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_BANK_NUMBER", "US_DRIVER_LICENSE", "NATIONAL_ID"})
_EXACT = frozenset({"PASSWORD", "URL"})
_NAMES = frozenset({"PERSON", "LOCATION"})
# Names that a date has a capital for.
_DATES = frozenset({"april", "may", "june", "july", "august", "sunday", "friday"})
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\Z", re.IGNORECASE)


class Span(Protocol):
    """Where a value stands: characters [start, end), what it is, and how sure the finder is."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def entity(self) -> str: ...
    @property
    def score(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """One line of a customer's book. `value` is as it was first written."""

    entity: str
    number: int
    value: str

    def __str__(self) -> str:
        return f"<{self.entity}_{self.number}>"


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """A value of the book found again."""

    start: int
    end: int
    entity: str
    score: float = 1.0


class PseudonymBook:
    """A customer's pseudonyms: the same value, however written, is always the same one.

    Two spellings are the same value when they agree after Unicode compatibility folding, case, blanks and a name's
    possessive; of telephone numbers the national digits count, of account, card and id numbers letters and digits;
    passwords and URLs must agree exactly.
    """

    def __init__(self, stored: Iterable[Pseudonym] = ()) -> None:
        self._entries: list[Pseudonym] = []
        self._by_name: dict[str, str] = {}
        self._by_value: dict[tuple[str, str], Pseudonym] = {}
        self._unsorted: list[Pseudonym] = []  # not in _by_value yet: a turn that finds nothing new needs none of it
        self._highest: dict[str, int] = {}
        for entry in stored:
            self._add(entry)
        self._stored = len(self._entries)

    def pseudonym_for(self, entity: str, value: str) -> str:
        """The pseudonym of `value`, made if there is none. Raises ValueError for an entity that cannot be one."""
        if not _ENTITY.fullmatch(entity):
            raise ValueError(f"{entity!r} cannot name a pseudonym: capitals, digits and _ only")
        for entry in self._unsorted:
            self._by_value.setdefault((entry.entity, _normal(entry.entity, entry.value)), entry)
        self._unsorted.clear()
        known = self._by_value.get((entity, _normal(entity, value)))
        if known is None:
            known = Pseudonym(entity, self._highest.get(entity, 0) + 1, value)
            self._add(known)
        return str(known)

    def entries(self) -> tuple[Pseudonym, ...]:
        """Every pseudonym of the book, oldest first."""
        return tuple(self._entries)

    def new_entries(self) -> tuple[Pseudonym, ...]:
        """Those made since the book was opened or `mark_stored` was called: what the vault has to keep."""
        return tuple(self._entries[self._stored :])

    def mark_stored(self) -> None:
        """Says that `new_entries()` are in the vault."""
        self._stored = len(self._entries)

    def known_in(self, text: str) -> list[KnownSpan]:
        """Where values of the book stand in `text` again, case aside: those of six characters and more that have a
        blank, a digit or an @. A name of one word ("Will", "May") counts where it has a capital that only a name
        would have there, amid a sentence written small."""
        lowered = text.lower()
        return [
            KnownSpan(*match.span(), entry.entity)
            for entry in self._entries
            if entry.value.lower() in lowered
            for match in _again(entry, text)
        ]

    def restore(self, text: str) -> str:
        """`text` with the book's pseudonyms as the values they stand for; unknown ones stay."""
        return _PSEUDONYM.sub(lambda match: self._by_name.get(match.group(1), match.group()), text)

    def _add(self, entry: Pseudonym) -> None:
        self._entries.append(entry)
        self._by_name[f"{entry.entity}_{entry.number}"] = entry.value
        self._unsorted.append(entry)
        self._highest[entry.entity] = max(self._highest.get(entry.entity, 0), entry.number)


class StreamRestorer:
    """Restores a stream: the pieces it returns join to exactly `book.restore` of the pieces it was fed.

    Only what may be the beginning of a pseudonym is held back, at most 51 characters.
    """

    def __init__(self, book: PseudonymBook) -> None:
        self._book = book
        self._held = ""

    def feed(self, chunk: str) -> str:
        """What may be shown after `chunk` arrived; may be empty."""
        text = self._held + chunk
        beginning = _BEGINNING.search(text, max(0, len(text) - LONGEST + 1))
        cut = beginning.start() if beginning else len(text)
        self._held = text[cut:]
        return self._book.restore(text[:cut])

    def flush(self) -> str:
        """What was held back, once nothing follows."""
        held, self._held = self._held, ""
        return self._book.restore(held)


def pseudonymise(text: str, spans: Iterable[Span], book: PseudonymBook) -> str:
    """`text` with every span's value as its pseudonym, and look-alikes of pseudonyms made harmless.

    Values that the book already has are hidden too where no span says so: what was found once is not missed again.
    Where spans overlap the longest wins, then the more confident; what a loser covers beyond the winner gets a
    pseudonym of its own, so that nothing found stays readable. Spans outside the text are cut to it.
    """
    pieces: list[str] = []
    at = 0
    for start, end, entity in _settled(text, [*spans, *book.known_in(text)]):
        pieces += (_harmless(text[at:start]), book.pseudonym_for(entity, text[start:end]))
        at = end
    return "".join([*pieces, _harmless(text[at:])])


def _settled(text: str, spans: Iterable[Span]) -> Sequence[tuple[int, int, str]]:
    """Spans without overlap, in order, without blanks at their ends, by interval arithmetic on the winners."""
    ranked = sorted(spans, key=lambda span: (span.start - span.end, -span.score, span.start, span.entity))
    taken = bytearray(len(text))
    settled: list[tuple[int, int, str]] = []
    for span in ranked:
        at, end = max(0, span.start), min(len(text), span.end)
        while at < end:
            free = taken.find(0, at, end)
            if free < 0:
                break
            busy = taken.find(1, free, end)
            stop = end if busy < 0 else busy
            start, last = _trimmed(text, free, stop)
            if span.entity in _NAMES:  # "Ann's" is Ann, and what is hers stays to be read
                last = start + len(_POSSESSIVE.sub("", text[start:last]))
            whole = (free, stop) == (max(0, span.start), min(len(text), span.end))
            if start < last and (whole or any(map(str.isalnum, text[start:last]))):
                settled.append((start, last, span.entity))
                taken[start:last] = b"\x01" * (last - start)
            at = stop
    return sorted(settled)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _again(entry: Pseudonym, text: str) -> Iterator[re.Match[str]]:
    if _is_telling(entry.value):
        yield from re.finditer(rf"(?<!\w){re.escape(entry.value)}(?!\w)", text, re.IGNORECASE)
    elif (
        entry.entity == "PERSON"
        and len(entry.value) > 2
        and entry.value.isalpha()
        and entry.value.lower() not in _DATES
    ):
        yield from re.finditer(rf"(?<=[a-z,] ){re.escape(entry.value.capitalize())}(?!\w)", text)


def _is_telling(value: str) -> bool:
    if len(value) < 6 or _PSEUDONYM.search(value):
        return False
    return any(ch.isdigit() or ch.isspace() or ch == "@" for ch in value)


def _harmless(text: str) -> str:
    return _PSEUDONYM.sub(r"‹\1›", text)


def _normal(entity: str, value: str) -> str:
    if entity in _EXACT:
        return value.strip()
    folded = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if entity == "PHONE_NUMBER":
        return _national(folded)
    if entity in _COMPACT:
        return "".join(filter(str.isalnum, folded)) or folded
    if entity in _NAMES:
        folded = _POSSESSIVE.sub("", folded)
    return folded.strip(".,;:!?\"'") or folded


def _national(phone: str) -> str:
    """The national digits: without `+44` or `0044`, the trunk's 0 or 1, and any formatting."""
    digits = "".join(str(unicodedata.digit(ch)) for ch in phone if ch.isdigit())
    if phone.lstrip(" (").startswith("+"):
        return _without_country(digits)
    if digits.startswith("00"):
        return _without_country(digits[2:])
    if len(digits) == 11 and digits.startswith("1"):  # North America writes its trunk prefix 1
        return digits[1:]
    return digits.lstrip("0") or digits or phone


def _without_country(digits: str) -> str:
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return digits
    return str(parsed.national_number)
