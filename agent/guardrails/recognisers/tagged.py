"""What the tagger and the patterns find together: each where it is the better judge.

Formats decide for themselves (an address with an @, a valid IBAN, a number that passes its check), and so do cues that
leave no doubt ("my name is"). In all else the tagger decides, which heard what the patterns say. What names an order or
a parcel is cut out of its spans, and so is what is a thing for sale, or a place that is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from agent.guardrails.recognisers.addresses import find_addresses, is_topic
from agent.guardrails.recognisers.numbers import find_numbers, find_orders
from agent.guardrails.recognisers.online import find_online
from agent.guardrails.recognisers.people import find_people, is_for_sale
from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.spoken import find_spoken
from agent.guardrails.recognisers.tagger import Tagger, shipped

CERTAIN: Final = 0.8
"""From this score on a pattern for names and places is believed although the tagger is not."""
_FREE = frozenset({"PERSON", "LOCATION"})
_WORD = re.compile(r"[^\W_]")
# Letters and digits in one piece are the code of something; postcodes have a pattern of their own.
_CODE = re.compile(r"(?=\S*[^\W\d_])\S{7,}")
_MODEL = re.compile(r"[^\W\d_]+ \d{1,3}")  # "the Kestrel 38"
_ARTICLE = re.compile(r"\b(?:the|an?|my|your)\s\Z", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"(?<=[^\W\d_]{3})[.!?]\s+|\s*\n\s*")
_STOP = re.compile(r"(?<=[^\W\d_]{3})[.!?]+\Z")
_LETTER = re.compile(r"[^\W\d_]")


@lru_cache(maxsize=256)
def said(text: str) -> tuple[PiiSpan, ...]:
    """What the patterns say of `text`; they may overlap."""
    return (
        *find_people(text),
        *find_addresses(text),
        *find_numbers(text),
        *find_online(text),
        *find_spoken(text),
    )


def find_tagged(text: str, tagger: Tagger | None = None) -> list[PiiSpan]:
    """Names, places, numbers and secrets; they may overlap."""
    patterns = said(text)
    certain = [span for span in patterns if span.entity not in _FREE or span.score >= CERTAIN]
    if _LETTER.search(text) is None:
        return certain  # bare digits: nobody can tell an account from an order
    formats = [span for span in certain if span.entity not in _FREE]
    fixed = [*((span.start, span.end) for span in formats), *find_orders(text)]
    spans = [part for span in (tagger or shipped()).spans(text, patterns) for part in _each_name(text, span)]
    return [*certain, *(piece for span in spans for piece in _outside(text, span, fixed) if _is_personal(text, piece))]


def _each_name(text: str, span: PiiSpan) -> Iterator[PiiSpan]:
    """The names of a span one by one, where a sentence or a line ends between them ("Ann. ANN"; "J. Lee" is one)."""
    start = span.start
    if span.entity == "PERSON":
        for gap in _BETWEEN_NAMES.finditer(text, span.start, span.end):
            yield replace(span, start=start, end=gap.start())
            start = gap.end()
    yield replace(span, start=start)


def _outside(text: str, span: PiiSpan, fixed: Iterable[tuple[int, int]]) -> Iterator[PiiSpan]:
    """What is left of `span` beside `fixed`, if a word is."""
    start = span.start
    for begin, end in sorted(fixed):
        if end <= start or begin >= span.end:
            continue
        if _WORD.search(text, start, max(start, begin)):
            yield _trimmed(text, replace(span, start=start, end=begin))
        start = max(start, end)
    if start < span.end and (start == span.start or _WORD.search(text, start, span.end)):
        yield _trimmed(text, replace(span, start=start))


def _trimmed(text: str, span: PiiSpan) -> PiiSpan:
    piece = text[span.start : span.end]
    if span.entity == "PERSON":
        piece = _STOP.sub("", piece)
        span = replace(span, end=span.start + len(piece))
    front = len(piece) - len(piece.lstrip(" \n,;:(<>\"'-"))
    return replace(span, start=span.start + front, end=span.end - len(piece) + len(piece.rstrip(" \n,;:<\"'-")))


def _is_personal(text: str, span: PiiSpan) -> bool:
    written = text[span.start : span.end]
    digits = any(map(str.isdigit, written))
    if span.entity == "PERSON":
        return not digits and _WORD.search(written) is not None and not is_for_sale(text, span.start, span.end)
    if span.entity == "LOCATION" and digits:
        model = _MODEL.fullmatch(written) and _ARTICLE.search(text, max(0, span.start - 6), span.start)
        return _CODE.fullmatch(written) is None and not model
    return bool(written) and (span.entity != "LOCATION" or not is_topic(text, span.start, span.end))
