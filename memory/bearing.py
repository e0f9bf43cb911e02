"""What a turn reads of a summary: the newest pieces, and of the others what bears on the message. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from memory.segments import Segment
from memory.slots import Slot, SlotKind, asked_for
from memory.window import count_tokens

NEWEST_TOKENS: Final = 2_400
"""The newest pieces are given whatever they say, up to about six of ordinary length."""
BEARING_TOKENS: Final = 600
"""And of all pieces the lines that bear most on the message, up to about twenty."""
PINNED: Final = 60
"""Instructions, and values of a kind that the message asks for, that are given of pieces which are not read."""
_MOST_WORDS: Final = 40
_ROWS: Final = 20  # lines of an ordinary piece

_WORD = re.compile(r"<[A-Z_]+_\d+>|[^\W_]{3,}(?:[-'][^\W_]+)*")
_COMMON = frozenset(
    {
        *("about", "again", "all", "also", "and", "any", "are", "been", "but", "can", "could", "did", "does", "for"),
        *("from", "get", "got", "had", "has", "have", "here", "how", "its", "just", "know", "many", "mine", "much"),
        *("need", "not", "one", "our", "please", "said", "say", "some", "tell", "than", "that", "the", "them", "then"),
        *("there", "they", "this", "too", "want", "was", "were", "what", "when", "which", "who", "will", "with"),
        *("would", "you", "your"),
    }
)
_OWN_ROW: Final = 1.5
"""A customer's line counts for more than the bot's: what is asked for later is mostly what they told us."""


def bearing(found: Sequence[Segment], message: str, budget_tokens: int = BEARING_TOKENS) -> dict[int, str]:
    """The lines of the pieces that share most of the message's rarer words, within the budget: by the piece's number,
    each piece's in their order."""
    asked = sorted({_stem(word) for word in _WORD.findall(message)} - _COMMON)
    texts = {segment.number: segment.text.lower() for segment in found}
    rows: dict[tuple[int, int], float] = {}
    for word in asked[:_MOST_WORDS]:
        holds = [
            (number, at)
            for number, text in texts.items()
            if word in text
            for at, row in enumerate(text.split("\n"))
            if word in row
        ]
        for place in holds:
            rows[place] = rows.get(place, 0.0) + math.log1p(_ROWS * len(found) / len(holds))
    _asked(rows, found, texts, asked_for(message))
    lines = {segment.number: segment.text.split("\n") for segment in found if segment.number in {n for n, _ in rows}}
    own = {place: lines[place[0]][place[1]].startswith("Customer") for place in rows}
    kept: list[tuple[int, int]] = []
    for place in sorted(rows, key=lambda each: (-rows[each] * (_OWN_ROW if own[each] else 1.0), -each[0], -each[1])):
        budget_tokens -= count_tokens(lines[place[0]][place[1]])
        if budget_tokens < 0:
            break
        kept.append(place)
    made: dict[int, str] = {}
    for number, at in sorted(kept):
        made[number] = f"{made[number]}\n{lines[number][at]}" if number in made else lines[number][at]
    return made


def _asked(
    rows: dict[tuple[int, int], float], found: Sequence[Segment], texts: Mapping[int, str], kinds: Collection[SlotKind]
) -> None:
    """Of the lines that share a word with the message, those count for more that hold what it asks for: a date, where
    it asks when."""
    values = {s.number: [slot.value.lower() for slot in s.slots if slot.kind in kinds] for s in found} if kinds else {}
    holds = [
        (number, at)
        for number, at in rows
        if values.get(number) and any(value in texts[number].split("\n")[at] for value in values[number])
    ]
    for place in holds:
        rows[place] += math.log1p(_ROWS * len(found) / len(holds))


def pinned(found: Sequence[Segment], read: Sequence[Segment], message: str) -> tuple[Slot, ...]:
    """Of a conversation's pieces, newest first, what those that are not read keep to the letter and a turn must know
    all the same: the customer's instructions, and what is of a kind that the message asks for. Oldest first."""
    numbers, kinds = {segment.number for segment in read}, asked_for(message)
    unread = [slot for s in found if s.number not in numbers for slot in reversed(s.slots)]
    told = {slot.value: slot for slot in reversed([slot for slot in unread if slot.kind == "instruction"])}
    asked = {(slot.kind, slot.words or slot.value): slot for slot in reversed(unread) if slot.kind in kinds}
    return (*list(asked.values())[-PINNED:], *list(told.values())[-PINNED:])


def _stem(word: str) -> str:
    word = word.lower()
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def chosen(found: Sequence[Segment], message: str, count: Callable[[str], int] = count_tokens) -> tuple[Segment, ...]:
    """Of a conversation's pieces, newest first, those to read for a message: the newest, and those that have lines
    which bear on it, which `bears` then holds. Oldest first; the newest one always, so that the next piece knows its
    number."""
    room, newest = NEWEST_TOKENS, 0
    for segment in found:
        room -= count(segment.text)
        if newest and room < 0:
            break
        newest += 1
    lines = bearing(found, message)
    kept = [segment for at, segment in enumerate(found) if at < newest or segment.number in lines]
    return tuple(replace(each, bears=lines.get(each.number, "")) for each in reversed(kept))
