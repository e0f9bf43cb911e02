"""Whether two passages are about different things by what stands over them. Pure.

"Silver card: fees" and "Gold card: fees" say different figures in the same words, and neither is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from knowledge.checking.roots import root
from knowledge.passages import Passage

KEPT_APART: Final = ("language", "region", "tier", "audience")
"""Metadata that says for whom a passage is: another value is another customer."""
_GENERIC_WORDS: Final = """
a about all an and answer answers any are article as asked at be by can conditions details do does faq faqs for
frequently from general get guide have help how i if in info information is it know long me more much my need of on or
other our overview page policies policy question questions rules something standard take takes terms the this to us use
we what when where which who with you your
"""
_GENERIC: Final = frozenset(root(word) for word in _GENERIC_WORDS.split())
_WORDS_ALONE: Final = 4
"""Words from which a sentence says by itself what it is about, whatever stands over it."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SMALL_WORDS: Final = "a an and at by for from in is of on or the to with your you"
_SMALL: Final = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over a passage: the words that say what it is about, those of them that name something, what
    stands before a colon, and whether the title could be all name ("Gold Rewards Card")."""

    words: frozenset[str]
    names: frozenset[str]
    lead: frozenset[str]
    capitals: bool


@lru_cache(maxsize=65_536)
def heading(title: str, section: str) -> Heading:
    """Read from a title and a section's path."""
    before, colon, _ = title.partition(": ")
    parts = [title, *(part for part in section.split(" > ") if part)]
    words = frozenset(word for part in parts for word in _stems(part))
    names = frozenset(name for part in parts for name in _names(part))
    return Heading(words, names, frozenset(_stems(before)) if colon else frozenset(), _in_capitals(title))


def _stems(text: str) -> list[str]:
    words = (match.group().lower().replace("’", "'").removesuffix("'s") for match in _WORD.finditer(text))
    return [found for word in words if (found := root(word)) not in _GENERIC]


def _names(text: str) -> list[str]:
    """Capitals inside a heading that is not all in capitals, and whatever has a digit."""
    words = _WORD.findall(text)
    capitals = [] if _in_capitals(text) else [word for word in words[1:] if word[0].isupper()]
    return [root(word.lower()) for word in [*capitals, *(word for word in words if any(c.isdigit() for c in word))]]


def _in_capitals(text: str) -> bool:
    """Whether every word but the small ones begins with a capital."""
    telling = [word for word in _WORD.findall(text) if word.lower() not in _SMALL]
    return len(telling) > 1 and sum(word[0].isupper() for word in telling) > 0.8 * len(telling)


def about_different_things(one: Passage, other: Passage, said: frozenset[str]) -> bool:
    """Whether what the two say may differ without either being wrong. `said` are the words that both sentences have:
    what they name themselves need not be read off their headings."""
    if one.document_id == other.document_id:
        return _sections_differ(one, other)
    left, right = heading(one.title, one.section), heading(other.title, other.section)
    if left.lead != right.lead and (left.lead - said) and (right.lead - said):
        return True
    only_left, only_right = left.words - right.words - said, right.words - left.words - said
    if (only_left or only_right) and _one_is_a_kind_of_the_other(one.title, other.title):
        return True
    if (only_left & left.names) or (only_right & right.names):
        return True
    if not (only_left and only_right):
        return False
    alone = len(said) >= _WORDS_ALONE and not (left.capitals or right.capitals)
    return bool(left.words & right.words) or not alone


def _one_is_a_kind_of_the_other(one: str, other: str) -> bool:
    """ "Light Blue Account" is another account than "Blue Account"; "Buying gift cards" is about gift cards."""
    short, long = sorted((one, other), key=len)
    named = long.removesuffix(short) if long.endswith(f" {short}") else ""
    return bool(named) and named[0].isupper() and short[0].isupper()


def for_different_customers(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether their metadata sets them apart; a passage without a key holds for all, so one that has it is special."""
    return any(one.get(key, "") != other.get(key, "") for key in KEPT_APART)


def _sections_differ(one: Passage, other: Passage) -> bool:
    return bool(one.section and other.section and one.section != other.section)
