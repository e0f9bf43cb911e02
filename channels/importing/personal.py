"""Rows without personal data: pseudonyms that are stable within a conversation, as a running desk makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from agent.redaction import Detector
from channels.importing.labels import Row
from memory.cards import truncate_cards
from memory.pseudonyms import KnownSpan, PseudonymBook, pseudonymise

_NOT_NAMES = (
    "admin agent assistant bot care client contact customer desk guest help inbox information office operator sales "
    "service shop store support system team the unknown user visitor web with you your"
)
_NO_NAME = frozenset(_NOT_NAMES.split())
"""Words of names like "Customer Support", which would take half a conversation with them."""


async def without_personal_data(
    rows: Sequence[Row], names: Sequence[str], detector: Detector, organisation: str = ""
) -> list[Row]:
    """The rows of one conversation with what the detector found, and the names that the export itself gives, as
    pseudonyms; the organisation's own name is no person's. Raises PiiUnavailable: then nothing may be written."""
    texts = list(dict.fromkeys(truncate_cards(text) for row in rows for text in _texts(row)))
    found = await detector.find(texts)
    book, known = PseudonymBook(), list(_patterns(names, organisation))
    made = {
        text: pseudonymise(text, [*spans, *_named(text, known)], book) for text, spans in zip(texts, found, strict=True)
    }
    return [_replaced(row, made) for row in rows]


def without_cards(rows: Sequence[Row]) -> list[Row]:
    """The rows as they are, but for card numbers and security codes, which are kept nowhere."""
    return [_replaced(row, {}) for row in rows]


def _texts(row: Row) -> Iterator[str]:
    for turn in row["turns"]:
        yield turn["text"]
    if "reply" in row["expect"]:
        yield row["expect"]["reply"]


def _replaced(row: Row, made: Mapping[str, str]) -> Row:
    def said(text: str) -> str:
        safe = truncate_cards(text)
        return made.get(safe, safe)

    expect = dict(row["expect"])
    if "reply" in expect:
        expect["reply"] = said(expect["reply"])
    turns = [{**turn, "text": said(turn["text"])} for turn in row["turns"]]
    return {**row, "turns": turns, "expect": expect}


def _patterns(names: Sequence[str], organisation: str) -> Iterator[re.Pattern[str]]:
    """Full names in any case, their parts as they are written: "mark" is a word."""
    none = _NO_NAME | set(organisation.lower().split())
    for name in names:
        parts = name.split()
        if len(name) > 200 or not 0 < len(parts) <= 5:
            continue
        real = [part for part in parts if part.lower() not in none and part.isalpha() and len(part) > 2]
        if not real:
            continue
        yield re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        for part in real:
            yield re.compile(rf"(?<!\w){re.escape(part)}(?!\w)")


def _named(text: str, known: Sequence[re.Pattern[str]]) -> Iterator[KnownSpan]:
    for pattern in known:
        for match in pattern.finditer(text):
            yield KnownSpan(*match.span(), "PERSON")
